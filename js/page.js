// All the JavaScript of the page: one bundle, one request.
import "./deferred.js";
import "./site.js";
import "./editor.js";
