"""How smoothly the pages scroll in Chromium, with many events and cameras.

python tests/benchmarks/scrolling.py [--events 5000] [--cameras 16] [--width 1440]

Each page is scrolled, a notch of the wheel at a time, each once the one before is drawn.
Told are the frames that came late (more than two of the screen's), beside those of the same page at rest,
and the longest time for which its scripts and its layout let nothing else happen.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parent.parent
# In place of this folder, whose pages.py is not the package of that name.
sys.path[:1] = [str(TESTS), str(TESTS.parent)]

from benchmarks.pages import filled  # noqa: E402
from pages.browsing import chromium, visiting  # noqa: E402

WATCH = """async ([steps, px]) => {
  let blocked = 0;
  const seen = new PerformanceObserver((list) => {
    for (const task of list.getEntries()) blocked = Math.max(blocked, task.duration);
  });
  seen.observe({ type: "longtask" });
  const frame = () => new Promise(requestAnimationFrame);
  const gaps = [];
  let before = await frame();
  for (let step = 0; step < steps; step++) {
    scrollBy({ top: px, behavior: "instant" });
    const now = await frame();
    gaps.push(now - before);
    before = now;
  }
  seen.disconnect();
  gaps.sort((a, b) => a - b);
  const late = gaps.filter((gap) => gap > 34).length;
  return { median: gaps[gaps.length >> 1], late, blocked, at: scrollY };
}"""
STEPS = 120
NOTCH_PX = 60
SETTLED_MS = 4000
PAGES = ("/events", "/system", "/label", "/models", "/cameras/camera-1/settings", "/")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=5000)
    parser.add_argument("--cameras", type=int, default=16)
    parser.add_argument("--width", type=int, default=1440)
    parser.add_argument("--picture", type=Path, help="of the grid of all cameras")
    options = parser.parse_args()
    with (
        filled(options.events, options.cameras) as service,
        chromium() as browser,
        visiting(browser, service.url, width=options.width) as visit,
    ):
        print(f"{'page':28} {'ms a frame':>10} {'late':>5} {'at rest':>8} {'blocked ms':>10} {'px':>6}")
        for path in PAGES:
            visit.go(path)
            visit.page.wait_for_timeout(SETTLED_MS)
            rest: dict[str, Any] = visit.page.evaluate(WATCH, [STEPS, 0])
            moved: dict[str, Any] = visit.page.evaluate(WATCH, [STEPS, NOTCH_PX])
            print(
                f"{path:28} {moved['median']:10.1f} {moved['late']:5} {rest['late']:8}"
                f" {moved['blocked']:10.0f} {moved['at']:6.0f}",
                flush=True,
            )
        if options.picture:
            visit.page.screenshot(path=options.picture)


if __name__ == "__main__":
    main()
