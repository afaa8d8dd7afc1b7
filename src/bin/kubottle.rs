//! The command line: the one place that reads files and arguments.

use kubottle::api::kinds::{Depth, KINDS};
use kubottle::base::time::{parse_duration, Span};
use kubottle::cluster::World;
use kubottle::kubectl::player::Player;
use kubottle::kubectl::script;
use kubottle::kubectl::Session;
use kubottle::store::Settings;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "A Kubernetes cluster in a bottle.

  kubottle run [--seed N] [--nodes N] [--at T] [--events FILE.jsonl] [--digest] SCRIPT|-
      plays a script and prints its transcript; files it names are read from its folder;
      with --load-balancers IP Services of type LoadBalancer get addresses from this one on;
      --feature-gates HPAScaleToZero=true lets autoscalers have minReplicas: 0
  kubottle test PATH... [--update]
      plays transcripts (*.transcript) and says where they differ from what happens
  kubottle apply FILE... [--seed N] [--nodes N] [--until 60s] [-o wide]
      applies manifests and shows what became of them
  kubottle lesson check DIR...
      plays lessons (DIR/lesson.yaml) with the solutions they have and says which goals are not reached
  kubottle kinds
      the table of what is supported
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match args.first().map(String::as_str) {
        Some("run") => run(&args[1..]),
        Some("test") => test(&args[1..]),
        Some("apply") => apply(&args[1..]),
        Some("lesson") => lesson(&args[1..]),
        Some("kinds") => {
            print!("{}", kinds());
            Ok(true)
        }
        Some("help" | "--help" | "-h") | None => {
            print!("{USAGE}");
            Ok(true)
        }
        Some(other) => Err(format!("unknown command \"{other}\"\n\n{USAGE}")),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("kubottle: {why}");
            ExitCode::from(2)
        }
    }
}

/// Options and what is left of the arguments.
struct Options {
    settings: Settings,
    events: Option<PathBuf>,
    digest: bool,
    update: bool,
    until: Span,
    output: String,
    paths: Vec<String>,
}

fn options(args: &[String]) -> Result<Options, String> {
    let mut options = Options {
        settings: Settings::default(),
        events: None,
        digest: false,
        update: false,
        until: Span::secs(60),
        output: "wide".to_owned(),
        paths: Vec::new(),
    };
    let mut words = args.iter();
    while let Some(word) = words.next() {
        let (name, given) = match word.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
            _ => (word.as_str(), None),
        };
        let mut value =
            || given.clone().or_else(|| words.next().cloned()).ok_or_else(|| format!("{name} needs a value"));
        let span = |text: String| parse_duration(&text).ok_or_else(|| format!("{text} is no duration"));
        match name {
            "--seed" => options.settings.seed = number(&value()?)?,
            "--nodes" => options.settings.nodes = number(&value()?)? as u32,
            "--load-balancers" => options.settings.first_balancer_ip = Some(address(&value()?)?),
            "--storage-class" => options.settings.storage_class = true,
            "--feature-gates" => {
                for gate in value()?.split(',') {
                    if !options.settings.set_feature_gate(gate) {
                        return Err(format!(
                            "{gate}: known are HPAScaleToZero and HPAConfigurableTolerance, =true or =false"
                        ));
                    }
                }
            }
            "--at" => options.settings.uptime = span(value()?)?,
            "--until" => options.until = span(value()?)?,
            "--events" => options.events = Some(value()?.into()),
            "-o" | "--output" => options.output = value()?,
            "--digest" => options.digest = true,
            "--update" => options.update = true,
            "-" => options.paths.push(word.clone()),
            name if name.starts_with('-') => return Err(format!("unknown option {name}")),
            _ => options.paths.push(word.clone()),
        }
    }
    Ok(options)
}

/// An IPv4 address.
fn address(text: &str) -> Result<[u8; 4], String> {
    let number = kubottle::store::settings::ip_number(text).ok_or_else(|| format!("{text} is no IPv4 address"))?;
    Ok(number.to_be_bytes())
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{text} is no number"))
}

/// A terminal that finds the files of a folder, and the documentation of the fields.
fn session(folder: Option<&Path>) -> Session {
    let mut session = Session {
        docs: Some(include_str!("../../static/schema-docs.txt").into()),
        help: Some(include_str!("../../static/kubectl-help.txt").into()),
        ..Session::default()
    };
    if let Some(folder) = folder {
        read_folder(folder, "", &mut session, 0);
    }
    session
}

const MAX_FILE: u64 = 4 << 20;

fn read_folder(folder: &Path, prefix: &str, session: &mut Session, depth: u32) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let Ok(meta) = entry.metadata() else { continue };
        if name.starts_with('.') || name == "target" || name == "node_modules" {
            continue;
        }
        if meta.is_dir() && depth < 3 {
            read_folder(&path, &format!("{prefix}{name}/"), session, depth + 1);
        } else if meta.is_file() && meta.len() <= MAX_FILE {
            if let Ok(text) = std::fs::read_to_string(&path) {
                session.write(&format!("{prefix}{name}"), text);
            }
        }
    }
}

fn run(args: &[String]) -> Result<bool, String> {
    let options = options(args)?;
    let [path] = options.paths.as_slice() else {
        return Err(format!("run needs one script\n\n{USAGE}"));
    };
    let (text, folder) = match path.as_str() {
        "-" => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map_err(|why| why.to_string())?;
            (text, PathBuf::from("."))
        }
        path => (read(Path::new(path))?, folder_of(Path::new(path))),
    };
    let mut player = Player::new(World::new(script::settings(&text, &options.settings)), session(Some(&folder)));
    if options.events.is_some() {
        player.record();
    }
    print!("{}", script::transcript(&mut player, &text));
    if let Some(path) = &options.events {
        let lines: String = player.log().iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(path, lines).map_err(|why| format!("{}: {why}", path.display()))?;
    }
    if options.digest {
        println!("digest {:016x}", player.world.digest());
    }
    Ok(true)
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => PathBuf::from("."),
        Some(parent) => parent.to_owned(),
        None => PathBuf::from("."),
    }
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|why| format!("{}: {why}", path.display()))
}

fn lesson(args: &[String]) -> Result<bool, String> {
    let [word, folders @ ..] = args else { return Err(format!("lesson needs a word: check\n\n{USAGE}")) };
    if word != "check" || folders.is_empty() {
        return Err(format!("lesson check needs the folders of lessons\n\n{USAGE}"));
    }
    let mut good = true;
    for folder in folders {
        let folder = Path::new(folder);
        let text = read(&folder.join(kubottle::playground::lesson::FILE))?;
        let mut beside = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
        match kubottle::playground::lesson::check(folder.to_string_lossy().trim_end_matches('/'), &text, &mut beside) {
            Ok(titles) => println!("ok    {}: {} steps", folder.display(), titles.len()),
            Err(why) => {
                good = false;
                println!("wrong {}: {why}", folder.display());
            }
        }
    }
    Ok(good)
}

fn test(args: &[String]) -> Result<bool, String> {
    let options = options(args)?;
    let mut files = Vec::new();
    options.paths.iter().for_each(|path| transcripts(Path::new(path), &mut files));
    if files.is_empty() {
        return Err("no transcripts found".to_owned());
    }
    let mut failed = 0;
    for file in &files {
        let text = read(file)?;
        let world = World::new(script::settings(&text, &options.settings));
        let mut player = Player::new(world, session(Some(&folder_of(file))));
        let (differences, updated) = script::compare(&mut player, &text);
        println!("{} {}", if differences.is_empty() { "ok    " } else { "DIFFERS" }, file.display());
        failed += u32::from(!differences.is_empty());
        for difference in differences.iter().filter(|_| !options.update) {
            println!("{}:{}: $ {}", file.display(), difference.line, difference.command);
            let (expected, printed) = (difference.expected.join("\n"), difference.printed.join("\n"));
            print!("{}", kubottle::kubectl::unified::unified_diff(&expected, &printed));
        }
        if options.update && updated != text {
            std::fs::write(file, updated).map_err(|why| format!("{}: {why}", file.display()))?;
            println!("updated {}", file.display());
        }
    }
    println!("{} of {} transcripts agree", files.len() - failed as usize, files.len());
    Ok(failed == 0 || options.update)
}

fn transcripts(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_file() {
        return files.push(path.to_owned());
    }
    let Ok(entries) = std::fs::read_dir(path) else { return };
    let mut inside: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    inside.sort();
    for path in inside {
        if path.is_dir() || path.extension().is_some_and(|ending| ending == "transcript") {
            transcripts(&path, files);
        }
    }
}

fn apply(args: &[String]) -> Result<bool, String> {
    let mut options = options(args)?;
    options.settings.storage_class = true;
    if options.paths.is_empty() {
        return Err(format!("apply needs a file\n\n{USAGE}"));
    }
    let mut player = Player::new(World::new(options.settings.clone()), session(None));
    let mut line = "kubectl apply".to_owned();
    for path in &options.paths {
        let name = if path == "-" { "STDIN" } else { path.as_str() };
        let text = match path.as_str() {
            "-" => {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text).map_err(|why| why.to_string())?;
                text
            }
            path => read(Path::new(path))?,
        };
        player.session.write(name, text);
        line.push_str(&format!(" -f '{name}'"));
    }
    let applied = player.run(&line);
    print!("{}", applied.stdout);
    eprint!("{}", applied.stderr);
    player.advance_to(player.start + options.until);
    let shown = player.run(&format!("kubectl get all,endpointslices -o {}", options.output));
    print!("\n{}", shown.stdout);
    eprint!("{}", shown.stderr);
    Ok(applied.code == 0)
}

/// The support table, as Markdown.
fn kinds() -> String {
    let mut text = "| Kind | apiVersion | Field | Depth | Note |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for kind in KINDS {
        for line in kind.support {
            let depth = match line.depth {
                Depth::Modelled => "modelled",
                Depth::Stored => "stored",
                Depth::Refused => "refused",
            };
            let field = if line.field.is_empty() { String::new() } else { format!("`{}`", line.field) };
            text.push_str(&format!("| {} | {} | {field} | {depth} | {} |\n", kind.kind, kind.api_version(), line.note));
        }
        if kind.support.is_empty() {
            text.push_str(&format!("| {} | {} |  | stored |  |\n", kind.kind, kind.api_version()));
        }
    }
    text
}
