"""The pages of the trainer in a browser: what is missing is said, a click changes what serves."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from onnx import TensorProto, checker, helper, numpy_helper
from pages.browsing import Visit, visiting
from pages.test_usable_by_all import serious
from playwright.sync_api import Browser, expect
from system.serving import Service

from detectors.store import ModelStore, models_in

LABELS = ("bright", "dark")
ABOUT = {"name": "auto", "about": "", "key": "", "input": {}}


def add_version(data: Path, accuracy: float) -> None:
    """A classifier that tells bright pictures from dark ones, with a report."""
    with ModelStore(models_in(data)).stage("light") as folder:
        content = brightness()
        (folder / "model.onnx").write_bytes(content)
        manifest = {
            "name": "light",
            "version": "1",
            "sha256": sha256(content).hexdigest(),
            "task": "classify",
            "family": "logits",
            "labels": LABELS,
            "input": {
                "width": 16,
                "height": 16,
                "mean": [0, 0, 0],
                "std": [1, 1, 1],
                "letterbox": {"mode": "stretch"},
            },
            "license": "none",
            "source": "a test",
        }
        (folder / "model.json").write_text(json.dumps(manifest))
        per_class = [{"label": each, "recall": accuracy} for each in LABELS]
        report = {"accuracy": accuracy, "interval": [0.5, 1.0], "pictures": 40, "per_class": per_class}
        (folder / "report.json").write_text(json.dumps({**report, "backbone": ABOUT}))
        (folder / "report.html").write_text("<!doctype html><html><title>report</title></html>")


def brightness() -> bytes:
    """Logits of the mean of a picture: bright above the middle, else dark."""
    weights = np.array([[1, -1]], np.float32) / 20
    middle = np.array([-127.5 / 20, 127.5 / 20], np.float32)
    nodes = [
        helper.make_node("ReduceMean", ["pictures"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Reshape", ["mean", "shape"], ["column"]),
        helper.make_node("MatMul", ["column", "weights"], ["scaled"]),
        helper.make_node("Add", ["scaled", "middle"], ["logits"]),
    ]
    stored = [
        numpy_helper.from_array(np.array([-1, 1]), "shape"),
        numpy_helper.from_array(weights, "weights"),
        numpy_helper.from_array(middle, "middle"),
    ]
    pictures = helper.make_tensor_value_info("pictures", TensorProto.FLOAT, ["n", 3, 16, 16])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 2])
    graph = helper.make_graph(nodes, "brightness", [pictures], [logits], stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(model)
    return bytes(model.SerializeToString())


@pytest.fixture
def shelf(service: Service) -> Iterator[ModelStore]:
    """Two versions of a model, of which the first serves."""
    data = service.folder / "sightline-data"
    for accuracy in (0.8, 0.9):
        add_version(data, accuracy)
    store = ModelStore(models_in(data))
    yield store
    store.remove("light")


def test_what_is_missing_to_train_is_said(visit: Visit) -> None:
    visit.go("/train")
    visit.page.get_by_role("button", name="Start training").click()
    expect(visit.page.get_by_text("A name is needed")).to_be_visible()
    visit.page.get_by_label("Name").fill("walkers")
    visit.page.get_by_role("button", name="Start training").click()
    expect(visit.page.locator(".said")).to_contain_text("at least two classes")
    expect(visit.page.get_by_role("link", name="Label more pictures")).to_have_attribute("href", "/label")
    expect(visit.page.locator(".training-now")).to_contain_text("Nothing is trained now")


def test_a_version_is_promoted_and_taken_back(visit: Visit, shelf: ModelStore) -> None:
    visit.go("/models")
    model = visit.page.get_by_role("region", name="light")
    expect(model.locator("h2")).to_contain_text("version 1 serves")
    expect(model.locator("thead th")).to_have_count(2)
    expect(model.get_by_role("row", name=re.compile("^Accuracy"))).to_contain_text("90.0%")
    expect(model.get_by_role("button", name="Roll back")).to_have_count(0)
    model.get_by_role("button", name="Promote 2").click()
    expect(model.locator("h2")).to_contain_text("version 2 serves")
    assert shelf.serving("light") == "2"
    model.get_by_role("button", name="Roll back to 1").click()
    expect(model.locator("h2")).to_contain_text("version 1 serves")
    assert shelf.serving("light") == "1"
    expect(model.get_by_role("button", name="Roll back")).to_have_count(0)


def test_what_is_shown_for_programs_works(visit: Visit, shelf: ModelStore, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "picture.jpg"), np.full((30, 50, 3), 250, np.uint8))
    visit.go("/models")
    model = visit.page.get_by_role("region", name="light")
    model.get_by_text("Use it in a program").click()
    shell, python = (each.inner_text() for each in model.locator("pre").all())
    for command in (["sh", "-c", shell], [sys.executable, "-c", python]):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert "bright" in done.stdout, done.stderr


def test_a_picture_is_tried(visit: Visit, shelf: ModelStore, tmp_path: Path) -> None:
    visit.go("/models")
    model = visit.page.get_by_role("region", name="light")
    for level, label in ((250, "bright"), (5, "dark")):
        cv2.imwrite(str(tmp_path / "picture.png"), np.full((30, 50, 3), level, np.uint8))
        model.locator("input[type=file]").set_input_files(tmp_path / "picture.png")
        expect(model.locator(".answer b")).to_have_text(label)
    (tmp_path / "none.png").write_bytes(b"no picture")
    model.locator("input[type=file]").set_input_files(tmp_path / "none.png")
    expect(model.locator(".answer")).to_have_text("This is no picture that the browser can read.")


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("width", [390, 1440])
def test_no_serious_fault(
    service: Service, browser: Browser, shelf: ModelStore, width: int, scheme: Any
) -> None:
    with visiting(browser, service.url, scheme=scheme, width=width) as visit:
        for path in ("/train", "/models"):
            visit.go(path)
            assert serious(visit) == []
            assert visit.page.evaluate("document.documentElement.scrollWidth") == width
