//! `ss`, `netstat` and `conntrack`: who listens on a node or in a pod, and which connections a node remembers.

use super::interfaces::{health_ports, host_pods};
use super::{Context, Output};
use crate::base::order::Order;
use crate::network::conntrack::Flow;
use crate::network::request::Source;
use crate::workload::behaviour;

/// A listening socket.
struct Socket {
    udp: bool,
    address: &'static str,
    port: u16,
    process: String,
}

/// The sockets that listen: of TCP, of UDP, or of both.
pub fn listening(context: &Context, tool: &str, args: &[String]) -> Output {
    let given = |c: char| args.iter().any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains(c));
    let both = given('t') == given('u');
    let mut sockets = sockets(context);
    sockets.retain(|socket| both || socket.udp == given('u'));
    sockets.order_by_key(|socket| (socket.udp, socket.port));
    let text: String = match tool {
        "ss" => {
            let netid = if both { "Netid " } else { "" };
            let head = format!("{netid}State  Recv-Q Send-Q Local Address:Port  Peer Address:Port Process\n");
            let row = |(i, s): (usize, &Socket)| {
                let (kind, state) = if s.udp { ("udp", "UNCONN") } else { ("tcp", "LISTEN") };
                let (local, queue) = (format!("{}:{}", s.address, s.port), if s.udp { 0 } else { 4096 });
                let process = format!("users:((\"{}\",pid={},fd={}))", s.process, 800 + 37 * i, 3 + i);
                let kind = if both { format!("{kind:<5} ") } else { String::new() };
                format!("{kind}{state:<6} 0      {queue:<6} {local:>18}       0.0.0.0:*    {process}\n")
            };
            head + &sockets.iter().enumerate().map(row).collect::<String>()
        }
        _ => {
            let head = "Active Internet connections (only servers)\nProto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name    \n".to_owned();
            let row = |(i, s): (usize, &Socket)| {
                let (kind, state) = if s.udp { ("udp", "") } else { ("tcp", "LISTEN") };
                let local = format!("{}:{}", s.address, s.port);
                format!(
                    "{kind:<5}      0      0 {local:<23} 0.0.0.0:*               {state:<11} {}/{:<15} \n",
                    800 + 37 * i,
                    s.process
                )
            };
            head + &sockets.iter().enumerate().map(row).collect::<String>()
        }
    };
    Output::text(text)
}

/// What listens on every node besides pods with the host's network. kube-proxy opens no socket for node ports.
const NODE_SOCKETS: &[(&str, u16, &str)] = &[
    ("0.0.0.0", 22, "sshd"),
    ("127.0.0.1", 10248, "kubelet"),
    ("127.0.0.1", 10249, "kube-proxy"),
    ("0.0.0.0", 10250, "kubelet"),
    ("0.0.0.0", 10256, "kube-proxy"),
];

fn sockets(context: &Context) -> Vec<Socket> {
    let of = |containers: Vec<(&crate::api::Object, &crate::api::Value)>| {
        let mut all = Vec::new();
        for (pod, container) in containers {
            let process = container.get("image").str().rsplit('/').next().unwrap_or("");
            let process = process.split(':').next().unwrap_or("").to_owned();
            all.extend(behaviour(pod, container).listens.iter().map(|listen| Socket {
                udp: listen.protocol == "UDP",
                address: "0.0.0.0",
                port: listen.port,
                process: process.clone(),
            }));
        }
        all
    };
    match &context.source {
        Source::Node(node) => {
            let mut all = of(host_pods(context, node));
            let own = NODE_SOCKETS.iter().map(|(address, port, process)| Socket {
                udp: false,
                address,
                port: *port,
                process: (*process).to_owned(),
            });
            all.extend(own);
            let health = health_ports(context, node).into_iter();
            all.extend(health.map(|port| Socket {
                udp: false,
                address: "0.0.0.0",
                port,
                process: "kube-proxy".to_owned(),
            }));
            all
        }
        Source::Pod(key) => {
            let Some(pod) = context.view.get("Pod", key) else { return Vec::new() };
            of(pod.at("spec.containers").list().iter().map(|container| (pod, container)).collect())
        }
        _ => Vec::new(),
    }
}

/// `conntrack -L [-p tcp] [-s IP] [-d IP] [--dport N]`, `-C`.
pub fn conntrack(context: &Context, node: &str, args: &[String]) -> Option<Output> {
    let of = |names: &[&str]| {
        let at = args.iter().position(|word| names.contains(&word.as_str()))?;
        args.get(at + 1).map(String::as_str)
    };
    let protocol = of(&["-p", "--proto"]);
    let (source, destination) = (of(&["-s", "--src", "--orig-src"]), of(&["-d", "--dst", "--orig-dst"]));
    let port = of(&["--dport", "--orig-port-dst"]);
    let reply = of(&["-r", "--reply-src"]);
    let wanted = |flow: &Flow| {
        let is = |given: Option<&str>, own: String| given.is_none_or(|given| given == own);
        is(protocol, flow.protocol.to_owned())
            && is(source, flow.first.source.to_string())
            && is(destination, flow.first.destination.to_string())
            && is(reply, flow.reply.source.to_string())
            && is(port, flow.first.port.to_string())
    };
    let lines = context.state.flows.lines(node, context.view.now, wanted);
    if args.iter().any(|word| word == "-C" || word == "--count") {
        return Some(Output::text(format!("{}\n", lines.len())));
    }
    if !args.iter().any(|word| matches!(word.as_str(), "-L" | "--dump")) {
        return Some(Output::error(2, "conntrack v1.4.7 (conntrack-tools): You need to supply parameters!\nTry `conntrack -h' or 'conntrack --help' for more information.\n"));
    }
    let stderr = format!("conntrack v1.4.7 (conntrack-tools): {} flow entries have been shown.\n", lines.len());
    let stdout = lines.iter().map(|line| format!("{line}\n")).collect();
    Some(Output { stdout, stderr, ..Output::default() })
}
