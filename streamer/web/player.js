// <sightline-player camera="gate" [server="https://host:8080"] [stream="sub"] [annotate="1"] [token=".."]
//   [retry="60"] [compact] [bare]>
//
// Plays a camera of Sightline live (WHEP), and draws what was found on the very frame that it was found in:
// `(pts + origin) mod 2^32` of a result is the RTP timestamp that the browser tells of each frame it shows.
// Where WebRTC does not connect, it plays the same video over a WebSocket (Media Source Extensions; there a
// frame's `mediaTime` is `(pts + origin) / 90000`), and where that cannot be decoded, pictures with boxes in
// them. WebRTC is tried again every `retry` seconds.
// One file without dependencies; other pages may use it as it is.
"use strict";

const PALETTE = [
  "#22d3ee", "#fb923c", "#a3e635", "#f472b6", "#818cf8", "#facc15",
  "#34d399", "#f87171", "#60a5fa", "#c084fc", "#2dd4bf", "#fda4af",
];
const CLOCK_HZ = 90000;
const WRAP = 2 ** 32;
const KEPT = 300; // results; the boxes of a frame are needed until it is shown
const STALE_S = 1.5; // boxes are moved along their tracks for so long without a new result
const TRAIL_S = 3;
const LEAST_DELAY_MS = 0;
const MOST_DELAY_MS = 600; // the video waits for its boxes so long at most
const MARGIN_MS = 40;
const SILENT_MS = 3000; // without a frame for so long, the camera is asked about
const FIRST_PICTURE_MS = 5000;
const UNDECODED_MS = 2000; // from when it is connected
const UNDECODED = 15; // so many frames came and none was decoded: boxes are asked for in the picture
const RETRY_MS = [250, 500, 1000, 2000, 4000];
const CONNECT_MS = 3000; // WebRTC has found a way by then, or there is none
const DECODE_MS = 3000; // what arrived is decoded by then, or never will be
const AGAIN_S = 60;

// Where the service lies: beside this script, unless a page says another place.
const HOME = new URL("./", document.currentScript?.src || `${location.origin}/`).href;

// How video comes, best first.
const ROUTES = { webrtc: "WebRTC", mse: "MSE over WebSocket", mjpeg: "MJPEG" };
const LEAST_BEHIND_S = 0.2; // of what is buffered; less, and every late packet is seen
const MOST_TOO_FAR_S = 1; // then the newest is shown at once, else it is played a little faster
const BEHIND_AND_KEPT_S = 10;

// The signed distance from one RTP timestamp to another, ticks of 90 kHz.
function apart(from, to) {
  const ticks = (to - from) % WRAP;
  return ticks > WRAP / 2 ? ticks - WRAP : ticks < -WRAP / 2 ? ticks + WRAP : ticks;
}

function hash(text) {
  let value = 0;
  for (const letter of text) value = (value * 31 + letter.codePointAt(0)) >>> 0;
  return value;
}

// What was found, by the RTP timestamp of its frame; between results, objects move on as they moved last.
class Found {
  constructor() {
    this.clear();
  }

  clear() {
    this.results = [];
    this.trails = new Map();
  }

  add(rtp, message) {
    const objects = message.objects.map((object) => ({
      ...object,
      box: [
        object.box[0] / message.width, object.box[1] / message.height,
        object.box[2] / message.width, object.box[3] / message.height,
      ],
    }));
    const result = { rtp, objects, tracks: new Map() };
    for (const object of objects) {
      if (object.track !== null) result.tracks.set(object.track, object);
    }
    let at = this.results.length;
    while (at > 0 && apart(rtp, this.results[at - 1].rtp) > 0) at -= 1;
    this.results.splice(at, 0, result);
    if (this.results.length > KEPT) this.results.shift();
  }

  // The objects at a frame: {objects, exact}; null where nothing is known of that time.
  at(rtp) {
    let at = this.results.length - 1;
    while (at >= 0 && apart(rtp, this.results[at].rtp) > 0) at -= 1;
    if (at < 0) return null;
    const before = this.results[at];
    if (before.rtp === rtp) return { objects: before.objects, exact: true };
    const after = this.results[at + 1];
    if (after) return { objects: between(before, after, rtp), exact: false };
    if (apart(before.rtp, rtp) > STALE_S * CLOCK_HZ) return null;
    return { objects: beyond(this.results[at - 1], before, rtp), exact: false };
  }

  // Where the feet of each object were in the last seconds before a frame: track -> points.
  trailsAt(rtp) {
    const trails = new Map();
    for (const result of this.results) {
      const age = apart(result.rtp, rtp);
      if (age < 0 || age > TRAIL_S * CLOCK_HZ) continue;
      for (const [track, { box, label }] of result.tracks) {
        if (!trails.has(track)) trails.set(track, { label, points: [] });
        trails.get(track).points.push([(box[0] + box[2]) / 2, box[3]]);
      }
    }
    return trails;
  }
}

function moved(object, other, share) {
  return { ...object, box: object.box.map((edge, i) => edge + (other.box[i] - edge) * share) };
}

function between(before, after, rtp) {
  const share = apart(before.rtp, rtp) / apart(before.rtp, after.rtp);
  return before.objects.map((object) => {
    const next = object.track === null ? undefined : after.tracks.get(object.track);
    return next ? moved(object, next, share) : object;
  });
}

function beyond(earlier, before, rtp) {
  if (!earlier) return before.objects;
  const share = apart(earlier.rtp, rtp) / apart(earlier.rtp, before.rtp);
  return before.objects.map((object) => {
    const last = object.track === null ? undefined : earlier.tracks.get(object.track);
    return last ? moved(last, object, share) : object;
  });
}

function colourOf(object) {
  const number = object.track === null ? hash(object.label) : object.track * 5;
  return PALETTE[number % PALETTE.length];
}

// Draws into a canvas that lies over the video and has its shape.
class Drawing {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
  }

  // Lays the canvas over the picture, in the pixels of the screen: lines and texts are as sharp at any size.
  fit(stage, width, height) {
    const scale = Math.min(stage.clientWidth / width, stage.clientHeight / height);
    const [across, down] = [width * scale, height * scale];
    const ratio = window.devicePixelRatio || 1;
    const style = `left:${(stage.clientWidth - across) / 2}px;top:${(stage.clientHeight - down) / 2}px;`
      + `width:${across}px;height:${down}px`;
    if (this.canvas.getAttribute("style") === style && this.ratio === ratio) return;
    this.ratio = ratio;
    this.canvas.setAttribute("style", style);
    this.canvas.width = Math.round(across * ratio);
    this.canvas.height = Math.round(down * ratio);
    this.unit = Math.min(2, Math.max(1, Math.min(across, down) / 360)) * ratio;
  }

  clear() {
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  draw(scene, found, rtp, shown) {
    this.clear();
    const unit = this.unit;
    if (shown.zones) for (const zone of scene.zones) this.area(zone, unit);
    if (shown.zones) for (const line of scene.lines) this.line(line, unit);
    if (shown.trails) for (const [track, trail] of found.trailsAt(rtp)) this.trail(track, trail, unit);
    const now = found.at(rtp);
    if (!now || !shown.boxes) return now;
    const largestFirst = [...now.objects].sort((a, b) => size(b) - size(a));
    for (const object of largestFirst) this.box(object, unit, now.exact);
    if (shown.labels) for (const object of largestFirst) this.label(object, unit);
    return now;
  }

  point([x, y]) {
    return [x * this.canvas.width, y * this.canvas.height];
  }

  path(points, closed) {
    const context = this.context;
    context.beginPath();
    points.forEach((point, i) => context[i ? "lineTo" : "moveTo"](...this.point(point)));
    if (closed) context.closePath();
  }

  area({ name, points }, unit) {
    const context = this.context;
    this.path(points, true);
    context.fillStyle = "rgba(129, 140, 248, .12)";
    context.fill();
    context.setLineDash([]);
    context.lineWidth = unit;
    context.strokeStyle = "rgba(165, 180, 252, .9)";
    context.stroke();
    const top = points.reduce((a, b) => (b[1] < a[1] ? b : a));
    this.chip(name, ...this.point(top), "#a5b4fc", unit);
  }

  line({ name, points }, unit) {
    const context = this.context;
    this.path(points, false);
    context.setLineDash([6 * unit, 4 * unit]);
    context.lineWidth = 1.5 * unit;
    context.strokeStyle = "#facc15";
    context.stroke();
    context.setLineDash([]);
    this.chip(name, ...this.point(points[0]), "#facc15", unit);
  }

  trail(track, { label, points }, unit) {
    if (points.length < 2) return;
    this.path(points, false);
    this.context.setLineDash([]);
    this.context.lineWidth = 1.5 * unit;
    this.context.lineJoin = "round";
    this.context.strokeStyle = `${colourOf({ track, label })}99`;
    this.context.stroke();
  }

  box(object, unit, exact) {
    const context = this.context;
    const [x1, y1] = this.point(object.box);
    const [x2, y2] = this.point(object.box.slice(2));
    const line = Math.max(2, 1.2 * unit);
    context.setLineDash(exact ? [] : [5 * unit, 2.5 * unit]);
    for (const [width, colour] of [[line + 2, "rgba(0, 0, 0, .45)"], [line, colourOf(object)]]) {
      context.lineWidth = width;
      context.strokeStyle = colour;
      context.beginPath();
      context.roundRect(x1, y1, Math.max(1, x2 - x1), Math.max(1, y2 - y1), 3 * unit);
      context.stroke();
    }
    context.setLineDash([]);
  }

  label(object, unit) {
    const name = object.track === null ? object.label : `${object.label} ${object.track}`;
    const [x, y] = this.point(object.box);
    this.chip(`${name}  ${Math.round(object.confidence * 100)}%`, x, y - 2 * unit, colourOf(object), unit);
  }

  chip(text, x, y, colour, unit) {
    const context = this.context;
    const size = Math.max(11 * this.ratio, 8 * unit);
    context.font = `600 ${size}px system-ui, sans-serif`;
    const width = context.measureText(text).width + size * 0.8;
    const height = size * 1.5;
    const left = Math.min(Math.max(0, x), Math.max(0, this.canvas.width - width));
    const top = Math.max(0, y - height);
    context.fillStyle = `${colour}e0`;
    context.beginPath();
    context.roundRect(left, top, width, height, size * 0.34);
    context.fill();
    context.fillStyle = "#0c1420";
    context.textBaseline = "middle";
    context.fillText(text, left + size * 0.4, top + height / 2 + size * 0.05);
  }
}

// Thrown where another route may do.
class Switch extends Error {
  constructor(route, why) {
    super(why);
    this.route = route;
  }
}

// Plays fragments of MP4 as they come, close behind the newest one.
class Reel {
  constructor(video, codec, onFailure) {
    const Source = window.MediaSource || window.ManagedMediaSource;
    const type = `video/mp4; codecs="${codec}"`;
    if (!Source.isTypeSupported(type)) throw new Switch("mjpeg", `this browser does not play ${codec}`);
    this.video = video;
    this.onFailure = onFailure;
    this.behindS = LEAST_BEHIND_S;
    this.waiting = [];
    this.buffer = null;
    this.source = new Source();
    this.source.addEventListener("sourceopen", () => this.open(type), { once: true });
    video.disableRemotePlayback = true;
    video.src = URL.createObjectURL(this.source);
  }

  open(type) {
    URL.revokeObjectURL(this.video.src);
    this.buffer = this.source.addSourceBuffer(type);
    this.buffer.addEventListener("updateend", () => this.next());
    this.next();
  }

  add(data) {
    this.waiting.push(data);
    this.next();
  }

  next() {
    if (!this.buffer || this.buffer.updating || this.source.readyState !== "open") return;
    try {
      if (this.waiting.length) {
        this.buffer.appendBuffer(joined(this.waiting));
        this.waiting = [];
      } else {
        this.follow();
      }
    } catch (error) {
      this.onFailure(error);
    }
  }

  follow() {
    const { video } = this;
    const { buffered } = this.buffer;
    if (!buffered.length) return;
    const start = buffered.start(buffered.length - 1);
    const end = buffered.end(buffered.length - 1);
    const behind = end - video.currentTime;
    if (video.currentTime < start || behind > this.behindS + MOST_TOO_FAR_S) {
      video.currentTime = Math.max(start, end - this.behindS);
    } else {
      const off = behind - this.behindS;
      video.playbackRate = Math.abs(off) < 0.05 ? 1 : Math.min(1.2, Math.max(0.5, 1 + off));
    }
    const past = video.currentTime - BEHIND_AND_KEPT_S;
    if (past - buffered.start(0) > BEHIND_AND_KEPT_S) this.buffer.remove(0, past);
  }
}

function joined(pieces) {
  const all = new Uint8Array(pieces.reduce((length, piece) => length + piece.byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(new Uint8Array(piece), at);
    at += piece.byteLength;
  }
  return all;
}

// The JPEG pictures of a multipart body, each with a Content-Length.
async function* pictures(reader) {
  let bytes = new Uint8Array(0);
  for (;;) {
    const head = new TextDecoder("latin1").decode(bytes.subarray(0, 400));
    const begin = head.indexOf("\r\n\r\n") + 4;
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
    if (begin > 3 && bytes.length >= begin + length + 2) {
      yield new Blob([bytes.subarray(begin, begin + length)], { type: "image/jpeg" });
      bytes = bytes.slice(begin + length + 2);
      continue;
    }
    const { done, value } = await reader.read();
    if (done) return;
    bytes = joined([bytes, value]);
  }
}

function size(object) {
  return (object.box[2] - object.box[0]) * (object.box[3] - object.box[1]);
}

const STYLE = `
  :host { position: relative; display: block; background: #0b0f14; color: #e5e7eb; overflow: hidden;
          font: 14px/1.4 system-ui, sans-serif; min-height: 120px; }
  .stage { position: absolute; inset: 0; }
  video, img { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: contain; }
  canvas { position: absolute; pointer-events: none; }
  .state { position: absolute; inset: 0; display: grid; place-content: center; text-align: center; gap: 6px;
           padding: 24px; background: rgba(11, 15, 20, .72); }
  .state b { font-size: 17px; font-weight: 600; }
  .state span { color: #9ca3af; max-width: 46ch; }
  .state[hidden] { display: none; }
  .bar { position: absolute; left: 0; right: 0; bottom: 0; display: flex; flex-wrap: wrap; gap: 6px;
         align-items: center; padding: 28px 12px 10px; opacity: 0; transition: opacity .2s;
         background: linear-gradient(transparent, rgba(0, 0, 0, .65)); }
  :host(:hover) .bar, .bar:focus-within { opacity: 1; }
  @media (hover: none) { .bar { opacity: 1; } }
  .name { font-weight: 600; margin-right: auto; display: flex; gap: 8px; align-items: center; min-width: 0; }
  .name i { width: 8px; height: 8px; border-radius: 50%; background: #6b7280; flex: none; }
  .name i.live { background: #34d399; }
  .name small { color: #9ca3af; font-weight: 400; white-space: nowrap; overflow: hidden;
                text-overflow: ellipsis; }
  :host([compact]) .bar { opacity: 1; padding: 18px 10px 7px; font-size: 13px; pointer-events: none; }
  :host([compact]) .bar button, :host([compact]) .bar small, :host([compact]) details { display: none; }
  :host([compact]) { background: #11171f; }
  :host([compact]) .state { padding: 10px; gap: 2px; }
  :host([compact]) .state b { font-size: 14px; }
  :host([bare]) .bar { display: none; }
  details[hidden] { display: none; }
  summary { cursor: pointer; font-size: 13px; color: #facc15; }
  details p { position: absolute; left: 12px; right: 12px; bottom: 52px; margin: 0; padding: 12px 16px;
              border-radius: 9px; background: rgba(11, 15, 20, .92); }
  button { font: inherit; font-size: 13px; color: #d1d5db; background: rgba(255, 255, 255, .1); border: 0;
           border-radius: 7px; padding: 5px 10px; cursor: pointer; }
  button[aria-pressed="true"] { background: #e5e7eb; color: #0b0f14; }
  button:focus-visible { outline: 2px solid #22d3ee; outline-offset: 2px; }
`;

const SWITCHES = { boxes: "Boxes", labels: "Labels", zones: "Zones", trails: "Trails" };

class SightlinePlayer extends HTMLElement {
  connectedCallback() {
    this.shown = { boxes: true, labels: true, zones: true, trails: false };
    this.statistics = { frames: 0, exact: 0, predicted: 0, bare: 0, firstPictureMs: null, route: null };
    this.route = "webrtc";
    this.why = "";
    this.ports = null;
    this.burnt = "";
    this.build();
    this.leave = new AbortController();
    this.run();
  }

  disconnectedCallback() {
    this.leave.abort();
  }

  build() {
    const root = this.shadowRoot || this.attachShadow({ mode: "open" });
    root.innerHTML = `<style>${STYLE}</style>
      <div class="stage"><video autoplay muted playsinline></video><canvas></canvas></div>
      <div class="state" role="status"><b></b><span></span></div>
      <div class="bar"><div class="name"><i></i><span></span><small></small></div>
        <details hidden><summary>Why not WebRTC?</summary><p></p></details></div>`;
    this.stage = root.querySelector(".stage");
    this.video = root.querySelector("video");
    this.canvas = root.querySelector("canvas");
    this.drawing = new Drawing(this.canvas);
    root.querySelector(".name span").textContent = this.getAttribute("camera");
    const bar = root.querySelector(".bar");
    for (const [key, title] of Object.entries(SWITCHES)) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = title;
      button.setAttribute("aria-pressed", this.shown[key]);
      button.addEventListener("click", () => {
        this.shown[key] = !this.shown[key];
        button.setAttribute("aria-pressed", this.shown[key]);
        this.redraw();
      });
      bar.append(button);
    }
    this.tell("Connecting", "");
  }

  // Says what is going on; nothing where the picture says it.
  tell(title, detail) {
    const state = this.shadowRoot.querySelector(".state");
    state.hidden = !title;
    state.querySelector("b").textContent = title;
    state.querySelector("span").textContent = detail;
    this.shadowRoot.querySelector(".name i").className = title ? "" : "live";
  }

  // Which way the video comes, and what would let it come a better one.
  tellRoute() {
    const text = ROUTES[this.route] + (this.burntIn() ? ", boxes in the picture" : "");
    const ports = this.ports ? `ports ${this.ports.join(" to ")}` : "all ports, or set webrtc.udp_ports";
    const help =
      `${this.why}. WebRTC needs UDP from here to the service: let it through the firewall (${ports}), and ` +
      "where the service is seen at another address than its own, name that in webrtc.advertise.";
    this.statistics.route = text;
    const small = this.shadowRoot.querySelector(".name small");
    small.textContent = text;
    small.title = this.why ? help : this.burnt;
    const details = this.shadowRoot.querySelector("details");
    details.hidden = !this.why;
    details.querySelector("p").textContent = help;
  }

  // Whether the service draws the boxes: it was asked to, or this browser cannot show them on their frames.
  burntIn() {
    return this.route === "mjpeg" || this.burnt !== "" || this.hasAttribute("annotate");
  }

  burnIn(session, why) {
    if (this.burntIn()) return;
    this.burnt = why;
    session.abort(new Switch(this.route, ""));
  }

  address(path, query = {}) {
    const server = new URL(this.getAttribute("server")?.replace(/\/*$/, "/") || HOME, location.href);
    const url = new URL(path.slice(1), server);
    for (const [name, value] of Object.entries(query)) if (value !== null) url.searchParams.set(name, value);
    return url.href;
  }

  headers(more) {
    const token = this.getAttribute("token");
    return token ? { ...more, Authorization: `Bearer ${token}` } : more;
  }

  async run() {
    for (let failures = 0; !this.leave.signal.aborted; failures += 1) {
      const began = performance.now();
      try {
        await this.play();
      } catch (error) {
        if (this.leave.signal.aborted) return;
        if (error instanceof Switch) {
          this.route = error.route;
          this.why = error.message;
          failures = -1;
          continue;
        }
        this.tell(error.title || "No connection", error.message);
        if (error.notYet) await this.explain(0);
      }
      if (performance.now() - began > 10000) failures = 0;
      await new Promise((done) => setTimeout(done, RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]));
    }
  }

  // One session by the present route, until it ends; throws what ended it.
  async play() {
    this.found = new Found();
    this.scene = { zones: [], lines: [] };
    this.origin = null;
    this.rtp = undefined;
    this.latency = 0;
    this.began = this.last = performance.now();
    this.frames = 0;
    const session = new AbortController();
    const gone = () => session.abort(failure("", ""));
    this.leave.signal.addEventListener("abort", gone);
    // A page that is closed says so; the service would wait half a minute for it. One that is kept plays anew.
    addEventListener("pagehide", gone);
    this.tellRoute();
    try {
      if (this.route === "webrtc") await this.playWebRtc(session);
      else {
        this.tryAgain(session);
        await (this.route === "mse" ? this.playMse(session) : this.playMjpeg(session));
      }
    } finally {
      this.leave.signal.removeEventListener("abort", gone);
      removeEventListener("pagehide", gone);
      session.abort(failure("", ""));
      this.drawing.clear();
    }
  }

  async playWebRtc(session) {
    const link = this.dial();
    this.peer = link.peer;
    link.channel.onmessage = (event) => this.hear(JSON.parse(event.data), link.receiver);
    this.video.removeAttribute("src");
    this.video.playbackRate = 1;
    this.video.srcObject = new MediaStream([link.receiver.track]);
    this.video.play().catch(() => {});
    try {
      await this.reach(link, session.signal);
      this.why = "";
      this.tellRoute();
      const lost = () => {
        if (["failed", "closed", "disconnected"].includes(link.peer.connectionState)) session.abort(LOST);
      };
      link.peer.addEventListener("connectionstatechange", lost);
      lost();
      this.judge(link.peer, session);
      await this.watch(session.signal, (metadata) => {
        if (metadata.rtpTimestamp === undefined) {
          this.burnIn(session, "This browser does not tell which frame it shows.");
        }
        return metadata.rtpTimestamp;
      });
    } finally {
      this.hangUp(link);
    }
  }

  dial() {
    if (!window.RTCPeerConnection) throw new Switch("mse", "This browser has no WebRTC");
    const peer = new RTCPeerConnection();
    const { receiver } = peer.addTransceiver("video", { direction: "recvonly" });
    const channel = peer.createDataChannel("detections", { ordered: false, maxRetransmits: 0 });
    return { peer, receiver, channel, location: null };
  }

  // Connects; throws a Switch where the service answers and there is no way to it.
  async reach(link, signal) {
    const { peer } = link;
    await this.negotiate(peer, link);
    await new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Switch("mse", `WebRTC found no way within ${CONNECT_MS / 1000} s`));
      }, CONNECT_MS);
      const look = () => {
        if (peer.connectionState === "connected") resolve();
        else if (peer.connectionState === "failed") reject(new Switch("mse", "WebRTC found no way"));
        else return;
        clearTimeout(timer);
      };
      peer.addEventListener("connectionstatechange", look);
      signal.addEventListener("abort", () => reject(signal.reason));
      look();
    });
  }

  hangUp(link) {
    link.peer.close();
    if (!link.location) return;
    const options = { method: "DELETE", headers: this.headers({}), keepalive: true };
    fetch(link.location, options).catch(() => {});
  }

  // Whether this browser decodes what it is sent; a page that nobody looks at shows no frames, but decodes them.
  async judge(peer, session) {
    while (!session.signal.aborted) {
      await new Promise((done) => setTimeout(done, UNDECODED_MS));
      const video = [...(await peer.getStats()).values()].find((each) => each.type === "inbound-rtp");
      if (video?.framesDecoded) return;
      if (video?.framesReceived >= UNDECODED) {
        this.burnIn(session, "This browser does not decode the camera's own video.");
        return;
      }
    }
  }

  // While another route is used: whether WebRTC does by now.
  async tryAgain(session) {
    const pause = Number(this.getAttribute("retry") || AGAIN_S) * 1000;
    for (;;) {
      await new Promise((done) => setTimeout(done, pause));
      if (session.signal.aborted || !window.RTCPeerConnection) return;
      const link = this.dial();
      try {
        await this.reach(link, session.signal);
        session.abort(new Switch("webrtc", ""));
      } catch {
        // Told already; the present route goes on.
      } finally {
        this.hangUp(link);
      }
    }
  }

  async playMse(session) {
    if (!window.MediaSource && !window.ManagedMediaSource) {
      throw new Switch("mjpeg", `${this.why}; this browser has no Media Source Extensions`);
    }
    const undecoded = (detail) => session.abort(new Switch("mjpeg", `${this.why}; ${detail}`));
    const query = { token: this.getAttribute("token"), ...this.wanted() };
    const address = this.address(`/ws/${this.getAttribute("camera")}`, query).replace(/^http/, "ws");
    const socket = new WebSocket(address);
    const { video } = this;
    let reel = null;
    let arrivedAt = null;
    let decodes = false;
    let opened = false;
    const decoded = () => (decodes = true);
    const judging = setInterval(() => {
      const late = arrivedAt !== null && performance.now() - arrivedAt > DECODE_MS && !decodes;
      if (reel && (video.error || late)) undecoded("what comes over the WebSocket is not decoded");
    }, 250);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => (opened = true);
    socket.onclose = (event) => this.closed(event, opened).then((reason) => session.abort(reason));
    socket.onmessage = ({ data }) => {
      if (session.signal.aborted) return;
      if (typeof data !== "string") {
        arrivedAt ??= performance.now();
        reel.add(data);
        return;
      }
      const message = JSON.parse(data);
      if (message.type === "stream") {
        try {
          reel = new Reel(video, message.codec, (error) => undecoded(error.message));
        } catch (error) {
          undecoded(error.message);
        }
        this.ports = message.udp_ports;
        this.tellRoute();
      }
      const wanted = this.hear(message);
      if (wanted !== null && reel) reel.behindS = Math.max(LEAST_BEHIND_S, wanted / 1000);
    };
    video.srcObject = null;
    video.addEventListener("loadeddata", decoded);
    video.play().catch(() => {});
    try {
      await this.watch(session.signal, (metadata) => Math.round(metadata.mediaTime * CLOCK_HZ) % WRAP);
    } finally {
      clearInterval(judging);
      video.removeEventListener("loadeddata", decoded);
      video.removeAttribute("src");
      video.load();
      socket.close();
    }
  }

  // Why a socket was closed.
  async closed(event, opened) {
    if (!opened && (await this.answers())) {
      return new Switch("mjpeg", `${this.why}; a WebSocket cannot be opened, perhaps a proxy forbids it`);
    }
    if (event.code === 1008) return failure("Refused", event.reason);
    return event.code === 1013 ? failure("Not yet", event.reason) : LOST;
  }

  async answers() {
    try {
      return (await fetch(this.address("/healthz"))).ok;
    } catch {
      return false;
    }
  }

  async playMjpeg(session) {
    const address = this.address(`/mjpeg/${this.getAttribute("camera")}`);
    const response = await fetch(address, { headers: this.headers({}), signal: session.signal });
    if (!response.ok) throw refused(response, await response.text());
    const ended = this.explained(session.signal);
    const shown = this.showPictures(response.body.getReader());
    await Promise.race([ended, shown]);
    throw LOST;
  }

  async showPictures(reader) {
    const { canvas } = this;
    for await (const picture of pictures(reader)) {
      const image = await createImageBitmap(picture);
      this.statistics.size = [image.width, image.height];
      this.drawing.fit(this.stage, image.width, image.height);
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      image.close();
      this.arrived();
      this.statistics.bare += 1;
      this.dispatchEvent(new CustomEvent("frame", { detail: { metadata: null, found: null } }));
    }
  }

  wanted() {
    const annotate = this.burnt ? "true" : this.getAttribute("annotate");
    return { stream: this.getAttribute("stream"), annotate };
  }

  async negotiate(peer, link) {
    // Posted at once: gathering takes a second, and adds nothing that the service needs.
    await peer.setLocalDescription();
    const response = await fetch(this.address(`/whep/${this.getAttribute("camera")}`, this.wanted()), {
      method: "POST",
      headers: this.headers({ "Content-Type": "application/sdp" }),
      body: peer.localDescription.sdp,
      signal: this.leave.signal,
    });
    const answer = await response.text();
    if (response.status === 422) throw new Switch("mse", refused(response, answer).message);
    if (response.status !== 201) throw refused(response, answer);
    link.location = new URL(response.headers.get("Location"), response.url).href;
    await peer.setRemoteDescription({ type: "answer", sdp: answer });
  }

  // Takes what is told beside the video; gives how long the video should wait for it, milliseconds.
  hear(message, receiver = null) {
    if (message.type === "stream") {
      this.origin = message.origin;
      this.scene = message;
      return null;
    }
    if (message.type === "scene") {
      this.scene = message;
      return null;
    }
    if (message.type !== "boxes" || this.origin === null) return null;
    this.found.add((message.pts + this.origin + WRAP) % WRAP, message);
    this.latency = message.latency_ms;
    const wanted = Math.min(MOST_DELAY_MS, Math.max(LEAST_DELAY_MS, message.latency_ms + MARGIN_MS));
    if (receiver && Math.abs((receiver.jitterBufferTarget ?? 0) - wanted) > 15) {
      receiver.jitterBufferTarget = wanted;
    }
    return wanted;
  }

  // Draws on each frame that is shown, until the session ends.
  watch(signal, stampOf) {
    const frame = (now, metadata) => {
      if (signal.aborted) return;
      this.arrived();
      this.show(metadata, stampOf(metadata));
      this.video.requestVideoFrameCallback(frame);
    };
    this.video.requestVideoFrameCallback(frame);
    return this.explained(signal);
  }

  // Explains why no frames come, until the session ends; throws what ended it.
  explained(signal) {
    return new Promise((resolve, reject) => {
      const timer = setInterval(() => {
        const silent = performance.now() - this.last;
        if (silent > (this.frames ? SILENT_MS : FIRST_PICTURE_MS)) this.explain(silent);
      }, 500);
      const end = () => {
        clearInterval(timer);
        reject(signal.reason);
      };
      if (signal.aborted) end();
      else signal.addEventListener("abort", end);
    });
  }

  arrived() {
    this.last = performance.now();
    this.frames += 1;
    this.statistics.frames += 1;
    if (this.frames === 1) {
      this.statistics.firstPictureMs = this.last - this.began;
      this.dispatchEvent(new CustomEvent("firstpicture"));
    }
    this.tell("", "");
  }

  show(metadata, rtp) {
    this.rtp = rtp;
    this.statistics.size = [metadata.width, metadata.height];
    this.drawing.fit(this.stage, metadata.width, metadata.height);
    const now = this.redraw();
    this.statistics[now ? (now.exact ? "exact" : "predicted") : "bare"] += 1;
    this.dispatchEvent(new CustomEvent("frame", { detail: { metadata, found: now } }));
  }

  redraw() {
    if (this.rtp === undefined || this.burntIn()) return null;
    return this.drawing.draw(this.scene, this.found, this.rtp, this.shown);
  }

  // Why no frames come: the service knows how the camera does.
  async explain(silentMs) {
    if (this.asking) return;
    this.asking = true;
    try {
      const response = await fetch(this.address("/api/cameras"), { headers: this.headers({}) });
      const { items } = await response.json();
      const camera = items.find((item) => item.name === this.getAttribute("camera"));
      if (camera && camera.state !== "live") {
        const since = camera.since ? ` since ${new Date(camera.since).toLocaleTimeString()}` : "";
        this.tell(`The camera is ${camera.state}${since}`, camera.reason || "");
      } else if (silentMs) {
        this.tell("No picture", `for ${Math.round(silentMs / 1000)} s`);
      }
    } catch {
      this.tell("No connection", "The service does not answer.");
    } finally {
      this.asking = false;
    }
  }
}

function failure(title, message) {
  const error = new Error(message);
  error.title = title;
  return error;
}

const LOST = failure("No connection", "The connection was lost; trying again.");

function refused(response, body) {
  let detail = body;
  try {
    detail = JSON.parse(body).detail;
  } catch {
    // Not from the service itself: a proxy between.
  }
  const notYet = response.status === 503;
  return Object.assign(failure(notYet ? "Not yet" : "Refused", detail), { notYet });
}

customElements.define("sightline-player", SightlinePlayer);
