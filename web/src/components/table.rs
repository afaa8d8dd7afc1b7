//! The map as text: nodes, Services and pods in tables, each name a way to the inspector.

use kubottle::view::tiles::TileView;
use kubottle::view::topology::{PodShape, Topology};
use kubottle::view::Target;
use yew::prelude::*;

use super::Send;
use crate::msg::Msg;
use crate::shared::Shared;
use crate::text::Lang;

/// Properties of the tables.
#[derive(Properties, PartialEq)]
pub struct TablesProps {
    /// Language.
    pub lang: Lang,
    /// The cluster.
    pub topology: Shared<Topology>,
    /// True where what a new cluster brings with it is listed too.
    pub show_system: bool,
    /// Where to send.
    pub send: Send,
}

/// A name that leads to the inspector.
pub fn link(send: &Send, target: Target, text: String) -> Html {
    let send = send.clone();
    html! { <button type="button" class="link" onclick={move |_: MouseEvent| send.emit(Msg::Select(Some(target.clone())))}>{text}</button> }
}

/// A table with its name.
pub fn table(name: &str, heads: &[&str], rows: Vec<Html>, none: &'static str) -> Html {
    let (name, heads) = (name.to_owned(), heads.iter().map(|h| html! { <th scope="col">{*h}</th> }));
    html! {
        <>
            <h2>{name.clone()}</h2>
            if rows.is_empty() {
                <p class="muted">{none}</p>
            } else {
                <div class="wide"><table aria-label={name}>
                    <thead><tr>{for heads}</tr></thead>
                    <tbody>{for rows}</tbody>
                </table></div>
            }
        </>
    }
}

/// The tables.
#[component]
pub fn Tables(props: &TablesProps) -> Html {
    let TablesProps { lang, send, show_system, .. } = props;
    let topology = if *show_system { (*props.topology).clone() } else { props.topology.without_system() };
    let none = lang.t("table.none");
    let nodes = topology.nodes.iter().map(|n| {
        html! {
            <tr key={n.name.clone()}>
                <td>{link(send, n.target(), n.name.clone())}</td><td class={classes!((!n.ready).then_some("bad"))}>{&n.state}</td><td>{&n.ip}</td>
                <td>{&n.pod_cidr}</td><td>{n.pods.len()}</td><td>{&n.cpu.text}</td><td>{&n.memory.text}</td>
            </tr>
        }
    });
    let services = topology.services.iter().map(|s| {
        let endpoints = s.endpoints.iter().map(|e| {
            let port = e.ports.first().map_or(String::new(), |p| format!(":{p}"));
            let state = if e.ready { "" } else { " (not ready)" };
            format!("{}{port}{state}", e.ip)
        });
        html! {
            <tr key={format!("{}/{}", s.namespace, s.name)}>
                <td>{&s.namespace}</td><td>{link(send, s.target(), s.name.clone())}</td><td>{&s.kind}</td><td>{&s.cluster_ip}</td>
                <td>{s.ports_text()}</td><td>{endpoints.collect::<Vec<_>>().join(", ")}</td>
            </tr>
        }
    });
    let tiles = |tiles: &[std::rc::Rc<TileView>]| {
        let rows = tiles.iter().map(|t| {
            let links = t.links.iter().map(|to| html! { <>{link(send, to.clone(), to.name.clone())}{" "}</> });
            html! {
                <tr key={format!("{}/{}/{}", t.target.kind, t.target.namespace, t.target.name)}>
                    <td>{&t.target.namespace}</td><td>{link(send, t.target.clone(), t.target.name.clone())}</td>
                    <td class={classes!(t.troubled.then_some("bad"))}>{&t.tag}</td><td>{t.lines.join(", ")}</td><td>{for links}</td>
                </tr>
            }
        });
        rows.collect::<Vec<_>>()
    };
    let (ingresses, volumes) = (tiles(&topology.ingresses), tiles(&topology.volumes));
    let pods = topology.pods().map(|p| {
        let bad = p.shape == PodShape::Failing;
        html! {
            <tr key={format!("{}/{}", p.namespace, p.name)}>
                <td>{&p.namespace}</td><td>{link(send, p.target(), p.name.clone())}</td><td>{&p.ready}</td>
                <td class={classes!(bad.then_some("bad"))}>{&p.status}</td><td>{p.restarts}</td><td>{&p.ip}</td><td>{&p.node}</td>
            </tr>
        }
    });
    html! {
        <div class="tables">
            {table("Nodes", &["NAME", "STATUS", "INTERNAL-IP", "POD CIDR", "PODS", "CPU", "MEMORY"], nodes.collect(), none)}
            {table("Services", &["NAMESPACE", "NAME", "TYPE", "CLUSTER-IP", "PORT(S)", "ENDPOINTS"], services.collect(), none)}
            if !ingresses.is_empty() {
                {table("Ingresses", &["NAMESPACE", "NAME", "CLASS", "RULES", "SERVICES"], ingresses, none)}
            }
            if !volumes.is_empty() {
                {table("Volumes", &["NAMESPACE", "NAME", "STATUS", "CAPACITY", "PODS"], volumes, none)}
            }
            {table("Pods", &["NAMESPACE", "NAME", "READY", "STATUS", "RESTARTS", "IP", "NODE"], pods.collect(), none)}
        </div>
    }
}
