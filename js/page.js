// All the JavaScript of the page: one bundle, one request.
import "./site.js";
import "./editor.js";
