"""How well the street's people are followed at 30, 5 and 2 detections a second, without and with colours.

    python tests/objects/rates.py [--seeds 30 31 32 33] [--seconds 60] [--people 10]
    python tests/objects/rates.py --sequence TUD-Stadtmitte.det.txt --truth TUD-Stadtmitte.gt.txt

The pictures of ``sim://street`` with its truth, what the built-in detector finds in them, and MOTA, IDF1 and
identity switches per minute by motmetrics. People of whom less than 0.3 is seen, or smaller than 20 pixels,
count neither way. A sequence has 25 frames a second and no pictures; each, each 5th and each 12th are taken.
"""

import argparse
from dataclasses import dataclass, field
from pathlib import Path
from time import thread_time

import cv2
import numpy as np
from score import Score, overlaps, rows, score
from supervision import Detections

from detectors.detections import with_labels
from detectors.detector import Limits, SessionOptions, load
from detectors.pixels import BgrPixels
from streamer.capture.street.options import StreetOptions
from streamer.capture.street.street import Street
from streamer.capture.street.truth import StreetTruth
from streamer.config.tree import TrackerConfig
from streamer.tracking.motchallenge import follow, read, result_lines
from streamer.tracking.tracker import UNCONFIRMED, Tracker

FPS = 30
EVERY = (1, 6, 15)
SEQUENCE_FPS = 25.0
EVERY_OF_A_SEQUENCE = (1, 5, 12)
LEAST_SEEN, LEAST_HEIGHT = 0.3, 20
WEAK = 0.1


@dataclass
class Run:
    """One tracker that is told every so-many-th frame."""

    every: int
    looks: bool
    tracker: Tracker
    results: list[list[float]] = field(default_factory=list)
    truth: list[list[float]] = field(default_factory=list)
    spent_s: float = 0.0

    def see(self, index: int, picture: BgrPixels, found: Detections, truth: StreetTruth) -> None:
        began = thread_time()
        tracks = self.tracker.update(index / FPS, found, picture if self.looks else None).detections
        self.spent_s += thread_time() - began
        frame = index // self.every + 1
        shown = tracks.tracker_id != UNCONFIRMED
        boxes, ids = wide(tracks.xyxy[shown]), tracks.tracker_id[shown]
        real = wide(truth.boxes)
        counted = (truth.visible >= LEAST_SEEN) & (real[:, 3] >= LEAST_HEIGHT)
        self.truth += [
            [frame, i, *box, 1] for i, box in zip(truth.identities[counted], real[counted], strict=True)
        ]
        for number, box in zip(ids, boxes, strict=True):
            shared = overlaps(real, box[None])[:, 0] if len(real) else np.zeros(1)
            if shared.max() < 0.5 or counted[shared.argmax()]:
                self.results.append([frame, number, *box, 1])

    def score(self) -> Score:
        return score(np.array(self.results), np.array(self.truth))


def wide(boxes: np.ndarray) -> np.ndarray:
    """[N,4] x, y, width, height."""
    return np.concatenate((boxes[:, :2], boxes[:, 2:] - boxes[:, :2]), axis=1)


def runs(seed: int, seconds: int, people: int) -> list[Run]:
    """All trackers, side by side, over one street."""
    detector = load("sightline-nano", SessionOptions("cpu", 1, 1))
    config = TrackerConfig().starting_from(detector.manifest.thresholds.confidence)
    street = Street(StreetOptions(seed=seed, fps=FPS, people=people, width=960, height=540))
    all_runs = [Run(every, looks, Tracker(config)) for every in EVERY for looks in (False, True)]
    for index in range(seconds * FPS):
        if not any(index % run.every == 0 for run in all_runs):
            continue
        frame = street.frame(index)
        picture = BgrPixels(frame.image)
        (found,) = detector.infer([detector.prepare(picture)], Limits(WEAK, 0.45))
        for run in all_runs:
            if index % run.every == 0:
                run.see(index, picture, with_labels(found, ["person"]), frame.truth)
    return all_runs


def followed(detections: Path, truth: Path) -> None:
    """Prints the scores of a sequence, a line for each rate."""
    for every in EVERY_OF_A_SEQUENCE:
        results = [
            line.split(",")
            for frame, tracks in follow(read(detections), SEQUENCE_FPS, every)
            for line in result_lines(frame, tracks)
        ]
        found = score(np.array(results, float), rows(truth), every)
        print(f"every {every:2d}: MOTA {found.mota:.3f}, IDF1 {found.idf1:.3f}, {found.switches} switches")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequence", type=Path, help="detections of the MOTChallenge")
    parser.add_argument("--truth", type=Path, help="of the sequence")
    parser.add_argument("--seeds", type=int, nargs="+", default=[30, 31, 32, 33])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--people", type=int, default=10)
    options = parser.parse_args()
    if options.sequence:
        followed(options.sequence, options.truth)
        return
    cv2.setNumThreads(1)
    done = [runs(seed, options.seconds, options.people) for seed in options.seeds]
    for same in zip(*done, strict=True):
        scores = [run.score() for run in same]
        switches = sum(each.switches for each in scores) * 60 / (options.seconds * len(scores))
        frames = sum(options.seconds * FPS // run.every for run in same)
        mota, idf1 = (np.mean([getattr(each, name) for each in scores]) for name in ("mota", "idf1"))
        cost_ms = 1000 * sum(run.spent_s for run in same) / frames
        print(
            f"{FPS // same[0].every:3d} a second, {'with' if same[0].looks else 'without'} colours: ", end=""
        )
        print(f"MOTA {mota:.3f}, IDF1 {idf1:.3f}, {switches:.1f} switches a minute, {cost_ms:.2f} ms a frame")


if __name__ == "__main__":
    main()
