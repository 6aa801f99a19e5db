"""How much of the simulated street the detectors find, by the street's options.

python -m tests.benchmarks.street_recall [--model sightline-nano] [--seeds 40] [--options parked=4 ..]
"""

import argparse
from collections import Counter

import numpy as np

from detectors.detector import Detector, load
from detectors.session import Limits, SessionOptions
from streamer.capture.street.options import StreetOptions
from streamer.capture.street.street import Street, StreetFrame

STREETS = ("", "crowd=4", "parked=4", "night=1", "rain=1", "night=1&rain=1")
PICTURES = range(20, 320, 60)
LEAST_PX = {"person": 80, "car": 60}
LEAST_VISIBLE = 0.5
OVERLAP = 0.5
CALLED = {"person": {"person"}, "car": {"car", "truck"}}


def overlaps(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    common = np.clip(high - low, 0, None).prod(axis=1)
    areas = (others[:, 2:] - others[:, :2]).prod(axis=1)
    return np.asarray(common / (areas + (box[2:] - box[:2]).prod() - common))


def count(detector: Detector, frame: StreetFrame, limits: Limits, counts: Counter[str]) -> None:
    """Adds what is wanted and what is found, and false detections of people and cars."""
    [found] = detector.infer([detector.prepare(frame.image)], limits)
    names, truth = found.data["class_name"], frame.truth
    for box, label, visible in zip(truth.boxes, truth.labels, truth.visible, strict=True):
        if box[3] - box[1] >= LEAST_PX[label] and visible >= LEAST_VISIBLE:
            counts[f"{label} wanted"] += 1
            mine = found.xyxy[np.isin(names, list(CALLED[label]))]
            counts[f"{label} found"] += bool((overlaps(box, mine) >= OVERLAP).any())
    for label, called in CALLED.items():
        mine = truth.boxes[truth.labels == label]
        for box in found.xyxy[np.isin(names, list(called))]:
            # Whatever lies on a real one, however hidden or small, is not made up.
            counts[f"{label} false"] += not (overlaps(box, mine) >= 0.3).any()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="sightline-nano")
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--score", type=float, help="score limit; the model's own when left out")
    parser.add_argument("--options", nargs="*", default=STREETS)
    asked = parser.parse_args()
    detector = load(asked.model, SessionOptions(provider="cpu"))
    thresholds = detector.manifest.thresholds
    limits = Limits(min_confidence=asked.score or thresholds.confidence, iou=thresholds.iou)
    for options in asked.options:
        counts: Counter[str] = Counter()
        for seed in range(asked.seeds):
            street = Street(StreetOptions.from_url(f"sim://street?seed={seed}&{options}"))
            for index in PICTURES:
                count(detector, street.frame(index), limits, counts)
        pictures = asked.seeds * len(PICTURES)
        told = [
            f"{label} {counts[f'{label} found'] / counts[f'{label} wanted']:.2f} of "
            f"{counts[f'{label} wanted']}, {counts[f'{label} false'] / pictures:.2f} false a picture"
            for label in CALLED
            if counts[f"{label} wanted"]
        ]
        print(
            f"{asked.model} at {limits.min_confidence:g}, {options or 'by day'}: {'; '.join(told)}",
            flush=True,
        )


if __name__ == "__main__":
    main()
