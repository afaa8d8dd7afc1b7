//! Charts: drawn on a canvas each, under one axis of time; the moment pointed at is read in numbers and as a sentence.

use std::rc::Rc;

use kubottle::view::chart::{number, Chart};
use kubottle::view::clock_text;
use kubottle::view::timeline::Window;
use web_sys::HtmlCanvasElement;
use yew::prelude::*;

use super::header::chosen;
use super::load::LoadEditor;
use super::requests::choice;
use super::table::table;
use super::timeline::{axis, future};
use super::Send;
use crate::load::LoadCurve;
use crate::model::ChartsView;
use crate::msg::{ChartFile, Msg, Theme};
use crate::platform;
use crate::plot::{self, HEIGHT, LEFT, RIGHT};
use crate::shared::Shared;
use crate::text::Lang;

/// Properties of the charts.
#[derive(Properties, PartialEq)]
pub struct ChartsProps {
    /// Language.
    pub lang: Lang,
    /// What is shown.
    pub view: Shared<ChartsView>,
    /// The load drawn by hand.
    pub load: LoadCurve,
    /// The moment pointed at.
    pub hover_ms: Option<u64>,
    /// True for tables.
    pub as_text: bool,
    /// Colours.
    pub theme: Theme,
    /// Where to send.
    pub send: Send,
}

/// The title of a chart.
pub fn title(lang: Lang, chart: &Chart) -> String {
    let name = match chart.id {
        "replicas" => lang.t("chart.replicas"),
        "metric" => &chart.name,
        "cpu" => lang.t("chart.cpu"),
        "memory" => lang.t("chart.memory"),
        "load" => lang.t("chart.load"),
        _ => lang.t("chart.latency"),
    };
    match chart.unit {
        "" | "%" => name.to_owned(),
        unit => format!("{name} ({unit})"),
    }
}

/// The charts.
#[component]
pub fn Charts(props: &ChartsProps) -> Html {
    let ChartsProps { lang, view, send, .. } = props;
    if view.charts.is_empty() {
        return html! { <p class="empty">{lang.t("chart.empty")}</p> };
    }
    let subject = {
        let send = send.clone();
        Callback::from(move |e: Event| send.emit(Msg::ChartOf(chosen(&e))))
    };
    let subjects: Vec<_> = view.subjects.iter().map(|name| (name.clone(), name.replace("//", "/"))).collect();
    let export = |file: ChartFile, name: &'static str| {
        let send = send.clone();
        let label = lang.with("chart.export", &[name]);
        html! { <button type="button" aria-label={label.clone()} title={label} onclick={move |_: MouseEvent| send.emit(Msg::Export(file))}>{name}</button> }
    };
    let at_ms = props.hover_ms.unwrap_or(view.window.now_ms);
    let (left, right) = (LEFT, view.width - RIGHT);
    let ticks = view.window.ticks(left, right);
    html! {
        <div class="charts">
            <div class="controls">
                {choice(lang.t("chart.of"), &subjects, &view.subject, subject)}
                <span class="grow" />
                {export(ChartFile::Svg, "SVG")}{export(ChartFile::Png, "PNG")}{export(ChartFile::Csv, "CSV")}
            </div>
            if !view.targets.is_empty() {
                <LoadEditor lang={*lang} curve={props.load.clone()} targets={view.targets.clone()} width={view.width} send={send.clone()}
                    elapsed_s={props.load.elapsed_s(view.window.now_ms).map(|s| s as u32)} />
            }
            if props.as_text {
                <div class="tables">{for view.charts.iter().map(|chart| text(*lang, chart))}</div>
            } else {
                <div class="timeline">{axis(*lang, view.window, &ticks, left, right, send)}</div>
                {for view.charts.iter().map(|chart| one(props, chart, at_ms))}
            }
        </div>
    }
}

fn one(props: &ChartsProps, chart: &Rc<Chart>, at_ms: u64) -> Html {
    let ChartsProps { lang, view, send, .. } = props;
    let (window, width) = (view.window, view.width);
    let moment = move |x: f32| {
        let share = ((x - LEFT) / (width - LEFT - RIGHT)).clamp(0.0, 1.0);
        window.from_ms + (share * (window.to_ms - window.from_ms) as f32) as u64
    };
    let on = |msg: fn(u64) -> Msg| {
        let send = send.clone();
        move |e: MouseEvent| {
            // What moves below a pointer at rest is not pointed at: a click, or a pointer that moves, is.
            if e.type_() == "click" || has_moved(&e) {
                send.emit(msg(moment(e.offset_x() as f32)));
            }
        }
    };
    let leave = {
        let send = send.clone();
        move |e: MouseEvent| {
            if has_moved(&e) {
                send.emit(Msg::Hover(None));
            }
        }
    };
    let onkeydown = {
        let send = send.clone();
        let step = ((window.to_ms - window.from_ms) / 100).max(1);
        move |e: KeyboardEvent| {
            let to = match e.key().as_str() {
                "ArrowLeft" => at_ms.saturating_sub(step).max(window.from_ms),
                "ArrowRight" => (at_ms + step).min(window.to_ms),
                "Home" => window.from_ms,
                "End" => window.to_ms,
                "Enter" => return send.emit(Msg::Seek(at_ms)),
                _ => return,
            };
            e.prevent_default();
            send.emit(Msg::Hover(Some(to)));
        }
    };
    let title = title(*lang, chart);
    let values = chart.lines.iter().map(|line| {
        let value = line.at(at_ms).map_or_else(|| "–".to_owned(), |value| format!("{}{}", number(value), chart.unit.strip_prefix('M').map_or(chart.unit, |_| "")));
        html! { <span class="value"><i class={classes!(format!("w{}", line.tone), line.dashed.then_some("dashed"))} />{&line.name}{" "}<b>{value}</b></span> }
    });
    let hovered = window.x(at_ms, LEFT, width - RIGHT);
    let decision = chart.decision_at(at_ms).filter(|_| chart.id != "metric");
    html! {
        <figure class="chart" key={format!("{}{}", chart.id, chart.name)}>
            <figcaption><h2>{title.clone()}</h2><span class="muted mono">{clock_text(at_ms)}</span>{for values}</figcaption>
            <div class="plot" role="group" tabindex="0" aria-label={lang.with("chart.keys", &[&title])} {onkeydown}>
                <ChartCanvas chart={chart.clone()} {window} {width} theme={props.theme} onmove={on(|ms| Msg::Hover(Some(ms)))} onclick={on(Msg::Seek)} onleave={leave} />
                <svg class="timeline" width={width.to_string()} height={HEIGHT.to_string()} aria-hidden="true">{future(window, LEFT, width - RIGHT, HEIGHT)}</svg>
                if props.hover_ms.is_some() { <i class="hairline" style={format!("left: {hovered:.1}px")} /> }
            </div>
            if let Some((when, sentence)) = decision {
                <p class="decision" aria-live={props.hover_ms.map(|_| "polite")}><span class="mono muted">{clock_text(when)}</span>{" "}{sentence}</p>
            }
        </figure>
    }
}

fn has_moved(event: &MouseEvent) -> bool {
    event.movement_x() != 0 || event.movement_y() != 0
}

#[derive(Properties, PartialEq)]
struct ChartCanvasProps {
    chart: Rc<Chart>,
    window: Window,
    width: f32,
    theme: Theme,
    onmove: Callback<MouseEvent>,
    onclick: Callback<MouseEvent>,
    onleave: Callback<MouseEvent>,
}

#[component]
fn ChartCanvas(props: &ChartCanvasProps) -> Html {
    let place = use_node_ref();
    {
        let place = place.clone();
        let drawn = (props.chart.clone(), props.window, props.width, props.theme);
        use_effect_with(drawn, move |(chart, window, width, _)| {
            if let Some(canvas) = place.cast::<HtmlCanvasElement>() {
                if let Some(context) = platform::canvas(&canvas, *width, HEIGHT, 0.0) {
                    plot::paint(&context, &plot::draw(chart, *window, *width), &platform::colours(&plot::TONES), 0.0);
                }
            }
        });
    }
    let style = format!("width: {}px; height: {HEIGHT}px", props.width);
    html! { <canvas ref={place} {style} aria-hidden="true" onmousemove={props.onmove.clone()} onclick={props.onclick.clone()} onmouseleave={props.onleave.clone()} /> }
}

/// A chart as a table; columns that stay the same are left out by nobody, so that it can be compared.
fn text(lang: Lang, chart: &Chart) -> Html {
    let rows = chart.rows().into_iter().map(|row| {
        let last = row.len() - 1;
        html! { <tr>{for row.into_iter().enumerate().map(|(i, cell)| html! { <td class={classes!((i == last).then_some("wrap"))}>{cell}</td> })}</tr> }
    });
    let mut heads: Vec<&str> = vec![lang.t("time")];
    heads.extend(chart.lines.iter().map(|line| line.name.as_str()));
    heads.push(lang.t("chart.decision"));
    table(&title(lang, chart), &heads, rows.collect(), lang.t("table.none"))
}

/// All charts in one SVG file.
pub fn svg_file(lang: Lang, view: &ChartsView, colours: &[String]) -> String {
    let (mut inside, height) = (String::new(), view.charts.len() as f32 * (HEIGHT + 24.0));
    for (top, strokes) in sheets(lang, view) {
        inside.push_str(&plot::svg(&strokes, colours, top));
    }
    format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{height}\" viewBox=\"0 0 {0} {height}\">\n{inside}</svg>\n", view.width)
}

/// All charts, one below the other, with their titles: where each begins, and its strokes.
pub fn sheets(lang: Lang, view: &ChartsView) -> Vec<(f32, Vec<plot::Stroke>)> {
    let sheet = |(i, chart): (usize, &Rc<Chart>)| {
        let names: Vec<&str> = chart.lines.iter().map(|line| line.name.as_str()).collect();
        let mut strokes = plot::draw(chart, view.window, view.width);
        strokes.push(plot::title(format!("{} · {} · {}", view.subject, title(lang, chart), names.join(", "))));
        (i as f32 * (HEIGHT + 24.0) + 20.0, strokes)
    };
    view.charts.iter().enumerate().map(sheet).collect()
}
