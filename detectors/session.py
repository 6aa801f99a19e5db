"""Runs compiled graphs: the only home of onnxruntime."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as native

from detectors import providers
from detectors.errors import InferenceError, ModelLoadError, ProviderMissing, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

FAILURES: Final = (
    native.EPFail,
    native.EngineError,
    native.Fail,
    native.InvalidArgument,
    native.InvalidGraph,
    native.InvalidProtobuf,
    native.NoModel,
    native.NoSuchFile,
    native.NotFound,
    native.NotImplemented,
    native.RuntimeException,
    MemoryError,
    RuntimeError,
    ValueError,
)
"""What onnxruntime raises; its own classes share no base below Exception."""
DTYPES: Final = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(uint8)": "uint8",
    "tensor(int8)": "int8",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
}
"""Of numbers that models take, as numpy calls them."""
SLOWER: Final = ("GatherSliceToSplitFusion",)
"""Of onnxruntime's rewritings: parts cut in one node, which takes longer than cutting each (ShuffleNets)."""
SILENT: Final = 4
"""Severity "fatal": whatever else onnxruntime would write to standard error also comes as an exception."""


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """How a model is run.

    Attributes:
        provider: where; ``auto`` takes the best that works.
        workers: runs at the same time; None measures.
        max_batch: most pictures of one run.
        provider_options: of the provider that is named, as onnxruntime has them; over ours.
    """

    provider: providers.Provider = "auto"
    workers: int | None = None
    max_batch: int = 16
    provider_options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limits:
    """What of the found is reported.

    Attributes:
        min_confidence: scores up to this one are left out, 0..1.
        iou: boxes of one class that overlap more than this are one object, 0..1.
        multi_label: whether a box may be of several classes, or is of its best only.
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
    """A compiled graph on one provider; ``run`` may be called from several threads at once.

    Attributes:
        provider: where it runs, a name of ``providers.RUNTIME_NAMES``.
        passed_over: why a better provider does not run it, empty if none is better.
    """

    def __init__(self, session: onnxruntime.InferenceSession, provider: str, passed_over: str) -> None:
        self._session = session
        self.provider = provider
        self.passed_over = passed_over

    @property
    def any_batch(self) -> bool:
        """Whether a run takes any number of pictures; else exactly one."""
        return not isinstance(self._session.get_inputs()[0].shape[0], int)

    def run(self, images: NDArray[np.uint8], limits: Limits) -> Found:
        """Detect in ``images``, uint8 [n,height,width,3].

        Raises:
            InferenceError: the run failed.
        """
        return Found(*self._outputs({"images": images, **_limited(limits)}))

    def decode(self, outputs: Mapping[str, NDArray[Any]], limits: Limits) -> Found:
        """Detect in the raw ``outputs`` of a model, of a graph that only decodes.

        Raises:
            InferenceError: the run failed.
        """
        raw = {f"sightline.raw.{name}": value for name, value in outputs.items()}
        return Found(*self._outputs({**raw, **_limited(limits)}))

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Of each class for ``images``, uint8 [n,height,width,3]: float32 [n,k], of a graph that classifies.

        Raises:
            InferenceError: the run failed.
        """
        [rows] = self._outputs({"images": images})
        return rows

    def _outputs(self, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        try:
            if self.provider == "cpu":
                return list(self._session.run(None, feeds))
            return self._run_bound(feeds)
        except FAILURES as error:
            raise InferenceError(f"the model failed: {one_line(error)}") from error

    def _run_bound(self, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """One upload a picture batch, and outputs that are made where they are read."""
        binding = self._session.io_binding()
        for name, value in feeds.items():
            binding.bind_cpu_input(name, value)
        for output in self._session.get_outputs():
            binding.bind_output(output.name, "cpu")
        self._session.run_with_iobinding(binding)
        return list(binding.copy_outputs_to_cpu())


def open_session(graph: bytes, options: SessionOptions) -> Session:
    """Load a compiled graph on the provider asked for, or for ``auto`` on the best that really starts.

    Raises:
        ModelLoadError: the graph does not load.
        ProviderMissing: the provider asked for is not there.
    """
    onnxruntime.set_default_logger_severity(SILENT)
    passed_over = ""
    for provider in providers.candidates(options.provider):
        reason = providers.missing(provider, onnxruntime.get_available_providers())
        if reason is None:
            session = _start(graph, provider, options.provider_options)
            # Asked for CUDA, onnxruntime is content with the CPU: only this tells.
            if session.get_providers()[0] == providers.RUNTIME_NAMES[provider]:
                return Session(session, provider, passed_over)
            reason = providers.why_not_started(provider, Path(native.__file__).parent)
        passed_over = f"{provider}: {reason}"
    raise ProviderMissing(f"provider {passed_over}")


def raw_outputs(model: bytes, pixels: NDArray[np.float32]) -> list[NDArray[Any]]:
    """What an uncompiled model of one input answers, on the CPU.

    Raises:
        InferenceError: it does not load, or fails on these pixels.
    """
    return raw_runs(model)(pixels)


def raw_runs(model: bytes | Path) -> Callable[[NDArray[np.float32]], list[NDArray[Any]]]:
    """Runs of an uncompiled model of one input, on one CPU thread: what it costs without anything of ours.

    Raises:
        InferenceError: it does not load; the function raises it when a run fails.
    """
    raw = open_raw(model)
    return lambda pixels: raw.run({raw.inputs[0].name: pixels})


@dataclass(frozen=True, slots=True)
class RawInput:
    """An input of an uncompiled model: its name, its shape with names or None for what is open, its numbers'
    type."""

    name: str
    shape: tuple[int | str | None, ...]
    dtype: np.dtype[Any]


class RawModel:
    """An uncompiled model on one CPU thread: what it costs without anything of ours.

    Attributes:
        inputs: that it takes.
    """

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        self.inputs = tuple(
            RawInput(each.name, tuple(each.shape), np.dtype(DTYPES[each.type]))
            for each in session.get_inputs()
        )

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """What it answers; InferenceError where the run fails."""
        try:
            return list(self._session.run(None, dict(feeds)))
        except FAILURES as error:
            raise InferenceError(f"the model failed: {one_line(error)}") from error


def open_raw(model: bytes | Path) -> RawModel:
    """Load an uncompiled model.

    Raises:
        InferenceError: it does not load.
    """
    onnxruntime.set_default_logger_severity(SILENT)
    try:
        session = onnxruntime.InferenceSession(model, _options(), providers=["CPUExecutionProvider"])
        return RawModel(session)
    except (*FAILURES, KeyError) as error:
        raise InferenceError(f"the model failed: {one_line(error)}") from error


def _limited(limits: Limits) -> dict[str, NDArray[Any]]:
    return {
        "score_limit": np.array(limits.min_confidence, np.float32),
        "iou_limit": np.array(limits.iou, np.float32),
        "multi_label": np.array(limits.multi_label),
        "max_candidates": np.array([limits.max_candidates], np.int64),
    }


def offered() -> tuple[str, ...]:
    """The providers that this onnxruntime was built with, which says nothing of the machine."""
    return providers.known(onnxruntime.get_available_providers())


def _start(graph: bytes, provider: str, given: Mapping[str, str]) -> onnxruntime.InferenceSession:
    names = providers.chain(provider, given)
    if provider != "cpu":
        _preload()
    try:
        # enable_fallback: on a failing run, onnxruntime would otherwise go on on the CPU and tell nobody.
        return onnxruntime.InferenceSession(
            graph, _options(), providers=names, disabled_optimizers=[*SLOWER], enable_fallback=0
        )
    except FAILURES as error:
        with_options = " or provider_options" if given else ""
        raise ModelLoadError(f"onnxruntime refuses the model{with_options}: {one_line(error)}") from error


def _preload() -> None:
    """Let CUDA's libraries be found where pip puts them; the system's own are found anyway."""
    with contextlib.redirect_stdout(
        io.StringIO()
    ):  # it prints what it misses: `why_not_started` says so better
        onnxruntime.preload_dlls()


def _options() -> onnxruntime.SessionOptions:
    """One thread a run, that sleeps when it waits: workers in parallel beat threads within a run."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = SILENT
    return options
