// <sightline-player camera="gate" [server="https://host:8080"] [stream="sub"] [annotate="1"] [token=".."]
//   [retry="60"] [bare]>
//
// Plays a camera of Sightline live (WHEP), and draws what was found on the very frame that it was found in:
// `(pts + origin) mod 2^32` of a result is the RTP timestamp that the browser tells of each frame it shows.
// Where WebRTC does not connect, it plays the same video over a WebSocket (Media Source Extensions; there a
// frame's `mediaTime` is `(pts + origin) / 90000`), and where that cannot be decoded, pictures with boxes in
// them. WebRTC is tried again every `retry` seconds.
//
// It is as wide as its place, and 16:9 unless a style sheet says otherwise; `bare` has no bar of controls, and
// a child with slot="start" stands at the beginning of that bar.
// One file without dependencies; other pages may use it as it is. In this order: what was found, how it is
// drawn, how the service is asked, the three routes of video, what a viewer sees around it, the element.
"use strict";

(() => {
  if (customElements.get("sightline-player")) return; // a page may name this script twice

  const PALETTE = [
    "#22d3ee", "#fb923c", "#a3e635", "#f472b6", "#818cf8", "#facc15",
    "#34d399", "#f87171", "#60a5fa", "#c084fc", "#2dd4bf", "#fda4af",
  ];
  const CLOCK_HZ = 90000;
  const WRAP = 2 ** 32;
  const KEPT = 300; // results; the boxes of a frame are needed until it is shown
  const SURE_S = 0.5; // without a new result, boxes are moved along their tracks for so long ..
  const GONE_S = 1.1; // .. and have faded by then: nobody knows any more where things are
  const TRAIL_S = 3;
  const LEAST_DELAY_MS = 0;
  const MOST_DELAY_MS = 600; // the video waits for its boxes so long at most
  const MARGIN_MS = 40;

  const SILENT_MS = 3000; // without a frame for so long, the camera is asked about
  const FIRST_PICTURE_MS = 5000; // a camera that is live may take so long for its first one
  const UNDECODED_MS = 2000; // from when it is connected
  const UNDECODED = 15; // so many frames came and none was decoded: boxes are asked for in the picture
  const CONNECT_MS = 3000; // WebRTC has found a way by then, or there is none
  const DECODE_MS = 3000; // what arrived is decoded by then, or never will be
  const RETRY_MS = [250, 500, 1000, 2000, 4000];
  const REFUSED_MS = 15000; // what is refused for good is tried again so seldom
  const ASK_MS = [1000, 2000, 2000, 4000, 8000, 15000]; // while no pictures come, the service is asked why
  const AGAIN_S = 60;
  const LEAST_BEHIND_S = 0.2; // of what is buffered; less, and every late packet is seen
  const MOST_TOO_FAR_S = 1; // then the newest is shown at once, else it is played a little faster
  const BEHIND_AND_KEPT_S = 10;

  // Where the service lies: beside this script, unless a page says another place.
  const HOME = new URL("./", document.currentScript?.src || `${location.origin}/`).href;

  function sleep(ms, signal) {
    return new Promise((done) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        done();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener("abort", end);
      if (signal.aborted) end();
    });
  }

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

  function size(object) {
    return (object.box[2] - object.box[0]) * (object.box[3] - object.box[1]);
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

    // The objects at a frame: {objects, exact, certainty}; null where nothing is known of that time.
    at(rtp) {
      let at = this.results.length - 1;
      while (at >= 0 && apart(rtp, this.results[at].rtp) > 0) at -= 1;
      if (at < 0) return null;
      const before = this.results[at];
      if (before.rtp === rtp) return { objects: before.objects, exact: true, certainty: 1 };
      const after = this.results[at + 1];
      if (after) return { objects: between(before, after, rtp), exact: false, certainty: 1 };
      const ageS = apart(before.rtp, rtp) / CLOCK_HZ;
      if (ageS >= GONE_S) return null;
      const certainty = Math.min(1, (GONE_S - ageS) / (GONE_S - SURE_S));
      return { objects: beyond(this.results[at - 1], before, rtp), exact: false, certainty };
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
      this.context.globalAlpha = now.certainty;
      for (const object of largestFirst) this.box(object, unit, now.exact);
      for (const object of largestFirst) this.label(object, unit, shown);
      this.context.globalAlpha = 1;
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

    label(object, unit, shown) {
      const words = [];
      if (shown.labels) words.push(object.sub_label ?? object.label);
      if (shown.ids && object.track !== null) words.push(object.track);
      if (shown.labels) words.push(` ${Math.round(object.confidence * 100)}%`);
      const [x, y] = this.point(object.box);
      if (words.length) this.chip(words.join(" "), x, y - 2 * unit, colourOf(object), unit);
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

  // Thrown where another route may do. `isShut`: the network is why, and may let WebRTC through one day.
  class Switch extends Error {
    constructor(route, why, isShut = false) {
      super(why);
      Object.assign(this, { route, isShut });
    }
  }

  // Why nothing is shown, in words for a person. `notYet`: it may be the camera's own trouble; `pauseMs`: when to
  // try again at the earliest; `signIn`: only a person can help.
  class Failure extends Error {
    constructor(title, message, { notYet = false, pauseMs = 0, signIn = false } = {}) {
      super(message);
      Object.assign(this, { title, notYet, pauseMs, signIn });
    }
  }

  const CONNECTING = new Failure("Connecting", "");
  const LOST = new Failure("No connection", "The connection was lost; trying again.");

  // Anything else is a fault of this player, or something that this browser cannot do.
  function failureOf(error) {
    if (error instanceof Failure) return error;
    console.error(error);
    return new Failure("No picture", "This browser could not play it; trying again.");
  }

  function sentence(text) {
    if (!text) return "";
    return `${text[0].toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
  }

  function full(why, pauseMs = 0) {
    return new Failure("Please wait", `${sentence(why)} Trying again by itself.`, { notYet: true, pauseMs });
  }

  async function refusal(response, { isByToken, isElsewhere }) {
    const body = await response.text();
    let detail = body;
    try {
      detail = JSON.parse(body).detail;
    } catch {
      detail = `The answer was ${response.status}`; // not from the service itself: a proxy between
    }
    switch (response.status) {
      case 401:
        if (isByToken) {
          return new Failure("Not let in", "The service does not know this token, or not any more.", { signIn: true });
        }
        return isElsewhere
          ? new Failure("Not let in", "The service asks who looks: this page has to show it a token.", { signIn: true })
          : new Failure("Please sign in again", "You are not signed in here any more.", { signIn: true });
      case 404:
        return new Failure("No such camera", sentence(detail), { pauseMs: REFUSED_MS });
      case 503:
        return full(detail, 1000 * Number(response.headers.get("Retry-After") ?? 0));
      default:
        return new Failure("Refused", sentence(detail), { pauseMs: REFUSED_MS });
    }
  }

  const asked = new Map(); // what each service said last of its cameras; one request does for all players of a page

  // The service that sends the video.
  class Service {
    constructor(server, token) {
      this.server = new URL(server?.replace(/\/*$/, "/") || HOME, location.href);
      this.token = token;
      this.ports = null; // of UDP, where the service tells which a firewall has to let through
    }

    address(path, query = {}) {
      const url = new URL(path.slice(1), this.server);
      for (const [name, value] of Object.entries(query)) if (value !== null) url.searchParams.set(name, value);
      return url.href;
    }

    get isElsewhere() {
      return this.server.origin !== location.origin;
    }

    // Where a person signs in; nowhere for programs and for pages of others.
    get login() {
      if (this.isElsewhere || this.token) return null;
      return this.address("/login", { next: location.pathname + location.search });
    }

    headers(more = {}) {
      return this.token ? { ...more, Authorization: `Bearer ${this.token}` } : more;
    }

    async fetch(address, options = {}) {
      try {
        return await fetch(address, { ...options, headers: this.headers(options.headers) });
      } catch {
        options.signal?.throwIfAborted();
        const perhaps = this.isElsewhere ? ", or does not let this page in (http.origins)" : "";
        throw new Failure("No connection", `The service does not answer${perhaps}; trying again.`);
      }
    }

    async refusal(response) {
      return refusal(response, { isByToken: Boolean(this.token), isElsewhere: this.isElsewhere });
    }

    // How a camera does, or did so long ago at most; undefined where there is none.
    async camera(name, oldestMs) {
      const key = `${this.server.href} ${this.token}`;
      let latest = asked.get(key);
      if (!latest || performance.now() - latest.at >= oldestMs) {
        latest = { at: performance.now(), cameras: this.cameras() };
        asked.set(key, latest);
        // Who was not let in is asked anew as soon as they come back.
        latest.cameras.catch((error) => error.signIn && asked.delete(key));
      }
      return (await latest.cameras).find((each) => each.name === name);
    }

    async cameras() {
      const response = await this.fetch(this.address("/api/cameras"));
      if (!response.ok) throw await this.refusal(response);
      return (await response.json()).items;
    }
  }

  // One attempt to play; `ended` rejects with what ended it.
  class Session extends AbortController {
    constructor() {
      super();
      this.ended = new Promise((_, reject) => {
        this.signal.addEventListener("abort", () => reject(this.signal.reason));
      });
      this.ended.catch(() => {}); // some routes end before they wait for it
    }
  }

  // The servers for ICE that an answer's Link headers name.
  function iceServers(links) {
    const found = [];
    for (const [, urls, rest] of (links ?? "").matchAll(/<([^>]*)>((?:\s*;\s*[\w-]+="(?:[^"\\]|\\.)*")*)/g)) {
      const said = [...rest.matchAll(/([\w-]+)="((?:[^"\\]|\\.)*)"/g)];
      const { rel, username, credential } = Object.fromEntries(
        said.map(([, name, value]) => [name, value.replace(/\\(.)/g, "$1")]),
      );
      if (rel === "ice-server") found.push({ urls, username, credential });
    }
    return found;
  }

  // A connection by WebRTC (WHEP).
  class Link {
    constructor(service) {
      if (!window.RTCPeerConnection) throw new Switch("mse", "This browser has no WebRTC");
      this.service = service;
      this.peer = new RTCPeerConnection();
      this.receiver = this.peer.addTransceiver("video", { direction: "recvonly" }).receiver;
      this.channel = this.peer.createDataChannel("detections", { ordered: false, maxRetransmits: 0 });
      this.location = null;
    }

    // Connects; throws a Switch where the service answers and there is no way to it.
    async reach(address, signal) {
      const { peer } = this;
      await this.negotiate(address, signal);
      await new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          reject(new Switch("mse", `WebRTC found no way within ${CONNECT_MS / 1000} s`, true));
        }, CONNECT_MS);
        const look = () => {
          if (peer.connectionState === "connected") resolve();
          else if (peer.connectionState === "failed") reject(new Switch("mse", "WebRTC found no way", true));
          else return;
          clearTimeout(timer);
        };
        peer.addEventListener("connectionstatechange", look);
        signal.addEventListener("abort", () => reject(signal.reason));
        look();
      });
    }

    async negotiate(address, signal) {
      // Posted at once: gathering takes a second, adds nothing that the service needs, and begins with the
      // servers that the answer names (RFC 9725, section 4.6).
      const offer = await this.peer.createOffer();
      const response = await this.service.fetch(address, {
        method: "POST",
        headers: { "Content-Type": "application/sdp" },
        body: offer.sdp,
        signal,
      });
      if (response.status !== 201) {
        const refused = await this.service.refusal(response);
        throw response.status === 422 ? new Switch("mse", refused.message.replace(/\.$/, "")) : refused;
      }
      this.location = new URL(response.headers.get("Location"), response.url).href;
      this.service.ports = response.headers.get("Sightline-UDP-Ports");
      const servers = iceServers(response.headers.get("Link"));
      if (servers.length) this.peer.setConfiguration({ iceServers: servers });
      await this.peer.setLocalDescription(offer);
      await this.peer.setRemoteDescription({ type: "answer", sdp: await response.text() });
    }

    onLost(tell) {
      const look = () => ["failed", "closed", "disconnected"].includes(this.peer.connectionState) && tell();
      this.peer.addEventListener("connectionstatechange", look);
      look();
    }

    // Gives a video what comes. One that has no pictures yet would keep its page from having loaded.
    async present(video, signal) {
      const { track } = this.receiver;
      if (track.muted && document.readyState !== "complete") {
        await new Promise((done) => {
          track.addEventListener("unmute", done, { once: true });
          addEventListener("load", done, { once: true, signal });
        });
      }
      if (signal.aborted) return;
      video.removeAttribute("src");
      video.playbackRate = 1;
      video.srcObject = new MediaStream([track]);
      video.play().catch(() => {}); // another source took its place
    }

    // Whether this browser decodes what it is sent; a page that nobody looks at shows no frames, but decodes them.
    async decodes(signal) {
      for (;;) {
        await sleep(UNDECODED_MS, signal);
        if (signal.aborted) return true;
        const video = [...(await this.peer.getStats()).values()].find((each) => each.type === "inbound-rtp");
        if (video?.framesDecoded) return true;
        if (video?.framesReceived >= UNDECODED) return false;
      }
    }

    hangUp() {
      this.peer.close();
      if (!this.location) return;
      const options = { method: "DELETE", headers: this.service.headers(), keepalive: true };
      fetch(this.location, options).catch(() => {}); // the service notices by itself, a little later
    }
  }

  async function playWebRtc(player, session) {
    const link = new Link(player.service);
    player.peer = link.peer;
    link.channel.onmessage = (event) => player.hear(JSON.parse(event.data), link.receiver);
    try {
      await link.reach(player.whep(), session.signal);
      player.why = "";
      player.tellRoute();
      link.onLost(() => session.abort(LOST));
      link.present(player.video, session.signal);
      link.decodes(session.signal).then((does) => {
        if (does) return;
        if (player.burntIn()) session.abort(new Switch("mjpeg", "This browser decodes no H.264"));
        else player.burnIn(session, "This browser does not decode the camera's own video.");
      });
      player.watch(session.signal, (metadata) => {
        if (metadata.rtpTimestamp === undefined) {
          player.burnIn(session, "This browser does not tell which frame it shows.");
        }
        return metadata.rtpTimestamp;
      });
      await session.ended;
    } finally {
      link.hangUp();
      if (!player.frames) player.video.srcObject = null;
    }
  }

  // Plays fragments of MP4 as they come, close behind the newest one.
  class Reel {
    constructor(video, codec, onFailure) {
      const Source = window.MediaSource || window.ManagedMediaSource;
      const type = `video/mp4; codecs="${codec}"`;
      if (!Source.isTypeSupported(type)) throw new Error(`this browser does not play ${codec}`);
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

  async function playMse(player, session) {
    const undecoded = (detail) => session.abort(player.further(detail));
    if (!window.MediaSource && !window.ManagedMediaSource) {
      throw player.further("this browser has no Media Source Extensions");
    }
    const { service, video } = player;
    const query = { token: service.token, ...player.wanted() };
    const socket = new WebSocket(service.address(`/ws/${player.cameraName}`, query).replace(/^http/, "ws"));
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
    socket.onclose = (event) => whyClosed(player, event, opened).then((reason) => session.abort(reason));
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
      }
      const wanted = player.hear(message);
      if (wanted !== null && reel) reel.behindS = Math.max(LEAST_BEHIND_S, wanted / 1000);
    };
    video.srcObject = null;
    video.addEventListener("loadeddata", decoded);
    try {
      player.watch(session.signal, (metadata) => Math.round(metadata.mediaTime * CLOCK_HZ) % WRAP);
      await session.ended;
    } finally {
      clearInterval(judging);
      video.removeEventListener("loadeddata", decoded);
      video.removeAttribute("src");
      video.load();
      socket.close();
    }
  }

  async function whyClosed(player, { code, reason }, opened) {
    const { service, cameraName } = player;
    if (code === 1012) return CONNECTING; // the pictures begin anew
    if (code === 1013) return full(reason);
    try {
      await service.camera(cameraName, 0);
    } catch (error) {
      return failureOf(error);
    }
    if (!opened) return player.further("a WebSocket cannot be opened, perhaps a proxy forbids it");
    return code === 1008 ? new Failure("Refused", sentence(reason), { pauseMs: REFUSED_MS }) : LOST;
  }

  async function playMjpeg(player, session) {
    player.video.srcObject = null;
    const address = player.service.address(`/mjpeg/${player.cameraName}`);
    const response = await player.service.fetch(address, { signal: session.signal });
    if (!response.ok) throw await player.service.refusal(response);
    await Promise.race([session.ended, showPictures(player, response.body.getReader())]);
    throw LOST;
  }

  async function showPictures(player, reader) {
    const { canvas, drawing, stage, statistics } = player;
    for await (const picture of pictures(reader)) {
      const image = await createImageBitmap(picture);
      statistics.size = [image.width, image.height];
      drawing.fit(stage, image.width, image.height);
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      image.close();
      player.arrived();
      statistics.bare += 1;
      player.dispatchEvent(new CustomEvent("frame", { detail: { metadata: null, found: null } }));
    }
  }

  // How video comes, best first. `chip` is what a viewer is told where it is not the first one.
  const ROUTES = {
    webrtc: {
      play: playWebRtc,
      name: "WebRTC",
      chip: "",
      words: "The video comes straight from the service (WebRTC).",
    },
    mse: {
      play: playMse,
      name: "MSE over WebSocket",
      chip: "Backup connection",
      words: "The same video comes a little later, over the backup connection (MSE over WebSocket).",
    },
    mjpeg: {
      play: playMjpeg,
      name: "MJPEG",
      chip: "Single pictures",
      words: "Single pictures come in place of video, with the boxes in them (MJPEG).",
    },
  };

  const STYLE = `
    :host { position: relative; display: block; aspect-ratio: 16 / 9; overflow: hidden; background: #0b0f14;
            color: #e5e7eb; font: 14px/1.45 system-ui, sans-serif; text-align: left; }
    [hidden], :host([hidden]), :host([bare]) .bar { display: none !important; }
    .frame { position: absolute; inset: 0; container: player / size; }
    .stage, video, .state, .about { position: absolute; inset: 0; }
    video { width: 100%; height: 100%; object-fit: contain; }
    canvas { position: absolute; pointer-events: none; }

    .state { display: flex; flex-direction: column; align-items: center; justify-content: center; gap: 4px;
             padding: 16px 20px; text-align: center; background: #11171f; text-wrap: balance; }
    .state b { font-size: 16px; font-weight: 600; color: #f2f5f8; }
    .state span { color: #a9b4c0; max-width: 46ch; overflow-wrap: anywhere; }
    .state a { margin-top: 8px; padding: 6px 16px; border-radius: 8px; background: #e5e7eb; color: #0b0f14;
               font-weight: 600; text-decoration: none; }

    .chip { position: absolute; top: 8px; right: 8px; padding: 3px 10px; border-radius: 99px; font-size: 12px;
            background: rgba(11, 15, 20, .74); color: #fcd980; }
    .bar { position: absolute; inset: auto 0 0; display: flex; gap: 4px; align-items: center; padding: 20px 8px 6px 12px;
           background: linear-gradient(transparent, rgba(0, 0, 0, .72)); opacity: 0; pointer-events: none; }
    .awake .bar, .still .bar, .bar:has(:focus-visible) { opacity: 1; pointer-events: auto; }
    .awake .bar { transition: opacity .2s; }
    .still .bar { background: none; }
    .still .switches, .burnt .switches, .still .chip { display: none; }
    .name { flex: 1 1 0; min-width: 0; display: flex; gap: 8px; align-items: center; font-weight: 600; }
    .name span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; text-shadow: 0 1px 2px #000; }
    .name i { width: 8px; height: 8px; border-radius: 50%; background: #34d399; flex: none; }
    .still .name i { background: #7b8794; }
    .switches { display: flex; gap: 4px; }
    button { font: inherit; font-size: 13px; line-height: 20px; padding: 4px 10px; border: 0; border-radius: 7px;
             color: #e5e7eb; background: rgba(255, 255, 255, .14); cursor: pointer; white-space: nowrap; }
    button:hover { background-color: rgba(255, 255, 255, .24); }
    .chip:hover { background: #0b0f14; }
    .switches button[aria-pressed="true"], .switches button[aria-pressed="true"]:hover { background: #e5e7eb;
             color: #0b0f14; }
    .symbol { display: grid; padding: 5px; background: none; flex: none; }
    .symbol svg { width: 18px; height: 18px; fill: none; stroke: currentColor; stroke-width: 1.8;
                  stroke-linecap: round; stroke-linejoin: round; }
    ::slotted([slot="start"]) { flex: none; margin-right: 8px; }
    :focus-visible { outline: 2px solid #22d3ee; outline-offset: 2px; }

    .about { inset: auto 12px 52px auto; width: 400px; max-height: calc(100% - 64px); box-sizing: border-box;
             overflow: auto; padding: 10px 16px 12px; border-radius: 12px; background: rgba(17, 23, 31, .96);
             font-size: 13px; box-shadow: 0 8px 32px rgba(0, 0, 0, .5); }
    .about > * { margin: 0 0 8px; }
    .about h2 { display: flex; align-items: center; justify-content: space-between; font-size: 14px; }
    .about p { color: #c3cad4; text-wrap: pretty; }
    .about .way { color: #f2f5f8; }
    .about ul { margin: 0; display: flex; flex-wrap: wrap; gap: 2px 18px; padding: 0; list-style: none; color: #c3cad4; }
    .about li { display: flex; align-items: center; gap: 8px; }
    .about li i { width: 22px; border-top: 2px solid #22d3ee; }
    .about li + li i { border-top-style: dashed; }

    @container player (max-width: 480px) {
      .bar { padding: 10px 4px 3px 8px; gap: 2px; font-size: 13px; }
      .switches { gap: 2px; }
      .switches button { font-size: 12px; padding: 2px 5px; }
      .state { padding: 8px 14px; }
      .state b { font-size: 15px; }
      .state span { font-size: 13px; line-height: 1.35; }
      .about { inset: 0; width: auto; max-height: none; border-radius: 0; padding: 4px 12px; line-height: 1.35; }
      .about > * { margin-bottom: 4px; }
    }
    @container player (max-width: 320px) {
      .name span { display: none; }
      .chip { top: 6px; right: 6px; padding: 1px 8px; }
      .state span { font-size: 12px; }
    }
    :host([bare]) .about { inset: 0 0 40px; width: auto; max-height: none; border-radius: 0; }
    @media (prefers-reduced-motion: reduce) { .awake .bar { transition: none; } }
  `;
  const LAYOUT = `
    <div class="frame still">
      <div class="stage"><video autoplay muted playsinline></video><canvas></canvas></div>
      <div class="state" role="status"><b></b><span></span><a hidden>Sign in</a></div>
      <button type="button" class="chip" data-opens hidden></button>
      <div class="bar">
        <slot name="start"></slot>
        <div class="name"><i></i><span></span></div>
        <div class="switches" role="group" aria-label="Shown on the picture"></div>
        <button type="button" class="symbol" data-opens aria-label="About this picture" title="About this picture">
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <circle cx="12" cy="12" r="9"/><path d="M12 11v5M12 7.500v.1"/></svg>
        </button>
        <button type="button" class="symbol full">
          <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5"/></svg>
        </button>
      </div>
      <div class="about" role="dialog" aria-label="About this picture" tabindex="-1" hidden>
        <h2>About this picture<button type="button" class="symbol close" aria-label="Close">
          <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M6 6l12 12M18 6L6 18"/></svg></button></h2>
        <p class="way"></p><p class="why"></p>
        <ul><li><i></i>found in this very picture</li><li><i></i>predicted, from where it moved last</li></ul>
      </div>
    </div>
  `;
  const SWITCHES = { boxes: "Boxes", labels: "Labels", ids: "IDs", zones: "Zones", trails: "Trails" };
  const DASHES = "Solid: found in this very picture. Dashed: predicted.";
  const AWAKE_MS = 3000; // the bar stays for so long after the last move

  // What a viewer sees, and presses, around the picture.
  class Face {
    constructor(player) {
      this.player = player;
      this.root = player.shadowRoot || player.attachShadow({ mode: "open" });
      this.root.innerHTML = `<style>${STYLE}</style>${LAYOUT}`;
      this.frame = this.find(".frame");
      this.about = this.find(".about");
      this.find(".name span").textContent = player.cameraName;
      this.find("video").setAttribute("aria-label", `Live video of ${player.cameraName}`);
      this.addSwitches();
      this.addFullScreen();
      this.addAbout();
      this.addWaking();
    }

    find(selector) {
      return this.root.querySelector(selector);
    }

    // Says what is going on; nothing where the picture says it.
    tell(title, detail, login = null) {
      const state = this.find(".state");
      state.hidden = !title;
      this.frame.classList.toggle("still", Boolean(title));
      if (state.querySelector("b").textContent !== title) state.querySelector("b").textContent = title;
      if (state.querySelector("span").textContent !== detail) state.querySelector("span").textContent = detail;
      const link = state.querySelector("a");
      link.hidden = !login;
      if (!login) return;
      link.href = login;
      link.target = window.top === window ? "_self" : "_blank"; // nobody signs in within another page
    }

    // Says which way the video comes, and why not a better one; `chip` stays over the picture.
    tellRoute(chip, way, why) {
      const small = this.find(".chip");
      small.hidden = !chip;
      small.textContent = chip;
      small.setAttribute("aria-label", `${chip}: why, and what helps`);
      this.find(".way").textContent = way;
      this.find(".why").textContent = why;
      this.find(".why").hidden = !why;
      this.find(".about ul").hidden = this.player.burntIn();
      this.frame.classList.toggle("burnt", this.player.burntIn());
    }

    addSwitches() {
      const { shown } = this.player;
      for (const [key, title] of Object.entries(SWITCHES)) {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = title;
        button.dataset.shows = key;
        if (key === "boxes") button.title = DASHES;
        button.setAttribute("aria-pressed", shown[key]);
        button.addEventListener("click", () => {
          shown[key] = !shown[key];
          button.setAttribute("aria-pressed", shown[key]);
          this.player.redraw();
        });
        this.find(".switches").append(button);
      }
    }

    addFullScreen() {
      const { player } = this;
      const button = this.find(".full");
      const name = () => {
        button.title = player.matches(":fullscreen") ? "Leave full screen" : "Full screen";
        button.setAttribute("aria-label", button.title);
      };
      name();
      button.hidden = !document.fullscreenEnabled;
      button.addEventListener("click", () => {
        if (player.matches(":fullscreen")) document.exitFullscreen();
        else player.requestFullscreen();
      });
      player.addEventListener("fullscreenchange", name);
    }

    // What is known about the picture lies over it, once it is asked for.
    addAbout() {
      let opener = null;
      const show = (button) => {
        this.about.hidden = !button;
        (button ? this.find(".close") : opener)?.focus();
        opener = button;
      };
      for (const button of this.root.querySelectorAll("[data-opens]")) {
        button.setAttribute("aria-haspopup", "dialog");
        button.addEventListener("click", () => show(button));
      }
      this.find(".close").addEventListener("click", () => show(null));
      this.frame.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && !this.about.hidden) show(null);
      });
      // A player may stand in a link: what is pressed here is not meant for that.
      this.frame.addEventListener("click", (event) => {
        if (event.target.closest("button, .about")) event.preventDefault();
      });
    }

    // The bar comes with the pointer, a tap or the keyboard, and goes by itself.
    addWaking() {
      const { frame } = this;
      let timer;
      const wake = (awake) => {
        clearTimeout(timer);
        frame.classList.toggle("awake", awake);
        if (awake) timer = setTimeout(() => wake(false), AWAKE_MS);
      };
      frame.addEventListener("pointermove", ({ pointerType }) => pointerType !== "touch" && wake(true));
      frame.addEventListener("pointerleave", ({ pointerType }) => pointerType !== "touch" && wake(false));
      frame.addEventListener("click", ({ pointerType, target }) => {
        const isTouch = pointerType ? pointerType === "touch" : matchMedia("(hover: none)").matches;
        if (isTouch) wake(Boolean(target.closest(".bar")) || !frame.classList.contains("awake"));
      });
    }
  }

  const STATES = {
    connecting: "The camera is being connected to.",
    ended: "Its video has ended.",
    off: "It is switched off.",
    live: "The camera is live; its picture is on the way.",
  };

  function moment(time) {
    const today = new Date().toDateString() === new Date(time).toDateString();
    const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
    return new Date(time).toLocaleString([], today ? clock : { month: "short", day: "numeric", ...clock });
  }

  class SightlinePlayer extends HTMLElement {
    static iceServers = iceServers;

    connectedCallback() {
      this.shown = { boxes: true, labels: true, ids: true, zones: true, trails: false };
      this.statistics = { frames: 0, exact: 0, predicted: 0, bare: 0, firstPictureMs: null, route: null };
      this.route = "webrtc";
      this.why = ""; // not the best route
      this.isShut = false; // the best route, to us
      this.burnt = ""; // why the service draws the boxes, where nobody asked for that
      this.hasTwoStreams = false;
      this.asks = 0; // in a row, why no picture comes
      this.shownAt = this.silentSince = null; // of the latest picture; milliseconds since 1970
      this.service = new Service(this.getAttribute("server"), this.getAttribute("token"));
      this.face = new Face(this);
      this.stage = this.face.find(".stage");
      this.video = this.face.find("video");
      this.canvas = this.face.find("canvas");
      this.drawing = new Drawing(this.canvas);
      this.face.tell(CONNECTING.title, "");
      this.leave = new AbortController();
      this.run(this.leave.signal);
    }

    disconnectedCallback() {
      this.leave.abort(CONNECTING);
    }

    // Not `camera`: frameworks set a property of an attribute's name in its place.
    get cameraName() {
      return this.getAttribute("camera");
    }

    // Which way the video comes, and what would let it come a better one.
    tellRoute() {
      const { chip, name, words } = ROUTES[this.route];
      const isSmaller = this.hasTwoStreams && this.burntIn() && !["main", "sub"].includes(this.getAttribute("stream"));
      const lines = [];
      if (this.why) lines.push(sentence(this.why));
      if (this.isShut) {
        const said = this.service.ports;
        const ports = said ? `ports ${said.replace("-", " to ")}` : "all ports, or set webrtc.udp_ports";
        lines.push(
          `Let UDP from here to the service through the firewall (${ports}); where it is seen ` +
            `at another address than its own, name that in webrtc.advertise. Tried again every ${this.retryS} s.`,
        );
      }
      if (this.burnt) lines.push(`${this.burnt} So the service draws the boxes.`);
      if (isSmaller) lines.push("Boxes are drawn into the smaller of this camera's two streams: it is shown instead.");
      this.statistics.route = name + (this.burntIn() ? ", boxes in the picture" : "");
      const short = chip || (isSmaller && "Smaller stream") || (this.burnt && "Boxes by the service");
      this.face.tellRoute(short, words, lines.join(" "));
    }

    // From what is the second best to single pictures.
    further(detail) {
      return new Switch("mjpeg", `${this.why}; ${detail}`, this.isShut);
    }

    get retryS() {
      return Number(this.getAttribute("retry") || AGAIN_S);
    }

    asksForBoxes() {
      return !["false", "0", "no", "off"].includes(this.getAttribute("annotate") ?? "false");
    }

    // Whether the service draws the boxes: it was asked to, or this browser cannot show them on their frames.
    burntIn() {
      return this.route === "mjpeg" || this.burnt !== "" || this.asksForBoxes();
    }

    burnIn(session, why) {
      if (this.burntIn()) return;
      this.burnt = why;
      session.abort(new Switch(this.route, ""));
    }

    wanted() {
      return { stream: this.getAttribute("stream"), annotate: this.burntIn() ? "true" : null };
    }

    whep() {
      return this.service.address(`/whep/${this.cameraName}`, this.wanted());
    }

    async run(signal) {
      // How often somebody came back to this page: who signed in elsewhere while we asked is not missed.
      let returns = 0;
      const back = () => {
        returns += 1;
      };
      addEventListener("focus", back, { signal });
      document.addEventListener("visibilitychange", back, { signal });
      for (let failures = 0; !signal.aborted; failures += 1) {
        const began = performance.now();
        const before = returns;
        let pauseMs = 0;
        try {
          await this.play(signal);
        } catch (error) {
          if (signal.aborted) return;
          if (error instanceof Switch) {
            this.route = error.route;
            this.why = error.message;
            this.isShut = error.isShut;
            failures = -1;
            continue;
          }
          pauseMs = await this.report(failureOf(error), () => returns === before, signal);
        }
        if (performance.now() - began > 10000) failures = 0;
        await sleep(Math.max(pauseMs, RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]), signal);
      }
    }

    // Says why nothing is shown, the camera's own trouble before all else; gives how long to wait at least.
    // Nothing is asked of who is signed out until somebody comes back to this page, unless they did already.
    async report(failure, isAway, signal) {
      let told = failure;
      if (failure.notYet) {
        try {
          if (await this.explain()) return failure.pauseMs;
        } catch (error) {
          told = failureOf(error);
        }
      }
      this.face.tell(told.title, told.message, told.signIn ? this.service.login : null);
      if (told.signIn && isAway()) await this.returned(signal);
      return told.pauseMs;
    }

    // Somebody who signs in elsewhere comes back to this page.
    returned(signal) {
      return new Promise((done) => {
        addEventListener("focus", done, { once: true, signal });
        document.addEventListener("visibilitychange", done, { once: true, signal });
        signal.addEventListener("abort", done);
      });
    }

    // One session by the present route, until it ends; throws what ended it.
    async play(signal) {
      this.found = new Found();
      this.scene = { zones: [], lines: [] };
      this.origin = null;
      this.rtp = undefined;
      this.latency = 0;
      this.began = this.last = performance.now();
      this.frames = 0;
      const session = new Session();
      const gone = () => session.abort(CONNECTING);
      signal.addEventListener("abort", gone);
      // A page that is closed says so; the service would wait half a minute for it. One that is kept plays anew.
      addEventListener("pagehide", gone);
      this.tellRoute();
      this.account(session);
      if (this.isShut) this.tryAgain(session);
      try {
        await ROUTES[this.route].play(this, session);
      } finally {
        signal.removeEventListener("abort", gone);
        removeEventListener("pagehide", gone);
        session.abort(CONNECTING);
        this.drawing.clear();
      }
    }

    // While another route is used: whether WebRTC does by now.
    async tryAgain(session) {
      for (;;) {
        await sleep(this.retryS * 1000, session.signal);
        if (session.signal.aborted) return;
        const link = new Link(this.service);
        try {
          await link.reach(this.whep(), session.signal);
          session.abort(new Switch("webrtc", ""));
        } catch {
          // Told already; the present route goes on.
        } finally {
          link.hangUp();
        }
      }
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
    }

    arrived() {
      this.last = performance.now();
      this.shownAt = Date.now();
      this.silentSince = null;
      this.asks = 0;
      this.frames += 1;
      this.statistics.frames += 1;
      if (this.frames === 1) {
        this.statistics.firstPictureMs = this.last - this.began;
        this.dispatchEvent(new CustomEvent("firstpicture"));
      }
      this.face.tell("", "");
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

    // Says why no picture comes, for as long as none does and the session goes on. Pictures may come and stop
    // again before it is time to ask.
    async account(session) {
      const { signal } = session;
      let askAt = 0;
      while (!signal.aborted) {
        const silentMs = performance.now() - this.last;
        const patienceMs = this.frames ? SILENT_MS : 0;
        if (document.hidden) {
          this.last = performance.now(); // nothing is shown to nobody
          await sleep(SILENT_MS, signal);
        } else if (silentMs < patienceMs) {
          askAt = 0;
          await sleep(patienceMs - silentMs, signal);
        } else if (performance.now() < askAt) {
          await sleep(Math.min(SILENT_MS, askAt - performance.now()), signal);
        } else {
          this.asks += 1;
          await this.accountFor(silentMs, session);
          askAt = performance.now() + this.askPauseMs;
        }
      }
    }

    async accountFor(silentMs, session) {
      try {
        const told = await this.explain();
        const isLate = silentMs >= (this.frames ? SILENT_MS : FIRST_PICTURE_MS);
        if (!told && isLate && !session.signal.aborted) this.face.tell(this.silence(), STATES.live);
      } catch (error) {
        const failure = failureOf(error);
        if (failure.signIn) session.abort(failure);
        else if (!session.signal.aborted) this.face.tell(failure.title, failure.message);
      }
    }

    get askPauseMs() {
      return ASK_MS[Math.min(this.asks, ASK_MS.length) - 1] ?? ASK_MS[0];
    }

    // Asks how the camera does, and says so where that is why no picture comes; whether there is nothing to add.
    async explain() {
      const { frames } = this.statistics;
      const camera = await this.service.camera(this.cameraName, this.askPauseMs);
      if (this.hasTwoStreams !== Boolean(camera?.main)) {
        this.hasTwoStreams = Boolean(camera?.main);
        this.tellRoute();
      }
      if (this.statistics.frames > frames) return true;
      if (!camera) return false;
      if (camera.state === "live") return false;
      const began = camera.state === "connecting" || !camera.since ? null : Date.parse(camera.since);
      this.silentSince ??= this.shownAt ?? began;
      this.face.tell(this.silence(), STATES[camera.state] ?? (sentence(camera.reason) || "The camera is down."));
      return true;
    }

    // The same words from the last picture to the next one, whatever becomes of the camera meanwhile.
    silence() {
      this.silentSince ??= this.shownAt;
      return this.silentSince === null ? "No picture yet" : `No picture since ${moment(this.silentSince)}`;
    }
  }

  customElements.define("sightline-player", SightlinePlayer);
})();
