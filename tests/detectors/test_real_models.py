"""The real models on real pictures."""

import json
from dataclasses import replace
from functools import cache

import cv2
import heads
import numpy as np
import onnx
import oracle
import plain
import pytest

from detectors.compiling.modelfile import parse, with_input
from detectors.detections import CLASS_NAME
from detectors.detector import load
from detectors.measuring.evaluate import evaluate
from detectors.session import Limits, SessionOptions, raw_outputs
from detectors.store import BUILTIN

pytestmark = pytest.mark.realdata

FIGURES = {
    "yolov8n_int8": (0.3960, 0.5381),
    "yolox_nano": (0.2850, 0.4327),
    "nanodet_m_320": (0.2113, 0.3414),
    "FastestDet": (0.1761, 0.2789),
    "deimv2_atto_coco_int8": (0.0318, 0.0801),
}
"""AP and AP50 of the data's own MANIFEST, by other decoders."""
MODELS = (*FIGURES, "ultraface_RFB-320")


@pytest.fixture(scope="module")
def detector_of(test_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("graphs")

    @cache
    def opened(name):
        path = name if name == "sightline-nano" else str(test_data / "models" / f"{name}.onnx")
        return load(path, SessionOptions(provider="cpu", workers=2), cache=folder)

    return opened


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", FIGURES)
def test_average_precision_is_that_of_the_manifest(name, detector_of, test_data):
    train = test_data / "det_coco50_train"
    found = evaluate(detector_of(name), train / "instances.json", train / "images")
    assert (found["AP"], found["AP50"]) == pytest.approx(FIGURES[name], abs=0.02)
    assert len(found["per_class"]) > 40


def expected_of(test_data, name):
    told = json.loads((test_data / "expected_detections.json").read_text())["detections"]
    return told[f"{name}.onnx"].items()


@pytest.mark.parametrize("name", MODELS)
def test_the_expected_detections_are_found_and_no_others(name, detector_of, test_data):
    detector = detector_of(name)
    limits = Limits(0.7, 0.3) if name.startswith("ultraface") else Limits(0.35, 0.45, multi_label=True)
    for photo, expected in expected_of(test_data, name):
        image = cv2.imread(str(test_data / "photos" / photo))
        [found] = detector.infer([detector.prepare(image)], limits)
        told = list(zip(found.data[CLASS_NAME], found.xyxy, strict=True))
        wanted = [(one["label"], np.array(one["xyxy"])) for one in expected]
        assert strangers(told, wanted, limits) == [], photo
        assert strangers(wanted, told, limits) == [], photo


def strangers(some, others, limits):
    """Those of some that are not among the others, nor so near one that suppression may fall either way.

    Beyond a picture's edge boxes overlap more, or less, than what of them is within it.
    """

    def nearest(label, box):
        return max((oracle.iou(box, other) for name, other in others if name == label), default=0.0)

    def may_be_suppressed(label, box):
        return any(
            limits.iou - 0.1 < oracle.iou(box, other) < 1 for name, other in (*some, *others) if name == label
        )

    return [one for one in some if nearest(*one) < 0.7 and not may_be_suppressed(*one)]


@pytest.mark.parametrize("name", [*MODELS, "sightline-nano"])
def test_the_compiled_graph_equals_the_decode_in_numpy(name, detector_of, test_data, monkeypatch):
    detector = detector_of(name)
    source = BUILTIN if name == "sightline-nano" else test_data / "models"
    model = with_input(parse((source / f"{name}.onnx").read_bytes(), source).model, None)
    spec, family = detector.manifest.input, detector.manifest.family
    monkeypatch.setattr(plain, "WIDTH", spec.width)
    monkeypatch.setattr(plain, "HEIGHT", spec.height)
    monkeypatch.setattr(plain, "CLASSES", len(detector.labels))
    final = family == "rt-detr"
    names = [output.name for output in model.graph.output]
    for photo in ("bus.jpg", "dls_pedestrians.jpg"):
        image = detector.prepare(cv2.imread(str(test_data / "photos" / photo))).image[None]
        raw = raw_outputs(model.SerializeToString(), oracle.pixels(image, spec))
        decoded = heads.KINDS[family].decode(dict(zip(names, raw, strict=True)))
        for limits in (Limits(), Limits(0.01, 0.65, multi_label=True, max_candidates=300)):
            told = replace(limits, iou=1.0) if final else limits
            oracle.assert_same(detector._session.run(image, limits), oracle.hits([decoded], told))


def test_raw_offsets_of_faces_become_the_boxes_of_the_decode_in_the_file(test_data, tmp_path):
    source = test_data / "models" / "ultraface_RFB-320.onnx"
    raw = onnx.load(source)
    # Its decode begins behind the tensor 460, in which the offsets of the four grids come together.
    raw.graph.output[1].name = "460"
    onnx.save(raw, tmp_path / "raw.onnx")
    (tmp_path / "raw.json").write_text(json.dumps({"family": "ultraface-raw"}))
    one, other = (
        load(str(path), SessionOptions(provider="cpu", workers=1), cache=tmp_path)
        for path in (source, tmp_path / "raw.onnx")
    )
    image = cv2.imread(str(test_data / "photos" / "bus.jpg"))
    limits = Limits(0.05, 0.3)
    [first], [second] = (each.infer([each.prepare(image)], limits) for each in (one, other))
    assert len(first) == len(second) > 3
    np.testing.assert_allclose(first.xyxy, second.xyxy, atol=0.05)


def test_yolox_runs_in_batches_and_the_quantised_model_does_not(detector_of, test_data):
    assert not detector_of("yolov8n_int8")._session.any_batch
    detector = detector_of("yolox_nano")
    assert detector._session.any_batch
    photos = sorted((test_data / "photos").glob("*.jpg"))[:5]
    images = np.stack([detector.prepare(cv2.imread(str(photo))).image for photo in photos])
    limits = Limits(0.05)
    together = detector._session.run(images, limits)
    for number, image in enumerate(images):
        alone = oracle.hits_of(detector._session.run(image[None], limits))
        moved = [oracle.Hit(number, hit.label, hit.score, hit.box) for hit in alone]
        mine = together.picture == number
        part = type(together)(*(getattr(together, field)[mine] for field in together.__slots__))
        oracle.assert_same(part, moved)


def test_label_names_are_those_of_coco(detector_of):
    for name in FIGURES:
        labels = detector_of(name).labels
        assert len(labels) == 80
        assert {"person", "motorcycle", "tv", "couch", "potted plant", "dining table"} <= set(labels)
