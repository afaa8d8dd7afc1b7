//! The load drawn by hand: points of a curve to drag, by pointer or by keyboard, and where it is sent.

use wasm_bindgen::JsCast;
use yew::prelude::*;

use super::header::chosen;
use super::requests::choice;
use super::Send;
use crate::load::{LoadCurve, POINTS, PRESETS};
use crate::msg::Msg;
use crate::plot::{LEFT, RIGHT};
use crate::text::Lang;

const HEIGHT: f32 = 110.0;
const TOP: f32 = 10.0;
const BOTTOM: f32 = 94.0;
/// How far an arrow key moves a point.
const STEP: f32 = 0.05;

/// Properties of the curve.
#[derive(Properties, PartialEq)]
pub struct LoadEditorProps {
    /// Language.
    pub lang: Lang,
    /// The curve.
    pub curve: LoadCurve,
    /// What it can be sent to.
    pub targets: Vec<String>,
    /// How far it has come, in seconds.
    pub elapsed_s: Option<u32>,
    /// Width of the drawing.
    pub width: f32,
    /// Where to send.
    pub send: Send,
}

/// The curve with its knobs.
#[component]
pub fn LoadEditor(props: &LoadEditorProps) -> Html {
    let LoadEditorProps { lang, curve, send, width, .. } = props;
    let dragged = use_state(|| None::<usize>);
    let set = |change: fn(&mut LoadCurve, String)| {
        let (send, curve) = (send.clone(), curve.clone());
        Callback::from(move |e: Event| {
            let mut curve = curve.clone();
            change(&mut curve, chosen(&e));
            send.emit(Msg::Load(curve));
        })
    };
    let x = |i: usize| LEFT + (width - LEFT - RIGHT) * i as f32 / (POINTS - 1) as f32;
    let y = |share: f32| BOTTOM - (BOTTOM - TOP) * share;
    let moved = {
        let (send, curve, dragged) = (send.clone(), curve.clone(), dragged.clone());
        move |e: PointerEvent| {
            let (Some(i), Some(place)) = (*dragged, e.current_target()) else { return };
            let box_ = place.unchecked_into::<web_sys::Element>().get_bounding_client_rect();
            let share = (BOTTOM - (e.client_y() as f32 - box_.top() as f32)) / (BOTTOM - TOP);
            let mut curve = curve.clone();
            curve.points[i] = (share.clamp(0.0, 1.0) * 100.0).round() / 100.0;
            send.emit(Msg::Load(curve));
        }
    };
    let released = {
        let (send, dragged) = (send.clone(), dragged.clone());
        move |_: PointerEvent| {
            if dragged.is_some() {
                dragged.set(None);
                send.emit(Msg::LoadChanged);
            }
        }
    };
    let points = curve.points.iter().enumerate().map(|(i, share)| {
        let grab = {
            let dragged = dragged.clone();
            move |e: PointerEvent| {
                e.prevent_default();
                dragged.set(Some(i));
            }
        };
        let (send, of) = (send.clone(), curve.clone());
        let onkeydown = move |e: KeyboardEvent| {
            let step = match e.key().as_str() {
                "ArrowUp" | "ArrowRight" => STEP,
                "ArrowDown" | "ArrowLeft" => -STEP,
                _ => return,
            };
            e.prevent_default();
            let mut curve = of.clone();
            curve.points[i] = (curve.points[i] + step).clamp(0.0, 1.0);
            send.emit(Msg::Load(curve));
            send.emit(Msg::LoadChanged);
        };
        let rate = (share * curve.most as f32).round();
        let at = curve.for_s as usize * i / (POINTS - 1);
        html! {
            <circle class="knob" cx={x(i).to_string()} cy={y(*share).to_string()} r="7" tabindex="0" role="slider" aria-orientation="vertical"
                aria-label={lang.with("load.point", &[&format!("{}:{:02}", at / 60, at % 60)])} aria-valuemin="0" aria-valuemax={curve.most.to_string()}
                aria-valuenow={rate.to_string()} aria-valuetext={format!("{rate} rps")} onpointerdown={grab} {onkeydown}><title>{format!("{rate} rps")}</title></circle>
        }
    });
    let line: Vec<String> =
        curve.points.iter().enumerate().map(|(i, share)| format!("{:.1} {:.1}", x(i), y(*share))).collect();
    let line = format!("M{}", line.join("L"));
    let area = format!("{line}V{BOTTOM}H{LEFT}z");
    let press = |msg: Msg| {
        let send = send.clone();
        move |_: MouseEvent| send.emit(msg.clone())
    };
    let targets: Vec<_> = props.targets.iter().map(|t| (t.clone(), t.replace(" -n default", ""))).collect();
    let rates = [10, 50, 100, 500, 1000, 10_000].map(|n| (n.to_string(), format!("{n} rps")));
    let times = [120, 300, 600, 1800, 3600].map(|s| (s.to_string(), format!("{} min", s / 60)));
    let mut shapes: Vec<(String, String)> = vec![(String::new(), lang.t("load.shape").to_owned())];
    shapes.extend(PRESETS.map(|(name, _)| (name.to_owned(), name.to_owned())));
    let shape = |curve: &mut LoadCurve, value: String| {
        if let Some((_, points)) = PRESETS.iter().find(|(name, _)| *name == value) {
            curve.points = *points;
        }
    };
    let done = props.elapsed_s.map(|s| x(0) + (x(POINTS - 1) - x(0)) * s as f32 / curve.for_s as f32);
    html! {
        <div class="load">
            <div class="controls">
                <h2>{lang.t("load")}</h2>
                {choice(lang.t("load.target"), &targets, &curve.target, set(|curve, value| curve.target = value))}
                {choice(lang.t("load.most"), &rates, &curve.most.to_string(), set(|curve, value| curve.most = value.parse().unwrap_or(100)))}
                {choice(lang.t("load.for"), &times, &curve.for_s.to_string(), set(|curve, value| curve.for_s = value.parse().unwrap_or(600)))}
                {choice(lang.t("load.shape"), &shapes, "", set(shape))}
                <span class="grow" />
                if props.elapsed_s.is_some() {
                    <button type="button" onclick={press(Msg::LoadStop)}>{lang.t("load.stop")}</button>
                } else {
                    <button type="button" class="primary" disabled={props.targets.is_empty()} onclick={press(Msg::LoadStart)}>{lang.t("load.start")}</button>
                }
            </div>
            <svg class={classes!("timeline", "curve", dragged.is_some().then_some("dragged"))} width={width.to_string()} height={HEIGHT.to_string()} role="group" aria-label={lang.t("load.curve")}
                onpointermove={moved} onpointerup={released.clone()} onpointerleave={released}>
                {for [(0.0, 0), (0.5, curve.most / 2), (1.0, curve.most)].map(|(share, rate)| html! {
                    <g><path class="grid" d={format!("M{LEFT} {}H{}", y(share), width - RIGHT)} /><text class="note" x={(LEFT - 8.0).to_string()} y={(y(share) + 3.5).to_string()} text-anchor="end">{rate}</text></g>
                })}
                <path class="area" d={area} /><path class="line" d={line} />
                if let Some(x) = done { <path class="now line" d={format!("M{x:.1} {TOP}V{BOTTOM}")} /> }
                {for points}
            </svg>
        </div>
    }
}
