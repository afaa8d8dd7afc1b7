//! What scripts print, when, and how they end.

use std::collections::BTreeMap;

use super::*;

/// A container that is nothing but files and a clock; `wget` of `http://web` gives a page from the fifth second on.
#[derive(Default)]
struct Box {
    files: BTreeMap<String, EcoString>,
    prints: Vec<(SimTime, u8, String)>,
    facts: Facts,
    now: SimTime,
    asked: u32,
}

impl Host for Box {
    fn entry(&self, path: &str) -> Option<Entry> {
        let below = format!("{}/", path.trim_end_matches('/'));
        match self.files.get(path) {
            Some(text) => Some(Entry::File(text.clone())),
            None if matches!(path, "/" | "/tmp" | "/data") => Some(Entry::Directory),
            None => self.files.keys().any(|key| key.starts_with(&below)).then_some(Entry::Directory),
        }
    }

    fn list(&self, path: &str) -> Vec<EcoString> {
        let below = format!("{}/", path.trim_end_matches('/'));
        let inside = self.files.keys().filter_map(|key| key.strip_prefix(&below));
        inside.map(|rest| EcoString::from(rest.split_inclusive('/').next().unwrap_or(rest))).collect()
    }

    fn write(&mut self, path: &str, text: &str, append: bool) -> Result<(), &'static str> {
        let file = self.files.entry(path.to_owned()).or_default();
        if !append {
            file.clear();
        }
        file.push_str(text);
        Ok(())
    }

    fn make_directory(&mut self, path: &str) -> Result<(), &'static str> {
        self.files.insert(format!("{path}/.keep"), EcoString::new());
        Ok(())
    }

    fn remove(&mut self, path: &str) -> Result<(), &'static str> {
        self.files.remove(path);
        Ok(())
    }

    fn mounts(&self) -> Vec<(EcoString, EcoString, bool)> {
        Vec::new()
    }

    fn tool(&mut self, words: &[EcoString], times: u32) -> Option<Told> {
        self.asked += times;
        let up = self.now >= SimTime(5_000_000);
        let told = Told { took: Span::millis(2), ..Told::default() };
        Some(match (words[0].as_str(), up) {
            ("wget" | "nslookup", true) => Told { stdout: "<h1>web</h1>\n".to_owned(), ..told },
            _ => Told { code: 1, stderr: "wget: can't connect\n".to_owned(), ..told },
        })
    }

    fn print(&mut self, at: SimTime, channel: u8, text: &str) {
        self.prints.push((at, channel, text.to_owned()));
    }

    fn facts(&self) -> &Facts {
        &self.facts
    }
}

/// Runs a command line for so many seconds; gives what it printed, with whole seconds where that is asked for, the code it
/// ended with (-1 while it runs) and the box.
fn play(words: &[&str], seconds: u64, timed: bool) -> (String, i32, Box) {
    let image = if words[0] == "bash" { "debian" } else { "busybox" };
    let mut host =
        Box { facts: Facts { image: image.into(), host_name: "web-1".into(), ..Facts::default() }, ..Box::default() };
    let words = words.iter().map(|word| EcoString::from(*word)).collect();
    let environment = vec![("NAME".into(), "learner".into())];
    let mut process = Process::new(Start { words, environment, ..Start::default() }, SimTime(0), &mut host);
    let end = SimTime(seconds * 1_000_000);
    let mut steps = 0;
    while let Some(due) = process.due().filter(|due| *due <= end) {
        host.now = due;
        process.run(due, &mut host);
        steps += 1;
        assert!(steps < 20_000, "{words:?} takes too many steps", words = process.args);
    }
    let mut text = String::new();
    for (at, _, printed) in host.prints.iter().filter(|(at, ..)| *at <= end) {
        if timed {
            text.push_str(&format!("{} ", at.0 / 1_000_000));
        }
        text.push_str(printed);
    }
    let code = match process.wake() {
        Wake::Ended(code) => code,
        _ => -1,
    };
    (text, code, host)
}

fn script(text: &str) -> (String, i32) {
    let shell = if text.starts_with("# bash\n") { "bash" } else { "sh" };
    let (out, code, _) = play(&[shell, "-c", text], 100, false);
    (out, code)
}

#[test]
fn scripts_print_and_end_as_they_would() {
    let table = concat!(include_str!("cases.txt"), "\n---\n", include_str!("text_cases.txt"));
    let mut differing = Vec::new();
    for case in table.split("\n---\n").filter(|case| !case.trim().is_empty()) {
        let (source, expected) = case.split_once("\n=>").expect("a script and what comes of it");
        let (code, expected) = expected.split_once('\n').unwrap_or((expected, ""));
        let (out, ended) = script(source.trim_start_matches('\n'));
        if (out.trim_end(), ended.to_string().as_str()) != (expected.trim_end(), code.trim()) {
            differing.push(format!("{source}\n=>{ended}\n{out}"));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n---\n"));
}

#[test]
fn time_passes_while_they_sleep() {
    let timed = |text: &str, seconds: u64| play(&["sh", "-c", text], seconds, true);
    assert_eq!(timed("echo a; sleep 2; echo b; sleep 0.5; exit 3", 10).0, "0 a\n2 b\n");
    assert_eq!(timed("while true; do echo tick; sleep 5; done", 12).0, "0 tick\n5 tick\n10 tick\n");
    assert_eq!(
        timed("until nslookup web >/dev/null 2>&1; do echo waiting; sleep 2; done; echo up", 20).0,
        "0 waiting\n2 waiting\n4 waiting\n6 up\n"
    );
    assert_eq!(timed("(sleep 3; echo late) & echo first; wait; echo done", 10).0, "0 first\n3 late\n3 done\n");
    let (text, code, _) = play(&["sleep", "7"], 10, true);
    assert_eq!((text.as_str(), code), ("", 0));
    assert_eq!(play(&["tail", "-f", "/dev/null"], 10, true).1, -1);
    assert_eq!(
        timed("(for i in 1 2 3; do echo $i >> /tmp/log; sleep 2; done) & tail -n+1 -f /tmp/log", 8).0,
        "0 1\n3 2\n5 3\n"
    );
}

#[test]
fn loops_that_never_rest_cost_little() {
    let (_, code, host) = play(&["sh", "-c", "while sleep 0.01; do wget -q -O- http://web; done"], 60, false);
    assert_eq!(code, -1);
    assert!((3_000..6_000).contains(&host.asked), "{}", host.asked);
    let mut process = Process::new(
        Start { words: ["sh", "-c", "while :; do :; done"].map(EcoString::from).into(), ..Start::default() },
        SimTime(0),
        &mut Box::default(),
    );
    for second in 0..5 {
        process.run(SimTime(second * 1_000_000), &mut Box::default());
    }
    assert_eq!(process.demand.cpu_millis, 1_000);
}

#[test]
fn a_trap_catches_what_ends_others() {
    let mut host = Box::default();
    let words = ["sh", "-c", "trap 'echo bye; exit 0' TERM; while true; do sleep 1; done"].map(EcoString::from).into();
    let mut process = Process::new(Start { words, ..Start::default() }, SimTime(0), &mut host);
    process.run(SimTime(0), &mut host);
    assert!(process.terminate("TERM", SimTime(500_000)));
    while let Some(due) = process.due() {
        process.run(due, &mut host);
    }
    assert_eq!(process.wake(), Wake::Ended(0));
    assert!(host.prints.iter().any(|(at, _, text)| text == "bye\n" && at.0 < 1_200_000), "{:?}", host.prints);
    let words = ["sleep", "100"].map(EcoString::from).into();
    assert!(!Process::new(Start { words, ..Start::default() }, SimTime(0), &mut host).terminate("TERM", SimTime(1)));
}
