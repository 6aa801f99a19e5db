// <sightline-scene camera="gate" [server="https://host:8080"] [token=".."] [mask="x1,y1,x2,y2"]>
//
// Draws the zones, lines and masks of a camera on its live picture, and keeps them: they count from the next
// picture on. Points are shares of the picture. `mask` begins a mask over a box. Needs player.js beside it.
// One file without dependencies; other pages may use it as it is.
"use strict";

(() => {
  const KINDS = {
    zone: { title: "Zone", many: "Zones", empty: "Where it matters who comes, stays and goes." },
    line: { title: "Line", many: "Lines", empty: "Counts who crosses it, and in which direction." },
    mask: { title: "Mask", many: "Masks", empty: "Nothing is looked for in here: a tree, a street, a screen." },
  };
  const HOME = new URL(".", document.currentScript.src).href;
  const NAME = /^[a-z0-9][a-z0-9_-]{0,99}$/;
  const DIGITS = 4;
  const STEP = 0.01; // of the picture, for an arrow key
  const BIG_STEP = 0.05;
  const LEAST_POINTS = 3;
  const USUAL_RATIO = 16 / 9;

  const STYLE = `
    :host { display: block; color: var(--text, #16202b); font: 15px/1.5 system-ui, sans-serif; }
    .desk { display: grid; grid-template-columns: minmax(0, 1fr) 320px; gap: 20px; align-items: start; }
    @media (max-width: 860px) { .desk { grid-template-columns: minmax(0, 1fr); } }
    .stage { position: relative; border-radius: var(--radius, 12px); overflow: hidden; background: #0b0f14;
             touch-action: none; max-height: 78vh; margin: 0 auto; width: 100%; }
    sightline-player { position: absolute; inset: 0; aspect-ratio: auto; }
    svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; }
    .shape { fill-opacity: .14; stroke-width: 2; vector-effect: non-scaling-stroke; cursor: grab; }
    .mask.shape { fill-opacity: .5; stroke-dasharray: 6 5; }
    .chosen .shape { fill-opacity: .28; stroke-width: 3; }
    .chosen .mask.shape { fill-opacity: .6; }
    .chosen.line .shape { stroke-width: 4; }
    .grip { fill: #fff; stroke: #0b0f14; stroke-width: 1.5; vector-effect: non-scaling-stroke; cursor: move; }
    .grip.middle { fill: #fff; fill-opacity: .45; cursor: copy; }
    .grip:focus-visible { outline: none; fill: #22d3ee; stroke: #fff; stroke-width: 3; }
    .side { pointer-events: none; font-weight: 650; fill: #fff; paint-order: stroke; stroke: #0b0f14;
            stroke-width: 3px; stroke-linejoin: round; text-anchor: middle; dominant-baseline: middle; }
    h3 { font-size: 13px; margin: 0; font-weight: 620; color: var(--quiet, #566372); }
    .group { display: flex; align-items: center; justify-content: space-between; margin: 18px 0 6px; }
    .group:first-of-type { margin-top: 0; }
    .none { margin: 0; color: var(--quiet, #566372); font-size: 13.5px; }
    ul { list-style: none; margin: 0; padding: 0; display: grid; gap: 6px; }
    li { border: 1px solid var(--line, #dde2e8); border-radius: 10px; background: var(--surface, #fff); }
    li > button { all: unset; box-sizing: border-box; width: 100%; display: flex; align-items: center; gap: 9px;
                  padding: 8px 12px; cursor: pointer; border-radius: 10px; }
    li > button:focus-visible, .button:focus-visible, input:focus-visible, .small:focus-visible {
      outline: 2px solid var(--accent, #0b6b85); outline-offset: 2px; }
    li.chosen { border-color: var(--accent, #0b6b85); }
    li i { width: 11px; height: 11px; border-radius: 3px; flex: none; }
    .more { display: grid; gap: 10px; padding: 4px 12px 12px; }
    label { display: grid; gap: 3px; font-size: 13px; color: var(--quiet, #566372); }
    .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 10px; }
    input { font: inherit; font-size: 15px; color: var(--text, #16202b); background: var(--ground, #f4f6f8);
            border: 1px solid var(--line, #dde2e8); border-radius: 8px; padding: 6px 10px; min-width: 0; width: 100%;
            box-sizing: border-box; }
    .button, .small { font: inherit; font-weight: 560; color: var(--text, #16202b); cursor: pointer;
            background: var(--raised, #eceff3); border: 1px solid var(--line, #dde2e8); border-radius: 9px; padding: 7px 14px; }
    .small { font-size: 13px; padding: 3px 10px; border-radius: 7px; }
    .primary { color: var(--on-accent, #fff); background: var(--accent, #0b6b85); border-color: transparent; }
    .button:disabled { opacity: .5; cursor: default; }
    .foot { display: flex; gap: 10px; align-items: center; margin-top: 20px; }
    .said { min-height: 1.5em; margin: 10px 0 0; font-size: 14px; color: var(--quiet, #566372); white-space: pre-line; }
    .said.wrong { color: var(--bad, #b42332); }
    .said.good { color: var(--good, #12784a); }
    .how { margin: 10px 2px 0; font-size: 13px; color: var(--quiet, #566372); }
  `;

  const rounded = (value) => Number(Math.min(1, Math.max(0, value)).toFixed(DIGITS));
  const copy = (value) => JSON.parse(JSON.stringify(value));
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

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

  // An element of SVG.
  function drawn(name, attributes) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  }

  // What is drawn, as the configuration says it.
  function itemsOf(options) {
    const zones = Object.entries(options.zones || {}).map(([name, zone]) => ({
      kind: "zone", name, points: zone.polygon, labels: zone.labels, loiter: zone.loiter, inertia: zone.inertia, said: zone,
    }));
    const lines = Object.entries(options.lines || {}).map(([name, line]) => ({
      kind: "line", name, points: [line.from, line.to], labels: line.labels, said: line,
    }));
    const masks = (options.masks || []).map((mask, at) => ({
      kind: "mask", name: `mask ${at + 1}`, points: mask.polygon, labels: mask.labels, said: mask,
    }));
    return copy([...zones, ...lines, ...masks]);
  }

  // The same for the configuration; what an editor does not show stays as it was.
  function optionsOf(items) {
    const options = { zones: {}, lines: {}, masks: [] };
    for (const { kind, name, points, labels, loiter, inertia, said } of items) {
      if (kind === "zone") options.zones[name] = { ...said, polygon: points, labels, loiter, inertia };
      if (kind === "line") options.lines[name] = { ...said, from: points[0], to: points[1], labels };
      if (kind === "mask") options.masks.push({ ...said, polygon: points, labels });
    }
    return options;
  }

  // What has to be said for one to become the other; null takes away (RFC 7396).
  function patchOf(before, now) {
    const patch = {};
    for (const section of ["zones", "lines"]) {
      const changed = {};
      for (const [name, value] of Object.entries(now[section])) {
        if (!same(value, before[section][name])) changed[name] = value;
      }
      for (const name of Object.keys(before[section])) if (!(name in now[section])) changed[name] = null;
      if (Object.keys(changed).length) patch[section] = changed;
    }
    if (!same(before.masks, now.masks)) patch.masks = now.masks;
    return patch;
  }

  class SightlineScene extends HTMLElement {
    connectedCallback() {
      this.items = [];
      this.chosen = null;
      this.ratio = USUAL_RATIO;
      this.past = [];
      this.leave = new AbortController();
      this.build();
      this.load().then(() => this.beginMask());
    }

    disconnectedCallback() {
      this.leave.abort();
    }

    build() {
      const root = this.shadowRoot || this.attachShadow({ mode: "open" });
      root.innerHTML = `<style>${STYLE}</style><div class="desk"><div><div class="stage"></div>
        <p class="how">Drag a point, or move it by the arrow keys. A faint point between two others makes a new one;
        Delete takes one away. Ctrl+Z undoes.</p></div><div class="panel"></div></div>`;
      this.stage = root.querySelector(".stage");
      this.panel = root.querySelector(".panel");
      const player = document.createElement("sightline-player");
      player.toggleAttribute("bare", true); // its controls would lie below the drawing
      for (const name of ["camera", "server", "token"]) {
        if (this.hasAttribute(name)) player.setAttribute(name, this.getAttribute(name));
      }
      this.picture = drawn("svg", { preserveAspectRatio: "none" });
      this.stage.append(player, this.picture);
      player.addEventListener("frame", ({ detail: { metadata } }) => {
        if (metadata) this.fit(metadata.width, metadata.height);
      });
      // Zones are drawn here.
      customElements.whenDefined("sightline-player").then(() => player.shown && (player.shown.zones = false));
      new ResizeObserver(() => this.draw()).observe(this.stage);
      const { signal } = this.leave;
      document.addEventListener("keydown", (event) => this.keyed(event), { signal });
      window.addEventListener("beforeunload", (event) => this.changed && event.preventDefault(), { signal });
      this.fit(16, 9);
    }

    fit(width, height) {
      if (!width || !height || Math.abs(this.ratio - width / height) < 0.001) {
        if (this.stage.style.aspectRatio) return;
      }
      this.ratio = width / height;
      this.stage.style.aspectRatio = `${width} / ${height}`;
      this.stage.style.maxWidth = `calc(78vh * ${this.ratio})`;
      this.draw();
    }

    address(path) {
      const server = new URL(this.getAttribute("server")?.replace(/\/*$/, "/") || HOME, location.href);
      return new URL(path, server).href;
    }

    async ask(path, options = {}) {
      const token = this.getAttribute("token");
      const headers = { ...options.headers, ...(token ? { Authorization: `Bearer ${token}` } : {}) };
      const response = await fetch(this.address(path), { ...options, headers, signal: this.leave.signal });
      if (response.ok) return response;
      const problem = await response.json().catch(() => null);
      const error = new Error(problem?.detail || `the service answered ${response.status}`);
      error.status = response.status;
      throw error;
    }

    get path() {
      return `api/cameras/${encodeURIComponent(this.getAttribute("camera"))}`;
    }

    async load() {
      try {
        this.take(await (await this.ask(`${this.path}/options`)).json());
        this.tell("");
      } catch (error) {
        if (!this.leave.signal.aborted) this.tell(error.message, "wrong");
      }
    }

    take({ options, version }) {
      this.version = version;
      this.items = itemsOf(options);
      this.before = optionsOf(this.items);
      this.chosen = null;
      this.past = [];
      this.show();
    }

    get changed() {
      return this.before && Object.keys(patchOf(this.before, optionsOf(this.items))).length > 0;
    }

    // Everything, after something other than a point has changed.
    show() {
      const lists = Object.keys(KINDS).flatMap((kind) => this.list(kind));
      const said = this.panel.querySelector(".said") || made("p", { className: "said", role: "status" });
      this.keep = made("button", { className: "button primary", type: "button", textContent: "Save", onclick: () => this.save() });
      this.drop = made("button", { className: "button", type: "button", textContent: "Discard", onclick: () => this.load() });
      this.panel.replaceChildren(...lists, made("div", { className: "foot" }, this.keep, this.drop), said);
      this.draw();
    }

    list(kind) {
      const { title, many, empty } = KINDS[kind];
      const add = made("button", { className: "small", type: "button", textContent: `Add ${title.toLowerCase()}` });
      add.addEventListener("click", () => this.add(kind));
      const items = this.items.filter((item) => item.kind === kind);
      const rows = items.map((item) => this.row(item));
      return [
        made("div", { className: "group" }, made("h3", { textContent: many }), add),
        rows.length ? made("ul", {}, ...rows) : made("p", { className: "none", textContent: empty }),
      ];
    }

    row(item) {
      const mark = made("i");
      mark.style.background = this.colour(item);
      const button = made("button", { type: "button" }, mark, item.name);
      const chosen = item === this.chosen;
      button.setAttribute("aria-expanded", chosen);
      button.addEventListener("click", () => this.choose(chosen ? null : item));
      const row = made("li", { className: chosen ? "chosen" : "" }, button);
      if (chosen) row.append(this.fields(item));
      return row;
    }

    fields(item) {
      const fields = [];
      if (item.kind !== "mask") {
        fields.push(this.field("Name", item.name, (text) => this.rename(item, text.trim())));
      }
      const labels = (item.labels || []).join(", ");
      fields.push(
        this.field("Only for (labels, with commas; empty: all)", labels, (text) => {
          item.labels = text.split(",").map((label) => label.trim()).filter(Boolean);
        }),
      );
      if (item.kind === "zone") {
        const seconds = (title, key) =>
          this.field(title, item[key] ?? "", (text) => (item[key] = Number(text)), { type: "number", min: 0, step: "any" });
        fields.push(made("div", { className: "pair" }, seconds("Loiters after, s", "loiter"), seconds("Counts after, s", "inertia")));
      }
      const gone = made("button", { className: "small", type: "button", textContent: "Delete" });
      gone.addEventListener("click", () => this.remove(item));
      if (item.kind === "line") {
        const turn = made("button", { className: "small", type: "button", textContent: "Turn around" });
        turn.addEventListener("click", () => this.change(() => item.points.reverse()));
        fields.push(made("div", { className: "pair" }, turn, gone));
      } else {
        fields.push(made("div", {}, gone));
      }
      return made("div", { className: "more" }, ...fields);
    }

    field(title, value, take, properties = {}) {
      const input = made("input", { value, autocomplete: "off", ...properties });
      input.addEventListener("change", () => {
        this.remember();
        take(input.value);
        this.show();
      });
      return made("label", {}, title, input);
    }

    rename(item, name) {
      const taken = this.items.some((each) => each !== item && each.kind === item.kind && each.name === name);
      if (!NAME.test(name)) this.tell("A name has small letters, digits, - and _, as in front-door.", "wrong");
      else if (taken) this.tell(`There is another one called ${name}.`, "wrong");
      else item.name = name;
    }

    add(kind, points = null) {
      const corners = [[0.35, 0.35], [0.65, 0.35], [0.65, 0.65], [0.35, 0.65]];
      const across = [[0.3, 0.6], [0.7, 0.6]];
      this.change(() => {
        const item = {
          kind,
          name: this.freeName(kind),
          points: points || (kind === "line" ? across : corners),
          labels: [],
          said: {},
          ...(kind === "zone" ? { loiter: 15, inertia: 0.5 } : {}),
        };
        this.items.push(item);
        this.chosen = item;
      });
      this.picture.querySelector(".chosen .grip")?.focus();
    }

    freeName(kind) {
      const taken = new Set(this.items.filter((item) => item.kind === kind).map((item) => item.name));
      for (let number = 1; ; number++) {
        const name = kind === "mask" ? `mask ${number}` : `${kind}-${number}`;
        if (!taken.has(name)) return name;
      }
    }

    remove(item) {
      this.change(() => {
        this.items = this.items.filter((each) => each !== item);
        this.chosen = null;
      });
    }

    choose(item) {
      this.chosen = item;
      this.show();
    }

    change(what) {
      this.remember();
      what();
      this.show();
    }

    remember() {
      this.past.push({ items: copy(this.items), at: this.items.indexOf(this.chosen) });
    }

    undo() {
      const last = this.past.pop();
      if (!last) return;
      this.items = last.items;
      this.chosen = last.items[last.at] || null;
      this.show();
    }

    keyed(event) {
      const writing = event.composedPath()[0] instanceof HTMLInputElement;
      if ((event.ctrlKey || event.metaKey) && event.key === "z" && !writing) {
        event.preventDefault();
        this.undo();
      }
    }

    beginMask() {
      const box = (this.getAttribute("mask") || "").split(",").map(Number);
      if (box.length !== 4 || box.some(Number.isNaN)) return;
      const [x1, y1, x2, y2] = box.map(rounded);
      this.add("mask", [[x1, y1], [x2, y1], [x2, y2], [x1, y2]]);
      this.tell("This mask covers where it stood. Fit it, and save.");
    }

    colour(item) {
      const colours = ["#22d3ee", "#a3e635", "#fb923c", "#f472b6", "#facc15", "#818cf8"];
      if (item.kind === "mask") return "#94a3b8";
      return colours[this.items.filter((each) => each.kind !== "mask").indexOf(item) % colours.length];
    }

    // The drawing alone.
    draw() {
      if (!this.picture) return;
      const width = 1000;
      const height = width / this.ratio;
      this.size = [width, height];
      this.unit = width / Math.max(this.stage.clientWidth, 1);
      this.picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
      const focused = this.shadowRoot.activeElement?.getAttribute?.("aria-label");
      const order = [...this.items].sort((one, other) => (one === this.chosen) - (other === this.chosen));
      this.picture.replaceChildren(...order.map((item) => this.shape(item)));
      if (focused) {
        const again = [...this.picture.querySelectorAll(".grip")].find((grip) => grip.getAttribute("aria-label") === focused);
        again?.focus();
      }
      if (this.keep) this.keep.disabled = this.drop.disabled = !this.changed;
    }

    at([x, y]) {
      return [x * this.size[0], y * this.size[1]];
    }

    shape(item) {
      const chosen = item === this.chosen;
      const group = drawn("g", { class: `${item.kind}${chosen ? " chosen" : ""}` });
      const colour = this.colour(item);
      const places = item.points.map((point) => this.at(point).join(",")).join(" ");
      const shape =
        item.kind === "line"
          ? drawn("polyline", { points: places, fill: "none", stroke: colour, "stroke-linecap": "round" })
          : drawn("polygon", { points: places, fill: item.kind === "mask" ? "#0b0f14" : colour, stroke: colour });
      shape.setAttribute("class", `${item.kind} shape`);
      this.draggable(shape, item, item.points.map((_, number) => number));
      group.append(shape);
      if (item.kind === "line") group.append(...this.sides(item));
      group.append(this.caption(item));
      if (chosen) group.append(...this.grips(item));
      return group;
    }

    caption(item) {
      const top = item.points.reduce((one, other) => (other[1] < one[1] ? other : one));
      const [x, y] = this.at(top);
      const size = 14 * this.unit;
      const text = drawn("text", { class: "side", x, y: Math.max(y - size, size), "font-size": size });
      text.textContent = item.name;
      return text;
    }

    // `in` is from the left of the arrow to its right.
    sides(item) {
      const [[x1, y1], [x2, y2]] = item.points.map((point) => this.at(point));
      const length = Math.hypot(x2 - x1, y2 - y1) || 1;
      const [dx, dy] = [(x2 - x1) / length, (y2 - y1) / length];
      const [x, y] = [(x1 + x2) / 2, (y1 + y2) / 2];
      const reach = 26 * this.unit;
      const tip = [x - dy * reach, y + dx * reach];
      const arrow = drawn("path", {
        d: `M${x},${y} L${tip} M${tip[0] + (dy + dx) * reach * 0.3},${tip[1] - (dx - dy) * reach * 0.3} L${tip}` +
          ` L${tip[0] + (dy - dx) * reach * 0.3},${tip[1] - (dx + dy) * reach * 0.3}`,
        fill: "none", stroke: "#fff", "stroke-width": 2, "vector-effect": "non-scaling-stroke", "pointer-events": "none",
      });
      const size = 12 * this.unit;
      const inside = (at, end) => Math.min(Math.max(at, size), end - size);
      const [right, bottom] = this.at([1, 1]);
      const text = drawn("text", {
        class: "side", x: inside(x - dy * reach * 1.5, right), y: inside(y + dx * reach * 1.5, bottom), "font-size": size,
      });
      text.textContent = "in";
      return [arrow, text];
    }

    grips(item) {
      const count = item.points.length;
      const grips = item.points.map((point, number) => {
        const grip = this.grip(point, 8, `${item.name}, point ${number + 1} of ${count}`);
        grip.addEventListener("keydown", (event) => this.keyedAt(event, item, number));
        this.draggable(grip, item, [number]);
        return grip;
      });
      if (item.kind === "line") return grips;
      const between = item.points.map((point, number) => {
        const next = item.points[(number + 1) % count];
        const middle = [(point[0] + next[0]) / 2, (point[1] + next[1]) / 2];
        const grip = this.grip(middle, 6, `${item.name}, new point after ${number + 1}`);
        grip.classList.add("middle");
        const insert = () => {
          this.remember();
          item.points.splice(number + 1, 0, middle.map(rounded));
        };
        grip.addEventListener("pointerdown", (event) => {
          event.stopPropagation();
          insert();
          this.drag(event, item, [number + 1]);
        });
        grip.addEventListener("keydown", (event) => {
          if (event.key !== "Enter" && event.key !== " ") return;
          event.preventDefault();
          insert();
          this.show();
          this.picture.querySelectorAll(".chosen .grip:not(.middle)")[number + 1]?.focus();
        });
        return grip;
      });
      return [...between, ...grips];
    }

    grip(point, radius, label) {
      const [cx, cy] = this.at(point);
      return drawn("circle", {
        class: "grip", cx, cy, r: radius * this.unit, tabindex: 0, role: "button", "aria-label": label,
      });
    }

    keyedAt(event, item, number) {
      const step = event.shiftKey ? BIG_STEP : STEP;
      const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
      if (event.key in moves) {
        event.preventDefault();
        this.remember();
        item.points[number] = item.points[number].map((value, axis) => rounded(value + moves[event.key][axis]));
        this.draw();
      } else if (event.key === "Delete" || event.key === "Backspace") {
        event.preventDefault();
        this.removePoint(item, number);
      } else if (event.key === "Escape") {
        this.choose(null);
      }
    }

    removePoint(item, number) {
      if (item.kind === "line" || item.points.length <= LEAST_POINTS) {
        this.tell("It needs all of its points; Delete in the list takes it away.", "wrong");
        return;
      }
      this.change(() => item.points.splice(number, 1));
      this.picture.querySelectorAll(".chosen .grip:not(.middle)")[number % item.points.length]?.focus();
    }

    draggable(element, item, numbers) {
      element.addEventListener("pointerdown", (event) => {
        event.stopPropagation();
        if (this.chosen !== item) this.choose(item);
        this.remember();
        this.drag(event, item, numbers);
      });
    }

    // Moves points with the pointer, as far as the picture goes.
    drag(event, item, numbers) {
      const { left, top, width, height } = this.picture.getBoundingClientRect();
      const before = numbers.map((number) => item.points[number]);
      const span = (axis) => [Math.min(...before.map((point) => point[axis])), Math.max(...before.map((point) => point[axis]))];
      const [spanX, spanY] = [span(0), span(1)];
      const within = (move, [low, high]) => Math.min(1 - high, Math.max(-low, move));
      const go = new AbortController();
      const move = ({ clientX, clientY }) => {
        const dx = within((clientX - event.clientX) / width, spanX);
        const dy = within((clientY - event.clientY) / height, spanY);
        numbers.forEach((number, at) => (item.points[number] = [rounded(before[at][0] + dx), rounded(before[at][1] + dy)]));
        this.draw();
      };
      const end = () => {
        go.abort();
        this.show();
      };
      window.addEventListener("pointermove", move, { signal: go.signal });
      window.addEventListener("pointerup", end, { signal: go.signal });
      window.addEventListener("pointercancel", end, { signal: go.signal });
    }

    async save() {
      const patch = patchOf(this.before, optionsOf(this.items));
      this.keep.disabled = true;
      this.tell("Saving …");
      try {
        const response = await this.ask(this.path, {
          method: "PATCH",
          headers: { "Content-Type": "application/json", "If-Match": `"${this.version}"` },
          body: JSON.stringify(patch),
        });
        this.take(await response.json());
        this.tell("Saved. It counts from now on.", "good");
        this.dispatchEvent(new CustomEvent("saved"));
      } catch (error) {
        this.keep.disabled = false;
        this.tell(
          error.status === 412
            ? "Somebody else changed this camera in between. Discard shows what it is now; what you drew is lost then."
            : error.message,
          "wrong",
        );
      }
    }

    tell(text, tone = "") {
      const said = this.panel.querySelector(".said");
      if (!said) return;
      said.className = `said ${tone}`;
      said.textContent = text;
    }
  }

  if (!customElements.get("sightline-scene")) customElements.define("sightline-scene", SightlineScene);
})();
