//! What can be done to an object with one press. Each action is a command, typed into the terminal as if by hand.

use std::rc::Rc;

use kubottle::view::topology::NodeView;
use kubottle::view::{Inspector, Target};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, Node};
use yew::prelude::*;

use super::Send;
use crate::msg::Msg;
use crate::platform;
use crate::text::Lang;

/// What can go wrong with a node: the word for it and the message that names it.
const FAULTS: [&str; 6] =
    ["node-down", "partition", "kubelet-stop", "memory-pressure", "disk-pressure", "pid-pressure"];

fn fault_name(lang: Lang, fault: &str) -> &'static str {
    match fault {
        "node-down" => lang.t("fault.down"),
        "partition" => lang.t("fault.partition"),
        "kubelet-stop" => lang.t("fault.kubelet"),
        "memory-pressure" => lang.t("fault.memory"),
        "disk-pressure" => lang.t("fault.disk"),
        _ => lang.t("fault.pid"),
    }
}

/// The actions on an object: name and command. `status` is what kubectl prints of it in a word.
pub fn actions(lang: Lang, target: &Target, status: &str) -> Vec<(String, String)> {
    let Target { kind, namespace, name } = target;
    let action = |name: &str, command: String| (name.to_owned(), command);
    match kind.as_str() {
        "node" => {
            let mut all = Vec::new();
            match status.contains("SchedulingDisabled") {
                true => all.push(action("Uncordon", format!("kubectl uncordon {name}"))),
                false => all.push(action("Cordon", format!("kubectl cordon {name}"))),
            }
            let flags = "--ignore-daemonsets --delete-emptydir-data --force";
            all.push(action("Drain", format!("kubectl drain {name} {flags}")));
            all.extend(FAULTS.map(|fault| action(fault_name(lang, fault), format!("fault {fault} {name}"))));
            all.push(action(lang.t("fault.heal"), format!("fault heal {name}")));
            all.push(action("ssh", format!("ssh {name}")));
            all
        }
        "pod" => vec![action("Delete", format!("kubectl delete pod {name} -n {namespace} --wait=false"))],
        "deployment" | "statefulset" | "replicaset" | "replicationcontroller" => {
            // `2/3 ready`
            let wanted = status.split(['/', ' ']).nth(1).and_then(|n| n.parse::<u32>().ok()).unwrap_or(0);
            let scale = |to: u32| {
                let command = format!("kubectl scale {kind}/{name} -n {namespace} --replicas={to}");
                action(&format!("Scale: {to}"), command)
            };
            let mut all = vec![scale(wanted + 1)];
            all.extend(wanted.checked_sub(1).map(scale));
            if kind == "deployment" || kind == "statefulset" {
                all.push(action("Restart", format!("kubectl rollout restart {kind}/{name} -n {namespace}")));
            }
            all
        }
        _ => Vec::new(),
    }
}

/// The same as buttons, for the inspector.
pub fn action_buttons(lang: Lang, found: &Inspector, send: &Send) -> Html {
    let all = actions(lang, &found.target, &found.status);
    html! {
        if !all.is_empty() {
            <div class="actions" role="group" aria-label={lang.t("actions")}>{for all.into_iter().map(|(name, command)| button(name, command, send))}</div>
        }
    }
}

fn button(name: String, command: String, send: &Send) -> Html {
    let (send, line) = (send.clone(), command.clone());
    html! { <button type="button" title={command} onclick={move |_: MouseEvent| send.emit(Msg::Do(line.clone()))}>{name}</button> }
}

/// Properties of the menu.
#[derive(Properties, PartialEq)]
pub struct ActionsMenuProps {
    /// Language.
    pub lang: Lang,
    /// The node.
    pub node: Rc<NodeView>,
    /// Its right edge.
    pub x: f32,
    /// Its upper edge.
    pub y: f32,
    /// Where to send.
    pub send: Send,
}

/// The menu of a node on the map.
#[component]
pub fn ActionsMenu(props: &ActionsMenuProps) -> Html {
    let ActionsMenuProps { lang, node, send, .. } = props;
    let place = use_node_ref();
    {
        let place = place.clone();
        use_effect_with((node.name.clone(), props.x as i32, props.y as i32), move |_| {
            if let Some(menu) = place.cast() {
                platform::keep_in_sight(&menu);
            }
            let first = place.cast::<web_sys::Element>().and_then(|list| list.query_selector("button").ok().flatten());
            if let Some(first) = first.and_then(|first| first.dyn_into::<HtmlElement>().ok()) {
                let _ = first.focus();
            }
        });
    }
    let close = {
        let send = send.clone();
        move || send.emit(Msg::Menu(None))
    };
    let onkeydown = {
        let close = close.clone();
        move |event: KeyboardEvent| {
            if event.key() == "Escape" {
                close();
            }
        }
    };
    let onfocusout = move |event: FocusEvent| {
        let node = |target: Option<web_sys::EventTarget>| target.and_then(|t| t.dyn_into::<Node>().ok());
        let (menu, to) = (node(event.current_target()), node(event.related_target()));
        if !menu.is_some_and(|menu| menu.contains(to.as_ref())) {
            close();
        }
    };
    let items = actions(*lang, &node.target(), &node.state).into_iter();
    html! {
        <ul class="menu-list actions-menu" aria-label={lang.with("actions.on", &[&format!("node {}", node.name)])} ref={place} {onkeydown} {onfocusout}
            style={format!("left: {}px; top: {}px", props.x, props.y)}>
            {for items.map(|(name, command)| html! { <li>{button(name, command, send)}</li> })}
        </ul>
    }
}
