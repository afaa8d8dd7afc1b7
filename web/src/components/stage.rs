//! The stage: the cluster as a map, and the same as tables.

use kubottle::view::scene::Scene;
use kubottle::view::topology::{PodShape, Topology};
use kubottle::view::{RequestView, Target};
use yew::prelude::*;

use super::glyph::glyph;
use super::map::Map;
use super::table::Tables;
use super::tabs::{Tab, Tabs};
use super::Send;
use crate::msg::{Msg, StageTab};
use crate::platform::WidthWatch;
use crate::shared::Shared;
use crate::text::Lang;

/// Properties of the stage.
#[derive(Properties, PartialEq)]
pub struct StageProps {
    /// Language.
    pub lang: Lang,
    /// What is shown.
    pub tab: StageTab,
    /// The cluster as drawn.
    pub scene: Shared<Scene>,
    /// The cluster.
    pub topology: Shared<Topology>,
    /// What is looked at.
    pub selected: Option<Target>,
    /// The request whose way is shown.
    pub request: Option<RequestView>,
    /// True where the map shows what a new cluster brings with it.
    pub show_system: bool,
    /// Where to send.
    pub send: Send,
}

/// The stage.
#[component]
pub fn Stage(props: &StageProps) -> Html {
    let StageProps { lang, send, tab, .. } = props;
    let tabs = [(StageTab::Map, "stage.map"), (StageTab::Table, "stage.table")];
    let tabs: Vec<Tab> = tabs
        .into_iter()
        .map(|(t, label)| Tab { label: lang.t(label).into(), badge: None, selected: t == *tab, msg: Msg::Stage(t) })
        .collect();
    let system = {
        let send = send.clone();
        move |_: MouseEvent| send.emit(Msg::ToggleSystem)
    };
    let label = match tab {
        StageTab::Map => lang.t("map"),
        StageTab::Table => lang.t("stage.table"),
    };
    html! {
        <section class="panel stage" aria-label={label}>
            <div class="bar">
                <Tabs label={lang.t("stage")} {tabs} send={send.clone()} />
                <span class="grow" />
                <button type="button" class="quiet" aria-pressed={props.show_system.to_string()} title={lang.t("map.system.hint")} onclick={system}>
                    {if props.show_system { "☑ " } else { "☐ " }}{lang.t("map.system")}
                </button>
            </div>
            <Measured send={send.clone()}>
                if *tab == StageTab::Map {
                    <Map lang={*lang} scene={props.scene.clone()} selected={props.selected.clone()} request={props.request.clone()} send={send.clone()} />
                } else {
                    <Tables lang={*lang} topology={props.topology.clone()} show_system={props.show_system} send={send.clone()} />
                }
            </Measured>
            if *tab == StageTab::Map {
                <Legend lang={*lang} />
            }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct MeasuredProps {
    send: Send,
    children: Children,
}

/// Reports how wide the stage is.
#[component]
fn Measured(props: &MeasuredProps) -> Html {
    let place = use_node_ref();
    {
        let (place, send) = (place.clone(), props.send.clone());
        use_effect_with((), move |_| {
            let element: web_sys::Element = place.cast().expect("the stage is on the page");
            let watch = WidthWatch::new(&element, move |width| send.emit(Msg::MapWidth(width)));
            move || drop(watch)
        });
    }
    // Scrolled by the keyboard too.
    html! { <div class="scroll" tabindex="0" role="group" ref={place}>{props.children.clone()}</div> }
}

#[derive(Properties, PartialEq)]
struct LegendProps {
    lang: Lang,
}

#[component]
fn Legend(props: &LegendProps) -> Html {
    let lang = props.lang;
    let shapes = [
        (PodShape::Pending, lang.t("legend.pending")),
        (PodShape::Starting, lang.t("legend.starting")),
        (PodShape::Unready, lang.t("legend.unready")),
        (PodShape::Ready, lang.t("legend.ready")),
        (PodShape::Succeeded, lang.t("legend.succeeded")),
        (PodShape::Failing, lang.t("legend.failing")),
        (PodShape::Terminating, lang.t("legend.terminating")),
    ];
    html! {
        <div class="legend" role="group" tabindex="0" aria-label={lang.t("legend")}>
            {for shapes.into_iter().map(|(shape, name)| html! {
                <span class={shape.class()}><svg viewBox="-7 -7 14 14" aria-hidden="true">{glyph(shape, 5.0)}</svg>{name}</span>
            })}
        </div>
    }
}
