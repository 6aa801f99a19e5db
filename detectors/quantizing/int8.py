"""A model in INT8, and whether that is worth it: calibrated, searched and measured on a user's pictures."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from detectors.compiling.alone import Alone
from detectors.compiling.axis import single
from detectors.compiling.classifier_graph import compile_classifier
from detectors.compiling.graph import compile_graph
from detectors.compiling.inspection import every_node
from detectors.compiling.modelfile import parse, signature, with_input
from detectors.compiling.stem import fold_stem
from detectors.errors import DetectorError
from detectors.families import candidates
from detectors.letterbox import fit
from detectors.measuring.agreement import boxes_agree, rows_agree
from detectors.pixels import BgrPixels
from detectors.quantizing.float_layers import FASTER, Trial, cut, search
from detectors.quantizing.quantize import Calibrated, simplified
from detectors.recognising.recognition import sample
from detectors.session import Limits, SessionOptions, open_session

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import onnx
    from numpy.typing import NDArray

    from detectors.manifest import InputSpec, ModelManifest
    from detectors.store import ModelFiles

HELD_OUT: Final = 4
"""Every so many-th picture is not calibrated on, but compared on."""
QUANTIZED: Final = frozenset({"QuantizeLinear", "DynamicQuantizeLinear", "DequantizeLinear", "QLinearConv"})
"""Operators of a model that is no longer in float."""
LEAST_PICTURES: Final = 16
COMPARED: Final = 32
"""Pictures that a trial compares on, at most."""
LEAST_BOXES: Final = 10
"""Found by the float model, below which agreement says nothing."""
TRIAL_RUNS: Final = 15
TURNS: Final = 60
COLD: Final = 3
Form: TypeAlias = "Callable[[NDArray[np.uint8]], Any]"
"""Runs a form of the model on one picture, uint8 [1,height,width,3]."""
CPU: Final = SessionOptions(provider="cpu", workers=1)


@dataclass(frozen=True, slots=True)
class Timing:
    """CPU seconds of a run of one picture on one thread, of many in turns with others."""

    least_s: float
    median_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What became of a model.

    Attributes:
        content: of the ONNX file in INT8, the best form that was found.
        agreement: of its findings with those in float, 0..1, on pictures that were not calibrated on.
        agrees: whether that is enough.
        before: speed in float, compiled.
        after: speed in INT8, compiled.
        kept_float: names of the nodes that stay float.
        blocks: into which the layers were divided.
        blocks_in_int8: how many of them are in INT8.
    """

    content: bytes
    agreement: float
    agrees: bool
    before: Timing
    after: Timing
    kept_float: tuple[str, ...]
    blocks: int
    blocks_in_int8: int

    @property
    def ratio(self) -> float:
        """How many times as fast as in float."""
        return self.before.least_s / self.after.least_s

    @property
    def faster(self) -> bool:
        return self.ratio >= FASTER


class Quantizing:
    """Forms of one model, of which some blocks of layers are in INT8: made, compared and measured."""

    def __init__(
        self, files: ModelFiles, manifest: ModelManifest, pictures: Sequence[NDArray[np.uint8]]
    ) -> None:
        """
        Args:
            files: of the model in float.
            manifest: of it, whole.
            pictures: uint8 HxWx3 BGR, such as the model will see.

        Raises:
            DetectorError: the model cannot be used, or the pictures are too few or show too little.
        """
        if len(pictures) < LEAST_PICTURES:
            raise DetectorError(f"expected at least {LEAST_PICTURES} pictures, received {len(pictures)}")
        fitted = [fit(BgrPixels(picture), manifest.input)[0] for picture in pictures]
        seen = [each for number, each in enumerate(fitted) if number % HELD_OUT]
        model = _float(files, manifest.input)
        self.blocks = cut([(node.name, node.op_type == "Conv") for node in model.graph.node])
        self._manifest = manifest
        self._calibrated = Calibrated(model, (_numbers(each, manifest.input) for each in seen))
        self._compile = _compiler(model, manifest)
        self._compared = [each[None] for each in fitted[::HELD_OUT][:COMPARED]]
        self._expected = self._answers(self._form(frozenset()))
        self._tried: dict[frozenset[int], Trial] = {}
        if manifest.task == "detect":
            self._require_boxes()

    def best(self, least: float, tell: Callable[[str], None]) -> Outcome:
        """Quantise as much as is faster and agrees. What was tried before is not tried again.

        Args:
            least: agreement that is asked for, 0..1.
            tell: hears what is tried.
        """
        best = search(len(self.blocks), self._attempt, least, tell)
        tell("measuring")
        before, after = in_turns([self._form(frozenset()), self._form(best.blocks)], self._compared)
        return Outcome(
            content=self._model(best.blocks).SerializeToString(),
            agreement=best.agreement,
            agrees=best.agreement >= least,
            before=before,
            after=after,
            kept_float=self._kept_float(best.blocks),
            blocks=len(self.blocks),
            blocks_in_int8=len(best.blocks),
        )

    def _require_boxes(self) -> None:
        sure = sum(int((each.scores >= self._confidence).sum()) for each in self._expected)
        if sure < LEAST_BOXES:
            raise DetectorError(
                f"the pictures show too little to compare on: {sure} objects in {len(self._compared)} of"
                f" them, expected at least {LEAST_BOXES}"
            )

    @property
    def _confidence(self) -> float:
        return self._manifest.thresholds.confidence

    def _kept_float(self, blocks: frozenset[int]) -> tuple[str, ...]:
        return tuple(
            name for number, block in enumerate(self.blocks) if number not in blocks for name in block
        )

    def _model(self, blocks: frozenset[int]) -> onnx.ModelProto:
        return self._calibrated.quantized(self._kept_float(blocks)) if blocks else self._calibrated.model

    def _form(self, blocks: frozenset[int]) -> Form:
        """The model with these blocks in INT8, ready to run."""
        manifest, session = self._manifest, open_session(self._compile(self._model(blocks)), CPU)
        if manifest.task == "classify":
            return session.probabilities
        limits = Limits(self._confidence / 2, manifest.thresholds.iou)
        return lambda picture: session.run(picture, limits)

    def _attempt(self, blocks: frozenset[int]) -> Trial:
        """Quantise some blocks, compare and measure."""
        if blocks in self._tried:
            return self._tried[blocks]
        form = self._form(blocks)
        answers = self._answers(form)
        if self._manifest.task == "classify":
            agreement, error = rows_agree(np.concatenate(self._expected), np.concatenate(answers))
        else:
            agreement, error = boxes_agree(self._expected, answers, self._confidence)
        [timing] = in_turns([form], self._compared, TRIAL_RUNS)
        self._tried[blocks] = Trial(blocks, error, agreement, timing.least_s)
        return self._tried[blocks]

    def _answers(self, form: Form) -> list[Any]:
        return [form(picture) for picture in self._compared]


def in_turns(
    forms: Sequence[Form], pictures: Sequence[NDArray[np.uint8]], turns: int = TURNS
) -> list[Timing]:
    """Runs of one picture each, taking turns, so that what else the machine does hits all of them."""
    times: list[list[float]] = [[] for _ in forms]
    for turn in range(turns + COLD):
        for form, taken in zip(forms, times, strict=True):
            began = time.thread_time()
            form(pictures[turn % len(pictures)])
            taken.append(time.thread_time() - began)
    return [Timing(min(each[COLD:]), statistics.median(each[COLD:])) for each in times]


def _float(files: ModelFiles, spec: InputSpec) -> onnx.ModelProto:
    """The model as it is compiled, before anything of ours is joined to it."""
    parsed = parse(files.weights.read_bytes(), files.weights.parent)
    if any(node.op_type in QUANTIZED for node in every_node(parsed.model)):
        raise DetectorError(f"{files.name}: is in INT8 already")
    return simplified(fold_stem(with_input(parsed.model, (spec.width, spec.height))))


def _compiler(model: onnx.ModelProto, manifest: ModelManifest) -> Callable[[onnx.ModelProto], bytes]:
    """How forms of a model are compiled, whose family is known."""
    spec = manifest.input
    if manifest.task == "classify":
        return lambda form: compile_classifier(
            single(form), manifest.family, len(manifest.labels), spec
        ).SerializeToString()
    told = signature(model, manifest.labels, sample(Alone(model)))
    head = candidates(told, manifest.family)[manifest.family]
    return lambda form: compile_graph(single(form), manifest.family, head, spec).SerializeToString()


def _numbers(image: NDArray[np.uint8], spec: InputSpec) -> NDArray[np.float32]:
    """What the model gets for a picture, [1,3,height,width]."""
    ordered = image[..., ::-1] if spec.channels == "rgb" else image
    pixels = (ordered - np.array(spec.mean, np.float32)) / np.array(spec.std, np.float32)
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32)
