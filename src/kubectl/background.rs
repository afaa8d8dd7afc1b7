//! Commands that go on in the background while others are typed: `kubectl port-forward ... &` and `kubectl proxy &`. Requests
//! to this machine that meet one of their ports are passed on.

use super::call::{Call, Poll, Run, Waiting};
use super::dispatch;
use super::network::{run_at, Late};
use super::output::Output;
use super::raw_proxy;
use super::session::Session;
use crate::api::ObjectKey;
use crate::base::draw;
use crate::cluster::World;
use crate::network::Source;

/// A command in the background.
#[derive(Clone, Debug, PartialEq)]
pub struct Background {
    /// Its number, as `jobs` counts them.
    pub number: u32,
    /// The number of its process.
    pub pid: u32,
    /// What was typed.
    pub command: String,
    /// What its ports lead to.
    pub serves: Serves,
}

/// What the ports of a command in the background lead to.
#[derive(Clone, Debug, PartialEq)]
pub enum Serves {
    /// The API server, at one port, below a prefix.
    Api(u16, String),
    /// Ports of a pod: the one here, the one there.
    Pod(ObjectKey, String, Vec<(u16, u16)>),
}

impl Serves {
    /// True where a port of this machine is taken.
    fn takes(&self, port: u16) -> bool {
        match self {
            Serves::Api(own, _) => *own == port,
            Serves::Pod(_, _, ports) => ports.iter().any(|(own, _)| *own == port),
        }
    }
}

/// Waits until it is interrupted.
struct Forever;

impl Waiting for Forever {
    fn poll(&mut self, _: &mut World, _: &mut Output) -> Poll {
        Poll::Pending(None)
    }
}

/// True where a port of this machine is taken already.
pub fn is_taken(session: &Session, port: u16) -> bool {
    session.background.iter().any(|job| job.serves.takes(port))
}

/// A port that nobody has: what the kernel gives for port 0.
pub fn free_port(call: &Call<'_>) -> u16 {
    let seed = call.world.settings().seed;
    let mut at = call.session.background.len() as u64 + call.world.store().revision();
    loop {
        let port = 32_768 + draw::mix(seed ^ at) % 28_000;
        match is_taken(call.session, port as u16) {
            true => at += 1,
            false => return port as u16,
        }
    }
}

/// Goes on serving: in the background where `&` stands behind the command, else until it is interrupted.
pub fn serve(call: &mut Call<'_>, serves: Serves) -> Run {
    let Some(command) = call.session.going.clone() else {
        call.out.err(
            "Kubottle: this goes on until Ctrl-C. With & behind it, it goes on in the background, and curl reaches it.",
        );
        return Run::Wait(Box::new(Forever));
    };
    let number = call.session.background.iter().map(|job| job.number).max().unwrap_or(0) + 1;
    let pid = 4_100 + call.session.begun_processes;
    call.session.begun_processes += 7;
    call.session.variables.insert("!".to_owned(), pid.to_string());
    call.session.background.push(Background { number, pid, command, serves });
    Run::Done(0)
}

/// `jobs`, `kill`, `fg`; none where the words are others.
pub fn run(words: &[String], session: &mut Session, out: &mut Output) -> Option<Run> {
    let args: Vec<&str> = words[1..].iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let place = |session: &Session, word: &str| {
        let jobs = &session.background;
        match word.strip_prefix('%') {
            Some("" | "%" | "+") => jobs.len().checked_sub(1),
            Some(number) => jobs.iter().position(|job| job.number.to_string() == number),
            None => jobs.iter().position(|job| job.pid.to_string() == word),
        }
    };
    Some(Run::Done(match words[0].as_str() {
        "jobs" => {
            let last = session.background.len();
            for (i, job) in session.background.iter().enumerate() {
                let mark = match last - i {
                    1 => '+',
                    2 => '-',
                    _ => ' ',
                };
                out.line(format!("[{}]{mark}  Running                 {} &", job.number, job.command));
            }
            0
        }
        "kill" => {
            let mut code = u8::from(args.is_empty());
            for word in args {
                match place(session, word) {
                    Some(i) => drop(session.background.remove(i)),
                    None if word.starts_with('%') => {
                        out.err(format!("sh: kill: {word}: no such job"));
                        code = 1;
                    }
                    None => {
                        out.err(format!("sh: kill: ({word}) - No such process"));
                        code = 1;
                    }
                }
            }
            code
        }
        "pkill" | "killall" => {
            let before = session.background.len();
            let pattern = args.last().copied().unwrap_or("");
            session.background.retain(|job| !job.command.contains(pattern));
            u8::from(session.background.len() == before)
        }
        "fg" => match place(session, args.first().copied().unwrap_or("%+")) {
            None => {
                out.err("sh: fg: current: no such job");
                1
            }
            Some(i) => {
                out.line(session.background.remove(i).command);
                return Some(Run::Wait(Box::new(Forever)));
            }
        },
        "bg" | "disown" => 0,
        _ => return None,
    }))
}

/// Where an argument of a tool leads on this machine: `http://localhost:8080/x` is port 8080, and what is before and behind
/// the host and port.
fn local(arg: &str, resolved: &[&str]) -> Option<(u16, String)> {
    let (scheme, rest) = arg.split_once("://").unwrap_or(("http", arg));
    let (authority, path) = match rest.find(['/', '?']) {
        Some(place) => rest.split_at(place),
        None => (rest, ""),
    };
    let default = if scheme == "https" { 443 } else { 80 };
    let (host, port) = match authority.rsplit_once(':').filter(|(_, port)| port.chars().all(|c| c.is_ascii_digit())) {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (authority, default),
    };
    let known = resolved.iter().any(|entry| entry.starts_with(&format!("{host}:{port}:127.")));
    (matches!(host, "localhost" | "127.0.0.1" | "[::1]") || known).then(|| (port, path.to_owned()))
}

/// Carries a request to a port of this machine out; none where nothing in the background serves it.
pub fn request(words: &[String], world: &mut World, session: &mut Session, out: &mut Output) -> Option<Run> {
    if session.background.is_empty() || !matches!(words[0].as_str(), "curl" | "wget") {
        return None;
    }
    let resolved: Vec<&str> =
        words.windows(2).filter(|pair| pair[0] == "--resolve").map(|pair| pair[1].as_str()).collect();
    let (at, port, path) = words.iter().enumerate().skip(1).find_map(|(i, word)| {
        let (port, path) = local(word, &resolved)?;
        is_taken(session, port).then_some((i, port, path))
    })?;
    let job = session.background.iter().position(|job| job.serves.takes(port))?;
    match session.background[job].serves.clone() {
        Serves::Api(_, prefix) => {
            let path = path.strip_prefix(prefix.trim_end_matches('/')).unwrap_or(&path).to_owned();
            Some(ask_api(&path, words, world, session))
        }
        Serves::Pod(pod, uid, ports) => {
            let remote = ports.iter().find(|(own, _)| *own == port)?.1;
            out.err(format!("Handling connection for {port}"));
            let lives = world.store().get("Pod", &pod).is_some_and(|object| object.uid() == uid);
            let (scheme, rest) = words[at].split_once("://").unwrap_or(("http", &words[at]));
            let host = rest.split(['/', '?']).next().unwrap_or("");
            let mut inner = words.to_vec();
            inner[at] = format!("{scheme}://127.0.0.1:{remote}{path}");
            if words[0] == "curl" {
                inner.extend(["-H".to_owned(), format!("Host: {host}")]);
            }
            let listens = lives && connects(&pod, remote, world);
            if !listens {
                let why = match lives {
                    true => format!("failed to connect to localhost:{remote} inside namespace \"{}\", IPv4: dial tcp4 127.0.0.1:{remote}: connect: connection refused IPv6 dial tcp6: address localhost: no suitable address ", draw::uuid(1, "netns", &uid, 0)),
                    false => "network namespace for sandbox is closed".to_owned(),
                };
                let line = format!("an error occurred forwarding {port} -> {remote}: error forwarding port {remote} to pod {}, uid : {why}", uid.replace('-', ""));
                let kind = "portforward.go:424] \"Unhandled Error\" err=";
                out.err(format!("{}{kind}{line:?}", dispatch::log_head('E', world)));
                out.err("error: lost connection to pod");
                session.background.remove(job);
                let silent =
                    words.iter().any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains('s'));
                if !silent {
                    out.err("curl: (52) Empty reply from server");
                }
                return Some(Run::Done(52));
            }
            run_at(Source::Pod(pod), &inner, world, session)
        }
    }
}

/// True where something listens on a port of a pod.
fn connects(pod: &ObjectKey, port: u16, world: &mut World) -> bool {
    let words = ["-z", "-w", "1", "127.0.0.1", &port.to_string()].map(str::to_owned);
    world.run_tool(Source::Pod(pod.clone()), "nc", &words).is_some_and(|output| output.exit_code == 0)
}

/// What `kubectl proxy` answers to curl: the API server prints JSON for those who look at it.
fn ask_api(path: &str, words: &[String], world: &mut World, session: &mut Session) -> Run {
    let path = if path.is_empty() { "/" } else { path };
    let mut notes = Output::default();
    let answer = dispatch::with_call("get", world, session, &mut notes, |call| raw_proxy::read(call, path));
    let (text, code) = match answer {
        Ok(text) => (raw_proxy::pretty(&text), 200),
        Err(failure) => raw_proxy::failed(failure),
    };
    let has = |short: char, long: &str| {
        words[1..].iter().any(|word| match word.strip_prefix("--") {
            Some(name) => name == long,
            None => word.strip_prefix('-').is_some_and(|flags| flags.contains(short)),
        })
    };
    let reason = if code == 200 { "OK" } else { "Not Found" };
    let kind = if text.starts_with('{') { "application/json" } else { "text/plain; charset=utf-8" };
    let head = format!("HTTP/1.1 {code} {reason}\r\nAudit-Id: {}\r\nCache-Control: no-cache, private\r\nContent-Type: {kind}\r\nDate: {}\r\nContent-Length: {}\r\n\r\n", draw::uuid(code, "audit", path, 0), world.timestamp().rfc1123z().replace("+0000", "GMT"), text.len());
    let mut stdout = String::new();
    if has('i', "include") || has('I', "head") {
        stdout.push_str(&head.replace('\r', ""));
    }
    if !has('I', "head") {
        stdout.push_str(&text);
    }
    let file = words.windows(2).find(|pair| pair[0] == "-o" || pair[0] == "--output").map(|pair| pair[1].clone());
    if let Some(file) = file {
        if file != "/dev/null" {
            session.write(&file, std::mem::take(&mut stdout));
        }
        stdout.clear();
    }
    Run::Wait(Box::new(Late { stdout, stderr: String::new(), until: world.now(), code: 0 }))
}
