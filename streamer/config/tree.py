"""The configuration tree: every option of the service with its default and its bounds."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, field_validator, model_validator

from detectors.providers import Provider
from streamer.config.bus import KafkaConfig, some_brokers
from streamer.config.classifiers import ClassifierConfigs
from streamer.config.collect import CollectConfig
from streamer.config.network import (
    Address,
    BasePath,
    DatabaseUrl,
    HeaderName,
    IceUrl,
    Network,
    Origin,
    PortRange,
    Token,
    certificate,
    listed,
)
from streamer.config.scene import (
    Confidence,
    FilterConfig,
    Label,
    Labels,
    LineConfig,
    MaskConfig,
    Regions,
    ZoneConfig,
)
from streamer.config.section import ByteSize, Duration, Line, Section, told

DATA: Final = "sightline-data"
CAMERA_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]*")
LONGEST_NAME: Final = 100


def camera_name(value: str) -> str:
    """A name that fits a URL, a Kafka key and a file name."""
    if len(value) > LONGEST_NAME:
        raise ValueError(f"expected at most {LONGEST_NAME} characters, received {len(value)}")
    if not CAMERA_NAME.fullmatch(value):
        raise ValueError(f"expected a name like 'front-door' (a-z, 0-9, '-', '_'), received {value!r}")
    return value


def as_text(value: object) -> object:
    """Numbers as they are written: onnxruntime takes its options as text."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


ProviderOption = Annotated[Line, BeforeValidator(as_text)]
CameraName = Annotated[str, Field(max_length=LONGEST_NAME), AfterValidator(camera_name)]


class DetectConfig(Section):
    """What to look for, and how often.

    ``fps`` is the number of detections per second and camera, 0 for every frame. Unless
    ``min_confidence`` is said, it is what the model's manifest recommends. ``regions`` are the parts of the
    picture that the model looks at. Not ``enabled``, nothing is looked for; the camera can still be watched.
    """

    fps: float = Field(default=5.0, ge=0, le=240)
    labels: Labels = ()
    min_confidence: Confidence | None = None
    regions: Regions = "full"
    enabled: bool = True


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

    confirm_hits: int = Field(default=3, ge=1, le=250)
    confirm_s: float = Field(default=0.5, ge=0, le=600)
    threshold: Confidence = 0.5
    better: float = Field(default=1.2, ge=1, le=100)
    update_every_s: float = Field(default=1.0, ge=0, le=3600)
    required_zones: Labels = ()


class StationaryConfig(Section):
    """When an object counts as parked, and for how long its place is remembered once it is not seen.

    Found again at its place within ``keep``, also after a reconnect or a restart, it continues its event.
    """

    after: Duration = 10.0
    keep: Duration = 600.0


class ClockConfig(Section):
    """How far a camera's clock may be from the time of arrival before it is not believed."""

    tolerance: Duration = 2.0


class StateConfig(Section):
    """When a camera's trouble is told: once it has lasted for ``hold``, and its end likewise.

    With ``picture`` a camera that is covered, frozen or out of focus is told apart from a quiet one.
    """

    hold: Duration = 30.0
    picture: bool = True


class CountsConfig(Section):
    """How often the totals of zones and lines are told."""

    interval: Duration = Field(default=60.0, ge=1)


class StreamsConfig(Section):
    """Two streams of one camera: ``sub`` is detected on, ``main`` is for viewing and snapshots."""

    main: Line
    sub: Line


class CameraConfig(Section):
    """One camera: its address and what differs from the global defaults.

    A recording plays at its own rate, and again from its beginning with ``loop``.
    ``username`` and ``password`` stand beside the address when they hold characters that break a URL.
    ``labels`` merges classes: ``{truck: car}`` calls trucks cars.
    With ``decode: auto`` a live stream is decoded by a graphics card where one answers, else by the CPU;
    a card that was asked for and is not there is an error. Not ``enabled`` it is not opened. ``title`` is
    what people are shown in place of its name.
    """

    source: Line | StreamsConfig
    username: str | None = None
    password: SecretStr | None = None
    transport: Literal["tcp", "udp"] = "tcp"
    decode: Literal["auto", "cpu", "cuda", "qsv"] = "auto"
    timeout_s: float = Field(default=5.0, gt=0, le=120)
    loop: bool = True
    clock: ClockConfig = ClockConfig()
    state: StateConfig = StateConfig()
    detect: DetectConfig = DetectConfig()
    labels: dict[Label, Label] = Field(default_factory=dict)
    filters: dict[Label, FilterConfig] = Field(default_factory=dict)
    masks: tuple[MaskConfig, ...] = ()
    zones: dict[CameraName, ZoneConfig] = Field(default_factory=dict)
    lines: dict[CameraName, LineConfig] = Field(default_factory=dict)
    classifiers: ClassifierConfigs = ()
    track: TrackerConfig = TrackerConfig()
    stationary: StationaryConfig = StationaryConfig()
    events: EventConfig = EventConfig()
    counts: CountsConfig = CountsConfig()
    collect: CollectConfig | None = None
    detector: str = "default"
    title: Line | None = Field(default=None, max_length=100)
    enabled: bool = True

    @field_validator("source")
    @classmethod
    def _two_of_them(cls, source: str | StreamsConfig) -> str | StreamsConfig:
        if isinstance(source, StreamsConfig) and source.main == source.sub:
            raise told("expected the addresses of two streams, received the same one twice")
        return source

    @property
    def detected(self) -> str:
        """The address of the stream that is detected on."""
        return self.source if isinstance(self.source, str) else self.source.sub


class DetectorConfig(Section):
    """One model and how it is run; cameras that name it share its queue and its session.

    With ``multi_label`` a box is reported once for each class it may be of, else for its best one only;
    what is followed needs one. ``provider_options`` go to onnxruntime as they are, for the provider that is
    named.
    """

    model: Line = "sightline-nano"
    provider: Provider = "auto"
    provider_options: dict[Line, ProviderOption] = Field(default_factory=dict)
    iou: float = Field(default=0.45, ge=0, le=1)
    multi_label: bool = False
    workers: int | None = Field(default=None, ge=1, le=256)
    max_batch: int = Field(default=16, ge=1, le=64)
    max_wait_ms: float = Field(default=5.0, ge=0, le=1000)

    @model_validator(mode="after")
    def _options_of_a_named_provider(self) -> DetectorConfig:
        if self.provider_options and self.provider in ("auto", "cpu"):
            raise told(
                f"expected a provider that has options, for provider_options; received {self.provider}"
            )
        return self


class StorageConfig(Section):
    """How much is kept, in the data folder."""

    days: float = Field(default=14.0, gt=0)
    bytes: ByteSize = 10 * 10**9
    jpeg_quality: int = Field(default=90, ge=1, le=100)


class CertificateConfig(Section):
    """Who we are to browsers: PEM files; with ``auto`` both are made and kept in the data folder."""

    auto: bool = False
    certificate: Path | None = None
    key: Path | None = None

    @model_validator(mode="after")
    def _both_or_neither(self) -> CertificateConfig:
        said = [name for name in ("certificate", "key") if getattr(self, name) is not None]
        if self.auto and said:
            raise told(f"expected either auto or {' and '.join(said)}, received both")
        if not self.auto and len(said) < 2:
            raise told(f"expected auto, or certificate and key, received {said[0] if said else 'none'}")
        return self


class AuthHeaderConfig(Section):
    """Headers in which a proxy says whom it has let in: the user's name, and ``viewer`` or ``admin``."""

    user: HeaderName
    role: HeaderName | None = None


class HttpConfig(Section):
    """Where the HTTP interface listens, and who may use it.

    ``token`` is one that may do everything (``Authorization: Bearer``). ``origins`` are the pages of others
    (``https://example.org``) that may show live video. Where other machines reach it, somebody has to be able
    to sign in, or it is ``insecure``. ``accounts`` is the database of users and tokens, a file in the data
    folder unless said (``postgresql://user:password@host/name``). ``tls`` is ``auto``, or names a certificate
    and its key. Behind a proxy, ``base_path`` is where that shows the service, ``trusted_proxies`` are those
    whose headers are believed, and ``auth_header`` names those in which they say who asks.
    """

    host: Line = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    token: Token | None = None
    insecure: bool = False
    accounts: DatabaseUrl | None = None
    origins: Annotated[tuple[Origin, ...], BeforeValidator(listed)] = ()
    tls: Annotated[CertificateConfig | None, BeforeValidator(certificate)] = None
    base_path: BasePath = ""
    trusted_proxies: Annotated[tuple[Network, ...], BeforeValidator(listed)] = ()
    auth_header: AuthHeaderConfig | None = None

    @model_validator(mode="after")
    def _proxies_that_let_in(self) -> HttpConfig:
        if self.auth_header is not None and not self.trusted_proxies:
            raise told("expected trusted_proxies for auth_header, received none: nobody would be believed")
        return self


class IceServerConfig(Section):
    """A STUN or TURN server, with the login that a TURN server wants."""

    urls: Annotated[tuple[IceUrl, ...], BeforeValidator(listed), Field(min_length=1)]
    username: str | None = None
    credential: SecretStr | None = None

    @model_validator(mode="after")
    def _complete(self) -> IceServerConfig:
        if any(url.startswith("turn") for url in self.urls) and not (self.username and self.credential):
            raise ValueError("expected username and credential of a TURN server, received none")
        login = (self.username or "") + (self.credential.get_secret_value() if self.credential else "")
        # Viewers are told them in headers.
        if not (login.isascii() and login.isprintable()):
            raise ValueError("expected username and credential in printable ASCII, received others")
        return self


class WebRtcConfig(Section):
    """How live video reaches browsers.

    ``udp_ports`` are those that are used (any, unless said), ``advertise`` addresses of ours as seen from
    outside, ``bitrate`` what a stream that is coded here may take, bits per second. ``max_viewers`` watch at
    once; from one address half of them may have asked and not connected yet.
    """

    ice_servers: tuple[IceServerConfig, ...] = ()
    udp_ports: PortRange | None = None
    advertise: Annotated[tuple[Address, ...], BeforeValidator(listed)] = ()
    max_viewers: int = Field(default=100, ge=1, le=10_000)
    bitrate: ByteSize = 2_500_000


class OutputConfig(Section):
    """Where records go besides the event store; ``json`` is a file, or ``-`` for standard output."""

    json_lines: str | None = Field(default=None, alias="json")


class Config(Section):
    """The whole configuration of one process."""

    cameras: dict[CameraName, CameraConfig] = Field(default_factory=dict)
    detectors: dict[Label, DetectorConfig] = Field(
        default_factory=lambda: {"default": DetectorConfig()}, min_length=1
    )
    decode: Literal["auto", "cpu", "cuda", "qsv"] = "auto"
    clock: ClockConfig = ClockConfig()
    state: StateConfig = StateConfig()
    detect: DetectConfig = DetectConfig()
    labels: dict[Label, Label] = Field(default_factory=dict)
    filters: dict[Label, FilterConfig] = Field(default_factory=dict)
    masks: tuple[MaskConfig, ...] = ()
    zones: dict[CameraName, ZoneConfig] = Field(default_factory=dict)
    lines: dict[CameraName, LineConfig] = Field(default_factory=dict)
    classifiers: ClassifierConfigs = ()
    track: TrackerConfig = TrackerConfig()
    stationary: StationaryConfig = StationaryConfig()
    events: EventConfig = EventConfig()
    counts: CountsConfig = CountsConfig()
    collect: CollectConfig | None = None
    storage: StorageConfig = StorageConfig()
    http: HttpConfig = HttpConfig()
    webrtc: WebRtcConfig = WebRtcConfig()
    output: OutputConfig = OutputConfig()
    kafka: Annotated[KafkaConfig | None, BeforeValidator(some_brokers)] = None
    data: Path = Path(DATA)
