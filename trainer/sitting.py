"""One sitting: from labelled pictures to a version in the store, and live if it is no worse."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from detectors.errors import DetectorError
from detectors.manifest import ModelManifest, Thresholds
from detectors.session import raw_runs
from detectors.store import MANIFEST, WEIGHTS, ModelStore, models_in
from trainer import gate as gates
from trainer import report as reports
from trainer.data import picture
from trainer.data.collection import collect, listing, require_enough
from trainer.errors import TrainerError
from trainer.page import page
from trainer.workspace import Workspace, told

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import onnx
    from numpy.typing import NDArray

    from trainer.backbones.backbone import Backbone
    from trainer.data.sample import Dataset
    from trainer.judging import Judgement
    from trainer.options import TrainOptions
    from trainer.outcome import Outcome
    from trainer.progress import Stage, Teller

COMPARED: Final = 16
"""Pictures on which the exported graph must answer as what was trained."""
TIMED: Final = 10
NAMED: Final = 20


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What a sitting came to: the version, whether it serves, and the report."""

    name: str
    version: str
    serving: bool
    report: dict[str, Any]


def read(options: TrainOptions, teller: Teller) -> Dataset:
    """The pictures that can be trained on.

    Raises:
        DatasetError: there are none, or not enough.
    """
    dataset = collect(listing(options.dataset, options.division.labels), _of(teller, "reading"))
    _name(teller, "ignored", dataset.ignored)
    _name(teller, "left out", [f"{left.name}: {left.reason}" for left in dataset.quarantined])
    for remark in dataset.remarks:
        teller.say(remark)
    require_enough(dataset, options.division.least)
    return dataset


def sit(options: TrainOptions, teller: Teller) -> Result | None:
    """Train, judge, export, compare, and promote what is no worse; None for a worker that is not the first.

    Raises:
        TrainerError: says why not, on one line; what was done is kept.
    """
    began = time.monotonic()
    workspace = Workspace(options.workspace)
    dataset = read(options, teller)
    # TensorFlow takes seconds to load: not before the input is known to be good.
    from trainer import engine

    strategy = engine.prepare(options)
    from trainer.backbones.choice import choose
    from trainer.judging import judged
    from trainer.lesson import Lesson

    with engine.within_memory():
        with engine.scope(strategy):
            backbone = choose(options.backbone, models_in(options.data))
        options = settled(options, dataset, backbone, teller)
        lesson = Lesson(dataset, backbone, options, workspace, teller, strategy)
        teller.say(f"backbone {backbone.name}: {backbone.about}" + _seen(lesson.views))
        if workspace.begin(options.fingerprint(dataset.digest, backbone.key), options.resume):
            teller.say("going on with what was done before")
        taught = lesson.taught()
        if not engine.is_first(strategy):
            return None
        trained, backbone = taught.trained, taught.material.backbone
        teller.tell("report")
        judgement = judged(dataset, trained.outcomes, options)
        report = reports.document(dataset, backbone, options, judgement, trained)
        if options.test_on_train:
            report["accuracy_on_training_set"] = _on_training_set(
                taught.material.features, dataset, trained.final
            )
        candidate = Candidate(dataset, backbone, judgement, trained.final, report)
        result = _released(candidate, options, teller, began)
    workspace.finish()
    return result


def _seen(views: int) -> str:
    return f", the mean of {views} views" if views > 1 else ""


def settled(options: TrainOptions, dataset: Dataset, backbone: Backbone, teller: Teller) -> TrainOptions:
    """The options with what is to be found out from the pictures."""
    if not options.tuning.epochs:
        return options
    augment = options.tuning.augment
    if augment == "auto":
        from trainer.orientation import has_up

        augment = "upright" if has_up(dataset, backbone) else "any-way"
        teller.say("these pictures have an up" if augment == "upright" else "these pictures may lie any way")
    return replace(options, tuning=replace(options.tuning, augment=augment))


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """What was trained, before it is in the store."""

    dataset: Dataset
    backbone: Backbone
    judgement: Judgement
    final: Outcome
    report: dict[str, Any]

    def picture(self, row: int) -> NDArray[np.uint8]:
        """The whole picture of this number, uint8 HxWx3 BGR."""
        try:
            return picture.read(self.dataset.pictures[row].sample)[1]
        except picture.Unusable as error:
            raise TrainerError(f"{self.dataset.pictures[row].sample.name}: {error}") from error


def _released(candidate: Candidate, options: TrainOptions, teller: Teller, began: float) -> Result:
    """Export, compare and put into the store."""
    teller.tell("export")
    model, parity = _exported(candidate, options)
    report = {**candidate.report, "parity": parity, **_cost(model, candidate.backbone)}
    store = ModelStore(models_in(options.data))
    teller.tell("gate")
    try:
        serving = store.serving(options.name) if options.name in store.names() else None
        current = store.find(options.name) if serving else None
        comparison = gates.compare(
            candidate.dataset, candidate.judgement, current, options.gate, candidate.picture
        )
        report = reports.with_gate({**report, "trained_in_s": round(time.monotonic() - began, 1)}, comparison)
        version = _staged(store, model, candidate, report, options)
        promote = options.gate.promote
        if promote == "always" or (promote == "gate" and comparison.passed):
            store.promote(options.name, version)
        serves = store.serving(options.name) == version
    except DetectorError as error:
        raise TrainerError(str(error)) from error
    teller.tell("done", 1.0, f"{options.name}@{version}")
    return Result(options.name, version, serves, {**report, "version": version, "serving": serves})


def _exported(candidate: Candidate, options: TrainOptions) -> tuple[onnx.ModelProto, float]:
    from trainer.export import checked, exported, with_top
    from trainer.features import fitted_picture

    final, backbone, heat = candidate.final, candidate.backbone, candidate.judgement.temperature
    with_top(backbone, final.top, options.tuning.blocks)
    model = exported(backbone, final.head, heat, candidate.dataset.labels)
    pictures = candidate.dataset.pictures
    chosen = pictures[:: max(1, len(pictures) // COMPARED)][:COMPARED]
    shown = np.stack([fitted_picture(each, backbone.input) for each in chosen])
    return model, checked(model, backbone, final.head, heat, shown)


def _staged(
    store: ModelStore,
    model: onnx.ModelProto,
    candidate: Candidate,
    report: dict[str, Any],
    options: TrainOptions,
) -> str:
    """Write the version, whole or not at all; returns its number."""
    content = model.SerializeToString()
    digest = hashlib.sha256(content).hexdigest()
    with told(store.folder / options.name), store.stage(options.name) as folder:
        (folder / WEIGHTS).write_bytes(content)
        (folder / MANIFEST).write_text(
            _manifest(candidate, digest, options).model_dump_json(indent=2), encoding="utf-8"
        )
        (folder / "report.json").write_text(json.dumps(report, indent=2), encoding="utf-8")
        (folder / "curves.json").write_text(json.dumps(candidate.final.curves), encoding="utf-8")
        (folder / gates.HELD).write_text(
            gates.held_out(candidate.dataset, candidate.judgement), encoding="utf-8"
        )
        text = page(report, candidate.final.curves, candidate.picture)
        (folder / "report.html").write_text(text, encoding="utf-8")
    return next(
        version
        for version in reversed(store.versions(options.name))
        if digest in (store.folder / options.name / version / MANIFEST).read_text(encoding="utf-8")
    )


def _manifest(candidate: Candidate, digest: str, options: TrainOptions) -> ModelManifest:
    figures, data = candidate.judgement.figures, candidate.dataset
    return ModelManifest(
        name=options.name,
        sha256=digest,
        task="classify",
        family="probabilities",
        input=candidate.backbone.input,
        labels=data.labels,
        thresholds=Thresholds(confidence=round(candidate.judgement.threshold, 6)),
        license="that of the backbone and of the pictures",
        source=f"{candidate.backbone.name} ({candidate.backbone.about}), "
        f"trained on {len(data.pictures)} pictures of {data.about}",
        metrics={
            "accuracy": figures.accuracy,
            "balanced_accuracy": figures.balanced_accuracy,
            "ece": figures.ece,
        },
    )


def _cost(model: onnx.ModelProto, backbone: Backbone) -> dict[str, float]:
    """Milliseconds of one answer on one thread of a CPU (median), and the size of the file."""
    from detectors.compiling.axis import single

    run = raw_runs(single(model).SerializeToString())
    pixels = np.zeros((1, 3, backbone.input.height, backbone.input.width), np.float32)
    times = []
    for _ in range(TIMED):
        before = time.perf_counter()
        run(pixels)
        times.append(time.perf_counter() - before)
    return {
        "inference_ms": round(float(np.median(times)) * 1000, 2),
        "model_bytes": len(model.SerializeToString()),
    }


def _on_training_set(features: NDArray[np.float32], dataset: Dataset, final: Outcome) -> float | None:
    """Of the head on the pictures that the final model was trained on; None after fine-tuning."""
    if final.top:
        return None
    rows = np.setdiff1d(np.arange(len(features)), final.held)
    answers = final.head.logits(features[rows]).argmax(axis=1)
    return float((answers == np.array(dataset.classes)[rows]).mean())


def _of(teller: Teller, stage: Stage) -> Callable[[int, int], None]:
    return lambda done, all_of_them: teller.tell(
        stage, done / max(1, all_of_them), f"{done} of {all_of_them}"
    )


def _name(teller: Teller, what: str, told: Sequence[str]) -> None:
    """The first of those that are not trained on."""
    for each in told[:NAMED]:
        teller.say(f"{what}: {each}")
    if len(told) > NAMED:
        teller.say(f"{what}: {len(told) - NAMED} others: `sightline dataset stats` names them")
