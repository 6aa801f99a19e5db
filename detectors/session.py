"""Runs compiled graphs: the only home of onnxruntime."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as native

from detectors.errors import InferenceError, ModelLoadError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Provider = Literal["auto", "cpu", "cuda", "tensorrt"]

FAILURES: Final = (
    native.Fail,
    native.InvalidArgument,
    native.InvalidGraph,
    native.InvalidProtobuf,
    native.NoModel,
    native.NoSuchFile,
    native.NotImplemented,
    native.RuntimeException,
    native.EPFail,
    native.EngineError,
    RuntimeError,
    ValueError,
)
"""What onnxruntime raises; its own classes share no base below Exception."""
FATAL_ONLY: Final = 4
"""Severity at which onnxruntime writes to standard error by itself; all the rest comes as exceptions."""


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """How a model is run.

    Attributes:
        provider: where; ``auto`` takes the best that works.
        workers: runs at the same time on a CPU; None measures.
        max_batch: most pictures of one run.
    """

    provider: Provider = "auto"
    workers: int | None = None
    max_batch: int = 16


@dataclass(frozen=True, slots=True)
class Limits:
    """What of the found is reported.

    Attributes:
        min_confidence: scores up to this one are left out, 0..1.
        iou: boxes of one class that overlap more than this are one object, 0..1.
        multi_label: whether a box may be of several classes (evaluation), or is of its best only.
        max_candidates: best cells of a picture that are looked at.
    """

    min_confidence: float = 0.25
    iou: float = 0.45
    multi_label: bool = False
    max_candidates: int = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What one run found, of all its pictures.

    Attributes:
        boxes: float32 [k,4], xyxy in input pixels.
        scores: float32 [k].
        classes: int64 [k].
        picture: int64 [k], index within the batch.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    classes: NDArray[np.int64]
    picture: NDArray[np.int64]


class Session:
    """A compiled graph on one provider; ``run`` may be called from several threads at once."""

    def __init__(self, session: onnxruntime.InferenceSession, provider: str) -> None:
        self._session = session
        self.provider = provider

    @property
    def fixed_batch(self) -> int | None:
        """Pictures every run must have; None where any number goes."""
        size = self._session.get_inputs()[0].shape[0]
        return size if isinstance(size, int) else None

    def run(self, images: NDArray[np.uint8], limits: Limits) -> Found:
        """Detect in ``images``, uint8 [n,height,width,3].

        Raises:
            InferenceError: the run failed.
        """
        feeds = {
            "images": images,
            "score_limit": np.array(limits.min_confidence, np.float32),
            "iou_limit": np.array(limits.iou, np.float32),
            "multi_label": np.array(limits.multi_label),
            "max_candidates": np.array([limits.max_candidates], np.int64),
        }
        try:
            return Found(*self._session.run(None, feeds))
        except FAILURES as error:
            raise InferenceError(f"the model failed: {first_line(error)}") from error


def open_session(graph: bytes, options: SessionOptions) -> Session:
    """Load a compiled graph.

    Raises:
        ModelLoadError: the graph does not load, or the provider is not there.
    """
    onnxruntime.set_default_logger_severity(FATAL_ONLY)
    if options.provider not in ("auto", "cpu"):
        raise ModelLoadError(f"provider {options.provider}: not available")
    try:
        session = onnxruntime.InferenceSession(graph, cpu_options(), providers=["CPUExecutionProvider"])
    except FAILURES as error:
        raise ModelLoadError(f"onnxruntime refuses the model: {first_line(error)}") from error
    return Session(session, "cpu")


def cpu_options() -> onnxruntime.SessionOptions:
    """One thread a run, that sleeps when it waits: workers in parallel beat threads within a run."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = FATAL_ONLY
    return options


def cores() -> int:
    """CPU cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def first_line(error: BaseException) -> str:
    """An error of a library on one line of readable length."""
    return " ".join(str(error).split())[:300]
