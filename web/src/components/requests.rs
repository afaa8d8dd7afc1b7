//! Requests: a form that sends one or many from anywhere to anything, and those that were sent with the way each one took.

use kubottle::view::topology::Topology;
use kubottle::view::{clock_text, HopView, RequestView, Target};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::header::chosen;
use super::table::link;
use super::Send;
use crate::msg::{Ask, Msg};
use crate::shared::Shared;
use crate::text::Lang;

/// What kube-proxy can balance with.
const MODES: [&str; 3] = ["iptables", "ipvs", "nftables"];
/// How many requests are sent at once.
const COUNTS: [u32; 5] = [1, 10, 100, 1000, 10_000];

/// Properties of the requests.
#[derive(Properties, PartialEq)]
pub struct RequestsProps {
    /// Language.
    pub lang: Lang,
    /// Requests, newest first.
    pub requests: Shared<Vec<RequestView>>,
    /// The request whose way is shown.
    pub shown: Option<u32>,
    /// What is looked at, which may be a hop.
    pub selected: Option<Target>,
    /// What the form says.
    pub ask: Ask,
    /// What kube-proxy balances with.
    pub mode: &'static str,
    /// The cluster.
    pub topology: Shared<Topology>,
    /// Where to send.
    pub send: Send,
}

/// The requests.
#[component]
pub fn Requests(props: &RequestsProps) -> Html {
    let lang = props.lang;
    html! {
        <>
            {form(props)}
            if props.requests.is_empty() {
                <p class="empty">{lang.t("requests.empty")}</p>
            } else {
                <ul class="requests">{for props.requests.iter().map(|r| request(props, r))}</ul>
            }
        </>
    }
}

/// A list to choose from: values with their names.
pub fn choice(label: &'static str, values: &[(String, String)], now: &str, onchange: Callback<Event>) -> Html {
    html! {
        <select aria-label={label} title={label} {onchange}>
            {for values.iter().map(|(value, name)| html! { <option value={value.clone()} selected={value == now}>{name}</option> })}
        </select>
    }
}

fn form(props: &RequestsProps) -> Html {
    let RequestsProps { lang, ask, send, topology, .. } = props;
    let set = |change: fn(&mut Ask, String)| {
        let (send, ask) = (send.clone(), ask.clone());
        move |value: String| {
            let mut ask = ask.clone();
            change(&mut ask, value);
            send.emit(Msg::Ask(ask));
        }
    };
    let by_choice = |set: Box<dyn Fn(String)>| Callback::from(move |e: Event| set(chosen(&e)));
    let typed = set(|ask, value| ask.target = value);
    let oninput = move |e: InputEvent| typed(e.target_unchecked_into::<HtmlInputElement>().value());
    let mode = send.clone();
    let mode = by_choice(Box::new(move |value| mode.emit(Msg::ProxyMode(value))));
    let counts = COUNTS.map(|n| (n.to_string(), format!("×{n}")));
    let modes = MODES.map(|mode| (mode.to_owned(), mode.to_owned()));
    let onsubmit = {
        let send = send.clone();
        move |e: SubmitEvent| {
            e.prevent_default();
            send.emit(Msg::SendAsked);
        }
    };
    html! {
        <form class="ask" {onsubmit}>
            {choice(lang.t("ask.from"), &sources(*lang, topology), &ask.source, by_choice(Box::new(set(|ask, value| ask.source = value))))}
            <span aria-hidden="true">{"→"}</span>
            <input type="text" aria-label={lang.t("ask.to")} placeholder={lang.t("ask.to.hint")} list="ask-targets" value={ask.target.clone()} autocomplete="off" spellcheck="false" {oninput} />
            <datalist id="ask-targets">
                {for targets(topology, &ask.source).into_iter().map(|(value, name)| html! { <option {value}>{name}</option> })}
            </datalist>
            {choice(lang.t("ask.count"), &counts, &ask.count.to_string(), by_choice(Box::new(set(|ask, value| ask.count = value.parse().unwrap_or(1)))))}
            <button type="submit" class="primary" disabled={ask.target.trim().is_empty()}>{lang.t("ask.send")}</button>
            <label class="mode"><span class="muted">{"kube-proxy"}</span>{choice(lang.t("ask.mode"), &modes, props.mode, mode)}</label>
        </form>
    }
}

/// Where a request can begin: value and name.
fn sources(lang: Lang, topology: &Topology) -> Vec<(String, String)> {
    let mut all = vec![
        ("outside".to_owned(), lang.t("ask.outside").to_owned()),
        (String::new(), lang.t("ask.inside").to_owned()),
    ];
    all.extend(topology.nodes.iter().map(|n| (n.name.clone(), n.name.clone())));
    let pods = topology.pods().filter(|p| !p.system && !p.ip.is_empty()).take(200);
    all.extend(pods.map(|p| (format!("pod/{}/{}", p.namespace, p.name), p.name.clone())));
    all
}

/// What can be asked: the words after curl, and what it is; what answers to the chosen source comes first.
fn targets(topology: &Topology, source: &str) -> Vec<(String, String)> {
    let mut all: Vec<(u8, String, String)> = Vec::new();
    let node = topology.nodes.iter().find(|n| n.ready);
    let (names, ports, addresses) = match source {
        "outside" => (2, 0, 1),
        "" => (0, 2, 1),
        source if source.starts_with("pod/") => (0, 2, 1),
        _ => (2, 1, 0),
    };
    for service in topology.services.iter().filter(|s| !s.system) {
        let host = match service.namespace.as_str() {
            "default" => service.name.clone(),
            namespace => format!("{}.{namespace}", service.name),
        };
        for port in &service.ports {
            all.push((names, format!("{host}:{}", port.port), format!("Service {} {}", service.name, port.name)));
            if let (1.., Some(node)) = (port.node_port, node) {
                all.push((ports, format!("{}:{}", node.ip, port.node_port), format!("NodePort {}", service.name)));
            }
        }
        if let Some(port) = service.ports.first().filter(|_| service.cluster_ip.contains('.')) {
            all.push((
                addresses,
                format!("{}:{}", service.cluster_ip, port.port),
                format!("ClusterIP {}", service.name),
            ));
        }
    }
    let pods = topology.pods().filter(|p| !p.system && !p.ip.is_empty()).take(100);
    all.extend(pods.map(|p| (3, p.ip.clone(), format!("pod {}", p.name))));
    all.sort_by_key(|(rank, ..)| *rank);
    all.into_iter().map(|(_, target, name)| (target, name)).collect()
}

fn request(props: &RequestsProps, request: &RequestView) -> Html {
    let open = props.shown == Some(request.id);
    let (send, id) = (props.send.clone(), request.id);
    let toggle = move |_: MouseEvent| send.emit(Msg::ShowRequest((!open).then_some(id)));
    let times = (request.count > 1).then(|| format!("×{} ", request.count));
    html! {
        <li key={request.id}>
            <button type="button" class="request" aria-expanded={open.to_string()} onclick={toggle}>
                <span>
                    <span class="mono">{times}{&request.title}</span>
                    <span class="muted small">{format!(" {} · {}", request.source, clock_text(request.at_ms))}</span>
                </span>
                <span class={classes!("result", (!request.answered).then_some("bad"))}>{&request.result}</span>
            </button>
            if open {
                if !request.shares.is_empty() {
                    {shares(props.lang, request)}
                }
                <ol class="hops">{for request.hops.iter().enumerate().map(|(i, h)| hop(props, request, i, h))}</ol>
            }
        </li>
    }
}

/// Who answered how many, as bars and as numbers.
fn shares(lang: Lang, request: &RequestView) -> Html {
    let most = request.shares.iter().map(|(_, n)| *n).max().unwrap_or(1).max(1);
    let rows = request.shares.iter().map(|(who, n)| {
        let share = f64::from(*n) * 100.0 / f64::from(request.count.max(1));
        let who = who.rsplit('/').next().unwrap_or(who);
        html! {
            <tr>
                <th scope="row">{who}</th>
                <td class="share"><i style={format!("width: {:.1}%", f64::from(*n) * 100.0 / f64::from(most))} /></td>
                <td>{n}</td><td>{format!("{share:.1}%")}</td>
            </tr>
        }
    });
    html! { <table class="shares" aria-label={lang.t("ask.shares")}><tbody>{for rows}</tbody></table> }
}

/// A hop as something to point at: the number of its request and its place in it.
pub fn hop_target(request: u32, index: usize) -> Target {
    Target::new("hop", "", &format!("{request}/{index}"))
}

fn hop(props: &RequestsProps, request: &RequestView, index: usize, hop: &HopView) -> Html {
    let lang = props.lang;
    let target = hop_target(request.id, index);
    let is = props.selected.as_ref() == Some(&target);
    let label = (!hop.passed).then(|| lang.with("request.bad", &[&(index + 1).to_string(), &hop.title]));
    let send = props.send.clone();
    html! {
        <li class={classes!((!hop.passed).then_some("stopped"), is.then_some("selected"))} aria-label={label}>
            <button type="button" class="hop" aria-pressed={is.to_string()} onclick={move |_: MouseEvent| send.emit(Msg::Select(Some(target.clone())))}>
                <b>{&hop.title}</b>
                if !hop.node.is_empty() { <span class="muted small">{" "}{&hop.node}</span> }
            </button>
            <p>{&hop.sentence}</p>
        </li>
    }
}

/// A hop by itself, for the inspector: the sentence, the rule, the addresses, and the hops before and after it.
pub fn hop_details(lang: Lang, requests: &[RequestView], target: &Target, send: &Send) -> Html {
    let found = target.name.split_once('/').and_then(|(id, index)| {
        let request = requests.iter().find(|r| Some(r.id) == id.parse().ok())?;
        let index: usize = index.parse().ok()?;
        Some((request, index, request.hops.get(index)?))
    });
    let Some((request, index, hop)) = found else {
        return html! { <p class="empty">{lang.t("inspector.gone")}</p> };
    };
    let go = |to: Option<usize>, name: &'static str, text: &'static str| {
        let (send, id) = (send.clone(), request.id);
        let press = move |_: MouseEvent| {
            if let Some(to) = to {
                send.emit(Msg::Select(Some(hop_target(id, to))));
            }
        };
        html! { <button type="button" class="icon" aria-label={name} title={name} disabled={to.is_none()} onclick={press}>{text}</button> }
    };
    let place = |target: &Target| match target.kind.as_str() {
        "outside" => html! { {lang.t("map.outside")} },
        "pod" | "service" | "node" => link(send, target.clone(), format!("{}/{}", target.kind, target.name)),
        _ => html! { {format!("{} {}", target.kind, target.name)} },
    };
    let fact = |name: &'static str, value: Html| html! { <><dt>{name}</dt><dd>{value}</dd></> };
    let next = Some(index + 1).filter(|next| *next < request.hops.len());
    html! {
        <>
            <div class="identity">
                <div class="kind">{lang.with("hop.of", &[&(index + 1).to_string(), &request.hops.len().to_string()])}{" · "}{&request.title}</div>
                <h3>{&hop.title}</h3>
                <div class="steps">
                    {go(index.checked_sub(1), lang.t("hop.before"), "←")}
                    {go(next, lang.t("hop.after"), "→")}
                    if !hop.passed { <span class="status bad">{&request.result}</span> }
                </div>
            </div>
            <div class="scroll" tabindex="0">
                <p class="sentence" aria-live="polite">{&hop.sentence}</p>
                if !hop.rule.is_empty() {
                    <div class="rule" role="group" aria-label={lang.t("hop.rule")}>{for hop.rule.lines().map(|line| html! { <code>{line}</code> })}</div>
                    if hop.title == "DNAT" || !hop.passed {
                        <p class="pad"><button type="button" onclick={{
                            let (send, node) = (send.clone(), hop.node.clone());
                            move |_: MouseEvent| send.emit(Msg::ShowRules(node.clone()))
                        }}>{lang.t("hop.rules")}</button></p>
                    }
                }
                <dl class="facts">
                    {fact(lang.t("ask.from"), place(&hop.from))}
                    if hop.to != hop.from { {fact(lang.t("ask.to"), place(&hop.to))} }
                    if !hop.node.is_empty() { {fact(lang.t("hop.node"), place(&Target::new("node", "", &hop.node)))} }
                    if !hop.chance.is_empty() { {fact(lang.t("hop.chance"), html! { {&hop.chance} })} }
                    if let Some((before, after)) = &hop.rewritten {
                        {fact(lang.t("hop.packet"), html! { {before} })}
                        {fact(lang.t("hop.becomes"), html! { {after} })}
                    }
                    {fact(lang.t("hop.at"), html! { {clock_text(hop.at_ms)} })}
                </dl>
            </div>
        </>
    }
}
