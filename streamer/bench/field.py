"""Who takes part: ours, what is written by hand, and the limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from streamer.bench.contestant import Entry
from streamer.bench.material import CAMERA
from streamer.bench.samples import Parts, Watch, Work

if TYPE_CHECKING:
    from streamer.bench.material import Material

CAMERAS: Final = 4
DETECTIONS_PER_S: Final = 5
"""Of the camera whose CPU is weighed."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is measured.

    Attributes:
        model: as the user named it.
        weights: its file.
        family: of the model.
        size: width and height of its input.
        material: the videos.
    """

    model: str
    weights: str
    family: str
    size: tuple[int, int]
    material: Material

    def hand_arguments(self) -> list[str]:
        """For the programs written by hand, which know nothing of manifests."""
        return [self.weights, self.family, *map(str, self.size)]


def limit(subject: Subject) -> Entry[Parts]:
    arguments = [subject.model, str(subject.material.video)]
    return Entry("limit", "streamer.bench.limit", arguments, Parts, "frames")


def file(subject: Subject) -> Entry[Work]:
    arguments = [subject.model, str(subject.material.video)]
    return Entry("a file", "streamer.bench.throughput", arguments, Work, "frames")


def file_by_hand(subject: Subject) -> Entry[Work]:
    arguments = [*subject.hand_arguments(), str(subject.material.video)]
    return Entry("a file by hand", "streamer.bench.by_hand.loop", arguments, Work, "frames")


def cameras(subject: Subject) -> Entry[Watch]:
    arguments = [subject.model, str(subject.material.camera), "--count", str(CAMERAS)]
    return Entry("cameras", "streamer.bench.cameras", arguments, Watch, "seconds")


def cameras_by_hand(subject: Subject) -> Entry[Watch]:
    arguments = [*subject.hand_arguments(), str(subject.material.camera), str(CAMERAS)]
    return Entry("cameras by hand", "streamer.bench.by_hand.cameras", arguments, Watch, "seconds")


def calm_camera(subject: Subject) -> Entry[Watch]:
    arguments = [subject.model, str(subject.material.camera), "--count", "1", "--fps", str(DETECTIONS_PER_S)]
    return Entry("a calm camera", "streamer.bench.cameras", arguments, Watch, "seconds")


def decoding_alone(subject: Subject) -> Entry[Work]:
    arguments = [str(CAMERA.fps), str(subject.material.camera)]
    return Entry("decoding alone", "streamer.bench.paced", arguments, Work, "seconds")


def model_alone(subject: Subject) -> Entry[Work]:
    arguments = [str(DETECTIONS_PER_S), str(subject.material.camera), subject.model]
    return Entry("the model alone", "streamer.bench.paced", arguments, Work, "seconds")
