// CodeMirror's styles as a style sheet that is adopted by the document rather than written into it: a strict
// Content-Security-Policy refuses what is written. The bundle takes this module in place of style-mod.
import { StyleModule as Original } from "../node_modules/style-mod/src/style-mod.js";

const sheet = new CSSStyleSheet();
const mounted = new Set();
document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];

export class StyleModule extends Original {
  static mount(_root, modules) {
    for (const module of Array.isArray(modules) ? modules : [modules]) {
      if (mounted.has(module)) continue;
      mounted.add(module);
      for (const rule of module.rules) sheet.insertRule(rule, sheet.cssRules.length);
    }
  }
}
