"""The training learns, and goes on where it was after a kill."""

import hashlib
import json
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from detectors.detector import load as load_detector
from detectors.manifest import InputSpec, ModelManifest
from detectors.session import Limits
from trainer.nano import checkpoint, export
from trainer.nano.architecture import NetworkSpec
from trainer.nano.batches import Phase, Sampler
from trainer.nano.dataset import Picture
from trainer.nano.loop import Rhythm, Training, train
from trainer.nano.schedule import Plan, Stage

SPEC = NetworkSpec(widths=(8, 12, 16, 16, 16), depths=(1, 1, 1, 1), neck=16)
SMALLEST = NetworkSpec(widths=(8, 8, 8, 8, 8), depths=(0, 0, 0, 0), neck=8)
SIZE = 96


def scene(seed: int) -> Picture:
    """A bright square somewhere on noise."""
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 90, (SIZE, SIZE, 3), np.uint8)
    x, y, side = (int(value) for value in rng.integers([4, 4, 28], [50, 50, 40]))
    image[y : y + side, x : x + side] = 230
    box = np.array([[x, y, x + side, y + side]], np.float32)
    return Picture(image, box, np.array([0]), np.array([False]), np.ones(8, np.bool_))


def plan(steps: int) -> Plan:
    return Plan(None, steps, batch=8, rate=5e-3, warm_up=10, stages=(Stage(1.0, Phase(SIZE, 0.0)),))


def test_finds_squares_it_has_learnt(tmp_path: Path) -> None:
    scenes = [scene(seed) for seed in range(16)]
    training = Training(SPEC, plan(150))
    train(training, Sampler([scenes], [1.0], 8), tmp_path / "state.npz", Rhythm(60.0, 100))
    state = checkpoint.load(tmp_path / "state.npz")
    assert state.step == 150
    export.write(export.graph(SPEC, state.averaged, SIZE), tmp_path / "squares.onnx")

    manifest = ModelManifest(
        name="squares",
        sha256=hashlib.sha256((tmp_path / "squares.onnx").read_bytes()).hexdigest(),
        family="sightline",
        input=InputSpec(width=SIZE, height=SIZE),
        labels=SPEC.labels,
    )
    (tmp_path / "squares.json").write_text(manifest.model_dump_json())

    detector = load_detector(str(tmp_path / "squares.onnx"))
    for item in scenes:
        [found] = detector.infer([detector.prepare(item.image)], Limits(min_confidence=0.3))
        assert len(found) == 1
        np.testing.assert_allclose(found.xyxy, item.boxes, atol=8)


def test_a_restored_training_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    sampler = Sampler([[scene(seed) for seed in range(4)]], [1.0], 4)
    whole = Training(SMALLEST, plan(6))
    train(whole, sampler, tmp_path / "whole.npz", Rhythm(60.0))
    first = Training(SMALLEST, plan(6))
    for number in range(3):
        first.learn(sampler.batch(number, first.phase))
    checkpoint.save(tmp_path / "half.npz", first.checkpoint())
    second = Training(SMALLEST, plan(6), seed=1)
    second.restore(checkpoint.load(tmp_path / "half.npz"))
    train(second, sampler, tmp_path / "rest.npz", Rhythm(60.0))

    expected, actual = checkpoint.load(tmp_path / "whole.npz"), checkpoint.load(tmp_path / "rest.npz")
    assert actual.step == expected.step == 6
    for name, array in expected.averaged.items():
        np.testing.assert_allclose(actual.averaged[name], array, rtol=1e-3, atol=1e-5, err_msg=name)


def tiny_set(folder: Path) -> Path:
    (folder / "images").mkdir()
    images, annotations = [], []
    for number in range(4):
        picture = scene(number)
        cv2.imwrite(str(folder / "images" / f"{number}.png"), picture.image)
        x1, y1, x2, y2 = (float(value) for value in picture.boxes[0])
        images.append({"id": number, "file_name": f"{number}.png", "width": SIZE, "height": SIZE})
        annotations.append(
            {"id": number, "image_id": number, "category_id": 1, "bbox": [x1, y1, x2 - x1, y2 - y1]}
        )
    path = folder / "instances.json"
    categories = [{"id": 1, "name": "person"}]
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
    return path


def command(coco: Path, out: Path, steps: int) -> list[str]:
    return [
        sys.executable, "-m", "trainer", "nano", "train", "--coco", str(coco), "--out", str(out),
        "--steps", str(steps), "--batch", "2", "--checkpoint-seconds", "0.1",
    ]  # fmt: skip


@pytest.mark.timeout(240)
def test_goes_on_after_kill_9(tmp_path: Path) -> None:
    coco, out = tiny_set(tmp_path), tmp_path / "run"
    with subprocess.Popen(command(coco, out, 10_000), stderr=subprocess.PIPE, text=True) as first:
        assert first.stderr is not None
        kept = [line for line in first.stderr if "kept step" in line and (first.kill() or True)]
    assert kept
    assert first.returncode == -signal.SIGKILL
    step = checkpoint.load(out / "state.npz").step
    assert step >= int(kept[0].split()[-1])

    second = subprocess.run(
        [*command(coco, out, step + 2), "--resume"], capture_output=True, text=True, check=False
    )
    assert second.returncode == 0, second.stderr
    assert f"going on at step {step}\n" in second.stderr
    assert checkpoint.load(out / "state.npz").step == step + 2
