"""Which classifier of the store suggests what unlabelled pictures are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from classifying.colours import Form, colours

from detectors.store import MANIFEST, WEIGHTS, ModelStore
from streamer.storage.suggesting import StoreClassifier


def add(store: ModelStore, name: str, labels: tuple[str, str]) -> None:
    with store.stage(name) as folder:
        (folder / WEIGHTS).write_bytes(colours(Form(labels=labels)).SerializeToString())
        (folder / MANIFEST).write_text(json.dumps({"task": "classify", "labels": labels}))


def test_only_who_knows_a_class_that_people_label_suggests(tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    classes: set[str] = set()
    suggesting = StoreClassifier(tmp_path, lambda: classes)
    assert suggesting.model() is None
    add(store, "vests", ("courier", "neighbour"))
    add(store, "slabs", ("cracked", "sound"))
    assert suggesting.model() is None
    classes.add("courier")
    assert suggesting.model() == "vests@1"
    [said] = suggesting.suggest([np.full((4, 4, 3), (0, 0, 255), np.uint8)])
    assert said.label == "courier"
    classes.add("sound")
    assert suggesting.model() == "slabs@1", "the one that was promoted last"
