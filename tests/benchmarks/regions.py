"""What regions gain and cost: people found by their size, false ones, and CPU time, at the model's threshold.

python -m tests.benchmarks.regions MODEL instances.json IMAGES [--regions full tiles:2x2 tiles:3x2] [--plain]

With --plain the regions are joined by suppression alone, as supervision's InferenceSlicer does it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import thread_time

import cv2
import numpy as np
from supervision import Detections, box_iou_batch

from detectors.detections import CLASS_NAME
from detectors.detector import Detector, Limits, load
from detectors.measuring.instances import Box, Picture, read_instances
from detectors.merging import merged
from detectors.regions import Layout, Shares, lay_out
from streamer.commands.parsers import regions
from streamer.regions import boxes_of

Join = Callable[[list[Detections], Layout], Detections]

PERSON = "person"
SAME = 0.5
"""IoU from which a detection is the object."""
SMALL = 32**2
"""Pixels; COCO's small objects are below."""
SCREEN = (1280, 720)
LOW, HIGH = 24, 64
"""Pixels of height, in a picture scaled into ``SCREEN``."""


@dataclass
class Tally:
    """People found and all of them, by size; detections that are nobody; CPU seconds of all pictures."""

    found: dict[str, int] = field(default_factory=dict)
    all: dict[str, int] = field(default_factory=dict)
    false: int = 0
    pictures: int = 0
    cpu_s: float = 0.0

    def count(self, picture: np.ndarray, people: list[Box], detected: np.ndarray) -> None:
        truth = np.array([(x, y, x + w, y + h) for x, y, w, h in (one.bbox for one in people)]).reshape(-1, 4)
        ignored = [one.iscrowd or one.difficult for one in people]
        height, width = picture.shape[:2]
        scale = min(SCREEN[0] / width, SCREEN[1] / height)
        hits = matches(truth, ignored, detected)
        self.false += sum(hit is None for hit in hits)
        for number, person in enumerate(people):
            if not ignored[number]:
                area = person.bbox[2] * person.bbox[3]
                sizes = {"all": True, "small": area < SMALL, "low": LOW <= scale * person.bbox[3] < HIGH}
                for size in (size for size, holds in sizes.items() if holds):
                    self.all[size] = self.all.get(size, 0) + 1
                    self.found[size] = self.found.get(size, 0) + (number in hits)

    def row(self, alone_s: float) -> str:
        recall = {size: self.found[size] / self.all[size] for size in self.all}
        precision = self.found["all"] / (self.found["all"] + self.false)
        figures = "  ".join(f"{size} {recall.get(size, 0):.3f} of {self.all.get(size, 0)}" for size in SIZES)
        ms = 1000 * self.cpu_s / self.pictures
        return f"recall {figures}  precision {precision:.3f}  {ms:.1f} ms, {self.cpu_s / alone_s:.2f} of full"


SIZES = ("all", "small", "low")


def matches(truth: np.ndarray, ignored: list[bool], detected: np.ndarray) -> list[int | None]:
    """The person of each detection, best first; -1 where it counts neither way, None for nobody."""
    hits: list[int | None] = []
    overlaps = box_iou_batch(detected, truth) if len(truth) else np.zeros((len(detected), 0))
    for row in overlaps:
        free = [n for n in np.argsort(-row) if row[n] >= SAME and (ignored[n] or n not in hits)]
        hits.append(None if not free else -1 if ignored[free[0]] else int(free[0]))
    return hits


def suppressed(found: list[Detections], layout: Layout) -> Detections:
    """The regions' boxes less those that a better one overlaps by half."""
    for one, region in zip(found, layout.regions, strict=True):
        one.xyxy += np.array([region.x1, region.y1] * 2, np.float32)
    some = [one for one in found if len(one)]
    return Detections.merge(some).with_nms(0.5) if some else found[0]


def look(detector: Detector, picture: np.ndarray, boxes: tuple[Shares, ...], join: Join) -> Detections:
    """What the service finds."""
    thresholds = detector.manifest.thresholds
    layout = lay_out(boxes, picture.shape[1], picture.shape[0])
    limits = Limits(thresholds.confidence, thresholds.iou)
    found = [detector.infer([detector.prepare(one.of(picture))], limits)[0] for one in layout.regions]
    return join(found, layout) if len(found) > 1 else found[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("instances", type=Path)
    parser.add_argument("images", type=Path)
    parser.add_argument("--regions", nargs="+", default=["full", "tiles:2x2", "tiles:3x2"])
    parser.add_argument("--plain", action="store_true")
    options = parser.parse_args()
    detector, truth = load(options.model), read_instances(options.instances)
    [person] = [entry.id for entry in truth.categories if entry.name == PERSON]
    ways = {text: boxes_of(regions(text)) for text in options.regions}
    tallies = {text: Tally() for text in ways}

    def judge(one: Picture) -> None:
        picture = cv2.imread(str(options.images / one.file_name))
        people = [box for box in truth.annotations if (box.image_id, box.category_id) == (one.id, person)]
        # The ways take turns: what else the machine does hits all alike.
        for text, tally in tallies.items():
            began = thread_time()
            found = look(detector, picture, ways[text], suppressed if options.plain else merged)
            tally.cpu_s += thread_time() - began
            tally.pictures += 1
            tally.count(picture, people, found.xyxy[found.data[CLASS_NAME] == PERSON])

    for one in truth.images:
        if one.labelled_classes is None or PERSON in one.labelled_classes:
            judge(one)
    for text, tally in tallies.items():
        print(f"{text:<12} {tally.row(next(iter(tallies.values())).cpu_s)}")


if __name__ == "__main__":
    main()
