"""A promoted version of a detector runs from then on, unless cameras ask for labels it does not know."""

import json
from collections.abc import Callable, Sequence

import anyio
import pytest

from detectors.store import ModelStore
from streamer.config.tree import CameraConfig, DetectConfig, DetectorConfig
from streamer.fleet.detectors import Detectors
from streamer.fleet.serving import Serving
from streamer.metrics.metrics import Metrics
from streamer.status import Status
from tests.detectors.miniature import LABELS, yolox

pytestmark = pytest.mark.anyio


def add(store: ModelStore, labels: Sequence[str]) -> None:
    with store.stage("parcels") as folder:
        (folder / "model.onnx").write_bytes(yolox().SerializeToString())
        (folder / "model.json").write_text(json.dumps({"labels": labels, "version": "-".join(labels)}))


async def until(seen: Callable[[], object], text: str) -> None:
    with anyio.fail_after(60):
        while text not in str(seen()):
            await anyio.sleep(0.05)


async def test_a_version_that_lacks_a_label_does_not_take_over(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    store, status = ModelStore(tmp_path / "models"), Status([])
    for labels in (LABELS, ("ant", "dog", "cow"), ("ant", "bee", "dog")):
        add(store, labels)
    serving = Serving(store.folder, status)
    configs = {"default": DetectorConfig(model="parcels", workers=1)}
    detectors = Detectors(configs, None, Metrics(status, ()), status, store.folder, serving)
    camera = CameraConfig(source="sim://street", detect=DetectConfig(labels=("bee",)))
    async with anyio.create_task_group() as services:
        batcher = await detectors.start("default", services)
        detectors.require_labels({"gate": camera}, ["gate"])
        services.start_soon(serving.run)
        store.promote("parcels", "2")
        await until(status.details, "cameras.gate.detect.labels.0: expected a label of")
        assert "version 2 does not start, 1 runs on" in str(status.details())
        assert batcher.detector.labels == LABELS
        store.promote("parcels", "3")
        await until(lambda: batcher.detector.labels, "dog")
        await until(lambda: status.details() or "well", "well")
        services.cancel_scope.cancel()
