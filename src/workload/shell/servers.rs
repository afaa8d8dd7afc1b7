//! Programs that serve, and the clients that ask them for their health.

use ecow::EcoString;

use super::streams::Io;
use super::{follow, Entry, Host, Process};
use crate::base::time::Span;
use crate::workload::images;

/// Their names.
pub(super) const NAMES: &[&str] = &[
    "httpd",
    "http-server",
    "java",
    "mongo",
    "mongosh",
    "mysql",
    "mysqladmin",
    "nc",
    "node",
    "npm",
    "pg_isready",
    "psql",
    "python",
    "python2",
    "python3",
    "rabbitmq-diagnostics",
    "redis-cli",
    "ruby",
    "go",
    "php",
];

/// True for images of a language, in which programs of anybody run.
pub(super) fn is_language(image: &str) -> bool {
    const LANGUAGES: &[&str] = &[
        "python",
        "node",
        "golang",
        "ruby",
        "php",
        "openjdk",
        "perl",
        "bitnami/kubectl",
        "amazon/aws-cli",
        "docker/whalesay",
    ];
    LANGUAGES.contains(&image)
}

/// The image's own program, started by a script or by hand.
pub(super) fn own(p: &mut Process, words: &[EcoString], io: &mut Io, host: &dyn Host) {
    let flag = |flags: &[&str]| words.iter().any(|word| flags.contains(&word.as_str()));
    if flag(&["-t", "configtest"]) {
        io.err.push_str("nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\nnginx: configuration file /etc/nginx/nginx.conf test is successful\n");
        return;
    }
    if flag(&["-v", "-V", "--version"]) {
        let name = words[0].rsplit('/').next().unwrap_or("");
        io.err.push_str(&format!("{name} version: {name}/{}\n", images::version(&host.facts().image)));
        return;
    }
    if flag(&["-s"]) {
        return;
    }
    p.serves = true;
    p.stuck = true;
}

/// A program that nobody knows: it serves what the container declares, or does its work and ends.
pub(super) fn unknown(p: &mut Process, words: &[EcoString], io: &mut Io, host: &dyn Host) {
    if host.facts().is_batch {
        p.sleep(Span::secs(5));
        return;
    }
    let same = |command: &EcoString| command.split(' ').next() == words.first().map(EcoString::as_str);
    if p.is_shell || host.facts().processes.iter().any(|(_, command)| same(command)) {
        own(p, words, io, host);
    }
}

/// Runs one.
pub(super) fn run(p: &mut Process, name: &str, words: &[EcoString], io: &mut Io, host: &mut dyn Host) {
    let args = &words[1..];
    let first = args.first().map_or("", EcoString::as_str);
    match name {
        "python" | "python2" | "python3" if first == "-m" => {
            let module = args.get(1).map_or("", EcoString::as_str);
            if !matches!(module, "http.server" | "SimpleHTTPServer") {
                return unknown(p, words, io, host);
            }
            let port = args.iter().skip(2).find_map(|word| word.parse().ok()).unwrap_or(8000);
            let directory = after(args, &["--directory", "-d"]).unwrap_or(".");
            p.listens.push((port, None, p.path(directory)));
            p.stuck = true;
        }
        "httpd" | "http-server" => {
            let port = after(args, &["-p"]).and_then(|word| word.rsplit(':').next()?.parse().ok());
            let default = if name == "httpd" { 80 } else { 8080 };
            let directory = after(args, &["-h"]).unwrap_or(".");
            p.listens.push((port.unwrap_or(default), None, p.path(directory)));
            p.stuck = name != "httpd" || args.iter().any(|word| word.starts_with('-') && word.contains('f'));
        }
        "python" | "python2" | "python3" | "node" | "ruby" | "php" | "perl" if matches!(first, "-c" | "-e" | "-r") => {
            let code = args.get(1).map_or("", EcoString::as_str);
            io.out.push_str(&printed(code));
            p.status = exit_of(code);
        }
        "python" | "python2" | "python3" | "node" | "ruby" | "php" if first.is_empty() => {}
        _ if matches!(first, "--version" | "-V" | "-v" | "version") => {
            let version = images::version(&host.facts().image).to_owned();
            io.out.push_str(&match name {
                "node" => format!("v{version}\n"),
                name => format!("{name} {version}\n"),
            });
        }
        "python" | "python2" | "python3" | "node" if !first.starts_with('-') && is_missing(p, first, host) => {
            let full = p.path(first);
            io.err.push_str(&match name {
                "node" => format!("node:internal/modules/cjs/loader:1228\n  throw err;\n  ^\n\nError: Cannot find module '{full}'\n"),
                name => format!("{name}: can't open file '{full}': [Errno 2] No such file or directory\n"),
            });
            p.status = if name == "node" { 1 } else { 2 };
        }
        "redis-cli" => {
            let (target, port) = (after(args, &["-h"]).unwrap_or("127.0.0.1"), after(args, &["-p"]).unwrap_or("6379"));
            let up = answers(p, target, port, host);
            match up {
                true if args.iter().any(|word| word.eq_ignore_ascii_case("ping")) => io.out.push_str("PONG\n"),
                true => {}
                false => {
                    io.err.push_str(&format!("Could not connect to Redis at {target}:{port}: Connection refused\n"));
                    p.status = 1;
                }
            }
        }
        "mysqladmin" | "mysql" => {
            let (target, port) = (after(args, &["-h", "--host"]).unwrap_or("127.0.0.1"), after(args, &["-P", "--port"]).unwrap_or("3306"));
            match answers(p, target, port, host) {
                true if name == "mysqladmin" => io.out.push_str("mysqld is alive\n"),
                true => {}
                false => {
                    io.err.push_str(&format!("{name}: connect to server at '{target}' failed\nerror: 'Can't connect to MySQL server on '{target}:{port}' (111)'\n"));
                    p.status = 1;
                }
            }
        }
        "pg_isready" | "psql" => {
            let (target, port) = (after(args, &["-h", "--host"]).unwrap_or("127.0.0.1"), after(args, &["-p", "--port"]).unwrap_or("5432"));
            let shown = after(args, &["-h", "--host"]).unwrap_or("/var/run/postgresql");
            let up = answers(p, target, port, host);
            let word = if up { "accepting connections" } else { "no response" };
            match name {
                "pg_isready" => io.out.push_str(&format!("{shown}:{port} - {word}\n")),
                _ if !up => io.err.push_str(&format!("psql: error: connection to server at \"{target}\", port {port} failed: Connection refused\n")),
                _ => {}
            }
            p.status = if up { 0 } else { 2 };
        }
        "mongo" | "mongosh" => match answers(p, "127.0.0.1", "27017", host) {
            true => io.out.push_str("{ ok: 1 }\n"),
            false => {
                io.err.push_str("MongoNetworkError: connect ECONNREFUSED 127.0.0.1:27017\n");
                p.status = 1;
            }
        },
        "rabbitmq-diagnostics" => match answers(p, "127.0.0.1", "5672", host) {
            true => io.out.push_str("Will ping rabbit. This only checks if the OS process is running and registered with epmd. Timeout: 60000 ms.\nPing succeeded\n"),
            false => p.status = 69,
        },
        _ => unknown(p, words, io, host),
    }
}

/// `nc -l`: listens, and says to whoever comes what it was fed or what its program prints. False where it does not listen.
pub(super) fn listen(p: &mut Process, args: &[EcoString], io: &mut Io, host: &mut dyn Host) -> bool {
    let listens = args.iter().any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains('l'));
    if !listens {
        return false;
    }
    let program = args.iter().position(|word| word == "-e" || word == "-c");
    let own = &args[..program.unwrap_or(args.len())];
    let Some(port) = own.iter().rev().find_map(|word| word.trim_start_matches("-lp").parse::<u16>().ok()) else {
        return false;
    };
    let mut text = io.input.take().unwrap_or_default();
    if let Some(rest) = program.map(|place| &args[place + 1..]).filter(|rest| !rest.is_empty()) {
        let mut inner = Io::default();
        super::programs::run(p, rest, &mut inner, false, host);
        text = inner.out.into();
    }
    p.listens.push((port, Some(text), EcoString::new()));
    p.stuck = true;
    true
}

fn after<'a>(args: &'a [EcoString], names: &[&str]) -> Option<&'a str> {
    for (i, word) in args.iter().enumerate() {
        for name in names {
            match word.strip_prefix(name) {
                Some("") => return args.get(i + 1).map(EcoString::as_str),
                Some(rest) if !name.starts_with("--") || rest.starts_with('=') => {
                    return Some(rest.trim_start_matches('='))
                }
                _ => {}
            }
        }
    }
    None
}

/// True where somebody listens there.
fn answers(p: &mut Process, target: &str, port: &str, host: &mut dyn Host) -> bool {
    let target = if target == "localhost" { "127.0.0.1" } else { target };
    let words: Vec<EcoString> = ["nc", "-z", "-w", "2", target, port].into_iter().map(EcoString::from).collect();
    let Some(told) = host.tool(&words, 1) else { return false };
    p.clock = p.clock + told.took;
    told.code == 0
}

fn is_missing(p: &Process, path: &str, host: &dyn Host) -> bool {
    !matches!(follow(host, &p.path(path)), Some((_, Entry::File(_)))) && is_language(image_name(host))
}

fn image_name(host: &dyn Host) -> &'static str {
    images::find(&host.facts().image).map_or("", |row| row.name.as_str())
}

/// What a line of a language prints, where it prints plain text.
fn printed(code: &str) -> String {
    let mut out = String::new();
    for call in ["print(", "console.log(", "echo ", "puts "] {
        for rest in code.split(call).skip(1) {
            let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
            let text = rest[1..].split(quote).next().unwrap_or("");
            out.push_str(text);
            out.push('\n');
        }
    }
    out
}

fn exit_of(code: &str) -> i32 {
    let number = |rest: &str| rest.split(')').next().and_then(|n| n.trim().parse().ok());
    code.split("exit(").nth(1).and_then(number).unwrap_or(0)
}
