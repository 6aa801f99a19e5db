"""Classifiers: what is recognised, what is asked for, and that answers are those of the bare model."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from detectors.classifier import load
from detectors.detector import load as load_detector
from detectors.errors import DetectorError, InferenceError, ModelLoadError
from detectors.measuring.evaluate_pictures import evaluate_pictures
from detectors.session import SessionOptions
from tests.classifying.colours import Form, expected, written

CPU = SessionOptions(provider="cpu", workers=1)
UNIT = (("mean", "[0,0,0]"), ("std", "[1,1,1]"), ("channels", "rgb"))
COLOURS = [(200, 30, 10), (10, 30, 200), (90, 90, 90), (120, 0, 90)]


def flat(colour: tuple[int, int, int], width: int = 20, height: int = 30) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)


@pytest.mark.parametrize(
    "form",
    [
        Form(),
        Form(softmax=False),
        Form(last=True),
        Form(batch=1),
        Form(batch=1, last=True, softmax=False),
        Form(metadata=(), normalises=True),
    ],
    ids=["open", "logits", "channels-last", "one", "one-last-logits", "normalises"],
)
def test_answers_are_those_of_the_model_whatever_its_form(form, tmp_path):
    classifier = load(str(written(tmp_path / "c.onnx", form)), CPU, tmp_path / "cache")
    classifier.warm_up(quick=True)
    assert classifier.manifest.task == "classify"
    assert classifier.manifest.family == ("probabilities" if form.softmax else "logits")
    pictures = [flat(colour) for colour in COLOURS]
    rows = classifier.infer([classifier.prepare(each) for each in pictures])
    np.testing.assert_allclose(rows, [expected(each) for each in pictures], atol=1e-4)
    assert [each.label for each in classifier.answers(rows)][:2] == ["blue", "red"]


def test_a_model_that_is_less_sure_than_its_manifest_asks_for_knows_no_answer(tmp_path):
    path = written(tmp_path / "c.onnx")
    path.with_suffix(".json").write_text(json.dumps({"thresholds": {"confidence": 0.9}}))
    classifier = load(str(path), CPU, tmp_path / "cache")
    rows = classifier.infer([classifier.prepare(flat(each)) for each in COLOURS])
    assert [each.label for each in classifier.answers(rows)][:3] == ["blue", "red", None]


def test_what_nobody_tells_of_the_pictures_is_asked_for_with_an_example(tmp_path):
    path = written(tmp_path / "c.onnx", Form(metadata=()))
    with pytest.raises(ModelLoadError, match="nothing says how its pictures are prepared") as refused:
        load(str(path), CPU, tmp_path / "cache")
    text = str(refused.value)
    example = json.loads(text[text.index("{") : text.rindex("}") + 1])
    path.with_suffix(".json").write_text(json.dumps(example))
    assert load(str(path), CPU, tmp_path / "cache").manifest.input.channels == "rgb"


def test_what_is_assumed_is_said(tmp_path):
    stated = load(str(written(tmp_path / "a.onnx", Form(metadata=UNIT))), CPU, tmp_path / "cache")
    shown = load(str(written(tmp_path / "b.onnx", Form(metadata=(), normalises=True))), CPU, tmp_path / "c")
    assert "mean and std of its metadata" in stated.manifest.assumed
    assert "RGB is assumed" not in stated.manifest.assumed
    assert "normalises pixels of 0 to 255 itself; RGB is assumed" in shown.manifest.assumed


def test_a_manifest_wins_and_may_not_contradict_the_answers(tmp_path):
    path = written(tmp_path / "c.onnx")
    path.with_suffix(".json").write_text('{"input": {"channels": "bgr", "std": [255, 255, 255]}}')
    classifier = load(str(path), CPU, tmp_path / "cache")
    [said] = classifier.answers(classifier.infer([classifier.prepare(flat(COLOURS[0]))]))
    assert said.label == "red"
    for fields, wrong in [
        ({"family": "logits"}, "family: expected probabilities"),
        ({"labels": ["one"]}, "labels: expected 2 names"),
        ({"input": {"channels": "rgb", "width": 9, "height": 8}}, "input"),
    ]:
        path.with_suffix(".json").write_text(json.dumps({"task": "classify", **fields}))
        with pytest.raises(ModelLoadError, match=wrong):
            load(str(path), CPU, tmp_path / "cache")


def test_a_detector_is_no_classifier_nor_the_other_way_round(tmp_path):
    with pytest.raises(ModelLoadError, match="expected a classifier, received a detector"):
        load("sightline-nano", CPU)
    with pytest.raises(ModelLoadError, match="expected a detector, received a classifier"):
        load_detector(str(written(tmp_path / "c.onnx")), CPU, tmp_path / "cache")


def test_a_picture_that_is_none_is_refused(tmp_path):
    classifier = load(str(written(tmp_path / "c.onnx")), CPU, tmp_path / "cache")
    with pytest.raises(InferenceError, match="expected a picture"):
        classifier.prepare(np.zeros((4, 4), np.uint8))
    assert classifier.infer([]).shape == (0, 2)


def test_class_folders_are_counted_by_hand(tmp_path):
    classifier = load(str(written(tmp_path / "c.onnx")), CPU, tmp_path / "cache")
    for name, colours in {"red": [1, 1, 0], "blue": [0], "green": [2]}.items():
        (tmp_path / "set" / name).mkdir(parents=True)
        for number, colour in enumerate(colours):
            cv2.imwrite(str(tmp_path / "set" / name / f"{number}.png"), flat(COLOURS[colour]))
    (tmp_path / "set" / "red" / "broken.jpg").write_bytes(b"no picture")
    figures = evaluate_pictures(classifier, tmp_path / "set")
    assert figures["accuracy"] == pytest.approx(3 / 4)
    assert figures["confusion"] == [[2, 1], [0, 1]]
    assert figures["per_class"]["red"] == {"precision": 1.0, "recall": pytest.approx(2 / 3), "pictures": 3}
    assert figures["per_class"]["blue"]["precision"] == pytest.approx(1 / 2)
    assert figures["ignored"] == ["green"]
    assert [Path(each).name for each in figures["unreadable"]] == ["broken.jpg"]
    with pytest.raises(DetectorError, match="expected folders named red, blue"):
        evaluate_pictures(classifier, tmp_path)


@pytest.mark.realdata
def test_a_real_classifier_is_as_good_as_its_maker_says(test_data, tmp_path):
    model = test_data / "classifiers" / "squeezenet_sdnet_cd_ud.onnx"
    classifier = load(str(model), CPU, tmp_path / "cache")
    assert "SqueezeNet 1.1" in classifier.manifest.assumed
    figures = evaluate_pictures(classifier, test_data / "cls_sdnet300")
    assert figures["accuracy"] == pytest.approx(0.957, abs=0.002)
