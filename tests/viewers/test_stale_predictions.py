"""Boxes that nobody has found again fade, and are gone a second after they were last seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from system.chromium import Chromium
from system.serving import serving, until, write_config

SURE_S, FAINT_S, GONE_S = 0.5, 0.9, 1.1
FAINT: Final = 235
"""Of 255, where boxes and labels lie over each other."""
RECORD: Final = """
window.shown = [];
document.addEventListener("frame", ({ target, detail: { found } }) => {
  const before = target.found.results.filter((each) => target.rtp >= each.rtp);
  if (!before.length) return;
  const isLatest = before.length === target.found.results.length;
  const ageS = (target.rtp - before.at(-1).rtp) / 90000;
  const { canvas } = target;
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let ink = 0;
  for (let at = 3; at < data.length; at += 4) ink = Math.max(ink, data[at]);
  window.shown.push({ isLatest, ageS, ink, count: before.at(-1).objects.length });
}, true);
"""
"""Of each frame: how long ago anything was found before it, and how strongly anything is drawn over it."""


def test_boxes_fade_once_nothing_new_is_found(chromium: Chromium, tmp_path: Path) -> None:
    street = {"source": "sim://street?seed=5&size=640x360&fps=15&people=6", "detect": {"fps": 0.4}}
    config = write_config(tmp_path, {"street": street})
    with serving("run", config, folder=tmp_path) as service:
        service.until_state("street", "live")
        with chromium.page(f"{service.url}/watch/street", script=RECORD) as page:

            def aged(least_s: float, most_s: float) -> list[dict[str, Any]]:
                """Frames so long after a result with objects, and before any other."""
                shown = page.evaluate("window.shown")
                return [
                    each
                    for each in shown
                    if each["isLatest"] and each["count"] and least_s <= each["ageS"] < most_s
                ]

            until(lambda: len(aged(GONE_S, 2)) > 3 and len(aged(FAINT_S, GONE_S - 0.05)) > 3)
            assert all(each["ink"] == 255 for each in aged(0, SURE_S))
            assert all(0 < each["ink"] < FAINT for each in aged(FAINT_S, GONE_S - 0.05))
            assert all(each["ink"] == 0 for each in aged(GONE_S, 2))
