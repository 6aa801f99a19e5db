"""Programs ask what a picture is of."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator

import cv2
import httpx
import numpy as np
import pytest
from PIL import Image

from detectors.store import MANIFEST, WEIGHTS, ModelStore
from streamer.api.app import create_app
from streamer.api.classify import add_classify
from streamer.config.tree import StorageConfig
from streamer.fleet.answering import Answering
from streamer.metrics.metrics import Metrics
from streamer.status import Status
from streamer.storage.store import EventStore
from tests.classifying.colours import Form, colours

pytestmark = pytest.mark.anyio

JPEG = {"Content-Type": "image/jpeg"}
PROBLEM = "application/problem+json"


def add(store: ModelStore, form: Form) -> None:
    with store.stage("coat") as folder:
        (folder / WEIGHTS).write_bytes(colours(form).SerializeToString())
        (folder / MANIFEST).write_text(json.dumps({"task": "classify"}))


def jpeg(colour: tuple[int, int, int], width: int = 30) -> bytes:
    return cv2.imencode(".jpg", np.full((20, width, 3), colour, np.uint8))[1].tobytes()


def wide() -> bytes:
    """A small file of very many pixels."""
    written = io.BytesIO()
    Image.new("1", (5000, 5000)).save(written, "PNG")
    return written.getvalue()


@pytest.fixture
async def asked(tmp_path) -> AsyncIterator[tuple[httpx.AsyncClient, ModelStore]]:
    store, status = ModelStore(tmp_path / "models"), Status([])
    add(store, Form())
    app = create_app(Metrics(status, []), status, EventStore(tmp_path, StorageConfig()))
    add_classify(app, Answering(store.folder))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
        yield client, store


async def test_a_picture_is_answered_by_the_version_that_serves(asked) -> None:
    client, store = asked
    answer = await client.post("/api/classify?model=coat", content=jpeg((10, 10, 220)), headers=JPEG)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["model"], said["version"], said["label"]) == ("coat", "1", "red")
    assert said["probabilities"]["red"] == said["confidence"] > 0.9
    add(store, Form(labels=("warm", "cold")))
    store.promote("coat", "2")
    answer = await client.post("/api/classify?model=coat", content=jpeg((10, 10, 220)), headers=JPEG)
    assert (answer.json()["version"], answer.json()["label"]) == ("2", "warm")
    answer = await client.post("/api/classify?model=coat@1", content=jpeg((220, 10, 10)), headers=JPEG)
    assert (answer.json()["version"], answer.json()["label"]) == ("1", "blue")


@pytest.mark.parametrize(
    ("query", "content", "headers", "status", "text"),
    [
        ("model=coat", b"no picture", JPEG, 422, "a picture that can be read"),
        ("model=coat", b"", JPEG, 422, "a picture that can be read"),
        ("model=coat", wide(), {"Content-Type": "image/png"}, 422, "at most 16000000 pixels"),
        ("model=coat", jpeg((1, 2, 3)), {"Content-Type": "text/plain"}, 415, "image/jpeg"),
        ("model=coat", b"x" * (2**20 + 1), JPEG, 413, "at most"),
        ("model=coats", jpeg((1, 2, 3)), JPEG, 404, "a model of the store"),
        ("model=coat@7", jpeg((1, 2, 3)), JPEG, 404, "a version that it has"),
        ("model=../coat", jpeg((1, 2, 3)), JPEG, 422, "model"),
        ("model=/etc/passwd", jpeg((1, 2, 3)), JPEG, 422, "model"),
        ("", jpeg((1, 2, 3)), JPEG, 422, "model"),
    ],
)
async def test_bad_input_is_told(asked, query, content, headers, status, text) -> None:
    client, _ = asked
    answer = await client.post(f"/api/classify?{query}", content=content, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    assert text in answer.text
    assert "/models" not in answer.json()["detail"]
