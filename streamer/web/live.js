// Every camera live; a click shows one alone.
"use strict";

const REFRESH_MS = 5000;
const TILE = 16 / 9;
const token = new URLSearchParams(location.search).get("token");
const grid = document.querySelector("main");
const status = document.querySelector("header span");
const tiles = new Map();

// As many columns as show the tiles largest.
function columns(count) {
  let best = { columns: 1, size: 0 };
  for (let across = 1; across <= count; across += 1) {
    const width = grid.clientWidth / across;
    const height = grid.clientHeight / Math.ceil(count / across);
    const size = Math.min(width, height * TILE);
    if (size > best.size) best = { columns: across, size };
  }
  return best.columns;
}

function tile(name) {
  const link = document.createElement("a");
  link.href = `watch/${name}${token ? `?token=${encodeURIComponent(token)}` : ""}`;
  link.setAttribute("aria-label", `${name}, alone`);
  const player = document.createElement("sightline-player");
  player.setAttribute("camera", name);
  player.setAttribute("stream", "sub");
  player.setAttribute("compact", "");
  if (token) player.setAttribute("token", token);
  link.append(player);
  return link;
}

function arrange() {
  grid.style.setProperty("--columns", columns(tiles.size));
}

function show(cameras) {
  const names = new Set(cameras.map((camera) => camera.name));
  for (const [name, link] of tiles) {
    if (names.has(name)) continue;
    link.remove();
    tiles.delete(name);
  }
  for (const name of names) {
    if (tiles.has(name)) continue;
    tiles.set(name, tile(name));
    grid.append(tiles.get(name));
  }
  const live = cameras.filter((camera) => camera.state === "live").length;
  status.textContent = `${live} of ${cameras.length} ${cameras.length === 1 ? "camera" : "cameras"} live`;
  arrange();
}

async function refresh() {
  try {
    const response = await fetch("api/cameras", token ? { headers: { Authorization: `Bearer ${token}` } } : {});
    const body = await response.json();
    if (response.ok) show(body.items);
    else status.textContent = body.detail;
  } catch {
    status.textContent = "The service does not answer.";
  }
  setTimeout(refresh, REFRESH_MS);
}

window.addEventListener("resize", arrange);
refresh();
