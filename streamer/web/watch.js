// The page of one camera: its address says how the player shows it. Runs before the player's own script,
// which begins to play at once.
const asked = new URLSearchParams(location.search);
const player = document.querySelector("sightline-player");
for (const name of ["stream", "annotate", "token"]) {
  if (asked.has(name)) player.setAttribute(name, asked.get(name));
}
// Within a page of others there is nowhere to go back to.
player.querySelector("a").hidden = window.top !== window;
