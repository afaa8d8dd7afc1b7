//! Recordings of a real control plane, replayed: each line is compared but for what differs from run to run there, too:
//! ages, times, generated names, addresses, which of equal nodes was chosen, and the order of ties.

use kubottle::base::time::{Span, Timestamp};
use kubottle::cluster::World;
use kubottle::kubectl::player::Player;
use kubottle::kubectl::script::{parse, play, Command, Piece};
use kubottle::kubectl::Session;
use kubottle::store::Settings;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The recordings, and how many of their lines must agree at least.
const RECORDINGS: &[(&str, usize)] = &[
    ("a_service_deployment", 251),
    ("b_multiport_service", 268),
    ("c_statefulset", 581),
    ("c2_statefulset_parallel_retention", 499),
    ("d_nodeport", 114),
    ("e_jobs", 359),
    ("e2_jobs_failing", 251),
    ("f_cronjobs", 340),
    ("g_deployment_rollout", 500),
    ("g2_deployment_progress_deadline", 289),
    ("i_node_cordon_drain", 530),
    ("i2_node_failure", 337),
    ("h_hpa", 380),
    ("h2_hpa_errors", 38),
    ("j_configmap_secret", 366),
    ("l_quota_limits_scheduling", 611),
    ("m_namespace_gc", 596),
    ("n_pdb", 69),
    ("k_ingress", 74),
    ("p_pod_lifecycle", 988),
];

#[test]
fn recordings_of_a_real_cluster_agree() {
    let mut report = String::new();
    let mut below = Vec::new();
    for (name, least) in RECORDINGS {
        let (agreed, total, text) = replay(name);
        report.push_str(&format!("{text}{name}: {agreed} of {total} lines agree\n"));
        if agreed < *least {
            below.push(format!("{name}: {agreed} of {total} lines agree, {least} did"));
        }
    }
    println!("{report}");
    assert!(below.is_empty(), "{}", below.join("\n"));
}

/// Plays one recording, whose cluster had what `before.yaml` makes, from the time in `start.txt` on; gives the lines that agree, all lines, and the differences.
fn replay(name: &str) -> (usize, usize, String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/truth").join(name);
    let mut session = Session::default();
    for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
        let file = entry.file_name().into_string().unwrap();
        session.write(&file, fs::read_to_string(entry.path()).unwrap());
    }
    let recording = session.file("recording.txt").unwrap().to_owned();
    let metrics_server = name == "h2_hpa_errors";
    // The nodes of these recordings had none of the images yet.
    let images_present = !["i_", "i2_", "j_", "p_"].iter().any(|begin| name.starts_with(begin));
    let mut settings = Settings { images_present, stand_in_runtime: true, metrics_server, ..Settings::default() };
    if let Some(start) = session.file("start.txt").and_then(|text| Timestamp::parse(text.trim())) {
        settings.epoch = Timestamp(start.0 - (settings.uptime + Span::secs(5)).0 as i64);
    }
    let mut player = Player::new(World::new(settings), session);
    player.run(&format!("kubectl create namespace {}", name.replace('_', "-")));
    if player.session.file("before.yaml").is_some() {
        player.run("kubectl apply -f before.yaml");
    }
    player.advance_to(player.world.now() + Span::secs(5));
    player.start = player.world.now();
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let (mut agreed, mut total, mut report) = (0, 0, String::new());
    for piece in parse(&recording) {
        let Piece::Command(mut command) = piece else { continue };
        let mut known: Vec<_> = names.iter().collect();
        known.sort_by_key(|(theirs, _)| std::cmp::Reverse(theirs.len()));
        for (theirs, ours) in known {
            command.text = command.text.replace(theirs.as_str(), ours);
        }
        name_pods(&mut command, &player.world, &mut names);
        let lines = play(&mut player, &command);
        let (same, all) = compare(&command, &lines, &mut names, &mut report);
        agreed += same;
        total += all;
    }
    (agreed, total, report)
}

/// Gives pods of a command that were never printed before the name of one of ours of the same ReplicaSet.
pub(crate) fn name_pods(command: &mut Command, world: &World, names: &mut BTreeMap<String, String>) {
    for word in command.text.clone().split([' ', '/']) {
        let Some((set, suffix)) = word.rsplit_once('-').filter(|(set, _)| set.rsplit('-').next().is_some_and(is_hash))
        else {
            continue;
        };
        let pods = world.store().all("Pod");
        let (base, _) = set.rsplit_once('-').unwrap_or((set, ""));
        let mut mine = pods.filter(|pod| pod.name().starts_with(&format!("{base}-"))).map(|pod| pod.name().to_owned());
        let known = world.store().all("Pod").any(|pod| pod.name() == word) || suffix.len() != 5;
        let free = mine.find(|name| !names.values().any(|taken| taken == name));
        if let Some(ours) = free.filter(|_| !known) {
            command.text = command.text.replace(word, &ours);
            names.insert(word.to_owned(), ours);
        }
    }
}

pub(crate) fn compare(
    command: &Command,
    printed: &[String],
    names: &mut BTreeMap<String, String>,
    report: &mut String,
) -> (usize, usize) {
    let expected = settled(&command.expected);
    let printed = settled(printed);
    let ours: Vec<&String> = names.values().collect();
    let plain_ours = |word: &str| ours.iter().any(|known| *known == word).then(|| word.to_owned());
    let mut open: Vec<Option<(String, &String)>> =
        printed.iter().map(|line| Some((plain(line, &plain_ours), line))).collect();
    let theirs: BTreeMap<String, String> = names.clone();
    let plain_theirs = |word: &str| theirs.get(word).cloned();
    let mut missing = Vec::new();
    let mut agreed = 0;
    for line in &expected {
        let plain = plain(line, &plain_theirs);
        let twin = open.iter_mut().find(|twin| twin.as_ref().is_some_and(|(text, _)| *text == plain));
        match twin.and_then(Option::take) {
            Some((_, ours)) => {
                agreed += 1;
                learn(line, ours, names);
            }
            None => missing.push(line),
        }
    }
    let extra: Vec<&String> = open.into_iter().flatten().map(|(_, line)| line).collect();
    if !missing.is_empty() || !extra.is_empty() {
        report.push_str(&format!("line {}: $ {}\n", command.line, command.text));
        missing.iter().for_each(|line| report.push_str(&format!("  - {line}\n")));
        extra.iter().for_each(|line| report.push_str(&format!("  + {line}\n")));
    }
    (agreed, agreed + missing.len().max(extra.len()))
}

/// Lines without blank ones; how often a waiting command repeats a line depends on how often the object was written.
fn settled(lines: &[String]) -> Vec<String> {
    let mut kept: Vec<String> = lines.iter().filter(|line| !line.trim().is_empty()).cloned().collect();
    kept.dedup_by(|a, b| a == b && a.starts_with("Waiting for "));
    kept
}

/// Learns which generated name of ours stands for one of the recording.
fn learn(theirs: &str, ours: &str, names: &mut BTreeMap<String, String>) {
    let words = |line: &str| -> Vec<String> {
        line.split(|c: char| c.is_whitespace() || matches!(c, '/' | '"' | ',')).map(str::to_owned).collect()
    };
    let (theirs, ours) = (words(theirs), words(ours));
    if theirs.len() != ours.len() {
        return;
    }
    for (a, b) in theirs.into_iter().zip(ours) {
        if a == b
            || !a.contains('-')
            || a.starts_with("node-")
            || !a.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        {
            continue;
        }
        for (x, y) in a.split('-').zip(b.split('-')).filter(|(x, y)| x != y && is_hash(x) && is_hash(y)) {
            names.entry(x.to_owned()).or_insert(y.to_owned());
        }
        names.entry(a).or_insert(b);
    }
}

/// What our name is for a word of a line, where it is known.
type Known<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A line without what differs from run to run. Hashes that are known to stand for each other stay, so that equal ones
/// stay equal.
fn plain(line: &str, known: Known<'_>) -> String {
    let mut text = without_times(&without_log_head(line).split_whitespace().collect::<Vec<_>>().join(" "));
    if text.matches(',').count() > 1 && !text.contains(": ") {
        let lists = text.split(' ').map(|word| {
            let mut parts: Vec<&str> = word.split(',').collect();
            parts.sort_unstable();
            parts.join(",")
        });
        text = lists.collect::<Vec<_>>().join(" ");
    }
    if text.starts_with("--- ") || text.starts_with("+++ ") || text.starts_with("diff -u") {
        return text.split(' ').next().unwrap_or("").to_owned();
    }
    if text.contains("Mon, 23 Nov 2026") || text.contains(" +0000") {
        let end = text.find(": ").map_or(0, |at| at + 2);
        text = format!("{}TIME", &text[..end]);
    }
    if let Some((key, _)) = text.split_once(": ") {
        if matches!(key.trim_start_matches("- "), "resourceVersion" | "uid" | "Container ID" | "Image ID") {
            return format!("{key}: ID");
        }
    }
    if text.starts_with("containerID: ") || text.starts_with("imageID: ") || text.starts_with("image: sha256:") {
        return "ID".to_owned();
    }
    let is_node_row = text.starts_with("node-");
    let mut out = String::new();
    for (i, token) in tokens(&text).into_iter().enumerate() {
        out.push_str(&plain_token(token, is_node_row && i == 0, known));
    }
    out
}

/// A line of kubectl's log without its time, its process and the mark that the recording put before it.
fn without_log_head(line: &str) -> &str {
    let text = line.trim_start_matches("??? ");
    let is_head = text.len() > 5 && text.starts_with(['I', 'W', 'E']) && text[1..5].bytes().all(|c| c.is_ascii_digit());
    text.split_once(".go:").filter(|_| is_head).map_or(line, |(head, _)| {
        let file = head.rfind(' ').map_or(0, |at| at + 1);
        &text[file..]
    })
}

/// A line with each `2026-11-23T03:22:13Z` made `TIME`.
fn without_times(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(place) = rest.find("2026-") {
        let is_time = |c: char| c.is_ascii_digit() || matches!(c, '-' | ':' | '.' | 'T' | 'Z');
        let end = rest[place..].find(|c| !is_time(c)).map_or(rest.len(), |end| place + end);
        out.push_str(&rest[..place]);
        out.push_str("TIME");
        rest = &rest[end..];
    }
    out + rest
}

/// Words and the marks between them.
fn tokens(text: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let mut all = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = match is_word(first) {
            true => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            false => first.len_utf8(),
        };
        all.push(&rest[..end]);
        rest = &rest[end..];
    }
    all
}

fn plain_token(token: &str, keep: bool, known: Known<'_>) -> String {
    if keep {
        return token.to_owned();
    }
    if is_age(token) {
        return "AGE".to_owned();
    }
    let is_hex = |text: &str| text.len() == 64 && text.chars().all(|c| c.is_ascii_hexdigit());
    if is_hex(token) || token.starts_with("kubectl-edit-") || token.starts_with("192.168.10.") {
        return "ID".to_owned();
    }
    let is_uid = |text: &str| {
        let dashes = text.char_indices().filter(|(_, c)| *c == '-').map(|(i, _)| i);
        text.len() == 36 && dashes.eq([8, 13, 18, 23]) && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
    };
    if let Some((head, tail)) = token.len().checked_sub(36).and_then(|at| token.split_at_checked(at)) {
        if is_uid(tail) {
            return format!("{}UID", plain_token(head, keep, known));
        }
    }
    if let Some((head, tail)) = token.rsplit_once('.') {
        if tail.len() == 16 && tail.chars().all(|c| c.is_ascii_hexdigit()) {
            return format!("{}.ID", plain_token(head, keep, known));
        }
    }
    let parts: Vec<&str> = token.split('.').collect();
    if parts.len() == 4 && parts[0] == "10" && parts.iter().all(|part| part.parse::<u8>().is_ok()) {
        return if token.starts_with("10.96.0.") { token.to_owned() } else { "IP".to_owned() };
    }
    if token.len() == 5 && token.parse::<u32>().is_ok_and(|port| (30_000..32_768).contains(&port) && port != 31_002) {
        return "NODEPORT".to_owned();
    }
    if let Some(uuid) = token.get(token.len().saturating_sub(36)..).filter(|end| is_uuid(end)) {
        return token.replace(uuid, "UID");
    }
    if let Some(number) = token.strip_prefix("node-") {
        if matches!(number, "1" | "2" | "3") {
            return "NODE".to_owned();
        }
    }
    let mut words: Vec<String> = token.split('-').map(str::to_owned).collect();
    let count = words.len();
    for (i, word) in words.iter_mut().enumerate() {
        let is_suffix = i > 0 && i + 1 == count && word.len() == 5 && word.chars().all(|c| SAFE.contains(c));
        if is_hash(word) {
            *word = known(word).unwrap_or_else(|| "HASH".to_owned());
        } else if is_suffix && word.chars().any(|c| c.is_ascii_digit() || !"aeiou".contains(c)) {
            *word = "SUFFIX".to_owned();
        }
    }
    words.join("-")
}

fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

fn is_hash(word: &str) -> bool {
    (8..=10).contains(&word.len()) && word.chars().all(|c| "456789bcdf".contains(c))
}

const SAFE: &str = "bcdfghjklmnpqrstvwxz2456789";

fn is_age(token: &str) -> bool {
    let span = token.strip_suffix("ms").or(token.strip_suffix('s'));
    if span.is_some_and(|number| !number.is_empty() && number.parse::<f64>().is_ok()) {
        return true;
    }
    let mut parts = token.split_inclusive(|c: char| c.is_ascii_alphabetic()).peekable();
    parts.peek().is_some()
        && parts.all(|part| {
            let digits = &part[..part.len() - 1];
            part.ends_with(['s', 'm', 'h', 'd']) && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
        })
}
