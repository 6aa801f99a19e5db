"""What lost packets do to pictures: how many are spoilt, how many of those are shown, and false detections.

python tests/benchmarks/lossy_camera.py [VIDEO] [--codec h264] [--transport udp] [--loss 0.01] [--seconds 60]

``before`` is every picture that libav decodes and does not flag itself, ``after`` what a source hands over. A
picture is spoilt when in a block of 16 x 16 its brightness is off by 12 of 255 or more, against the same
picture decoded without loss; many more differ a little. Detections and events are those of the
pictures that are due at 5 a second.
"""

import argparse
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import anyio
import av
import numpy as np

TESTS = Path(__file__).parent.parent
sys.path[:0] = [str(TESTS), str(TESTS.parent)]

from rtsp.clips import Clip, encode  # noqa: E402
from rtsp.fixtures import Flaws, RtspCamera  # noqa: E402
from system.footage import film  # noqa: E402

from detectors.pixels import BgrPixels  # noqa: E402
from streamer.bench.rig import served  # noqa: E402
from streamer.capture.address import parse  # noqa: E402
from streamer.capture.camera_clock import CameraClock  # noqa: E402
from streamer.capture.clock import Rate  # noqa: E402
from streamer.capture.libav import LibavReader, open_stream  # noqa: E402
from streamer.capture.playback import Plan  # noqa: E402
from streamer.capture.supervisor import SupervisedSource  # noqa: E402
from streamer.config.tree import CameraConfig, DetectConfig, TrackerConfig  # noqa: E402
from streamer.event import Event, Happening  # noqa: E402
from streamer.frame import PTS_CLOCK_HZ, Frame  # noqa: E402
from streamer.judge import Judge  # noqa: E402
from streamer.metrics.metrics import Metrics  # noqa: E402
from streamer.pipeline import Pipeline, Stages  # noqa: E402
from streamer.status import Status  # noqa: E402
from streamer.tracking.tracker import Tracker  # noqa: E402
from streamer.tracking.tracks import Tracks  # noqa: E402

BLOCK = 16
VISIBLE = 12.0
DETECT_FPS = 5
STREET = "sim://street?seed=5&size=640x360&fps=30&people=6"
FILM_S = 20


@dataclass
class Truth:
    """The pictures as they were sent: brightness and colours, by number."""

    lumas: list[Any] = field(default_factory=list)
    images: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.shift: int | None = None

    def number(self, pts: int, luma: Any, key: bool, fps: int) -> int | None:
        """Which picture this should be; None until one came that is exactly one of those that were sent."""
        count = round(pts * fps / PTS_CLOCK_HZ)
        # A server that begins to play sets its clock, after a picture or two.
        if self.shift is None or key:
            alike = [number for number in range(len(self.lumas)) if self.exact(number, luma)]
            if len(alike) == 1:
                self.shift = alike[0] - count
        return None if self.shift is None else (count + self.shift) % len(self.lumas)

    def exact(self, number: int, luma: Any) -> bool:
        return np.array_equal(luma, self.lumas[number])

    def spoilt(self, number: int, luma: Any) -> bool:
        off = np.abs(luma - self.lumas[number])
        height, width = (side // BLOCK * BLOCK for side in off.shape)
        blocks = off[:height, :width].reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK)
        return float(blocks.mean(axis=(1, 3)).max()) >= VISIBLE


def luma_of(frame: av.VideoFrame) -> Any:
    plane = frame.planes[0]
    rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width].astype(np.int16)


@dataclass
class Recorder:
    """A reader that notes what was decoded; everything else is the reader's."""

    reader: LibavReader
    pictures: dict[int, tuple[Any, bool]]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.reader, name)

    def decode(self, pts: int) -> Sequence[av.VideoFrame]:
        frames = self.reader.decode(pts)
        for frame in frames:
            if frame.pts is not None:
                self.pictures[frame.pts] = (frame, frame.is_corrupt)
        return frames


class Heard:
    """Counts what a source says."""

    def __init__(self) -> None:
        self.count: dict[str, int] = {}

    def received(self, camera: str) -> None:
        self.count["received"] = self.count.get("received", 0) + 1

    def dropped(self, camera: str, reason: str) -> None:
        self.count[reason] = self.count.get(reason, 0) + 1

    def clocked(self, camera: str, offset_s: float) -> None: ...

    def changed(self, camera: str, state: object) -> None: ...


@dataclass
class Collected:
    """What a pipeline publishes."""

    boxes: dict[int, Any] = field(default_factory=dict)
    starts: list[tuple[int, Any]] = field(default_factory=list)

    async def publish(self, frame: Frame, tracks: Tracks, events: Sequence[Happening]) -> None:
        self.boxes[frame.sequence] = tracks.detections.xyxy
        started = (each for each in events if isinstance(each, Event) and each.phase == "start")
        self.starts += [(frame.sequence, np.array(event.box)) for event in started]

    async def conclude(self, camera: str, events: Sequence[Happening]) -> None: ...


@dataclass
class Kept:
    """Frames that were kept, as a source."""

    kept: list[Frame]
    name: str = "camera"

    async def frames(self) -> AsyncIterator[Frame]:
        for frame in self.kept:
            yield frame


@dataclass
class Measured:
    """One run: the numbers of the pictures, and the frames that are due, of each way of looking."""

    truth: Truth
    fps: int
    pictures: int = 0
    spoilt: int = 0
    exact: int = 0
    exact_after: int = 0
    before: int = 0
    spoilt_before: int = 0
    after: int = 0
    spoilt_after: int = 0
    frames: dict[str, list[Frame]] = field(default_factory=lambda: {"sent": [], "before": [], "after": []})

    def __post_init__(self) -> None:
        self._due = {way: Rate(DETECT_FPS) for way in self.frames}

    def add(self, frame: av.VideoFrame, flagged: bool, shown: bool) -> None:
        luma = luma_of(frame)
        number = self.truth.number(frame.pts or 0, luma, frame.key_frame, self.fps)
        if number is None:
            return
        spoilt = self.truth.spoilt(number, luma)
        exact = self.truth.exact(number, luma)
        self.pictures += 1
        self.spoilt += spoilt
        self.exact += exact
        self._keep("sent", frame, self.truth.images[number])
        if not flagged:
            self.before += 1
            self.spoilt_before += spoilt
            self._keep("before", frame)
        if shown:
            self.after += 1
            self.spoilt_after += spoilt
            self.exact_after += exact
            self._keep("after", frame)

    def _keep(self, way: str, frame: av.VideoFrame, image: Any = None) -> None:
        pts = frame.pts or 0
        if self._due[way].due(pts):
            image = frame.to_ndarray(format="bgr24") if image is None else image
            pixels = BgrPixels(image)
            self.frames[way].append(Frame("camera", pts, pts, datetime.now(UTC), monotonic(), pixels))


async def watch(url: str, transport: str, seconds: float, measured: Measured) -> dict[str, int]:
    config = CameraConfig(source=url, transport=transport, decode="cpu")
    pictures: dict[int, tuple[Any, bool]] = {}
    plan = Plan(
        camera="camera",
        shown=url,
        open=lambda: Recorder(open_stream(parse(config), config, CameraClock(2.0)), pictures),
        lossless=True,
    )
    heard = Heard()
    source = SupervisedSource(plan, heard, None)
    shown: set[int] = set()

    def settle(until: int) -> None:
        for pts in sorted(pts for pts in pictures if pts <= until):
            measured.add(*pictures.pop(pts), shown=pts in shown)

    with anyio.move_on_after(seconds):
        async with anyio.create_task_group() as tasks:
            await tasks.start(source.run)
            async for frame in source.frames():
                shown.add(frame.pts)
                settle(frame.pts)
    settle(max(pictures, default=0))
    return heard.count


async def detect(measured: Measured) -> dict[str, Collected]:
    results = {way: Collected() for way in measured.frames}
    metrics = Metrics(Status([]))
    async with served("sightline-nano", metrics) as batcher:
        least = batcher.detector.manifest.thresholds.confidence
        detection = DetectConfig(min_confidence=least)
        for way, frames in measured.frames.items():
            tracker = Tracker(TrackerConfig().starting_from(least))
            rules = Judge("camera", CameraConfig(source="rtsp://camera", detect=detection))
            stages = Stages(batcher, tracker, rules, results[way], metrics)
            await Pipeline(Kept(frames), detection, stages).run()
    return results


def overlap(box: Any, others: Any) -> float:
    if not len(others):
        return 0.0
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    both = np.clip(high - low, 0, None).prod(axis=1)
    areas = (others[:, 2:] - others[:, :2]).prod(axis=1) + (box[2:] - box[:2]).prod()
    return float((both / (areas - both)).max())


def false(boxes: Iterable[tuple[int, Any]], sent: Collected) -> int:
    """Boxes where, in the nearest picture as it was sent, is none like it."""
    times = np.array(sorted(sent.boxes))
    return sum(overlap(box, sent.boxes[int(times[np.abs(times - pts).argmin()])]) < 0.4 for pts, box in boxes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("video", type=Path, nargs="?", help="what the camera shows; else the street")
    parser.add_argument("--codec", choices=("h264", "hevc"), default="h264")
    parser.add_argument("--transport", choices=("tcp", "udp"), default="udp")
    parser.add_argument("--loss", type=float, default=0.01)
    parser.add_argument("--gop", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        video = options.video or film(Path(folder) / "street.mp4", FILM_S, STREET)
        clip = Clip(640, 360, 30, options.gop, FILM_S, options.codec, video, "veryfast")
        stream = encode(clip, Path(folder))
        truth = Truth()
        with av.open(str(stream)) as container:
            for frame in container.decode(video=0):
                truth.lumas.append(luma_of(frame))
                truth.images.append(frame.to_ndarray(format="bgr24"))
        camera = RtspCamera([stream], clip, None, Flaws(options.loss, options.seed))
        camera.start()
        measured = Measured(truth, clip.fps)
        try:
            heard = anyio.run(watch, camera.url, options.transport, options.seconds, measured)
        finally:
            camera.kill()
    tell(measured, heard, anyio.run(detect, measured))


def tell(measured: Measured, heard: dict[str, int], results: dict[str, Collected]) -> None:
    print(
        f"{measured.pictures} pictures, {measured.spoilt} visibly spoilt, {measured.exact} exactly as sent,"
        f" of which {measured.exact - measured.exact_after} were dropped; counted: {heard}"
    )
    for way, shown, spoilt in (
        ("before", measured.before, measured.spoilt_before),
        ("after", measured.after, measured.spoilt_after),
    ):
        print(f"{way}: {shown} shown, {spoilt} of them spoilt; {measured.spoilt - spoilt} spoilt dropped")
    for way, result in results.items():
        boxes = [(pts, box) for pts, found in result.boxes.items() for box in found]
        print(
            f"{way}: {len(result.boxes)} detected, {len(boxes)} boxes, {false(boxes, results['sent'])} false,"
            f" {len(result.starts)} events, {false(result.starts, results['sent'])} false"
        )


if __name__ == "__main__":
    main()
