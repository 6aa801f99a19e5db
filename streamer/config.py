"""The configuration tree: every option of the service with its default and its bounds."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

CAMERA_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]*")
BYTE_UNITS: Final = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


def camera_name(value: str) -> str:
    """A name that fits a URL, a Kafka key and a file name."""
    if not CAMERA_NAME.fullmatch(value):
        raise ValueError(f"expected a name like 'front-door' (a-z, 0-9, '-', '_'), received {value!r}")
    return value


def byte_size(value: object) -> object:
    """``"20 GB"`` or ``"500MB"`` as a number of bytes; numbers pass through."""
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)b?\s*", value.lower())
    if match is None:
        raise ValueError(f"expected a size like '20 GB', received {value!r}")
    return int(float(match[1]) * BYTE_UNITS[match[2]])


CameraName = Annotated[str, AfterValidator(camera_name)]
ByteSize = Annotated[int, BeforeValidator(byte_size), Field(gt=0)]


class Section(BaseModel):
    """A part of the configuration: unknown keys are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DetectConfig(Section):
    """What to look for, and how often.

    ``fps`` is the number of detections per second and camera, 0 for every frame. Unless
    ``min_confidence`` is said, it is what the model's manifest recommends.
    """

    fps: float = Field(default=5.0, ge=0, le=240)
    labels: tuple[str, ...] = ()
    min_confidence: float | None = Field(default=None, ge=0, le=1)


class TrackerConfig(Section):
    """When an object is followed, and for how long after it was last seen.

    Detections of at least ``high_confidence`` start a track; weaker ones only continue one. A track is
    shown once it was seen ``confirm_hits`` times over at least ``confirm_s``.
    """

    high_confidence: float = Field(default=0.6, ge=0, le=1)
    confirm_hits: int = Field(default=2, ge=1, le=100)
    confirm_s: float = Field(default=0.0, ge=0, le=60)
    lost_s: float = Field(default=2.0, gt=0, le=600)

    def starting_from(self, min_confidence: float | None) -> TrackerConfig:
        """The same, but whatever is published, from ``min_confidence`` on, may start a track."""
        if min_confidence is None or min_confidence >= self.high_confidence:
            return self
        return self.model_copy(update={"high_confidence": min_confidence})


class EventConfig(Section):
    """When a track becomes an event, and how often its picture is replaced by a better one.

    ``threshold`` is the least median confidence over the track; a picture is better when its score
    (confidence, size, not cut by the edge) is ``better`` times that of the one kept.
    """

    confirm_hits: int = Field(default=3, ge=1, le=1000)
    confirm_s: float = Field(default=0.5, ge=0, le=600)
    threshold: float = Field(default=0.5, ge=0, le=1)
    better: float = Field(default=1.2, ge=1, le=100)
    update_every_s: float = Field(default=1.0, ge=0, le=3600)


class CameraConfig(Section):
    """One camera: its address and what differs from the global defaults.

    A recording plays at its own rate, and again from its beginning with ``loop``.
    ``username`` and ``password`` stand beside the address when they hold characters that break a URL.
    """

    source: str = Field(min_length=1)
    username: str | None = None
    password: SecretStr | None = None
    transport: Literal["tcp", "udp"] = "tcp"
    timeout_s: float = Field(default=5.0, gt=0, le=120)
    loop: bool = True
    detect: DetectConfig = DetectConfig()
    track: TrackerConfig = TrackerConfig()
    events: EventConfig = EventConfig()
    detector: str = "default"


class DetectorConfig(Section):
    """One model and how it is run; cameras that name it share its queue and its session.

    With ``multi_label`` a box is reported once for each class it may be of, else for its best one only;
    what is followed needs one.
    """

    model: str = "sightline-nano"
    provider: Literal["auto", "cpu", "cuda", "tensorrt"] = "auto"
    iou: float = Field(default=0.45, ge=0, le=1)
    multi_label: bool = False
    workers: int | None = Field(default=None, ge=1, le=256)
    max_batch: int = Field(default=16, ge=1, le=64)
    max_wait_ms: float = Field(default=5.0, ge=0, le=1000)


class StorageConfig(Section):
    """How much is kept, in the data folder."""

    days: float = Field(default=14.0, gt=0)
    bytes: ByteSize = 10 * 10**9
    jpeg_quality: int = Field(default=90, ge=1, le=100)


class HttpConfig(Section):
    """Where the HTTP interface listens."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)


class OutputConfig(Section):
    """Where records go besides the event store; ``json`` is a file, or ``-`` for standard output."""

    json_lines: str | None = Field(default=None, alias="json")


class Config(Section):
    """The whole configuration of one process."""

    cameras: dict[CameraName, CameraConfig] = Field(min_length=1)
    detectors: dict[str, DetectorConfig] = {"default": DetectorConfig()}
    detect: DetectConfig = DetectConfig()
    track: TrackerConfig = TrackerConfig()
    events: EventConfig = EventConfig()
    storage: StorageConfig = StorageConfig()
    http: HttpConfig = HttpConfig()
    output: OutputConfig = OutputConfig()
    data: Path = Path("sightline-data")

    @model_validator(mode="after")
    def _detectors_exist(self) -> Config:
        for name, camera in self.cameras.items():
            if camera.detector not in self.detectors:
                known = ", ".join(sorted(self.detectors))
                raise ValueError(
                    f"cameras.{name}.detector: expected one of {known}, received {camera.detector!r}"
                )
        return self
