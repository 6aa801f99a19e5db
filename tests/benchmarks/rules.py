"""What the rules cost: filters, masks, zones, lines and totals, per frame, beside the tracker.

python -m tests.benchmarks.rules [--frames 1000]
"""

import argparse
from collections.abc import Mapping
from datetime import UTC, datetime
from time import thread_time
from typing import Any

import numpy as np

from detectors.detections import from_arrays
from detectors.pixels import BgrPixels
from streamer.config.file import validated
from streamer.frame import PTS_CLOCK_HZ, Frame
from streamer.judge import Judge
from streamer.tracking.tracker import Tracker

LIMIT_MS = 1.0
OBJECTS = (1, 3, 10, 20, 40)
FPS = 15
LABELS = np.array(["person", "car", "truck"])
SIZE = np.array([50, 130])
BLANK = np.zeros((720, 1280, 3), np.uint8)

QUARTERS = [(x, y) for x in (0.0, 0.5) for y in (0.0, 0.5)]
FULL: Mapping[str, Any] = {
    "labels": {"truck": "car"},
    "filters": {
        "person": {"min_confidence": 0.3, "min_area": 0.0005, "max_ratio": 3},
        "*": {"max_area": 0.9, "threshold": 0.4},
    },
    "masks": [{"polygon": [(0, 0), (0.05, 0), (0.05, 0.05), (0, 0.05)]}],
    "zones": {
        f"zone-{n}": {
            "polygon": [(x, y), (x + 0.3, y), (x + 0.5, y + 0.2), (x + 0.5, y + 0.5), (x, y + 0.5)],
            "filters": {"car": {"min_area": 0.001}},
        }
        for n, (x, y) in enumerate(QUARTERS)
    },
    "lines": {f"line-{n}": {"from": (0.2 * n + 0.2, 0.1), "to": (0.2 * n + 0.25, 0.9)} for n in range(4)},
}


def cost_ms(objects: int, frames: int, options: Mapping[str, Any]) -> tuple[float, float]:
    """Milliseconds of tracker and rules, the event rules among them, for objects that walk."""
    rng = np.random.default_rng(0)
    starts, speeds = rng.uniform((0, 0), (1200, 500), (objects, 2)), rng.uniform(-60, 60, (objects, 2))
    classes = rng.integers(0, len(LABELS), objects)
    camera = validated({"cameras": {"yard": {"source": "sim://street", **options}}}).cameras["yard"]
    tracker, judge = Tracker(camera.track), Judge("yard", camera)
    tracking = judging = 0.0
    for number in range(frames):
        # To and fro, so that everybody stays in the picture.
        corners = starts + 60 * np.sin(speeds * (number / FPS) / 60) + rng.normal(0, 1, (objects, 2))
        boxes = np.concatenate([corners, corners + SIZE], 1).astype(np.float32)
        confidence = rng.uniform(0.6, 0.95, objects).astype(np.float32)
        found = from_arrays(boxes, confidence, classes, LABELS)
        pts = number * PTS_CLOCK_HZ // FPS
        frame = Frame("yard", number, pts, datetime.now(UTC), 0.0, BgrPixels(BLANK))
        began = thread_time()
        selected = judge.select(frame, found)
        ready = thread_time()
        tracks = tracker.update(frame.time_s, selected)
        tracked = thread_time()
        judge.update(frame, tracks)
        judge.least(tracks.detections)
        judging += ready - began + thread_time() - tracked
        tracking += tracked - ready
    return 1e3 * tracking / frames, 1e3 * judging / frames


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=1000)
    frames = parser.parse_args().frames
    print(f"all rules: 4 zones, 4 lines, a mask, filters, merged labels; limit {LIMIT_MS:g} ms at 20 objects")
    for objects in OBJECTS:
        tracker_ms, bare_ms = cost_ms(objects, frames, {})
        _, rules_ms = cost_ms(objects, frames, FULL)
        print(
            f"{objects:4d} objects: all rules {rules_ms:.3f} ms a frame, {rules_ms / tracker_ms:.2f} of the "
            f"tracker's {tracker_ms:.3f} ms; without any rule {bare_ms:.3f} ms"
        )


if __name__ == "__main__":
    main()
