"""Results as the pipeline hands them to the sinks."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import numpy as np
import supervision as sv
from pydantic import Field, TypeAdapter

from detectors.pixels import BgrPixels
from streamer.event import Event, Ruling
from streamer.frame import PTS_CLOCK_HZ, Frame
from streamer.messages.detections import DetectionRecord
from streamer.messages.events import EventRecord
from streamer.messages.scene import CountsRecord, CrossingRecord, ZoneRecord
from streamer.tracking.tracks import Tracks

NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
MESSAGE = TypeAdapter(
    Annotated[
        DetectionRecord | EventRecord | ZoneRecord | CrossingRecord | CountsRecord,
        Field(discriminator="schema_"),
    ]
)
"""Reads any line back."""

Found = tuple[str, float, tuple[float, float, float, float], int]


def frame(
    sequence: int = 0, camera: str = "front", size: tuple[int, int] = (320, 240), **times: float
) -> Frame:
    """A grey frame of width x height; ``time_s`` is its media time."""
    time_s = times.get("time_s", sequence / 10)
    return Frame(
        camera=camera,
        sequence=sequence,
        pts=round(time_s * PTS_CLOCK_HZ),
        captured_at=NOON + timedelta(seconds=time_s),
        decoded_at=0.0,
        pixels=BgrPixels(np.full((size[1], size[0], 3), 90, np.uint8)),
    )


def tracks(*found: Found) -> Tracks:
    """Label, confidence, box and track of each object."""
    return Tracks(0.0, detections(found), ())


def detections(found: Sequence[Found]) -> sv.Detections:
    return sv.Detections(
        xyxy=np.array([box for _, _, box, _ in found], np.float32).reshape(-1, 4),
        confidence=np.array([confidence for _, confidence, _, _ in found], np.float32),
        class_id=np.zeros(len(found), int),
        tracker_id=np.array([track for _, _, _, track in found], int),
        data={"class_name": np.array([label for label, _, _, _ in found], str)},
    )


PERSON: Found = ("person", 0.87654, (10.04, 20.26, 110.0, 220.75), 3)
BUS: Found = ("bus", 0.5, (0.0, 0.0, 50.0, 40.0), -1)


def event(phase: str = "start", camera: str = "front") -> Event:
    return Event(
        id="01957b5e-0000-7000-8000-000000000000",
        camera=camera,
        phase=phase,
        label="person",
        track=3,
        confidence=0.87654,
        box=(10.04, 20.26, 110.0, 220.75),
        started_at=NOON,
        ended_at=NOON + timedelta(seconds=8.5) if phase == "end" else None,
        snapshot="snapshots/front/2026-03-01/01957b5e-0000-7000-8000-000000000000",
        attributes={"colour": "red"},
        zones=("porch",),
        rules=(Ruling("threshold", True, 0.7123456789, 0.5),),
    )
