//! `kubectl port-forward` and `kubectl proxy`: ports of this machine that lead to a pod, or to the API server.

use super::machine::pod_of;
use super::Verb;
use crate::api::{Object, Value};
use crate::base::names;
use crate::kubectl::background::{free_port, is_taken, serve, Serves};
use crate::kubectl::call::{Call, Outcome};
use crate::kubectl::failure::{error, Failure};

/// The row of port-forward.
pub static PORT_FORWARD: Verb = Verb { name: "port-forward", run: Some(port_forward), ..super::PLAIN };
/// The row of proxy.
pub static PROXY: Verb = Verb { name: "proxy", run: Some(proxy), ..super::PLAIN };

/// Models staging/src/k8s.io/kubectl/pkg/cmd/portforward PortForwardOptions.Complete and RunPortForward.
fn port_forward(call: &mut Call<'_>) -> Outcome {
    let (target, ports) = match call.line.args.clone().split_first() {
        Some((target, ports)) if !ports.is_empty() => (target.clone(), ports.to_vec()),
        _ => return Err(Failure::Usage("TYPE/NAME and list of ports are required for port-forward".to_owned())),
    };
    let (pod, object) = pod_of(call, &target)?;
    let translated: Result<Vec<String>, Failure> = ports.iter().map(|port| translate(&object, &pod, port)).collect();
    let translated = translated?;
    let phase = pod.at("status.phase").str();
    if phase != "Running" {
        return Err(error(format!("unable to forward port because pod is not running. Current status={phase}")));
    }
    let mut pairs = Vec::new();
    for text in &translated {
        pairs.push(parse(text)?);
    }
    let mut given: Vec<String> =
        call.line.all("address").iter().flat_map(|list| list.split(',')).map(str::to_owned).collect();
    if given.is_empty() {
        given.push("localhost".to_owned());
    }
    let mut addresses = Vec::new();
    for name in &given {
        match name.as_str() {
            "localhost" => addresses.extend(["127.0.0.1", "[::1]"]),
            ip if names::is_ip(ip) => addresses.push(ip),
            _ => return Err(error(format!("{name} is not a valid IP"))),
        }
    }
    let mut listening = Vec::new();
    for (local, remote) in &pairs {
        let local = if *local == 0 { free_port(call) } else { *local };
        if is_taken(call.session, local) || listening.iter().any(|(own, _)| *own == local) {
            let refused = |address: &&str| {
                let version = if address.starts_with('[') { 6 } else { 4 };
                format!("unable to create listener: Error listen tcp{version} {address}:{local}: bind: address already in use")
            };
            let all: Vec<String> = addresses.iter().map(refused).collect();
            call.out.err(format!(
                "Unable to listen on port {local}: Listeners failed to create with the following errors: [{}]",
                all.join(" ")
            ));
            continue;
        }
        addresses.iter().for_each(|address| call.out.line(format!("Forwarding from {address}:{local} -> {remote}")));
        listening.push((local, *remote));
    }
    if listening.is_empty() {
        let all: Vec<String> = pairs.iter().map(|(local, remote)| format!("{{{local} {remote}}}")).collect();
        return Err(error(format!("unable to listen on any of the requested ports: [{}]", all.join(" "))));
    }
    Ok(serve(call, Serves::Pod(pod.key(), pod.uid().to_owned(), listening)))
}

/// A port as the pod knows it, behind the port of this machine.
///
/// Models translateServicePortToTargetPort and convertPodNamedPortToNumber.
fn translate(object: &Object, pod: &Object, port: &str) -> Result<String, Failure> {
    let (mut local, remote) = match port.split_once(':') {
        Some((local, remote)) => (local.to_owned(), remote),
        None => (port.to_owned(), port),
    };
    let same = local == remote;
    if object.kind.kind != "Service" {
        let number = match remote.parse::<i64>() {
            Ok(_) => remote.to_owned(),
            Err(_) => named_port(pod, remote)?.to_string(),
        };
        return Ok(if same { number } else { format!("{local}:{number}") });
    }
    let ports = object.at("spec.ports").list();
    let number = match remote.parse::<i64>() {
        Ok(number) => number,
        Err(_) => {
            let named = ports.iter().find(|port| port.get("name").str() == remote);
            let missing = || error(format!("Service '{}' does not have a named port '{remote}'", object.name()));
            let number = named.ok_or_else(missing)?.get("port").int();
            if same {
                local = number.to_string();
            }
            number
        }
    };
    let found = ports.iter().find(|port| port.get("port").int() == number);
    let missing = || error(format!("Service {} does not have a service port {number}", object.name()));
    let found = found.ok_or_else(missing)?;
    if found.get("protocol").str() == "UDP" {
        return Err(error(format!("UDP protocol is not supported for {remote}")));
    }
    let target = match found.get("targetPort") {
        _ if object.at("spec.clusterIP").str() == "None" => number,
        Value::Str(name) => named_port(pod, name)?,
        target => target.opt_int().filter(|port| *port != 0).unwrap_or(number),
    };
    Ok(if local == target.to_string() { local } else { format!("{local}:{target}") })
}

fn named_port(pod: &Object, name: &str) -> Result<i64, Failure> {
    let mut ports = pod.at("spec.containers").list().iter().flat_map(|container| container.get("ports").list());
    let found = ports.find(|port| port.get("name").str() == name).map(|port| port.get("containerPort").int());
    found.ok_or_else(|| error(format!("Pod '{}' does not have a named port '{name}'", pod.name())))
}

/// The port here, 0 for any, and the port there.
///
/// Models staging/src/k8s.io/client-go/tools/portforward parsePorts.
fn parse(text: &str) -> Result<(u16, u16), Failure> {
    let words: Vec<&str> = text.split(':').collect();
    let (local, remote) = match words[..] {
        [both] => (both, both),
        ["", remote] => ("0", remote),
        [local, remote] => (local, remote),
        _ => return Err(error(format!("invalid port format '{text}'"))),
    };
    let number = |which: &str, word: &str| {
        let why = match word.chars().all(|c| c.is_ascii_digit()) && !word.is_empty() {
            true => "value out of range",
            false => "invalid syntax",
        };
        let refused =
            || error(format!("error parsing {which} port '{word}': strconv.ParseUint: parsing {word:?}: {why}"));
        word.parse::<u16>().map_err(|_| refused())
    };
    let (local, remote) = (number("local", local)?, number("remote", remote)?);
    match remote {
        0 => Err(error("remote port must be > 0")),
        _ => Ok((local, remote)),
    }
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/proxy ProxyOptions.RunProxy.
fn proxy(call: &mut Call<'_>) -> Outcome {
    let address = call.line.get("address").unwrap_or("127.0.0.1").to_owned();
    let port = match call.line.get("port").map_or(Ok(8001), str::parse) {
        Ok(0) => free_port(call),
        Ok(port) => port,
        Err(_) => return Err(error(format!("listen tcp: address {}: invalid port", call.line.text("port")))),
    };
    if is_taken(call.session, port) {
        return Err(error(format!("listen tcp {address}:{port}: bind: address already in use")));
    }
    let prefix = call.line.get("api-prefix").unwrap_or("/").to_owned();
    call.out.line(format!("Starting to serve on {address}:{port}"));
    Ok(serve(call, Serves::Api(port, prefix)))
}
