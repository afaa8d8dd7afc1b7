//! The editor as the page sees it: text in, text out, marks. The rest is js/editor.js.

use wasm_bindgen::prelude::*;
use web_sys::Element;

#[wasm_bindgen]
extern "C" {
    /// A mounted editor.
    pub type Editor;

    /// Puts an editor into `parent`.
    #[wasm_bindgen(js_namespace = ["window", "KubottleEditor"], js_name = mount)]
    pub fn mount(
        parent: &Element,
        label: &str,
        text: &str,
        on_change: &Closure<dyn Fn(String)>,
        on_apply: &Closure<dyn Fn()>,
        on_ask: &Closure<dyn Fn(String, u32, u32, bool) -> String>,
        fix: &str,
        readonly: bool,
    ) -> Editor;

    /// Replaces a piece of the text, given as JSON, as if it were typed.
    #[wasm_bindgen(method)]
    pub fn edit(this: &Editor, edit: &str);

    /// Replaces the text; no change is reported for it.
    #[wasm_bindgen(method, js_name = setText)]
    pub fn set_text(this: &Editor, text: &str);

    /// Shows marks, given as JSON.
    #[wasm_bindgen(method, js_name = setMarks)]
    pub fn set_marks(this: &Editor, marks: &str);

    /// Moves to a line, counted from 1.
    #[wasm_bindgen(method, js_name = goTo)]
    pub fn go_to(this: &Editor, line: u32);

    /// Takes the editor away.
    #[wasm_bindgen(method)]
    pub fn destroy(this: &Editor);
}
