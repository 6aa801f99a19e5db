"""What following costs: tracker and event rules, per frame, by number of objects.

python -m tests.benchmarks.following [--frames 1000]
"""

import argparse
from datetime import UTC, datetime
from time import thread_time

import numpy as np

from detectors.detections import from_arrays
from detectors.pixels import BgrPixels
from streamer.config.tree import EventConfig, TrackerConfig
from streamer.events import EventRules
from streamer.frame import PTS_CLOCK_HZ, Frame
from streamer.tracking.tracker import Tracker

OBJECTS = (0, 1, 3, 10, 20, 30, 100)
FPS = 15
LABELS = np.array(["person", "car"])
SIZE = np.array([50, 130])
BLANK = np.zeros((720, 1280, 3), np.uint8)


def cost_ms(objects: int, frames: int) -> tuple[float, float]:
    """Milliseconds of tracker and rules for people that walk, and as many cars that are parked."""
    rng = np.random.default_rng(0)
    starts, speeds = rng.uniform((0, 0), (1200, 500), (objects, 2)), rng.uniform(-60, 60, (objects, 2))
    kinds = np.arange(objects) % 2
    speeds[kinds == 1] = 0
    tracker, rules = Tracker(TrackerConfig()), EventRules("camera", EventConfig())
    tracking = following = 0.0
    for number in range(frames):
        corners = starts + speeds * (number / FPS) + rng.normal(0, 1, (objects, 2))
        boxes = np.concatenate([corners, corners + SIZE], 1).astype(np.float32)
        confidence = rng.uniform(0.6, 0.95, objects).astype(np.float32)
        found = from_arrays(boxes, confidence, kinds, LABELS)
        pts = number * PTS_CLOCK_HZ // FPS
        frame = Frame("camera", number, pts, datetime.now(UTC), 0.0, BgrPixels(BLANK))
        began = thread_time()
        tracks = tracker.update(frame.time_s, found, frame.pixels)
        tracked = thread_time()
        rules.update(frame, tracks)
        tracking, following = tracking + tracked - began, following + thread_time() - tracked
    return 1e3 * tracking / frames, 1e3 * following / frames


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=1000)
    frames = parser.parse_args().frames
    for objects in OBJECTS:
        tracker_ms, rules_ms = cost_ms(objects, frames)
        print(f"{objects:4d} objects: tracker {tracker_ms:.3f} ms, rules {rules_ms:.3f} ms a frame")


if __name__ == "__main__":
    main()
