"""One pass over pictures and videos: every frame is detected, none is dropped."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
from anyio import to_thread

from streamer.batching.batcher import Batcher
from streamer.batching.classifying import ClassifierQueue
from streamer.capture.address import redacted
from streamer.capture.inputs import Input, Video, expand
from streamer.capture.pictures import PictureFile, PictureSource
from streamer.capture.source import open_source
from streamer.classifying.stage import Classifiers
from streamer.config.tree import CameraConfig, DetectConfig, DetectorConfig, TrackerConfig
from streamer.errors import ConfigError, SourceEnded
from streamer.interrupt import interruptible
from streamer.judge import Judge
from streamer.loading import load_classifier, load_detector
from streamer.pipeline import Following, FrameSource, Pipeline, Stages, wanted
from streamer.publish.drawing import Drawing
from streamer.publish.explained import Explained
from streamer.publish.jsonl import STANDARD_OUTPUT, JsonLinesSink, json_lines
from streamer.publish.pictures import Pictures
from streamer.publish.progress import Progress
from streamer.publish.publisher import Opening
from streamer.publish.video import VideoFile
from streamer.regions import boxes_of
from streamer.tally import Tally
from streamer.tracking.tracker import Tracker
from streamer.tracking.untracked import Untracked

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

    from streamer.capture.source import Source
    from streamer.frame import Frame
    from streamer.loading import Place
    from streamer.publish.sink import Sink

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where results go; None where they do not."""

    json: str | None = None
    video: str | None = None
    pictures: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """What to detect, with what, and where the results go.

    Attributes:
        sources: pictures, folders, globs, videos, addresses.
        detector: the model and its overlap limit.
        detect: labels, regions, least confidence (none said: the model's); its ``fps`` does not count.
        outputs: where results go.
        every: takes frames 0, every, 2 * every .. of a video.
        track: whether objects are followed through a video.
        camera: whose rules judge what is found; None judges nothing.
        name: of that camera, in the records.
        explain: tell why objects are dropped or kept, with the default rules where no camera is said.
        place: where the options of its detector stand; None when no file says them.
        models: folder of the store of models, if there is one.
        stated: fields of the model's manifest that the user says besides.
    """

    sources: tuple[str, ...]
    detector: DetectorConfig
    detect: DetectConfig
    outputs: Outputs
    every: int = 1
    track: bool = True
    camera: CameraConfig | None = None
    name: str | None = None
    explain: bool = False
    place: Place | None = None
    models: Path | None = None
    stated: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Outcome:
    """What became of a job.

    Attributes:
        frames: processed.
        failures: sources that could not be read, each told already.
        lost_frames: damaged ones, and those that the model failed on.
    """

    frames: int = 0
    failures: list[SourceEnded] = field(default_factory=list)
    lost_frames: int = 0

    @property
    def failed(self) -> bool:
        return bool(self.failures) or self.lost_frames > 0


async def detect_all(job: Job) -> Outcome:
    """Run a job to its end, or until a signal ends it early.

    Raises:
        ConfigError: a source or an output cannot be used.
        DetectorError: the model cannot be used.
        SinkUnavailable: an output cannot be written any more.
    """
    inputs = expand(job.sources)
    videos = sum(isinstance(item, Video) for item in inputs)
    if job.outputs.video and videos != 1:
        raise ConfigError(
            f"--video: expected one video among the sources, received {videos or 'only pictures'}"
        )
    _refuse_to_overwrite(inputs, job.outputs)
    return await Detection(job, inputs).run()


def _refuse_to_overwrite(inputs: Sequence[Input], outputs: Outputs) -> None:
    """An output that is one of the inputs, or the other output, would destroy it."""
    files = {"--json": outputs.json, "--video": outputs.video}
    given = {option: Path(file) for option, file in files.items() if file and file != STANDARD_OUTPUT}
    for option, path in given.items():
        for item in inputs:
            if _same(path, Path(item.source if isinstance(item, Video) else item.path)):
                raise ConfigError(f"{option}: expected another file than a source, received {path}")
    if len(given) == 2 and _same(*given.values()):
        raise ConfigError(f"--json and --video: expected two files, received {outputs.json} twice")


def _same(first: Path, second: Path) -> bool:
    if first.exists() and second.exists():
        return first.samefile(second)
    return first.resolve() == second.resolve()


class Detection:
    """One job: starts its detector, opens its outputs when there is something for them, and ends both."""

    def __init__(self, job: Job, inputs: Sequence[Input]) -> None:
        self._job = job
        self._inputs = inputs
        self._files = {item.name: str(item.path) for item in inputs if isinstance(item, PictureFile)}
        self._videos = {item.name: redacted(item.source) for item in inputs if isinstance(item, Video)}

    async def run(self) -> Outcome:
        async with AsyncExitStack() as stack:
            uninterrupted = await stack.enter_async_context(interruptible())
            services = await stack.enter_async_context(anyio.create_task_group())
            # Left in reverse: the sources end, what they gave is written, the detector stops.
            stack.callback(services.cancel_scope.cancel)
            batcher = await self._start_detector(services)
            manifest = batcher.detector.manifest
            progress = stack.enter_context(Progress(f"{manifest.name} on {batcher.policy.provider}"))
            # Opened with the first result: a run that has none leaves earlier outputs as they are.
            publisher = Opening(partial(self._sinks, stack, manifest.name, progress))
            job = replace(self._job, detect=wanted(self._job.detect, manifest))
            queues = await self._start_classifiers(services)
            viewing = Viewing(job, Engines(batcher, queues), publisher, progress)
            with uninterrupted:
                for _, items in groupby(self._inputs, type):
                    await viewing.view(list(items))
            progress.interrupted = uninterrupted.cancel_called
            viewing.outcome.frames = progress.frames
        return viewing.outcome

    async def _start_detector(self, services: TaskGroup) -> Batcher:
        # What is followed needs one label per box; else all of them are told.
        followed = self._job.track and any(isinstance(item, Video) for item in self._inputs)
        config = self._job.detector.model_copy(update={"multi_label": not followed})
        async with anyio.create_task_group() as loading:
            # The slowest import of all runs while the model loads.
            loading.start_soon(to_thread.run_sync, partial(import_module, "supervision"))
            name = self._job.camera.detector if self._job.camera else "default"
            job = self._job
            detector = await to_thread.run_sync(
                load_detector, name, config, job.place, job.models, job.stated
            )
        batcher = Batcher("default", detector, config, Tally(), quick=True)
        await services.start(batcher.run)
        return batcher

    async def _start_classifiers(self, services: TaskGroup) -> Mapping[str, ClassifierQueue]:
        """Those of the camera; they vote over the frames of what is followed, so pictures have none."""
        configs = self._job.camera.classifiers if self._job.camera else ()
        queues: dict[str, ClassifierQueue] = {}
        if not self._job.track or not self._videos or self._job.models is None:
            if configs:
                log.warning("no classifier looks at pictures alone: they vote over the frames of a video")
            return queues
        for number, each in enumerate(configs):
            if each.model not in queues:
                option = ("cameras", self._job.name or "", "classifiers", str(number), "model")
                place, models = self._job.place, self._job.models
                loaded = await to_thread.run_sync(load_classifier, each.model, option, place, models)
                queues[each.model] = ClassifierQueue(each.model, loaded, 0.0, Tally(), quick=True)
                await services.start(queues[each.model].run)
        return queues

    async def _sinks(self, stack: AsyncExitStack, model: str, progress: Progress) -> list[Sink]:
        outputs = self._job.outputs
        sinks: list[Sink] = []
        if outputs.json:
            lines = await stack.enter_async_context(json_lines(outputs.json, lossless=True))
            models = {item.name: model for item in self._inputs}
            name = self._job.name
            file_of = self._file_of if name is None else self._source_of
            sinks.append(JsonLinesSink(lines, models, file_of=file_of, snapshots=False, name=name))
        elif self._job.explain:
            sinks.append(Explained(sys.stderr, self._file_of))
        if outputs.video:
            sinks.append(await stack.enter_async_context(Drawing(VideoFile(outputs.video))))
        if outputs.pictures:
            pictures = Pictures(outputs.pictures, file_of=self._file_of, sources=self._files.values())
            sinks.append(await stack.enter_async_context(Drawing(pictures)))
        return [*sinks, progress]

    def _file_of(self, frame: Frame) -> str | None:
        return self._files.get(frame.camera)

    def _source_of(self, frame: Frame) -> str:
        """Which it is of several that are all of one camera."""
        return self._file_of(frame) or self._videos[frame.camera]


@dataclass(frozen=True, slots=True, eq=False)
class Engines:
    """What looks at the frames of a job: its detector, and its classifiers by their models."""

    batcher: Batcher
    queues: Mapping[str, ClassifierQueue]


class Viewing:
    """Inputs of one job, one after the other, through its detector to its outputs.

    Attributes:
        outcome: what became of those that were viewed so far.
    """

    def __init__(self, job: Job, engines: Engines, publisher: Opening, progress: Progress) -> None:
        """
        Args:
            job: what to detect; a model's own least confidence stands in it by now.
            engines: run its models.
            publisher: takes the results.
            progress: shows them.
        """
        self.outcome = Outcome()
        self._job = job
        self._engines = engines
        self._publisher = publisher
        self._progress = progress

    async def view(self, inputs: Sequence[Input]) -> None:
        """Inputs of one kind: videos one after the other, pictures side by side."""
        for item in inputs:
            if isinstance(item, Video):
                await self._watch(item)
        pictures = [item for item in inputs if isinstance(item, PictureFile)]
        if pictures:
            self._progress.begin("pictures", lambda: len(pictures))
            source = PictureSource(pictures, self._failed)
            await self._follow(source, Untracked(), self._judge(source.name, follows=False), Tally())

    async def _watch(self, video: Video) -> None:
        camera, tally = CameraConfig(source=video.source, loop=False), Tally()
        source = open_source(video.name, camera, tally, lossless=True, every=self._job.every)
        self._progress.begin(video.name, lambda: _due(source.frames_total(), self._job.every))
        followed = self._job.camera.track if self._job.camera else TrackerConfig()
        followed = followed.starting_from(self._job.detect.min_confidence)
        tracker = Tracker(followed) if self._job.track else Untracked()
        judge = self._judge(video.name, follows=self._job.track)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._play, source)
            await self._follow(source, tracker, judge, tally)
        if tally.dropped_frames:
            of_total = f" of {total}" if (total := source.frames_total()) else ""
            log.warning(
                "%s: damaged: %d%s frames could be read", video.source, tally.received_frames, of_total
            )

    def _judge(self, name: str, *, follows: bool) -> Judge | None:
        job = self._job
        if job.camera is None and not job.explain:
            return None
        camera = job.camera or CameraConfig(source=name)
        judged = camera.model_copy(update={"detect": job.detect})
        return Judge(name, judged, follows=follows, explain=job.explain)

    async def _follow(
        self, source: FrameSource, tracker: Following, judge: Judge | None, tally: Tally
    ) -> None:
        detect, batcher = self._job.detect, self._engines.batcher
        stages = Stages(batcher, tracker, judge, self._publisher, tally, classifiers=self._classifiers())
        window = partial(batcher.window, crops=len(boxes_of(detect.regions)))
        await Pipeline(source, detect, stages, window).run()
        self.outcome.lost_frames += tally.dropped_frames

    def _classifiers(self) -> Classifiers | None:
        """New ones for each video; a file waits for what they say."""
        camera, queues = self._job.camera, self._engines.queues
        if camera is None or not queues:
            return None
        return Classifiers(self._job.name or "", camera.classifiers, queues, waits=True)

    async def _play(self, source: Source) -> None:
        try:
            await source.run()
        except SourceEnded as error:
            self._failed(error)

    def _failed(self, error: SourceEnded) -> None:
        log.warning("%s", error)
        self.outcome.failures.append(error)


def _due(total: int | None, every: int) -> int | None:
    return None if total is None else -(-total // every)
