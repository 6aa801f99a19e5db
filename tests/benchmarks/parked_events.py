"""How many events parked cars make while people walk by: on the street, by what the built-in detector finds.

python tests/benchmarks/parked_events.py [--seeds 3 5 ..] [--seconds 60]
"""

import argparse
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from detectors.detector import Detector, Limits, load
from detectors.pixels import BgrPixels
from streamer.capture.street.options import StreetOptions
from streamer.capture.street.street import Street
from streamer.config.tree import CameraConfig, DetectConfig
from streamer.event import Event
from streamer.frame import PTS_CLOCK_HZ, Frame
from streamer.judge import Judge
from streamer.pipeline import WEAK_CONFIDENCE
from streamer.tracking.tracker import Tracker

FPS = 5
CARS = 2
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


def events(detector: Detector, seed: int, seconds: int) -> dict[str, int]:
    """Events that started, by label."""
    street = Street(StreetOptions.from_url(f"sim://street?seed={seed}&people=8&fps={FPS}&parked={CARS}"))
    least = detector.manifest.thresholds.confidence
    camera = CameraConfig(source="street", detect=DetectConfig(min_confidence=least))
    tracker = Tracker(camera.track.starting_from(least), camera.stationary)
    judge, started = Judge("street", camera), {"person": 0, "car": 0}
    for index in range(seconds * FPS):
        at, pts = BEGIN + timedelta(seconds=index / FPS), index * PTS_CLOCK_HZ // FPS
        frame = Frame("street", index, pts, at, 0.0, BgrPixels(street.frame(index).image))
        [found] = detector.infer([detector.prepare(frame.pixels)], Limits(WEAK_CONFIDENCE))
        tracks = tracker.update(frame.time_s, judge.select(frame, found), frame.pixels)
        for told in judge.update(frame, tracks):
            if isinstance(told, Event) and told.phase == "start":
                started["person" if told.label == "person" else "car"] += 1
    return started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[3, 5, 31])
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    detector = load("sightline-nano")
    detector.warm_up(quick=True)
    for seed in options.seeds:
        started = events(detector, seed, options.seconds)
        print(
            f"seed {seed}: {CARS} cars made {started['car']} events, people {started['person']}", flush=True
        )


if __name__ == "__main__":
    main()
