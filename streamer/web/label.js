// <sightline-labels [server="https://host:8080"] [token=".."]>
//
// Shows pictures one after the other, or many at once, and takes what a person says that each of them shows.
// Nothing is waited for between two pictures: the next ones are there before they are needed, and what is said
// is shown as said and sent in the background, again and again until it is kept.
// One file without dependencies; other pages may use it as it is.
"use strict";

(() => {
  const HOME = new URL(".", document.currentScript.src).href;
  const NOTHING = "none";
  const PAGE = 100; // samples of one answer
  const LOW = 60; // with fewer left, more are asked for
  const AHEAD = 12; // pictures that are loaded before they are needed
  const AT_ONCE = 48; // in the grid
  const MOST_SENT = 200;
  const LONGEST_WAIT_MS = 10_000;
  const KEYS = "123456789abcdehijklmopqrtvwxy".split(""); // what other keys do is left out
  const ORDER = "sightline-classes";

  const STYLE = `
    :host { display: block; color: var(--text, #16202b); font: 15px/1.5 system-ui, sans-serif; }
    * { box-sizing: border-box; }
    [hidden] { display: none !important; }
    h1, h2, p, ul { margin: 0; padding: 0; }
    ul { list-style: none; }
    .head { display: flex; flex-wrap: wrap; align-items: center; gap: 10px 18px; margin-bottom: 14px; }
    h1 { font-size: 22px; line-height: 1.25; font-weight: 650; letter-spacing: -.012em; }
    .progress { color: var(--quiet); font-variant-numeric: tabular-nums; }
    .filters { display: flex; flex-wrap: wrap; gap: 8px; margin-left: auto; }
    select, input { font: inherit; font-size: 14px; color: var(--text); background: var(--surface); border: 1px solid var(--line);
      border-radius: 9px; padding: 0 10px; height: 38px; min-width: 0; }
    select:hover, input:hover { border-color: var(--quiet); }
    .desk { display: grid; grid-template-columns: minmax(0, 1fr) 330px; gap: 20px; align-items: start; }
    .stage { position: relative; height: clamp(300px, calc(100dvh - 250px), 1200px); border-radius: var(--radius, 12px); overflow: hidden;
      background: #0b0f14; color: #fff; box-shadow: var(--shadow); }
    .stage .large { position: absolute; inset: 0 0 46px; }
    .stage .large img { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: contain; }
    .stage .about { position: absolute; inset: auto 0 0; min-height: 46px; padding: 10px 16px; display: flex; flex-wrap: wrap; gap: 0 14px;
      align-items: center; background: #141a22; color: #c6d0da; font-size: 14px; }
    .stage .about b { color: #fff; font-weight: 600; }
    .stage .about .far { margin-left: auto; }
    .context { position: absolute; right: 12px; bottom: 58px; width: clamp(96px, 22%, 300px); padding: 0; border: 1px solid #fff5; border-radius: 9px;
      overflow: hidden; background: #141a22; cursor: zoom-in; box-shadow: 0 4px 18px #000a; }
    .context img { display: block; width: 100%; }
    .context i { position: absolute; border: 2px solid #22d3ee; border-radius: 3px; box-shadow: 0 0 0 1px #0008; }
    .whole .context { inset: 0 0 46px; width: auto; border: 0; border-radius: 0; cursor: zoom-out; display: grid; place-items: center; }
    .whole .context span { position: relative; display: block; max-width: 100%; max-height: 100%; }
    .whole .context img { width: auto; max-width: 100%; max-height: calc(100dvh - 298px); }
    .given { position: absolute; left: 12px; top: 12px; padding: 5px 13px; border-radius: 999px; background: #fff; color: #0b0f14; font-weight: 620; }
    .empty { position: absolute; inset: 0; display: grid; place-content: center; gap: 8px; padding: 24px; text-align: center; color: #c6d0da; }
    .empty b { color: #fff; font-size: 18px; font-weight: 620; }
    .empty code { font: 13px ui-monospace, Menlo, monospace; padding: 2px 6px; border-radius: 6px; background: #27313d; color: #fff; }
    .strip { display: flex; gap: 6px; margin-top: 10px; height: 70px; overflow: hidden; }
    .strip div { position: relative; flex: none; width: 62px; height: 62px; margin: 3px; border-radius: 9px; overflow: hidden; background: var(--raised); }
    .strip img { width: 100%; height: 100%; object-fit: cover; }
    .strip .past { opacity: .62; }
    .strip .here { box-shadow: 0 0 0 3px var(--accent); }
    .strip span { position: absolute; inset: auto 0 0; padding: 0 4px; font-size: 11px; line-height: 17px; background: #0b0f14; color: #fff;
      overflow: hidden; text-overflow: ellipsis; white-space: nowrap; text-align: center; }
    .side { display: grid; gap: 14px; position: sticky; top: calc(var(--bar, 0px) + 16px); }
    .confirm { display: flex; align-items: center; gap: 10px; width: 100%; padding: 12px 14px; font-size: 16px; }
    .confirm b { flex: 1; min-width: 0; text-align: left; font-weight: 620; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    .classes { display: grid; gap: 6px; max-height: calc(100dvh - 400px); min-height: 120px; overflow: auto; padding: 3px; margin: -3px; }
    .button { font: inherit; font-weight: 560; color: var(--text); background: var(--raised); border: 1px solid var(--line); border-radius: 9px;
      padding: 7px 14px; cursor: pointer; display: inline-flex; align-items: center; justify-content: center; gap: 8px; }
    .button:hover:not(:disabled) { border-color: var(--quiet); }
    .button:disabled { opacity: .5; cursor: default; }
    .primary { color: var(--on-accent); background: var(--accent); border-color: transparent; }
    .class { justify-content: flex-start; width: 100%; padding: 9px 12px; background: var(--surface); }
    .class span { flex: 1; text-align: left; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    .class em { font-style: normal; font-weight: 400; font-size: 13px; color: var(--quiet); font-variant-numeric: tabular-nums; }
    .class.meant { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); }
    kbd { font: 600 12px/20px ui-monospace, Menlo, monospace; min-width: 22px; padding: 0 6px; border-radius: 6px; text-align: center;
      background: var(--raised); color: var(--text); border: 1px solid var(--line); }
    .primary kbd { background: #0003; color: inherit; border-color: transparent; }
    .dull { color: var(--quiet); font-size: 13.5px; }
    .classes .dull { grid-column: 1 / -1; }
    .add { display: flex; gap: 8px; }
    .add input { flex: 1; background: var(--ground); border-color: light-dark(#8b97a4, #5b6a7a); }
    .acts { display: grid; grid-template-columns: repeat(3, 1fr); gap: 8px; }
    .acts .button { padding: 7px 4px; white-space: nowrap; }
    .narrow { display: none; }
    .said { min-height: 1.5em; font-size: 14px; color: var(--quiet); }
    .said.wrong { color: var(--bad); }
    .said a { color: var(--accent); }
    .grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(128px, 1fr)); gap: 8px; }
    .grid button { all: unset; box-sizing: border-box; position: relative; aspect-ratio: 1; border-radius: 10px; overflow: hidden; cursor: pointer;
      background: #0b0f14; box-shadow: 0 0 0 1px var(--line); }
    .grid img { width: 100%; height: 100%; object-fit: contain; display: block; }
    .grid [aria-pressed=true] { box-shadow: 0 0 0 4px var(--accent); }
    .grid [aria-pressed=true]::after { content: "✓"; position: absolute; right: 6px; top: 6px; width: 24px; height: 24px; border-radius: 50%; display: grid;
      place-items: center; background: var(--accent); color: var(--on-accent); font-weight: 700; }
    .grid span { position: absolute; inset: auto 0 0; padding: 1px 8px; font-size: 12.5px; background: #0b0f14e6; color: #fff; overflow: hidden;
      text-overflow: ellipsis; white-space: nowrap; }
    .picking { display: flex; flex-wrap: wrap; gap: 8px 14px; align-items: center; margin-bottom: 12px; color: var(--quiet); }
    details { color: var(--quiet); font-size: 13.5px; }
    summary { cursor: pointer; width: fit-content; border-radius: 5px; }
    dl { display: grid; grid-template-columns: auto 1fr; gap: 4px 12px; margin: 8px 0 0; }
    dd { margin: 0; }
    :focus-visible, .grid button:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
    .stage:focus-visible { outline-offset: 3px; }
    @media (max-width: 860px) {
      .desk { grid-template-columns: minmax(0, 1fr); gap: 12px; }
      .narrow { display: inline-flex; margin-left: auto; }
      .filters { display: none; margin: 0; width: 100%; grid-template-columns: 1fr 1fr; }
      [aria-expanded=true] + .filters { display: grid; }
      .side { position: static; }
      :host([several]) .side { position: sticky; z-index: 5; bottom: var(--tabs, 0px); gap: 8px; margin: 0 -12px; padding: 8px 12px;
        background: var(--ground); border-top: 1px solid var(--line); }
      :host([several]) :is(.add, .said:empty) { display: none; }
      :host([several]) .classes { display: flex; overflow-x: auto; }
      :host([several]) .class { width: auto; flex: none; }
      :host([several]) .acts { position: static; padding: 0; border: 0; }
      .stage { height: clamp(230px, 40dvh, 520px); }
      .whole .context img { max-height: calc(40dvh - 50px); }
      .confirm:disabled { display: none; }
      .strip { display: none; }
      .classes { grid-template-columns: 1fr 1fr; max-height: none; min-height: 0; }
      .class { padding: 12px; }
      kbd, details.keys { display: none; }
      .acts { position: sticky; bottom: var(--tabs, 0px); z-index: 5; padding: 10px 0; background: var(--ground); border-top: 1px solid var(--line); }
      .grid { grid-template-columns: repeat(auto-fill, minmax(98px, 1fr)); }
    }
  `;

  const WHEN = { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const KINDS = { event: "Events", diverse: "More of an object", near: "Near the threshold", random: "Nothing found" };

  // An element of HTML.
  function made(name, properties = {}, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(properties)) {
      if (key in element) element[key] = value;
      else element.setAttribute(key, value);
    }
    element.append(...children);
    return element;
  }

  const shown = (label) => (label === NOTHING ? "Nothing of these" : label);
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));

  class Refused extends Error {
    constructor(status, detail) {
      super(detail);
      this.status = status;
    }
  }

  // The service, asked as JSON.
  class Service {
    constructor(base, token) {
      this.base = base;
      this.headers = token ? { Authorization: `Bearer ${token}` } : {};
    }

    async ask(path, body) {
      const said = body && { method: "POST", body: JSON.stringify(body), keepalive: true };
      const headers = { ...this.headers, ...(body && { "Content-Type": "application/json" }) };
      const response = await fetch(new URL(path, this.base), { ...said, headers, cache: "no-store" });
      if (response.ok) return response.json();
      const problem = await response.json().catch(() => ({}));
      throw new Refused(response.status, problem.detail || response.statusText);
    }

    picture(sample, name, query = "") {
      return new URL(`api/samples/${sample.id}/${name}.jpg${query}`, this.base).href;
    }
  }

  // What was said and is not kept yet; the last word on a picture wins.
  class Outbox {
    constructor(service, tell, refuse) {
      Object.assign(this, { service, tell, refuse, waiting: new Map(), going: false });
    }

    say(id, label) {
      this.waiting.set(id, label);
      if (!this.going) this.go();
    }

    async go() {
      this.going = true;
      let pause = 500;
      while (this.waiting.size) {
        const part = [...this.waiting].slice(0, MOST_SENT);
        this.tell(this.waiting.size, null);
        try {
          await this.service.ask("api/samples/labels", { items: part.map(([id, human_label]) => ({ id, human_label })) });
          pause = 500;
        } catch (error) {
          if (error instanceof Refused && [400, 413, 422].includes(error.status)) {
            this.refuse(part.map(([id]) => id), error.message);
          } else {
            this.tell(this.waiting.size, error);
            await wait(pause);
            pause = Math.min(pause * 2, LONGEST_WAIT_MS);
            continue;
          }
        }
        // What was said anew meanwhile waits on.
        for (const [id, label] of part) if (this.waiting.get(id) === label) this.waiting.delete(id);
      }
      this.going = false;
      this.tell(0, null);
    }
  }

  class SightlineLabels extends HTMLElement {
    connectedCallback() {
      this.service = new Service(this.getAttribute("server") || HOME, this.getAttribute("token"));
      this.service.base = new URL(this.service.base, location.href).href;
      this.outbox = new Outbox(this.service, (left, error) => this.tellOutbox(left, error), (ids, why) => this.takeBack(ids, why));
      this.filter = Object.fromEntries(new URLSearchParams(location.search));
      this.classes = [];
      this.nothing = { name: NOTHING, number: 0 };
      this.pictures = new Map();
      this.leave = new AbortController();
      this.done = 0;
      this.several = false;
      this.build();
      addEventListener("keydown", (event) => this.pressed(event), { signal: this.leave.signal });
      this.start();
    }

    disconnectedCallback() {
      this.leave.abort();
    }

    async start() {
      await Promise.all([this.loadClasses(), this.begin()]);
      this.draw();
    }

    build() {
      const root = this.shadowRoot || this.attachShadow({ mode: "open" });
      root.innerHTML = `<style>${STYLE}</style>
        <div class="head"><h1>Label</h1><p class="progress"></p>
          <button class="button narrow" type="button" aria-expanded="false" aria-controls="filters">Filter</button>
          <div class="filters" id="filters" role="group" aria-label="Which pictures"></div></div>
        <div class="desk"><div class="left">
          <div class="stage" tabindex="0" role="group" aria-label="Picture"><div class="large"></div>
            <button class="context" type="button" aria-label="Show the whole picture"><span></span></button>
            <span class="given" hidden></span><div class="about"></div><div class="empty" hidden></div></div>
          <div class="strip" aria-hidden="true"></div>
          <div class="picking" hidden><span></span><button class="button" type="button" data-act="all">Select all</button></div>
          <div class="grid" role="group" aria-label="Pictures to select" hidden></div>
        </div><section class="side" aria-label="What it is">
          <button class="button primary confirm" type="button" data-act="confirm"><b></b><kbd>Enter</kbd></button>
          <div class="classes" role="group" aria-label="Classes" tabindex="-1"></div>
          <form class="add"><input aria-label="New class" placeholder="New class" maxlength="100" autocomplete="off">
            <button class="button" type="submit">Add</button></form>
          <p class="said" role="status"></p>
          <div class="acts">
            <button class="button" type="button" data-act="undo"><span>Undo</span><kbd>U</kbd></button>
            <button class="button" type="button" data-act="skip"><span>Skip</span><kbd>S</kbd></button>
            <button class="button" type="button" data-act="several" aria-pressed="false"><span>Many</span><kbd>G</kbd></button>
          </div>
          <details class="keys"><summary>All keys</summary><dl>
            <dt><kbd>1</kbd> …</dt><dd>It is this class</dd><dt><kbd>0</kbd></dt><dd>Nothing of these</dd>
            <dt><kbd>Enter</kbd></dt><dd>It is what is suggested</dd><dt><kbd>U</kbd></dt><dd>Undo</dd>
            <dt><kbd>S</kbd> <kbd>→</kbd></dt><dd>Skip</dd><dt><kbd>←</kbd></dt><dd>Back</dd>
            <dt><kbd>F</kbd></dt><dd>The whole picture</dd><dt><kbd>G</kbd></dt><dd>Many at once</dd>
            <dt><kbd>N</kbd></dt><dd>A new class</dd></dl></details>
        </section></div>`;
      this.inside = (selector) => root.querySelector(selector);
      const acts = { confirm: () => this.confirm(), undo: () => this.undo(), skip: () => this.skip(),
        several: () => this.showSeveral(!this.several), all: () => this.pickAll() };
      for (const button of root.querySelectorAll("[data-act]")) {
        button.addEventListener("click", () => {
          acts[button.dataset.act]();
          if (button.dataset.act !== "all" && button.dataset.act !== "several") this.toStage();
        });
      }
      const narrow = this.inside(".narrow");
      narrow.addEventListener("click", () => narrow.setAttribute("aria-expanded", narrow.getAttribute("aria-expanded") === "false"));
      this.inside(".context").addEventListener("click", () => this.showWhole());
      this.inside(".add").addEventListener("submit", (event) => {
        event.preventDefault();
        this.addClass(this.inside(".add input").value.trim());
      });
    }

    // From here on keys mean what they say, and not the button that was used last.
    toStage() {
      if (!this.several) this.inside(".stage").focus({ preventScroll: true });
    }

    // Pictures.

    get isReview() {
      return this.filter.show !== undefined;
    }

    query() {
      const { camera, suggestion, kind, day, show } = this.filter;
      const asked = new URLSearchParams({ limit: PAGE, ...(camera && { camera }), ...(suggestion && { suggestion }), ...(kind && { kind }) });
      if (day) {
        const midnight = new Date(`${day}T00:00:00`);
        asked.set("from", midnight.toISOString());
        midnight.setDate(midnight.getDate() + 1);
        asked.set("to", midnight.toISOString());
      }
      if (!this.isReview) asked.set("order", "teaching");
      else if (show) asked.set("human_label", show);
      else asked.set("labelled", "true");
      return asked;
    }

    async begin() {
      Object.assign(this, { queue: [], known: new Set(), at: 0, past: [], cursor: null, total: 0, ended: false, loading: null });
      this.round = (this.round || 0) + 1;
      this.picked = new Set();
      this.pictures.clear();
      await this.more();
    }

    more() {
      this.loading ||= this.load(this.round).finally(() => (this.loading = null));
      return this.loading;
    }

    async load(round) {
      try {
        const asked = this.query();
        if (this.cursor) asked.set("cursor", this.cursor);
        const page = await this.service.ask(`api/samples?${asked}`);
        if (round !== this.round) return;
        const fresh = page.items.filter(({ id }) => !this.known.has(id));
        for (const each of fresh) this.known.add(each.id);
        this.queue.push(...fresh.map((each) => ({ ...each, said: each.human_label })));
        if (this.cursor === null) this.total = page.total;
        this.cursor = page.next;
        this.ended = page.next === null;
        this.answered = true;
        this.prefetch();
      } catch (error) {
        if (round !== this.round) return;
        if (error instanceof Refused && error.status === 400) {
          // The order of this list is not kept any more: begin it anew, without what was seen.
          this.cursor = null;
          return;
        }
        this.answered = this.ended = error instanceof Refused && error.status === 422;
        this.tell(`No pictures: ${error.message}${this.ended ? "" : ". Trying again …"}`, true);
        if (!this.ended) await wait(2000);
      } finally {
        if (round === this.round && this.isConnected) setTimeout(() => this.isShort() && this.more().then(() => this.draw()));
      }
    }

    isShort() {
      return !this.ended && this.queue.length - this.at < LOW;
    }

    // An image of a picture, loaded once.
    image(sample, name, query) {
      const key = `${sample.id} ${name}`;
      let image = this.pictures.get(key);
      if (!image) {
        image = made("img", { alt: "", decoding: "sync", src: this.service.picture(sample, name, query) });
        image.addEventListener("error", () => image.remove());
        this.pictures.set(key, image);
      }
      return image;
    }

    crop(sample) {
      return this.image(sample, "crop", "");
    }

    context(sample) {
      return this.image(sample, "snapshot", "?width=960");
    }

    prefetch() {
      for (const each of this.queue.slice(this.at, this.at + AHEAD)) {
        this.crop(each);
        if (each.kind !== "random") this.context(each);
      }
      const first = this.at - AHEAD;
      for (const each of this.queue.slice(Math.max(0, first - AT_ONCE), Math.max(0, first))) {
        for (const name of ["crop", "snapshot"]) this.pictures.delete(`${each.id} ${name}`);
      }
    }

    // Saying.

    get here() {
      return this.queue[this.at];
    }

    // What is meant by a key now: the picture, or those that are selected.
    meant() {
      if (!this.several) return this.here ? [this.here] : [];
      return this.queue.filter(({ id }) => this.picked.has(id));
    }

    say(label) {
      this.sayEach(this.meant().map((sample) => [sample, label]), shown(label));
    }

    confirm() {
      const suggested = this.meant().filter(({ suggestion }) => suggestion !== null);
      this.sayEach(suggested.map((sample) => [sample, sample.suggestion]), "as suggested");
    }

    sayEach(pairs, words) {
      if (!pairs.length) return;
      this.past.push({ at: this.at, several: this.several, before: pairs.map(([sample]) => [sample, sample.said]) });
      for (const [sample, label] of pairs) this.set(sample, label);
      this.tell(pairs.length === 1 ? `${shown(pairs[0][1])}.` : `${pairs.length} pictures: ${words}.`);
      if (this.several) this.takeOut();
      else this.at += 1;
      this.moved();
    }

    set(sample, label) {
      if (sample.said === label) return;
      this.count(sample.said, -1);
      this.count(label, 1);
      this.done += (label !== null) - (sample.said !== null);
      sample.said = label;
      this.outbox.say(sample.id, label);
    }

    count(label, by) {
      const found = [...this.classes, this.nothing].find(({ name }) => name === label);
      if (found) found.number += by;
    }

    // What is labelled leaves the grid: it comes before what is left.
    takeOut() {
      const rest = this.queue.slice(this.at);
      const gone = rest.filter(({ id }) => this.picked.has(id));
      this.queue.splice(this.at, rest.length, ...gone, ...rest.filter(({ id }) => !this.picked.has(id)));
      this.at += gone.length;
      this.picked.clear();
    }

    undo() {
      const last = this.past.pop();
      if (!last) return;
      for (const [sample, label] of last.before) this.set(sample, label);
      this.at = last.several ? this.at - last.before.length : last.at;
      this.tell(last.before.length === 1 ? "Taken back." : `${last.before.length} taken back.`);
      this.moved();
    }

    skip() {
      if (!this.here) return;
      this.at += this.several ? Math.min(AT_ONCE, this.queue.length - this.at) : 1;
      this.picked.clear();
      this.moved();
    }

    back() {
      if (this.at === 0) return;
      this.at -= 1;
      this.moved();
    }

    takeBack(ids, why) {
      for (const each of this.queue) if (ids.includes(each.id)) each.said = each.human_label;
      this.tell(`Not kept: ${why}`, true);
      this.draw();
    }

    moved() {
      this.prefetch();
      this.draw();
      if (this.isShort()) this.more().then(() => this.draw());
    }

    // Classes.

    async loadClasses() {
      try {
        const { items } = await this.service.ask("api/classes");
        const order = JSON.parse(localStorage.getItem(ORDER) || "[]");
        const place = (name) => (order.includes(name) ? order.indexOf(name) : order.length);
        this.nothing = items.find(({ name }) => name === NOTHING) || this.nothing;
        this.classes = items.filter(({ name }) => name !== NOTHING).sort((one, other) => place(one.name) - place(other.name));
        this.remember();
      } catch (error) {
        this.tell(`No classes: ${error.message}`, true);
      }
    }

    // Keys stay with their classes.
    remember() {
      localStorage.setItem(ORDER, JSON.stringify(this.classes.map(({ name }) => name)));
    }

    async addClass(name) {
      const input = this.inside(".add input");
      if (!name) return;
      try {
        if (!this.classes.some((each) => each.name === name)) {
          if (name === NOTHING) throw new Error("“Nothing of these” is there already: key 0");
          this.classes.push(await this.service.ask("api/classes", { name }));
          this.remember();
        }
        input.value = "";
        this.tell(`${name} is key ${(KEYS[this.classes.findIndex((each) => each.name === name)] || "none: click it").toUpperCase()}.`);
        this.draw();
        this.toStage();
      } catch (error) {
        this.tell(error.message.replace(/^body name: /, ""), true);
      }
    }

    // Keys.

    pressed(event) {
      const target = event.composedPath()[0];
      if (event.ctrlKey || event.metaKey || event.altKey) {
        if (event.key.toLowerCase() !== "z" || event.altKey || target.matches("input")) return;
        event.preventDefault();
        this.undo();
        return;
      }
      if (target.matches?.("input, select, textarea")) {
        if (event.key === "Escape") this.toStage();
        return;
      }
      const isButton = target.matches?.("button, a, summary");
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const keys = { 0: () => this.say(NOTHING), Backspace: () => this.undo(), u: () => this.undo(), s: () => this.skip(), ArrowRight: () => this.skip(),
        ArrowLeft: () => this.back(), f: () => this.showWhole(), g: () => this.showSeveral(!this.several), n: () => this.inside(".add input").focus() };
      if (!isButton) keys.Enter = () => this.confirm();
      if (this.several) Object.assign(keys, { Enter: () => this.confirm() }, isButton && target.closest(".grid") ? {} : isButton ? { Enter: undefined } : {});
      const chosen = this.classes[KEYS.indexOf(key)];
      const act = keys[key] || (chosen && (() => this.say(chosen.name)));
      if (!act) return;
      event.preventDefault();
      act();
    }

    // Showing.

    showWhole() {
      const whole = this.inside(".stage").classList.toggle("whole");
      this.inside(".context").setAttribute("aria-label", whole ? "Show the object alone" : "Show the whole picture");
    }

    showSeveral(on) {
      this.several = on;
      this.toggleAttribute("several", on);
      this.picked.clear();
      this.inside("[data-act=several]").setAttribute("aria-pressed", on);
      this.inside("[data-act=several] span").textContent = on ? "Single" : "Many";
      this.draw();
      this.toStage();
    }

    pickAll() {
      const rest = this.queue.slice(this.at, this.at + AT_ONCE);
      const all = rest.every(({ id }) => this.picked.has(id));
      this.picked = new Set(all ? [] : rest.map(({ id }) => id));
      this.draw();
    }

    pick(sample, event) {
      const rest = this.queue.slice(this.at, this.at + AT_ONCE);
      const from = rest.indexOf(this.last);
      const to = rest.indexOf(sample);
      const range = event.shiftKey && from >= 0 ? rest.slice(Math.min(from, to), Math.max(from, to) + 1) : [sample];
      const on = !this.picked.has(sample.id);
      for (const { id } of range) this.picked[on ? "add" : "delete"](id);
      this.last = sample;
      this.draw();
    }

    draw() {
      if (!this.isConnected) return;
      const left = Math.max(0, this.isReview ? this.total : this.total - this.done);
      this.inside(".progress").textContent = this.answered ? this.progress(left) : "";
      this.drawFilters();
      this.drawClasses();
      for (const name of [".stage", ".strip"]) this.inside(name).hidden = this.several;
      for (const name of [".grid", ".picking"]) this.inside(name).hidden = !this.several;
      if (this.several) this.drawGrid();
      else this.drawStage();
      this.inside("[data-act=undo]").disabled = !this.past.length;
      this.inside("[data-act=skip]").disabled = !this.here;
    }

    progress(left) {
      const number = (value) => value.toLocaleString("en");
      if (this.isReview) return `${number(left)} labelled`;
      return this.done ? `${number(this.done)} done, ${number(left)} left` : `${number(left)} to label`;
    }

    drawStage() {
      const sample = this.here;
      this.inside(".empty").hidden = Boolean(sample);
      this.inside(".about").hidden = this.inside(".large").hidden = !sample;
      this.inside(".context").hidden = !sample || sample.kind === "random";
      this.inside(".given").hidden = !sample?.said;
      this.inside(".stage").classList.toggle("whole", Boolean(sample) && this.inside(".stage").classList.contains("whole"));
      if (!sample) {
        this.drawEmpty();
        this.inside(".strip").replaceChildren();
        return;
      }
      this.inside(".large").replaceChildren(this.crop(sample));
      if (sample.kind !== "random") this.inside(".context span").replaceChildren(this.context(sample), outline(sample));
      this.inside(".given").textContent = sample.said ? shown(sample.said) : "";
      this.inside(".about").replaceChildren(...aboutOf(sample));
      this.inside(".stage").setAttribute("aria-label", `Picture: ${sample.label} at ${sample.camera}${sample.suggestion ? `, suggested: ${shown(sample.suggestion)}` : ""}`);
      const first = Math.max(0, this.at - 3);
      this.inside(".strip").replaceChildren(...this.queue.slice(first, this.at + AHEAD).map((each, place) => {
        const past = first + place < this.at;
        const picture = made("img", { alt: "", src: this.service.picture(each, "crop") });
        return made("div", { className: first + place === this.at ? "here" : past ? "past" : "" }, picture, ...(each.said ? [made("span", {}, shown(each.said))] : []));
      }));
    }

    drawEmpty() {
      const filtered = Object.keys(this.filter).length > 0;
      const words = !this.answered ? [made("b", {}, "Looking for pictures …")] : filtered
        ? [made("b", {}, "No pictures fit this"), made("span", {}, "Choose other ones above.")]
        : this.done ? [made("b", {}, "All is labelled"), made("span", {}, "New pictures come with each event that ends.")]
        : [made("b", {}, "Nothing to label yet"), made("span", {}, "Each event that ends brings a picture. More of them, and what is missed, with"), made("code", {}, "collect: {}"),
           made("span", {}, "at a camera in the configuration.")];
      this.inside(".empty").replaceChildren(...words);
    }

    drawGrid() {
      const rest = this.queue.slice(this.at, this.at + AT_ONCE);
      const focused = this.shadowRoot.activeElement?.dataset?.id;
      this.inside(".picking span").textContent = rest.length ? `${this.picked.size} of ${rest.length} selected. Shift selects all between two.` : "No pictures fit this.";
      this.inside("[data-act=all]").hidden = !rest.length;
      this.inside(".grid").replaceChildren(...rest.map((sample) => {
        const label = sample.said || sample.suggestion;
        const caption = label ? `${shown(label)}${sample.said ? "" : "?"}` : `${sample.label} · ${sample.camera}`;
        const button = made("button", { type: "button", "aria-pressed": String(this.picked.has(sample.id)), "data-id": sample.id, "aria-label": `${sample.label} at ${sample.camera}: ${caption}` },
          this.crop(sample), made("span", {}, caption));
        button.addEventListener("click", (event) => this.pick(sample, event));
        return button;
      }));
      this.inside(`.grid [data-id="${focused}"]`)?.focus();
    }

    drawClasses() {
      const suggested = new Set(this.meant().map(({ suggestion }) => suggestion).filter((each) => each !== null));
      const only = suggested.size === 1 ? [...suggested][0] : null;
      const confirm = this.inside(".confirm");
      confirm.disabled = !suggested.size;
      confirm.querySelector("b").textContent = only ? `${shown(only)}?` : suggested.size ? "As suggested" : "No suggestion";
      const list = this.inside(".classes");
      list.tabIndex = this.several ? 0 : -1;
      const scrolled = list.scrollTop;
      const focused = this.shadowRoot.activeElement?.dataset?.name;
      list.replaceChildren(...[...this.classes, this.nothing].map(({ name, number }, place) => {
        const key = name === NOTHING ? "0" : KEYS[place];
        const properties = { type: "button", className: `button class${name === only ? " meant" : ""}`, title: shown(name), disabled: !this.meant().length, "data-name": name };
        const button = made("button", properties, ...(key ? [made("kbd", {}, key.toUpperCase())] : []), made("span", {}, shown(name)), made("em", {}, String(number)));
        button.addEventListener("click", () => {
          this.say(name);
          this.toStage();
        });
        return button;
      }));
      if (!this.classes.length) list.prepend(made("p", { className: "dull" }, "No classes yet. Add those that you want to tell apart, such as courier and neighbour."));
      list.scrollTop = scrolled;
      this.inside(`.class[data-name="${CSS.escape(focused ?? "")}"]`)?.focus();
    }

    drawFilters() {
      const cameras = JSON.parse(this.getAttribute("cameras") || "[]");
      const names = this.classes.map(({ name }) => name);
      const choices = [
        ["show", "Show", [["", "Labelled: all"], ...[...names, NOTHING].map((name) => [`=${name}`, `Labelled: ${shown(name)}`])], "To label"],
        ["camera", "Camera", cameras.map((name) => [name, name]), "Camera: all"],
        ["suggestion", "Suggestion", [...names, NOTHING].map((name) => [name, `${shown(name)}?`]), "Suggestion: all"],
        ["kind", "Kind", Object.entries(KINDS), "Kind: all"],
      ];
      const drawn = JSON.stringify([choices, this.filter]);
      if (this.drawnFilters === drawn) return;
      this.drawnFilters = drawn;
      const elements = choices.map(([name, title, values, all]) => {
        const select = made("select", { "aria-label": title, name }, made("option", { value: "*" }, all), ...values.map(([value, text]) => made("option", { value }, text)));
        const now = this.filter[name];
        select.value = now === undefined ? "*" : name === "show" && now ? `=${now}` : now;
        select.addEventListener("change", () => this.choose(name, select.value === "*" ? undefined : select.value.replace(/^=/, "")));
        return select;
      });
      const day = made("input", { type: "date", "aria-label": "Day", value: this.filter.day || "" });
      day.addEventListener("change", () => this.choose("day", day.value || undefined));
      this.inside(".filters").replaceChildren(...elements, day);
    }

    async choose(name, value) {
      if (value === undefined) delete this.filter[name];
      else this.filter[name] = value;
      const said = new URLSearchParams(this.filter).toString();
      history.replaceState(history.state, "", location.pathname + (said && `?${said}`));
      this.done = 0;
      this.answered = false;
      // What is not kept yet would come again.
      while (this.outbox.waiting.size) await wait(50);
      const begun = this.begin();
      this.draw();
      await begun;
      this.draw();
      this.shadowRoot.querySelector(`[name=${name}], [type=date]`)?.focus();
    }

    tell(words, wrong = false) {
      const said = this.inside(".said");
      said.textContent = words;
      said.classList.toggle("wrong", wrong);
    }

    tellOutbox(left, error) {
      this.toggleAttribute("data-busy", left > 0);
      if (left) this.setAttribute("data-unsaved", "yes");
      else this.removeAttribute("data-unsaved");
      if (error) {
        const why = error instanceof Refused ? error.message : "no connection";
        this.wasLost = true;
        this.tell(`${left} ${left === 1 ? "label is" : "labels are"} not kept yet: ${why}. Trying again …`, true);
        if (error.status === 401) this.inside(".said").append(" ", made("a", { href: `login?next=${encodeURIComponent(location.pathname)}`, target: "_blank" }, "Sign in"));
      } else if (left === 0 && this.wasLost) {
        this.wasLost = false;
        this.tell("All labels are kept.");
      }
    }
  }

  // The box of an object over its whole picture.
  function outline({ box, width, height }) {
    const frame = made("i");
    if (!width) return frame;
    const [x1, y1, x2, y2] = box;
    frame.style.cssText = `left:${(100 * x1) / width}%;top:${(100 * y1) / height}%;width:${(100 * (x2 - x1)) / width}%;height:${(100 * (y2 - y1)) / height}%`;
    return frame;
  }

  function aboutOf(sample) {
    const when = new Date(sample.captured_at);
    const found = sample.kind === "random" ? "Nothing found" : `${sample.label} ${Math.round(100 * sample.confidence)}%`;
    const kind = sample.kind === "event" ? [] : [made("span", {}, KINDS[sample.kind])];
    return [made("b", {}, found), made("span", {}, sample.camera), ...kind,
      made("span", { className: "far" }, when.toLocaleString([], WHEN))];
  }

  customElements.define("sightline-labels", SightlineLabels);
})();
