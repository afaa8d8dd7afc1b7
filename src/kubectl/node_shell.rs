//! The shells a terminal can be in besides its own: that of a node, as `ssh` and `kubectl debug node/...` open it, with the
//! network's tools and the files that say how the node is set up, and that of a container (`kubectl exec -it`).

use super::call::Run;
use super::dispatch;
use super::network;
use super::output::Output;
use super::session::{Session, Shell};
use super::verbs::attach::session_ended;
use crate::cluster::World;
use crate::network::resolver::Resolver;
use crate::network::tools::interfaces::sysctl;
use crate::network::Source;
use crate::store::settings::VERSION;

/// Runs a command of the node's; none for those that every shell has.
pub fn run(words: &[String], world: &mut World, session: &mut Session, out: &mut Output) -> Option<Run> {
    let shell = session.shells.last().filter(|shell| shell.command.is_none())?.clone();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let words = words.strip_prefix(&["sudo"]).unwrap_or(&words);
    if matches!(words, ["exit" | "logout", ..]) {
        return Some(leave(0, world, session, out));
    }
    if let ["chroot", _, rest @ ..] = words {
        if rest.is_empty() || matches!(rest, ["sh" | "bash" | "/bin/sh" | "/bin/bash"]) {
            session.shells.push(Shell { inner: true, ..shell });
            return Some(Run::Done(0));
        }
        return command(&shell.node, rest, world, session, out);
    }
    command(&shell.node, words, world, session, out)
}

/// Ends the shell the terminal is in, with a code; the container's process ends with it where it was that.
pub fn leave(code: u8, world: &mut World, session: &mut Session, out: &mut Output) -> Run {
    let Some(shell) = session.shells.pop() else { return Run::Done(0) };
    if let Some(inside) = shell.inside.as_ref().filter(|inside| inside.resumes) {
        world.end_process(&inside.pod, &inside.container, i32::from(code));
        if let Some(pod) = world.store().get("Pod", &inside.pod) {
            out.line(session_ended(pod, &inside.container));
        }
    }
    match &shell.inside {
        None if !shell.inner && shell.pod.is_none() => {
            out.line("logout");
            out.line(format!("Connection to {} closed.", shell.node));
        }
        Some(inside) if inside.remove => {
            let (name, namespace) = (inside.pod.name.as_str(), inside.pod.namespace.as_str());
            let words = ["delete", "pod", name, "-n", namespace, "--wait=false"].map(str::to_owned);
            return dispatch::run(&words, None, world, session, out);
        }
        _ => {}
    }
    Run::Done(0)
}

/// Runs one command on a node; none for those that every shell has.
pub fn command(node: &str, words: &[&str], world: &mut World, session: &mut Session, out: &mut Output) -> Option<Run> {
    let owned: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    if let ["sh" | "bash" | "/bin/sh" | "/bin/bash", "-c", script] = words {
        let inner: Vec<&str> = script.split_whitespace().collect();
        return command(node, &inner, world, session, out);
    }
    if let Some(run) = network::run_at(Source::Node(node.to_owned()), &owned, world, session) {
        return Some(run);
    }
    let text = match words {
        ["hostname"] | ["uname", "-n"] | ["cat", "/etc/hostname"] => format!("{node}\n"),
        ["hostname", "-i" | "-I"] => format!("{} \n", address(world, node)),
        ["uname", "-a"] => format!("Linux {node} 6.1.0-18-amd64 #1 SMP PREEMPT_DYNAMIC Debian x86_64 GNU/Linux\n"),
        ["uname", "-r"] => "6.1.0-18-amd64\n".to_owned(),
        ["ls", ..] => "bin  boot  dev  etc  home  lib  opt  proc  root  run  sbin  sys  tmp  usr  var\n".to_owned(),
        ["whoami"] => "root\n".to_owned(),
        ["cat", "/etc/resolv.conf"] => Resolver::of_node(world.settings()).text(),
        ["cat", "/etc/hosts"] => hosts(world, node),
        ["cat", "/proc/sys/net/ipv4/ip_forward"] => "1\n".to_owned(),
        ["sysctl", "-n", name] if sysctl(name).is_some() => format!("{}\n", sysctl(name).unwrap_or("")),
        ["sysctl", name] if sysctl(name).is_some() => format!("{name} = {}\n", sysctl(name).unwrap_or("")),
        ["cat", "/etc/os-release"] => {
            "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nID=debian\n"
                .to_owned()
        }
        ["ps", ..] => processes(world, node),
        ["systemctl", "is-active", "kubelet" | "containerd"] => "active\n".to_owned(),
        ["systemctl", "status", unit @ ("kubelet" | "containerd")] => {
            format!("● {unit}.service\n     Loaded: loaded (/lib/systemd/system/{unit}.service; enabled; preset: enabled)\n     Active: active (running)\n")
        }
        ["kubelet", "--version"] => format!("Kubernetes {VERSION}\n"),
        ["crictl", "pods", ..] => pods(world, node),
        ["kubectl" | "k", ..] => {
            out.err(
                "The connection to the server localhost:8080 was refused - did you specify the right host or port?",
            );
            return Some(Run::Done(1));
        }
        ["cat", path, ..] if path.starts_with('/') => {
            out.err(format!("cat: {path}: No such file or directory"));
            return Some(Run::Done(1));
        }
        _ => return None,
    };
    out.out(text);
    Some(Run::Done(0))
}

fn address(world: &World, node: &str) -> String {
    let address = crate::network::State::node(&world.truth(), node).and_then(|node| node.address());
    address.map(|ip| ip.to_string()).unwrap_or_default()
}

fn hosts(world: &World, node: &str) -> String {
    let mut text = format!("127.0.0.1\tlocalhost\n{}\t{node}\n", address(world, node));
    for other in world.store().all("Node").map(|node| node.name().to_owned()).filter(|name| name != node) {
        text.push_str(&format!("{}\t{other}\n", address(world, &other)));
    }
    text
}

/// `ps`: what runs on a node, its pods' containers last.
fn processes(world: &World, node: &str) -> String {
    let mut text = "    PID TTY          TIME CMD\n".to_owned();
    let own = ["/sbin/init", "/usr/sbin/sshd", "/usr/bin/containerd", "/usr/bin/kubelet", "/usr/local/bin/kube-proxy"];
    let pods = world.store().pods_on_node(node).filter(|pod| pod.at("status.phase").str() == "Running");
    let containers = pods.flat_map(|pod| pod.at("spec.containers").list());
    let images = containers.map(|container| container.get("image").str());
    for (i, name) in own.into_iter().chain(images).enumerate() {
        text.push_str(&format!("{:>7} ?        00:00:01 {name}\n", 1 + 211 * i));
    }
    text
}

/// `crictl pods`: the pods of a node.
fn pods(world: &World, node: &str) -> String {
    let mut text = format!("{:<20}{:<10}{:<44}{:<20}\n", "POD ID", "STATE", "NAME", "NAMESPACE");
    for pod in world.store().pods_on_node(node) {
        let state = if pod.at("status.phase").str() == "Running" { "Ready" } else { "NotReady" };
        let id: String = pod.uid().chars().filter(char::is_ascii_hexdigit).take(13).collect();
        text.push_str(&format!("{id:<20}{state:<10}{:<44}{:<20}\n", pod.name(), pod.namespace()));
    }
    text
}
