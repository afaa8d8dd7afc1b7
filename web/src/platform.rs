//! The browser: window, document, storage, clipboard, address bar. The only file of the page that touches them.

use gloo::render::{request_animation_frame, AnimationFrame};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement, Storage};

use crate::model::Start;
use crate::msg::Theme;
use crate::text::Lang;

/// What the page keeps begins with this.
const PREFIX: &str = "kubottle.";

fn window() -> web_sys::Window {
    web_sys::window().expect("a page has a window")
}

fn document() -> web_sys::Document {
    window().document().expect("a window has a document")
}

/// Where the page is put.
pub fn root() -> Element {
    let root = document().get_element_by_id("app").expect("index.html has #app");
    root.set_inner_html("");
    root
}

/// Shows a mistake of ours instead of a page that no longer answers.
pub fn report_mistakes() {
    std::panic::set_hook(Box::new(|info| {
        let text = info.to_string();
        web_sys::console::error_1(&JsValue::from_str(&text));
        if let Some(place) = document().get_element_by_id("crash-text") {
            place.set_text_content(Some(&text));
        }
        if let Some(crash) = document().get_element_by_id("crash") {
            let _ = crash.remove_attribute("hidden");
        }
    }));
}

/// Puts `window.kubottle` there: what tests and whoever embeds the page may call. `digest(script, seed)` plays a script in a
/// cluster of its own.
pub fn offer_calls(digest: fn(&str, u64) -> String) {
    let calls = js_sys::Object::new();
    let digest =
        Closure::<dyn Fn(String, f64) -> String>::new(move |script: String, seed: f64| digest(&script, seed as u64));
    let _ = js_sys::Reflect::set(&calls, &"digest".into(), digest.as_ref());
    let _ = js_sys::Reflect::set(&window(), &"kubottle".into(), &calls);
    // It is there as long as the page is.
    digest.forget();
}

/// Milliseconds of real time, from no particular beginning. It drives the speed of the clock and never reaches the cluster.
pub fn real_ms() -> f64 {
    window().performance().map_or(0.0, |p| p.now())
}

/// Calls back before the next picture, unless the handle is dropped before.
pub fn on_next_frame(callback: impl FnOnce(f64) + 'static) -> AnimationFrame {
    request_animation_frame(callback)
}

/// True inside another page, which is a guest there: it keeps nothing.
fn is_embedded() -> bool {
    query("embed").as_deref() == Some("1")
}

fn storage() -> Option<Storage> {
    if is_embedded() {
        return None;
    }
    // A sandboxed frame has none, and asking for it is refused.
    window().local_storage().ok().flatten()
}

/// Keeps a value for the next visit, where there is a place for it.
pub fn keep(name: &str, value: &str) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(&format!("{PREFIX}{name}"), value);
    }
}

fn kept(name: &str) -> Option<String> {
    storage()?.get_item(&format!("{PREFIX}{name}")).ok().flatten()
}

fn query(name: &str) -> Option<String> {
    let search = window().location().search().ok()?;
    let pairs = search.trim_start_matches('?').split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next()?;
    Some(js_sys::decode_uri_component(value).map_or_else(|_| value.to_owned(), String::from))
}

/// What the address bar, the last visit and the browser's settings ask for.
pub fn start() -> Start {
    let hash = window().location().hash().unwrap_or_default();
    let tag = query("lang").or_else(|| kept("lang")).or_else(|| window().navigator().language());
    Start {
        state: hash.strip_prefix("#s=").map(str::to_owned),
        manifest: kept("manifest").filter(|text| !text.trim().is_empty()),
        lang: tag.map_or(Lang::En, |tag| Lang::of_tag(&tag)),
        theme: query("theme").or_else(|| kept("theme")).map_or(Theme::Auto, |code| Theme::of_code(&code)),
        embedded: is_embedded(),
        readonly: query("readonly").as_deref() == Some("1"),
        view: query("view").unwrap_or_default(),
        speed: query("speed").and_then(|speed| speed.parse().ok()).filter(|speed| (0.1..=1000.0).contains(speed)),
        scenario: query("lesson")
            .map(|id| format!("{}{id}", kubottle::playground::lesson::PREFIX))
            .or_else(|| query("scenario").filter(|id| id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))),
    }
}

/// Tells the document its language.
pub fn set_language(lang: Lang) {
    if let Some(html) = document().document_element() {
        let _ = html.set_attribute("lang", lang.tag());
    }
}

/// Tells the document its colours.
pub fn set_theme(theme: Theme) {
    if let Some(html) = document().document_element() {
        let _ = html.set_attribute("data-theme", theme.code());
    }
}

/// The whole address of the page.
pub fn address() -> String {
    window().location().href().unwrap_or_default()
}

/// Puts a link that holds `state` in the address bar and in the clipboard; then says whether it is in the clipboard.
pub fn share_link(state: &str, done: impl Fn(bool) + 'static) {
    let location = window().location();
    let _ = location.set_hash(&format!("s={state}"));
    let link = location.href().unwrap_or_default();
    let clipboard = window().navigator().clipboard();
    // Without a secure connection there is no clipboard.
    if JsValue::from(clipboard.clone()).is_undefined() {
        return done(false);
    }
    let written = clipboard.write_text(&link);
    let done = std::rc::Rc::new(done);
    let failed = done.clone();
    let on_done = Closure::once_into_js(move |_: JsValue| done(true));
    let on_failed = Closure::once_into_js(move |_: JsValue| failed(false));
    let then: js_sys::Function = js_sys::Reflect::get(&written, &"then".into()).unwrap_or(JsValue::NULL).into();
    let _ = then.call2(&written, &on_done, &on_failed);
}

/// Calls back with the width of an element, now and whenever it changes.
pub struct WidthWatch {
    observer: web_sys::ResizeObserver,
    _callback: Closure<dyn FnMut(js_sys::Array)>,
}

impl WidthWatch {
    /// Watches `element`.
    pub fn new(element: &Element, mut changed: impl FnMut(f32) + 'static) -> Option<WidthWatch> {
        let callback = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
            let entry: web_sys::ResizeObserverEntry = entries.get(0).unchecked_into();
            changed(entry.content_rect().width() as f32);
        });
        let observer = web_sys::ResizeObserver::new(callback.as_ref().unchecked_ref()).ok()?;
        observer.observe(element);
        Some(WidthWatch { observer, _callback: callback })
    }
}

impl Drop for WidthWatch {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

/// Moves what stands somewhere in a part of the page, which would cut it off, to the same place of the window and wholly into it.
pub fn keep_in_sight(element: &web_sys::HtmlElement) {
    let at = element.get_bounding_client_rect();
    let room =
        |full: Result<JsValue, JsValue>, size: f64| full.ok().and_then(|v| v.as_f64()).unwrap_or(0.0) - size - 8.0;
    let (left, top) = (room(window().inner_width(), at.width()), room(window().inner_height(), at.height()));
    let style = element.style();
    let put = |name: &str, px: f64| style.set_property(name, &format!("{:.0}px", px.max(8.0)));
    let _ = style.set_property("position", "fixed");
    let _ = style.set_property("translate", "none");
    let _ = put("left", at.left().min(left));
    let _ = put("top", at.top().min(top));
}

/// The text that is selected on the page.
pub fn selected_text() -> String {
    let global: JsValue = window().into();
    let selection = js_sys::Reflect::get(&global, &"getSelection".into()).ok();
    let selection = selection.and_then(|f| f.dyn_into::<js_sys::Function>().ok()?.call0(&global).ok());
    selection.map_or_else(String::new, |s| js_sys::Object::from(s).to_string().into())
}

/// Scrolls an element to its end.
pub fn scroll_to_end(element: &Element) {
    element.set_scroll_top(element.scroll_height());
}

/// What the style sheet's colours are now, as a canvas and a file understand them.
pub fn colours(names: &[&str]) -> Vec<String> {
    let Some(body) = document().body() else { return vec![String::new(); names.len()] };
    let style = body.style();
    let computed = window().get_computed_style(&body).ok().flatten();
    let read = |name: &&str| {
        let _ = style.set_property("outline-color", &format!("var({name})"));
        computed.as_ref().and_then(|c| c.get_property_value("outline-color").ok()).unwrap_or_default()
    };
    let colours = names.iter().map(read).collect();
    let _ = style.remove_property("outline-color");
    colours
}

/// Makes a canvas ready to be painted on in pixels of the page, however many pixels of the screen these are.
pub fn canvas(canvas: &HtmlCanvasElement, width: f32, height: f32, least: f64) -> Option<CanvasRenderingContext2d> {
    let ratio = window().device_pixel_ratio().max(least).max(1.0);
    canvas.set_width((f64::from(width) * ratio) as u32);
    canvas.set_height((f64::from(height) * ratio) as u32);
    let context: CanvasRenderingContext2d = canvas.get_context("2d").ok().flatten()?.unchecked_into();
    let _ = context.scale(ratio, ratio);
    Some(context)
}

/// Hands a text over as a file.
pub fn download(name: &str, kind: &str, text: &str) {
    let text: String = js_sys::encode_uri_component(text).into();
    hand_over(name, &format!("data:{kind};charset=utf-8,{text}"));
}

/// Hands what `paint` paints over as a picture.
pub fn download_picture(name: &str, width: f32, height: f32, paint: impl FnOnce(&CanvasRenderingContext2d)) {
    let Ok(element) = document().create_element("canvas") else { return };
    let element: HtmlCanvasElement = element.unchecked_into();
    if let Some(context) = canvas(&element, width, height, 2.0) {
        let ground = colours(&["--panel"]);
        context.set_fill_style_str(&ground[0]);
        context.fill_rect(0.0, 0.0, f64::from(width), f64::from(height));
        paint(&context);
    }
    hand_over(name, &element.to_data_url().unwrap_or_default());
}

fn hand_over(name: &str, url: &str) {
    if let Ok(link) = document().create_element("a") {
        let _ = link.set_attribute("href", url);
        let _ = link.set_attribute("download", name);
        link.unchecked_into::<web_sys::HtmlElement>().click();
    }
}
