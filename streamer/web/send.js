// The page that makes this device a camera: it opens the device's own camera and publishes it (WHIP).
const PICTURE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 15, max: 30 } };
const BITRATE = 2500000;
const START_KBITS = 1500;
const LEAST_KBITS = 300;
const AGAIN_MS = [300, 700, 1500, 3000]; // pauses between attempts to connect
const ASK_MS = 1000; // how the camera does is asked so often
const SILENT_MS = 5000; // a connection that is disconnected for so long is begun anew
const NARROW = matchMedia("(max-width: 760px)");

const page = document.querySelector("main");
const camera = page.dataset.camera;
const token = new URLSearchParams(location.search).get("token");
const preview = document.getElementById("preview");
const startButton = document.getElementById("start");
const flipButton = document.getElementById("flip");
const deviceList = document.getElementById("devices");
const seen = document.querySelector(".seen");

class Failure extends Error {
  // `final`: trying again changes nothing.
  constructor(title, message, final = false) {
    super(message);
    this.title = title;
    this.final = final;
  }
}

const DENIED = {
  NotAllowedError: ["No permission", "Allow this page to use the camera: the browser asks beside its address."],
  NotFoundError: ["No camera", "This device has none, or the browser does not find it."],
  NotReadableError: ["The camera is in use", "Another program or page has it: close that first."],
  OverconstrainedError: ["No such camera", "This device has no camera like the one that was asked for."],
};

function headers(more) {
  return token ? { ...more, Authorization: `Bearer ${token}` } : more;
}

function sleep(ms, signal) {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", () => { clearTimeout(timer); done(); }, { once: true });
  });
}

// What the page says: a phase (idle, busy, live, error), a word for it, and a text over the picture.
function tell(phase, word, title = "", detail = "") {
  page.dataset.phase = phase;
  document.getElementById("state").textContent = word;
  const told = document.getElementById("told");
  told.hidden = !title;
  told.querySelector("b").textContent = title;
  told.querySelector("span").textContent = detail;
}

function figures(values) {
  for (const name of ["objects", "looks", "size", "rate"]) {
    document.getElementById(name).textContent = values[name] ?? "–";
  }
}

const PLAIN = "A browser gives no camera to a plain http page of another machine; use https, or localhost."
  + " `sightline run --tls auto` makes a certificate.";

// The camera of this device: one at a time, because phones open no second one.
class Device {
  constructor() {
    this.facing = "environment";
    this.id = null;
    this.track = null;
  }

  async open() {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new Failure(
        "No camera on this page",
        PLAIN,
        true,
      );
    }
    this.close();
    const choice = this.id ? { deviceId: { exact: this.id } } : { facingMode: { ideal: this.facing } };
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { ...PICTURE, ...choice }, audio: false });
    } catch (error) {
      const [title, detail] = DENIED[error.name] ?? ["The camera cannot be opened", error.message];
      throw new Failure(title, detail, true);
    }
    [this.track] = stream.getVideoTracks();
    preview.srcObject = stream;
    preview.hidden = false;
    // One's own face is expected as in a mirror; what is sent is never mirrored.
    preview.classList.toggle("mirrored", this.track.getSettings().facingMode === "user");
    await this.list();
    return this.track;
  }

  close() {
    this.track?.stop();
    this.track = null;
    preview.srcObject = null;
    preview.hidden = true;
  }

  // Phones turn from one side to the other, other devices choose by name.
  async list() {
    const devices = (await navigator.mediaDevices.enumerateDevices()).filter((each) => each.kind === "videoinput");
    const phone = matchMedia("(pointer: coarse)").matches;
    flipButton.hidden = !phone || devices.length < 2;
    deviceList.hidden = phone || devices.length < 2;
    const now = this.track?.getSettings().deviceId;
    deviceList.replaceChildren(
      ...devices.map((each, i) => new Option(each.label || `Camera ${i + 1}`, each.deviceId, false, each.deviceId === now)),
    );
  }
}

// One connection to the service, until it is lost or stopped.
class Connection {
  constructor(track) {
    this.peer = new RTCPeerConnection();
    this.location = null;
    this.lost = new AbortController();
    this.sent = { bytes: 0, at: 0 };
    const stream = new MediaStream([track]);
    this.transceiver = this.peer.addTransceiver(track, {
      direction: "sendonly",
      streams: [stream],
      sendEncodings: [{ maxBitrate: BITRATE }],
    });
    this.peer.onconnectionstatechange = () => this.changed();
  }

  async open(signal) {
    const offer = await this.peer.createOffer();
    let response;
    try {
      response = await fetch(`../whip/${camera}`, {
        method: "POST",
        headers: headers({ "Content-Type": "application/sdp" }),
        body: offer.sdp,
        signal,
      });
    } catch {
      throw new Failure("No connection", "The service does not answer; trying again.");
    }
    const answer = await response.text();
    if (response.status !== 201) throw refused(response.status, answer);
    this.location = new URL(response.headers.get("Location"), response.url).href;
    const servers = customElements.get("sightline-player").iceServers(response.headers.get("Link"));
    if (servers.length) this.peer.setConfiguration({ iceServers: servers });
    await this.peer.setLocalDescription(offer);
    await this.peer.setRemoteDescription({ type: "answer", sdp: brisk(answer) });
    const parameters = this.transceiver.sender.getParameters();
    // Small objects matter more than smooth motion.
    parameters.degradationPreference = "maintain-resolution";
    await this.transceiver.sender.setParameters(parameters);
  }

  changed() {
    const state = this.peer.connectionState;
    clearTimeout(this.waiting);
    if (state === "failed" || state === "closed") this.lost.abort();
    if (state === "disconnected") this.waiting = setTimeout(() => this.lost.abort(), SILENT_MS);
  }

  replace(track) {
    return this.transceiver.sender.replaceTrack(track);
  }

  close() {
    clearTimeout(this.waiting);
    if (this.location !== null) {
      fetch(this.location, { method: "DELETE", headers: headers({}), keepalive: true }).catch(() => {});
      this.location = null;
    }
    this.peer.close();
    this.lost.abort();
  }

  // What goes out: size of the picture, and bits since it was asked last.
  async figures() {
    let found = null;
    (await this.peer.getStats()).forEach((each) => {
      if (each.type === "outbound-rtp" && each.kind === "video") found = each;
    });
    if (!found) return {};
    const seconds = (found.timestamp - this.sent.at) / 1000;
    const bits = (found.bytesSent - this.sent.bytes) * 8;
    const rate = this.sent.at && seconds > 0 ? (bits / seconds / 1e6).toFixed(1) : undefined;
    this.sent = { bytes: found.bytesSent, at: found.timestamp };
    return { rate, size: found.frameWidth ? `${found.frameWidth}×${found.frameHeight}` : undefined };
  }
}

// Browsers of one family begin at 0.3 Mbit/s, and take half a minute to trust a connection with more.
function brisk(sdp) {
  return sdp.replace(/^a=fmtp:(\d+) (.*)$/gm, (line, type, parameters) => (parameters.startsWith("apt=")
    ? line
    : `${line};x-google-start-bitrate=${START_KBITS};x-google-min-bitrate=${LEAST_KBITS}`));
}

function refused(status, body) {
  let detail = body;
  try {
    ({ detail } = JSON.parse(body));
  } catch {
    // Not from the service itself: a proxy between.
  }
  if (status === 401) return new Failure("Not signed in", "Sign in again, or open this page with ?token=… at its end.", true);
  if (status === 409) return new Failure("Another device sends", "Stop it there; this one begins once it is gone.");
  return new Failure("Refused", detail, status < 500 && status !== 404);
}

const device = new Device();
let running = null; // what ends the run that goes on
let connection = null;

async function start() {
  running = new AbortController();
  const { signal } = running;
  page.dataset.running = "";
  startButton.querySelector(".said").textContent = "Stop";
  tell("busy", "Opening", preview.hidden ? "Opening the camera" : "", preview.hidden ? "The browser may ask first." : "");
  try {
    await device.open();
    if (signal.aborted) {
      if (!running) device.close(); // it was stopped while the browser asked
      return;
    }
    keepAwake();
    await send(signal);
  } catch (error) {
    if (signal.aborted) return;
    stop();
    tell("error", "Not sending", error.title ?? "It does not work", error.message);
  }
}

// Connects again and again, until it is stopped or nothing can help.
async function send(signal) {
  for (let failures = 0; !signal.aborted; failures += 1) {
    tell("busy", failures ? "Trying again" : "Connecting");
    const mine = new Connection(device.track);
    connection = mine; // until who presses stop takes it away
    const began = performance.now();
    try {
      await mine.open(signal);
      await watch(mine, signal);
      if (!signal.aborted) tell("busy", "Trying again", "Connection lost", "Trying again.");
    } catch (error) {
      if (signal.aborted) return;
      if (error.final || !(error instanceof Failure)) throw error;
      tell("busy", "Trying again", error.title, error.message);
    } finally {
      mine.close();
      unsee();
    }
    if (performance.now() - began > 10000) failures = 0;
    await sleep(AGAIN_MS[Math.min(failures, AGAIN_MS.length - 1)], signal);
  }
}

// Says how the camera does, as the service sees it, until the connection is lost.
async function watch(connection, signal) {
  const ended = AbortSignal.any([signal, connection.lost.signal]);
  while (!ended.aborted) {
    const [item, own] = await Promise.all([ask(), connection.figures()]);
    if (ended.aborted) return;
    const connected = connection.peer.connectionState === "connected";
    if (connected && item?.state === "live") {
      tell("live", "Live");
      figures({ ...own, objects: item.objects, looks: item.fps_detected.toFixed(1) });
      see();
    } else if (connected) {
      tell("busy", item ? "Sending" : "No answer");
      figures(own);
    }
    await sleep(ASK_MS, ended);
  }
}

async function ask() {
  try {
    const response = await fetch("../api/cameras", { headers: headers({}) });
    const { items } = await response.json();
    return items.find((item) => item.name === camera);
  } catch {
    return null;
  }
}

// The player costs an encoder there and a decoder here: it is made only where it is looked at.
function see() {
  const wanted = !NARROW.matches || page.dataset.view === "seen";
  if (!wanted) return unsee();
  if (seen.querySelector("sightline-player")) return;
  const player = document.createElement("sightline-player");
  player.setAttribute("camera", camera);
  if (token) player.setAttribute("token", token);
  seen.querySelector(".notice").after(player);
}

function unsee() {
  seen.querySelector("sightline-player")?.remove();
}

function stop() {
  running?.abort();
  running = null;
  connection?.close();
  connection = null;
  device.close();
  unsee();
  figures({});
  delete page.dataset.running;
  startButton.querySelector(".said").textContent = "Start";
  tell("idle", "Not sending", "Ready", "Press the red button to begin. Nothing is sent before.");
}

async function change(choose) {
  choose();
  if (!running) return;
  try {
    await connection?.replace(await device.open());
  } catch (error) {
    stop();
    tell("error", "Not sending", error.title ?? "It does not work", error.message);
  }
}

// A phone that locks itself takes its camera away.
async function keepAwake() {
  try {
    await navigator.wakeLock?.request("screen");
  } catch {
    // Refused when the battery is low: the picture is then worth less than the phone.
  }
}

startButton.addEventListener("click", () => (running ? stop() : start()));
flipButton.addEventListener("click", () => change(() => {
  device.facing = device.facing === "environment" ? "user" : "environment";
}));
deviceList.addEventListener("change", () => change(() => { device.id = deviceList.value; }));
document.getElementById("toggle").addEventListener("click", (event) => {
  page.dataset.view = page.dataset.view === "own" ? "seen" : "own";
  event.currentTarget.setAttribute("aria-pressed", page.dataset.view === "seen");
  if (page.dataset.phase === "live") see();
});
document.addEventListener("visibilitychange", () => {
  if (running && document.visibilityState === "visible") keepAwake();
});
addEventListener("pagehide", () => stop());
if (!navigator.mediaDevices?.getUserMedia) {
  startButton.disabled = true;
  tell("error", "Not possible", "No camera on this page",
    PLAIN);
}
