// Kubottle in another page: the custom element <kubottle-playground> and the class KubottleClient. One file, no dependency,
// usable as a plain script (it sets window.Kubottle) and as a module's side effect. The messages are those of the embedding
// contract, version 1.
(() => {
  const CONTRACT = 1;
  const script = document.currentScript?.src ?? "";
  const beside = script ? new URL("./", script).href : "./";

  /** Talks to a Kubottle page in an iframe. Each call returns a promise of the reply's result. */
  class KubottleClient extends EventTarget {
    #frame;
    #origin;
    #waiting = new Map();
    #next = 1;
    /** True once the host has paused it. */
    paused = false;
    #heard = (event) => this.#receive(event);

    /** `frame` is the iframe; `origin` that of its page, `"null"` where it is sandboxed without allow-same-origin. */
    constructor(frame, origin) {
      super();
      this.#frame = frame;
      this.#origin = origin;
      window.addEventListener("message", this.#heard);
      this.ready = new Promise((done) => this.addEventListener("ready", (event) => done(event.detail), { once: true }));
    }

    #receive(event) {
      const message = event.data;
      if (event.source !== this.#frame.contentWindow || event.origin !== this.#origin || message?.kubottle !== CONTRACT) return;
      if (message.type !== "reply") return this.dispatchEvent(new CustomEvent(message.type, { detail: message }));
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.ok) waiting?.resolve(message.result);
      else waiting?.reject(new Error(message.error));
    }

    /** Sends any message of the contract once the page is ready. */
    async send(type, fields = {}) {
      await this.ready;
      const id = this.#next++;
      const reply = new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
      const target = this.#origin === "null" ? "*" : this.#origin;
      this.#frame.contentWindow.postMessage({ ...fields, kubottle: CONTRACT, id, type }, target);
      return reply;
    }

    hello() { return this.send("hello"); }
    apply(yaml) { return this.send("apply", { yaml }); }
    exec(command) { return this.send("exec", { command }); }
    advance(ms) { return this.send("advance", { ms }); }
    seek(ms) { return this.send("seek", { ms }); }
    play(speed) {
      this.paused = false;
      return this.send("play", speed === undefined ? {} : { speed });
    }
    pause() {
      this.paused = true;
      return this.send("pause");
    }
    get(what) { return this.send("get", { what }); }
    set(options) { return this.send("set", options); }
    load(state) { return this.send("load", { state }); }

    /** Stops listening; calls that still wait are refused. */
    close() {
      window.removeEventListener("message", this.#heard);
      for (const { reject } of this.#waiting.values()) reject(new Error("the playground was closed"));
      this.#waiting.clear();
    }
  }

  /** <kubottle-playground scenario="kafka" view="timeline,terminal" lang="zh" height="480"></kubottle-playground> */
  class KubottlePlayground extends HTMLElement {
    static observedAttributes = ["lang", "theme", "view"];
    #watch;
    #surroundings;
    #followed = {};
    #unseen = false;

    connectedCallback() {
      this.style.display = "block";
      this.#unseen = false;
      const sandbox = this.getAttribute("sandbox");
      this.#followed = this.#follow();
      this.#surroundings = new MutationObserver(() => this.#followOn());
      for (const part of [document.documentElement, document.body]) this.#surroundings.observe(part, { attributes: true });
      this.frame = Object.assign(document.createElement("iframe"), { title: this.getAttribute("title") ?? "Kubottle" });
      if (sandbox !== null) this.frame.setAttribute("sandbox", sandbox || "allow-scripts");
      this.frame.allow = "clipboard-write";
      const auto = this.getAttribute("height") === "auto";
      Object.assign(this.frame.style, { display: "block", width: "100%", border: "0", height: auto ? "480px" : `${parseInt(this.getAttribute("height") ?? "480", 10)}px` });
      const opaque = sandbox !== null && !/allow-same-origin/.test(sandbox);
      this.client = new KubottleClient(this.frame, opaque ? "null" : this.#place().origin);
      for (const type of ["ready", "event", "goal", "resize"]) {
        this.client.addEventListener(type, ({ detail }) => this.dispatchEvent(new CustomEvent(`kubottle-${type}`, { detail })));
      }
      if (auto) this.client.addEventListener("resize", ({ detail }) => (this.frame.style.height = `${Math.min(Math.max(detail.height, 240), 2000)}px`));
      // Several on one page: each loads when it is first seen, and stands still while it is not.
      this.#watch = new IntersectionObserver(([entry]) => this.#seen(entry.isIntersecting));
      this.#watch.observe(this);
      // Not among the element's children, which belong to the page: some frameworks compare them with what they have made.
      (this.shadowRoot ?? this.attachShadow({ mode: "open" })).replaceChildren(this.frame);
    }

    /** The folder of the page. */
    #place() {
      return new URL(this.getAttribute("src") ?? "./", this.hasAttribute("src") ? document.baseURI : beside);
    }

    /** The address of the page, as its attributes and the page around it are now. */
    #address() {
      const url = this.#place();
      url.searchParams.set("embed", "1");
      url.searchParams.set("allow", this.getAttribute("allow") ?? location.origin);
      for (const [name, value] of Object.entries(this.#followed)) url.searchParams.set(name, value);
      for (const name of ["scenario", "lesson", "view", "lang", "theme", "speed", "readonly"]) {
        if (this.hasAttribute(name)) url.searchParams.set(name, this.getAttribute(name) || "1");
      }
      if (this.hasAttribute("state")) url.hash = `s=${this.getAttribute("state")}`;
      return url;
    }

    /** The language and the colours of the page around it, where that says them and the element does not. */
    #follow() {
      const tag = this.hasAttribute("lang") ? "" : this.closest("[lang]")?.lang ?? "";
      const scheme = this.hasAttribute("theme") ? "" : getComputedStyle(this).colorScheme;
      const lang = /^(en|zh)\b/i.exec(tag)?.[1].toLowerCase();
      const theme = /^(?:only )?(light|dark)(?: only)?$/.exec(scheme)?.[1];
      return { ...(lang && { lang }), ...(theme && { theme }) };
    }

    /** The page around it may have become dark, or speak another language. */
    #followOn() {
      const now = this.#follow();
      const changed = Object.entries(now).filter(([name, value]) => this.#followed[name] !== value);
      this.#followed = now;
      if (changed.length > 0 && this.frame.src) this.client.set(Object.fromEntries(changed)).catch(() => {});
    }

    #seen(visible) {
      if (visible && !this.frame.src) this.frame.src = this.#address().href;
      else if (this.frame.src && visible === this.#unseen) {
        this.#unseen = !visible;
        // What the host has paused stays so.
        if (!this.client.paused) this.client.send(visible ? "play" : "pause").catch(() => {});
      }
    }

    attributeChangedCallback(name, before, value) {
      if (this.frame?.src && before !== value && value !== null) this.client.set({ [name]: value }).catch(() => {});
    }

    disconnectedCallback() {
      this.#watch?.disconnect();
      this.#surroundings?.disconnect();
      this.client?.close();
      this.shadowRoot?.replaceChildren();
    }
  }

  if (!customElements.get("kubottle-playground")) customElements.define("kubottle-playground", KubottlePlayground);
  window.Kubottle = { CONTRACT, KubottleClient, KubottlePlayground };
})();
