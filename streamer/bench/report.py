"""From the samples of all rounds to figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from statistics import median
from typing import TYPE_CHECKING, Final, TypeVar

from streamer.bench.field import CAMERAS, DETECTIONS_PER_S
from streamer.bench.figures import Figure, Report, Target
from streamer.bench.material import CAMERA
from streamer.metrics.window import quantile

if TYPE_CHECKING:
    from streamer.bench.rounds import Measured
    from streamer.bench.samples import Parts, Watch, Work

T = TypeVar("T")

FILE: Final = "a file"
LIVE: Final = f"{CAMERAS} live cameras"
CALM: Final = f"a camera, {DETECTIONS_PER_S} detections/s"
START: Final = "start"


def report(measured: Measured, cores: int) -> Report:
    """The figures of a run on so many cores."""
    return Report(
        ratios=[
            *_file_ratios(measured, cores),
            *_live_ratios(measured),
            _calm_ratio(measured),
            _start(measured),
        ],
        absolutes=[*_file_absolutes(measured, cores), *_live_absolutes(measured), *_calm_absolutes(measured)],
    )


def stray(limits: Sequence[Parts]) -> float:
    """CPU that other threads used while the limit was measured, as a share of it."""
    return sum(limit.stray_s for limit in limits) / sum(
        limit.cpu_per_frame_s * limit.frames for limit in limits
    )


def _file_ratios(measured: Measured, cores: int) -> list[Figure]:
    def speeds(files: Sequence[Work]) -> float:
        rounds = zip(files, measured.limit, strict=True)
        return median(work.fps * limit.cpu_per_frame_s / cores for work, limit in rounds)

    def thrifts(files: Sequence[Work]) -> float:
        rounds = zip(files, measured.limit, strict=True)
        return median(limit.cpu_per_frame_s / work.cpu_per_frame_s for work, limit in rounds)

    ours, by_hand = measured.file, measured.file_by_hand
    return [
        Figure(
            "file_speed",
            FILE,
            "frames/s, of the limit",
            speeds(ours),
            _unless_empty(speeds, by_hand),
            1.0,
            Target(">=", 0.90),
        ),
        Figure(
            "file_thrift",
            FILE,
            "CPU of the limit, of that used",
            thrifts(ours),
            _unless_empty(thrifts, by_hand),
            1.0,
        ),
    ]


def _live_ratios(measured: Measured) -> list[Figure]:
    run_s = median(limit.run_wall_s for limit in measured.limit)

    def share(watches: Sequence[Watch]) -> float:
        return _results_per_s(watches) / (CAMERAS * CAMERA.fps)

    def slowest(watches: Sequence[Watch]) -> float:
        return median(min(watch.results) / watch.wall_s / CAMERA.fps for watch in watches)

    def late(watches: Sequence[Watch]) -> float:
        return _age_s(watches, 0.95) / run_s

    return [
        _live("live_share", "results, of the frames sent", share, measured, Target(">=", 0.99)),
        _live("live_slowest", "the same, of the slowest", slowest, measured, Target(">=", 0.95)),
        _live("live_p95", "p95 decoded to result, in runs", late, measured, Target("<=", 2.0)),
    ]


def _calm_ratio(measured: Measured) -> Figure:
    """CPU of a camera less that of its inferences, as a multiple of decoding alone."""
    rounds = zip(measured.calm_camera, measured.decoding_alone, measured.model_alone, strict=True)
    ratios = [
        (camera.cpu_s - sum(camera.results) * running.cpu_per_frame_s) / camera.wall_s / decoding.cores
        for camera, decoding, running in rounds
    ]
    title = "CPU less its runs, of decoding"
    return Figure("calm_cpu", CALM, title, median(ratios), None, 1.0, Target("<=", 1.15))


def _start(measured: Measured) -> Figure:
    by_hand = _unless_empty(median, measured.start_by_hand_s)
    return Figure(
        "start_s", START, "to the first result, s", median(measured.start_s), by_hand, None, Target("<=", 2.0)
    )


def _file_absolutes(measured: Measured, cores: int) -> list[Figure]:
    def fps(files: Sequence[Work]) -> float:
        return median(work.fps for work in files)

    def cpu_ms(files: Sequence[Work]) -> float:
        return median(1e3 * work.cpu_per_frame_s for work in files)

    ours, by_hand, limits = measured.file, measured.file_by_hand, measured.limit
    limit_ms = median(1e3 * limit.cpu_per_frame_s for limit in limits)
    decode_ms = median(1e3 * limit.decode_s / limit.frames for limit in limits)
    letterbox_ms = median(1e3 * limit.letterbox_s / limit.frames for limit in limits)
    run_ms = median(1e3 * limit.run_s / limit.frames for limit in limits)
    fps_by_hand, cpu_by_hand = _unless_empty(fps, by_hand), _unless_empty(cpu_ms, by_hand)
    return [
        Figure("file_fps", FILE, "frames/s", fps(ours), fps_by_hand, 1e3 * cores / limit_ms),
        Figure("file_cpu_ms", FILE, "CPU ms a frame", cpu_ms(ours), cpu_by_hand, limit_ms),
        Figure("decode_ms", FILE, "  decoding to BGR", limit=decode_ms),
        Figure("letterbox_ms", FILE, "  letterbox", limit=letterbox_ms),
        Figure("run_ms", FILE, "  a run of the bare model", limit=run_ms),
    ]


def _live_absolutes(measured: Measured) -> list[Figure]:
    return [
        _live("live_fps", "results/s", _results_per_s, measured),
        _live("live_p50_ms", "p50 decoded to result, ms", lambda some: 1e3 * _age_s(some, 0.50), measured),
        _live("live_p95_ms", "p95 decoded to result, ms", lambda some: 1e3 * _age_s(some, 0.95), measured),
        Figure(
            "run_wall_ms",
            LIVE,
            "  one run, ms",
            limit=median(1e3 * each.run_wall_s for each in measured.limit),
        ),
    ]


def _calm_absolutes(measured: Measured) -> list[Figure]:
    """CPU ms per second of wall time."""
    camera_ms = median(1e3 * watch.cpu_s / watch.wall_s for watch in measured.calm_camera)
    decoding_ms = median(1e3 * work.cores for work in measured.decoding_alone)
    running_ms = median(1e3 * work.cores for work in measured.model_alone)
    return [
        Figure("calm_cpu_ms", CALM, "CPU ms/s", camera_ms, None, decoding_ms + running_ms),
        Figure("calm_decoding_ms", CALM, "  decoding alone, as often", limit=decoding_ms),
        Figure("calm_running_ms", CALM, "  the bare model alone, as often", limit=running_ms),
    ]


def _live(
    key: str,
    title: str,
    value: Callable[[Sequence[Watch]], float],
    measured: Measured,
    target: Target | None = None,
) -> Figure:
    ours, by_hand = measured.cameras, measured.cameras_by_hand
    return Figure(key, LIVE, title, value(ours), _unless_empty(value, by_hand), None, target)


def _results_per_s(watches: Sequence[Watch]) -> float:
    return median(sum(watch.results) / watch.wall_s for watch in watches)


def _age_s(watches: Iterable[Watch], share: float) -> float:
    """A quantile over all rounds; a camera that gave no result at all is infinitely late."""
    ages = sorted(chain.from_iterable(watch.latencies_s for watch in watches))
    age_s = quantile(ages, share)
    return float("inf") if age_s is None else age_s


def _unless_empty(value: Callable[[Sequence[T]], float], samples: Sequence[T]) -> float | None:
    return value(samples) if samples else None
