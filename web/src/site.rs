//! What js/site.js does for the page: a host page's messages, kept sessions, scenario files, working offline. Texts in, texts out.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["window", "KubottleSite"], js_name = listen)]
    fn listen_js(receive: &Closure<dyn Fn(String)>);

    /// Sends a message, as JSON text, to the host page.
    #[wasm_bindgen(js_namespace = ["window", "KubottleSite"])]
    pub fn tell(text: &str);

    #[wasm_bindgen(js_namespace = ["window", "KubottleSite"], js_name = fetchText)]
    fn fetch_js(path: &str, done: JsValue);

    #[wasm_bindgen(js_namespace = ["window", "KubottleSite"], js_name = keep)]
    fn keep_js(name: &str, text: &str, done: JsValue);

    #[wasm_bindgen(js_namespace = ["window", "KubottleSite"], js_name = kept)]
    fn kept_js(name: &str, done: JsValue);

    /// Forgets what is kept under a name.
    #[wasm_bindgen(js_namespace = ["window", "KubottleSite"])]
    pub fn forget(name: &str);

    #[wasm_bindgen(js_namespace = ["window", "KubottleSite"], js_name = workOffline)]
    fn work_offline_js(updated: JsValue);

    /// Shows the newer page that waits.
    #[wasm_bindgen(js_namespace = ["window", "KubottleSite"])]
    pub fn update();

    #[wasm_bindgen(js_namespace = ["window", "KubottleSite"], js_name = openFile)]
    fn open_file_js(done: JsValue);
}

fn once(done: impl FnOnce(Option<String>) + 'static) -> JsValue {
    Closure::once_into_js(move |text: JsValue| done(text.as_string()))
}

/// Calls back with each message of the host page, for as long as the page lives.
pub fn listen(receive: impl Fn(String) + 'static) {
    let closure = Closure::<dyn Fn(String)>::new(receive);
    listen_js(&closure);
    closure.forget();
}

/// Fetches a text file of the site; nothing where it cannot be had.
pub fn fetch(path: &str, done: impl FnOnce(Option<String>) + 'static) {
    fetch_js(path, once(done));
}

/// Keeps a text under a name until it is forgotten; then says whether it is kept.
pub fn keep(name: &str, text: &str, done: impl FnOnce(bool) + 'static) {
    keep_js(name, text, once(move |kept| done(kept.is_some())));
}

/// Reads what is kept under a name.
pub fn kept(name: &str, done: impl FnOnce(Option<String>) + 'static) {
    kept_js(name, once(done));
}

/// Makes the page work offline; calls back when a newer one waits.
pub fn work_offline(updated: impl FnOnce() + 'static) {
    work_offline_js(once(move |_| updated()));
}

/// Lets the visitor choose a file and calls back with its text.
pub fn open_file(done: impl FnOnce(Option<String>) + 'static) {
    open_file_js(once(done));
}
