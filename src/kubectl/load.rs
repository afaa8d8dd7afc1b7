//! `load`: clients in the cluster, and values in place of measured ones.

use super::load_settings;
use super::output::Output;
use super::session::Session;
use crate::api::selector::matches_pairs;
use crate::api::Object;
use crate::base::table::columns;
use crate::base::time::{human_duration, parse_duration};
use crate::cluster::load::Client;
use crate::cluster::World;
use crate::load::feed;
use crate::load::shape::Shape;
use crate::network::{ingress, Request, Source, Url};

/// What the help says of it.
pub const COMMANDS: &[(&str, &str)] = &[
    (
        "load svc/NAME --rps 50 --for 10m",
        "sends requests to a Service, `ingress/NAME`, `nodeport/NAME` or a URL; --from outside|NODE|pod/NAME, --path /x, \
         --shape constant|ramp|steps|spike|wave|noise|FILE.csv; --clients 4 --think 100ms instead of --rps: so many who \
         ask again after each answer",
    ),
    ("load list (or status), load show ID, load stop [ID|TARGET]", "who sends, where it goes, and an end to it"),
    ("load nodes 3..6|off", "a cluster autoscaler: pods that fit nowhere bring nodes, empty ones go"),
    ("load adapter on|off", "a metrics adapter: requests_per_second of pods, Services and Ingresses for autoscalers"),
    ("load series, load csv NAME", "what charts draw, and one series of it as CSV"),
    (
        "load metrics FILE|off",
        "gives the metrics APIs values from a file in place of measured ones, `off` ends that; `load --help` has the format",
    ),
];

/// Carries `load ...` out and gives the exit code.
pub fn run(args: &[String], stdin: Option<&str>, world: &mut World, session: &Session, out: &mut Output) -> u8 {
    match begin(args, stdin, world, session, out) {
        Ok(()) => 0,
        Err(why) => {
            out.err(format!("load: {why}"));
            1
        }
    }
}

const USAGE: &str = "usage: load TARGET --rps N [--for 10m] | load list | load show ID | load stop [ID|TARGET] | load metrics FILE\nTARGET is svc/NAME, ingress/NAME, nodeport/NAME or a URL";

fn begin(
    args: &[String],
    stdin: Option<&str>,
    world: &mut World,
    session: &Session,
    out: &mut Output,
) -> Result<(), String> {
    let namespace = option(args, &["-n", "--namespace"]).unwrap_or(&session.namespace);
    match args.first().map(String::as_str) {
        Some("list" | "status") => {
            list(world, out);
            Ok(())
        }
        _ if args.iter().any(|arg| matches!(arg.as_str(), "--help" | "-h" | "help")) => {
            help(out);
            Ok(())
        }
        Some("nodes") => load_settings::nodes(args.get(1).map(String::as_str), world, out),
        Some("adapter") => load_settings::adapter(args.get(1).map(String::as_str), world, out),
        Some("series") => {
            out.out(load_settings::series_table(world));
            Ok(())
        }
        Some("csv") => match world.csv(&plain(args)[1..].join(" ")) {
            Some(text) => {
                out.out(text);
                Ok(())
            }
            None => Err("load csv NAME: `load series` lists the names".to_owned()),
        },
        Some("show") => show(plain(args).get(1).copied(), world, out),
        Some("stop") => stop(plain(args).get(1).copied(), world, out),
        Some("metrics") => load_settings::metrics(plain(args).get(1).copied(), namespace, stdin, world, session, out),
        Some(target) if target.contains(['/', '.', ':']) => start(target, args, namespace, world, session, out),
        _ => Err(USAGE.to_owned()),
    }
}

fn help(out: &mut Output) {
    for (form, what) in COMMANDS {
        out.line(format!("{form}\n    {what}"));
    }
    out.line(format!("\n{}", feed::FORMAT));
}

/// `load svc/web --rps 50`.
fn start(
    target: &str,
    args: &[String],
    namespace: &str,
    world: &mut World,
    session: &Session,
    out: &mut Output,
) -> Result<(), String> {
    const FLAGS: &[&str] =
        &["--clients", "--for", "--from", "--host", "--namespace", "--path", "--rps", "--shape", "--think", "-n"];
    let flags = args.iter().filter(|arg| arg.starts_with('-')).map(|arg| arg.split('=').next().unwrap_or(""));
    if let Some(unknown) = flags.into_iter().find(|flag| !FLAGS.contains(flag)) {
        return Err(format!("unknown flag {unknown}; known are {}", FLAGS.join(" ")));
    }
    let number = |flag: &str| match option(args, &[flag]) {
        None => Ok(None),
        Some(text) => text.parse::<f64>().map(Some).map_err(|_| format!("{flag}: {text:?} is no number")),
    };
    let span = |flag: &str| match option(args, &[flag]) {
        None => Ok(None),
        Some(text) => parse_duration(text).map(Some).ok_or_else(|| format!("{flag}: {text:?} is no duration")),
    };
    let (rate, clients) = (number("--rps")?, number("--clients")?);
    let think = span("--think")?.unwrap_or_default().0 as f64 / 1e6;
    let loops = clients.map(|count| (count.max(1.0) as u32, think));
    let rate = match (rate, loops) {
        (None, None) => return Err("--rps or --clients says how much".to_owned()),
        (rate, _) => rate.unwrap_or(0.0).max(0.0),
    };
    let shape = match option(args, &["--shape"]) {
        None => Shape::Constant,
        Some(file) if session.file(file).is_some() => Shape::read_points(session.file(file).unwrap_or_default())
            .ok_or_else(|| format!("{file}: lines of seconds and requests a second are expected"))?,
        Some(name) => {
            let known = Shape::NAMES.iter().find(|(known, _)| *known == name);
            known.map(|(_, shape)| shape.clone()).ok_or_else(|| {
                let names: Vec<&str> = Shape::NAMES.iter().map(|(name, _)| *name).collect();
                format!("--shape: {name} is neither a file nor one of {}", names.join(", "))
            })?
        }
    };
    let request = request(target, args, namespace, world)?;
    let now = world.now();
    let until = span("--for")?.map(|span| now + span);
    let id = world.add_client(Client {
        target: target.to_owned(),
        namespace: namespace.into(),
        shape,
        rate,
        loops,
        until,
        ..Client::new(request, now)
    });
    out.line(format!("load {id} to {target} started"));
    Ok(())
}

/// The request that a target stands for.
fn request(target: &str, args: &[String], namespace: &str, world: &mut World) -> Result<Request, String> {
    let n = world.count_request();
    let world = &*world;
    let path = option(args, &["--path"]).unwrap_or("/");
    let (kind, name) = target.split_once('/').unwrap_or(("", target));
    let source = |usual: Source| match option(args, &["--from"]) {
        None => Ok(usual),
        Some(place) => super::network::source(place, namespace, world),
    };
    let service = |name: &str| {
        let found = world.store().find("Service", namespace, name);
        found.ok_or_else(|| format!("services \"{name}\" not found"))
    };
    let node_ip = || world.settings().node_ip(0);
    match kind {
        "svc" | "service" | "services" => {
            let (name, port) = name.split_once(':').map_or((name, None), |(name, port)| (name, port.parse().ok()));
            let first = service(name)?.at("spec.ports").index(0).get("port").int() as u16;
            let host = format!("{name}.{namespace}.svc.cluster.local");
            let source = source(Source::Shell(namespace.to_owned()))?;
            Ok(Request::get(source, "http", &host, port.unwrap_or(first), path, n))
        }
        "nodeport" => {
            let port = service(name)?.at("spec.ports").index(0).get("nodePort").int() as u16;
            if port == 0 {
                return Err(format!("Service {name} has no node port"));
            }
            Ok(Request::get(source(Source::Outside)?, "http", &node_ip(), port, path, n))
        }
        "ingress" | "ing" | "ingresses" => {
            let ingress = world.store().find("Ingress", namespace, name);
            let ingress = ingress.ok_or_else(|| format!("ingresses.networking.k8s.io \"{name}\" not found"))?;
            let rule = ingress.at("spec.rules").index(0);
            let host = option(args, &["--host"]).unwrap_or(rule.get("host").str());
            let host = if host.is_empty() { "localhost.localdomain" } else { host }.to_owned();
            let first = rule.at("http.paths").index(0).get("path").str();
            let path = if path == "/" && !first.is_empty() { first } else { path };
            let (address, port) = door(world).ok_or("no Service leads to an Ingress controller")?;
            let address = address.parse().map_err(|_| format!("{address} is no address"))?;
            let mut request = Request::get(source(Source::Outside)?, "http", &host, port, path, n);
            request.resolve.push((host.clone(), address));
            request.headers.push(("Host".to_owned(), host));
            Ok(request)
        }
        _ => {
            let url = Url::parse(target).map_err(|_| format!("{target}: {USAGE}"))?;
            let source = source(Source::Shell(namespace.to_owned()))?;
            Ok(Request::get(source, &url.scheme, &url.host, url.port, &url.path, n))
        }
    }
}

/// The address and port at which the world outside reaches the Ingress controller.
fn door(world: &World) -> Option<(String, u16)> {
    let controllers: Vec<_> = world.store().all("Pod").filter(|pod| ingress::is_controller(pod)).collect();
    let leads = |service: &&Object| {
        let selector = service.at("spec.selector");
        controllers.iter().any(|pod| pod.namespace() == service.namespace() && matches_pairs(selector, pod.labels()))
    };
    let services: Vec<&Object> = world.store().all("Service").filter(leads).collect();
    let http = |service: &&Object| service.at("spec.ports").list().iter().find(|p| p.get("port").int() == 80).cloned();
    services.iter().find_map(|service| {
        let port = http(service)?;
        let balancer = service.at("status.loadBalancer.ingress").index(0).get("ip").str();
        match port.get("nodePort").int() {
            _ if !balancer.is_empty() => Some((balancer.to_owned(), 80)),
            0 => None,
            port => Some((world.settings().node_ip(0), port as u16)),
        }
    })
}

fn rate_text(rate: f64) -> String {
    if rate >= 100.0 {
        format!("{rate:.0}")
    } else {
        format!("{rate:.1}")
    }
}

fn list(world: &World, out: &mut Output) {
    if world.clients().is_empty() {
        out.err("nobody sends requests");
        return;
    }
    let mut rows: Vec<Vec<String>> = Vec::new();
    rows.push(["ID", "TARGET", "OFFERED/s", "SERVED/s", "FAILED/s", "LATENCY", "LEFT"].map(str::to_owned).to_vec());
    for client in world.clients() {
        let left = client.until.map_or_else(|| "-".to_owned(), |until| human_duration(until.since(world.now())));
        let now = client.now;
        rows.push(vec![
            client.id.to_string(),
            client.target.clone(),
            rate_text(now.offered),
            rate_text(now.served),
            rate_text(now.failed),
            format!("{:.0}ms", now.latency_secs * 1000.0),
            left,
        ]);
    }
    out.out(columns(&rows));
}

fn show(id: Option<&str>, world: &World, out: &mut Output) -> Result<(), String> {
    let id = id.and_then(|id| id.parse::<u32>().ok()).ok_or("load show ID: which?")?;
    let client =
        world.clients().iter().find(|client| client.id == id).ok_or_else(|| format!("there is no load {id}"))?;
    let mut rows = vec![vec!["SHARE".to_owned(), "REQUESTS/s".to_owned(), "RESULT".to_owned()]];
    for way in client.ways.iter() {
        let share = format!("{:.1}%", way.share * 100.0);
        rows.push(vec![share, rate_text(client.now.offered * way.share), way.result.clone()]);
    }
    out.out(columns(&rows));
    Ok(())
}

fn stop(what: Option<&str>, world: &mut World, out: &mut Output) -> Result<(), String> {
    let gone = |client: &Client| match what {
        None | Some("all") => client.pod.is_none(),
        Some(what) => client.target == what || what.parse() == Ok(client.id),
    };
    match world.stop_clients(&gone) {
        0 => Err("there is no such load".to_owned()),
        1 => {
            out.line("1 load stopped");
            Ok(())
        }
        count => {
            out.line(format!("{count} loads stopped"));
            Ok(())
        }
    }
}

/// The value behind one of some flags.
pub(super) fn option<'a>(args: &'a [String], names: &[&str]) -> Option<&'a str> {
    let with_sign = |arg: &'a String| names.iter().find_map(|name| arg.strip_prefix(name)?.strip_prefix('='));
    let behind = || {
        let place = args.iter().position(|arg| names.contains(&arg.as_str()))?;
        args.get(place + 1).map(String::as_str)
    };
    args.iter().find_map(with_sign).or_else(behind)
}

/// The words that are neither flags nor their values.
fn plain(args: &[String]) -> Vec<&str> {
    let mut words = Vec::new();
    let mut skip = false;
    for arg in args {
        if std::mem::take(&mut skip) {
            continue;
        }
        match arg.starts_with('-') && arg.len() > 1 {
            true => skip = !arg.contains('='),
            false => words.push(arg.as_str()),
        }
    }
    words
}
