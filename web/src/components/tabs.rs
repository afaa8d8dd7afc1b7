//! A row of tabs, with the keys every such row has.

use yew::prelude::*;

use super::Send;
use crate::msg::Msg;

/// One tab.
#[derive(Clone, PartialEq)]
pub struct Tab {
    /// Its name.
    pub label: AttrValue,
    /// A number beside it, and whether it is bad news.
    pub badge: Option<(usize, bool)>,
    /// True for the one shown.
    pub selected: bool,
    /// What choosing it does.
    pub msg: Msg,
}

/// Properties of a row of tabs.
#[derive(Properties, PartialEq)]
pub struct TabsProps {
    /// The name of the row.
    pub label: AttrValue,
    /// The tabs.
    pub tabs: Vec<Tab>,
    /// Where to send.
    pub send: Send,
}

/// A row of tabs.
#[component]
pub fn Tabs(props: &TabsProps) -> Html {
    let row = use_node_ref();
    let at = props.tabs.iter().position(|t| t.selected).unwrap_or(0);
    let onkeydown = {
        let (row, send) = (row.clone(), props.send.clone());
        let msgs: Vec<Msg> = props.tabs.iter().map(|t| t.msg.clone()).collect();
        Callback::from(move |event: KeyboardEvent| {
            let to = match event.key().as_str() {
                "ArrowRight" => (at + 1) % msgs.len(),
                "ArrowLeft" => (at + msgs.len() - 1) % msgs.len(),
                "Home" => 0,
                "End" => msgs.len() - 1,
                _ => return,
            };
            event.prevent_default();
            send.emit(msgs[to].clone());
            let row: Option<web_sys::Element> = row.cast();
            let button = row.and_then(|row| row.children().item(to as u32));
            if let Some(button) = button.and_then(|b| wasm_bindgen::JsCast::dyn_into::<web_sys::HtmlElement>(b).ok()) {
                let _ = button.focus();
            }
        })
    };
    let tabs = props.tabs.iter().map(|tab| {
        let (send, msg) = (props.send.clone(), tab.msg.clone());
        html! {
            <button type="button" role="tab" aria-selected={tab.selected.to_string()} tabindex={if tab.selected { "0" } else { "-1" }}
                onclick={move |_| send.emit(msg.clone())}>
                {&tab.label}
                if let Some((count, bad)) = tab.badge {
                    <span class={classes!("badge", bad.then_some("bad"))}>{count}</span>
                }
            </button>
        }
    });
    html! { <div class="tabs" role="tablist" aria-label={&props.label} ref={row} {onkeydown}>{for tabs}</div> }
}
