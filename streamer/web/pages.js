// What every page does by itself: the theme, the time zone, lost connections and missing pictures.
// Runs in the head, before anything is drawn.
"use strict";

(() => {
  const root = document.documentElement;
  const { base, offset } = document.currentScript.dataset;

  // The theme: what the system has, unless somebody chose another one in this browser.
  const THEMES = { system: "light dark", light: "light", dark: "dark" };
  const theme = () => (localStorage.getItem("sightline-theme") in THEMES ? localStorage.getItem("sightline-theme") : "system");
  function dress() {
    root.style.colorScheme = THEMES[theme()];
    root.dataset.theme = theme();
    for (const button of document.querySelectorAll("[data-theme-switch]")) {
      button.setAttribute("aria-label", `Theme: ${theme()}`);
      button.title = `Theme: ${theme()}`;
    }
  }
  dress();
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-theme-switch]")) return;
    const names = Object.keys(THEMES);
    localStorage.setItem("sightline-theme", names[(names.indexOf(theme()) + 1) % names.length]);
    dress();
  });

  // Times are shown by the clock of who looks; the service learns which one that is.
  const zone = encodeURIComponent(Intl.DateTimeFormat().resolvedOptions().timeZone);
  const cookie = `sightline-zone=${zone}`;
  if (!document.cookie.split("; ").includes(cookie)) {
    document.cookie = `${cookie}; path=${base || "/"}; max-age=31536000; samesite=lax`;
    const differs = Number(offset) !== -new Date().getTimezoneOffset();
    if (differs && document.cookie.includes(cookie)) location.reload();
  }

  // Without https a browser gives cameras only to pages of its own machine.
  root.toggleAttribute("data-insecure", !window.isSecureContext);

  // Who leaves a form with something typed in it is asked whether that is meant.
  addEventListener("beforeunload", (event) => {
    if (document.querySelector("[data-unsaved=yes]")) event.preventDefault();
  });

  // A menu closes when one goes on elsewhere, and by Escape.
  const menus = () => document.querySelectorAll("details[data-menu][open]");
  document.addEventListener("click", (event) => {
    for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of menus()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // A picture that somebody chose, or dropped, goes to a model; a small copy of it is enough.
  async function tryOut(input, file) {
    const answer = input.parentElement.querySelector(".answer");
    answer.textContent = "…";
    input.value = ""; // the same one may be chosen again
    try {
      const picture = await createImageBitmap(file);
      const scale = Math.min(1, 800 / Math.max(picture.width, picture.height));
      const canvas = Object.assign(document.createElement("canvas"), { width: picture.width * scale, height: picture.height * scale });
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      const body = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
      const response = await fetch(input.dataset.try, { method: "POST", body, headers: { "Content-Type": "image/jpeg" } });
      const told = await response.json();
      if (!response.ok) throw new Error(told.detail);
      answer.replaceChildren(Object.assign(canvas, { role: "img", ariaLabel: "The picture" }), ...answerOf(told));
    } catch (error) {
      answer.textContent = error instanceof DOMException ? "This is no picture that the browser can read." : error.message;
    }
  }
  function answerOf({ label, classes }) {
    const title = Object.assign(document.createElement("b"), { textContent: label ?? "None of these" });
    const list = document.createElement("ul");
    for (const each of classes.slice(0, 6)) {
      const row = document.createElement("li");
      const bar = document.createElement("i");
      bar.style.setProperty("--share", each.probability);
      row.append(Object.assign(document.createElement("span"), { textContent: each.label }), bar, `${(100 * each.probability).toFixed(1)}%`);
      list.append(row);
    }
    const box = document.createElement("div");
    box.append(title, list);
    return [box];
  }
  document.addEventListener("change", (event) => {
    if (event.target.matches?.("input[data-try]") && event.target.files.length) tryOut(event.target, event.target.files[0]);
  });
  for (const name of ["dragover", "drop"]) {
    document.addEventListener(name, (event) => {
      const place = event.target.closest?.("[data-drop]");
      if (!place) return;
      event.preventDefault();
      const file = name === "drop" && event.dataTransfer.files[0];
      if (file) tryOut(document.getElementById(place.dataset.drop), file);
    });
  }

  // Some buttons have a key of their own.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches?.("input, select, textarea")) return;
    document.querySelector(`button[data-key="${CSS.escape(event.key.toLowerCase())}"]`)?.click();
  });

  // A picture that is not there (yet) leaves its place to words.
  document.addEventListener("error", (event) => {
    if (event.target.matches?.("img[data-picture]")) event.target.closest("[data-frame]").dataset.frame = "missing";
  }, true);
  document.addEventListener("load", (event) => {
    if (event.target.matches?.("img[data-picture]")) event.target.closest("[data-frame]").dataset.frame = "shown";
  }, true);

  // Older events are asked for before the end of the list is seen.
  const AHEAD_PX = 1200;
  let askedAt = 0;
  function goOn() {
    const more = document.querySelector("[data-more]");
    if (!more || performance.now() - askedAt < 250) return;
    const place = more.getBoundingClientRect();
    if (place.height === 0 || place.top > innerHeight + AHEAD_PX) return;
    askedAt = performance.now();
    more.click();
  }
  document.addEventListener("scroll", goOn, { capture: true, passive: true });
  setInterval(goOn, 1000); // a window that all of them fit into does not scroll

  // The connection: said in words once it is lost, and the page comes back by itself.
  const lost = Object.assign(document.createElement("div"), { className: "lost" });
  lost.setAttribute("role", "status");
  const say = (words) => {
    if (!lost.isConnected) document.body.append(lost);
    lost.textContent = words;
    root.toggleAttribute("data-lost", words !== "");
  };
  const answers = () => fetch(`${base}/healthz`, { cache: "no-store" }).then((response) => response.ok, () => false);

  async function comeBack() {
    while (!(await answers())) await new Promise((done) => setTimeout(done, 1000));
    location.replace(location.href);
  }

  // Who is signed out is asked to sign in, instead of trying for ever: only then the form is shown.
  const isSignedOut = () => fetch(`${base}/login`, { cache: "no-store", redirect: "manual" }).then((response) => response.ok, () => false);

  async function askToSignIn(socket) {
    if (!(await isSignedOut())) return;
    socket.disconnect();
    say("You are signed out. ");
    const href = `${base}/login?next=${encodeURIComponent(location.pathname + location.search)}`;
    lost.append(Object.assign(document.createElement("a"), { href, textContent: "Sign in" }));
  }

  function watch(socket) {
    socket.on("connect", () => say(""));
    socket.on("disconnect", () => say("Connection lost. Trying again …"));
    // NiceGUI would load the page anew while nobody answers, and leave the browser's own error page.
    socket.off("connect_error");
    socket.on("connect_error", (error) => {
      say("Connection lost. Trying again …");
      if (error.message === "Implicit handshake failed") comeBack();
      else if (error.message === "timeout") socket.io.opts.transports = ["polling", "websocket"];
      else askToSignIn(socket);
    });
  }

  let socket;
  Object.defineProperty(window, "socket", {
    get: () => socket,
    set: (opened) => {
      socket = opened;
      queueMicrotask(() => watch(opened)); // after NiceGUI's own handlers
    },
  });
})();
