// The manifest editor: CodeMirror with YAML and the marks the model gives. The page talks to it through window.KubottleEditor
// and plain values only; all of its colours come from the style sheet's variables.
import { basicSetup } from "codemirror";
import { EditorView, hoverTooltip, keymap } from "@codemirror/view";
import { EditorState, Prec, Transaction } from "@codemirror/state";
import { indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { tags } from "@lezer/highlight";

const look = EditorView.theme({
  "&": { height: "100%", fontSize: "12.5px", backgroundColor: "transparent", color: "var(--text)" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--faint)", border: "none" },
  ".cm-activeLine": { backgroundColor: "var(--line-active)" },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--text)" },
  "&.cm-focused": { outline: "none" },
  "&.cm-focused .cm-cursor": { borderLeftColor: "var(--accent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "var(--selection)",
  },
  ".cm-tooltip": {
    backgroundColor: "var(--raised)",
    color: "var(--text)",
    border: "1px solid var(--line)",
    borderRadius: "6px",
    boxShadow: "var(--shadow)",
    maxWidth: "28rem",
  },
  ".cm-about": { padding: "4px 9px", fontFamily: "var(--mono)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent-fill)", color: "var(--on-accent)" },
  ".cm-completionDetail": { fontStyle: "normal", opacity: "0.7" },
  ".cm-panels": { backgroundColor: "var(--raised)", color: "var(--text)", borderColor: "var(--line)" },
  ".cm-diagnostic": { padding: "5px 10px", borderLeftWidth: "3px" },
  ".cm-foldPlaceholder": { backgroundColor: "var(--line)", border: "none", color: "var(--muted)" },
});

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--syntax-key)" },
  { tag: [tags.string, tags.content], color: "var(--syntax-text)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--syntax-number)" },
  { tag: [tags.comment, tags.lineComment], color: "var(--syntax-comment)", fontStyle: "italic" },
  { tag: [tags.meta, tags.separator, tags.punctuation, tags.squareBracket, tags.brace], color: "var(--muted)" },
  { tag: [tags.labelName, tags.typeName, tags.keyword], color: "var(--syntax-label)" },
]);

/** The offset of a line and a column, both counted from 1. */
function offset(doc, [line, column]) {
  const at = doc.line(Math.min(Math.max(line, 1), doc.lines));
  return Math.min(at.from + Math.max(column - 1, 0), at.to);
}

/** Replaces a piece of the text, `{ from, to, text }`, as if it were typed. */
function edit(view, { from, to, text }) {
  const { doc } = view.state;
  view.dispatch({ changes: { from: offset(doc, from), to: offset(doc, to), insert: text }, userEvent: "input.fix" });
}

/** Asks for the words that fit where the cursor is. */
function offering(onAsk) {
  return ({ state, pos, explicit }) => {
    const line = state.doc.lineAt(pos);
    const word = /[\w./-]*$/.exec(line.text.slice(0, pos - line.from))[0].replace(/^-+/, "");
    if (!word && !explicit) return null;
    const options = JSON.parse(onAsk(state.doc.toString(), line.number, pos - line.from + 1, true));
    return options.length > 0 ? { from: pos - word.length, options, validFor: /^[\w./-]*$/ } : null;
  };
}

/** Asks for what stands below the pointer. */
function hovering(onAsk) {
  return hoverTooltip((view, pos) => {
    const line = view.state.doc.lineAt(pos);
    const text = onAsk(view.state.doc.toString(), line.number, pos - line.from + 1, false);
    if (!text) return null;
    return {
      pos,
      create() {
        const dom = document.createElement("div");
        dom.className = "cm-about";
        dom.textContent = text;
        return { dom };
      },
    };
  });
}

/** Turns `{ line, column, length, severity, message }`, counted from 1, into CodeMirror's offsets. */
function located(doc, mark, fix) {
  const line = doc.line(Math.min(Math.max(mark.line, 1), doc.lines));
  const from = Math.min(line.from + Math.max(mark.column - 1, 0), line.to);
  const to = Math.min(from + Math.max(mark.length, 1), line.to);
  const message = mark.hint ? `${mark.message}\n${mark.hint}` : mark.message;
  return { from: to > from ? from : line.from, to: Math.max(to, from), severity: mark.severity, message, actions: mark.fix ? [{ name: fix, apply: (view) => edit(view, mark.fix) }] : [] };
}

function mount(parent, label, text, onChange, onApply, onAsk, fix, readOnly) {
  // One and the same each time it is asked for, or its answers would be taken for another's.
  const offers = [{ autocomplete: offering(onAsk) }];
  const apply = Prec.highest(keymap.of([{ key: "Mod-Enter", run: () => (onApply(), true) }]));
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        apply,
        basicSetup,
        keymap.of([indentWithTab]),
        yaml(),
        EditorState.languageData.of(() => offers),
        hovering(onAsk),
        look,
        syntaxHighlighting(colours),
        lintGutter(),
        EditorState.readOnly.of(readOnly),
        EditorView.contentAttributes.of({ "aria-label": label, "aria-readonly": `${readOnly}`, spellcheck: "false", tabindex: "0" }),
        EditorView.updateListener.of((update) => {
          const typed = update.transactions.some((t) => t.docChanged && !t.annotation(Transaction.remote));
          if (typed) onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    setText(next) {
      const changes = { from: 0, to: view.state.doc.length, insert: next };
      view.dispatch({ changes, annotations: Transaction.remote.of(true), selection: { anchor: 0 }, scrollIntoView: true });
    },
    setMarks(marks) {
      const { doc } = view.state;
      view.dispatch(setDiagnostics(view.state, JSON.parse(marks).map((mark) => located(doc, mark, fix))));
    },
    edit(json) {
      edit(view, JSON.parse(json));
      view.focus();
    },
    goTo(line) {
      const at = view.state.doc.line(Math.min(Math.max(line, 1), view.state.doc.lines)).from;
      view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
      view.focus();
    },
    setReadOnly(is) {
      view.dispatch({ effects: writable.reconfigure(is ? EditorState.readOnly.of(true) : []) });
    },
    destroy() {
      view.destroy();
    },
  };
}

window.KubottleEditor = { mount };
