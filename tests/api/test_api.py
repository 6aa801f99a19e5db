"""The HTTP application on a real store, in process and over a real socket."""

import logging
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import anyio
import httpx
import numpy as np
import pytest
from access.fronts import in_front

from detectors.pixels import BgrPixels
from streamer.api.app import create_app
from streamer.api.server import serve
from streamer.capture.state import SourceState
from streamer.config.tree import HttpConfig, StorageConfig
from streamer.errors import StreamerError
from streamer.event import Event, Ruling
from streamer.frame import Frame
from streamer.metrics.metrics import Metrics
from streamer.status import Status
from streamer.storage.store import EventStore

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PROBLEM = "application/problem+json"
ONE_OF = "query: expected one of camera, label, zone, from, to, state, limit, cursor"


def event(number: int, camera: str = "front", label: str = "person") -> Event:
    started_at = NOON + timedelta(seconds=number)
    return Event(
        id=f"event-{number:04}",
        camera=camera,
        phase="start",
        label=label,
        track=number,
        confidence=0.9,
        box=(1.0, 2.0, 30.5, 40.0),
        started_at=started_at,
    )


@pytest.fixture
def status() -> Status:
    return Status(["store"])


@pytest.fixture
def metrics(status) -> Metrics:
    return Metrics(status, ["front", "garage"])


@pytest.fixture
async def store(tmp_path):
    store = EventStore(tmp_path / "data", StorageConfig(days=100_000))
    async with anyio.create_task_group() as tasks:
        await tasks.start(store.run)
        yield store
        tasks.cancel_scope.cancel()


@pytest.fixture
async def client(metrics, status, store, tmp_path):
    async with anyio.create_task_group() as tasks:
        app = create_app(metrics, status, store)
        front = await in_front(tasks, app, tmp_path / "data", HttpConfig(insecure=True))
        transport = httpx.ASGITransport(front)
        async with httpx.AsyncClient(transport=transport, base_url="http://sightline") as client:
            yield client
        tasks.cancel_scope.cancel()


@pytest.fixture(scope="module")
async def asked(tmp_path_factory):
    """For questions only: of the attic, which is no camera any more, there is an event."""
    status, folder = Status(["store"]), tmp_path_factory.mktemp("asked")
    store = EventStore(folder, StorageConfig(days=100_000))
    async with anyio.create_task_group() as tasks:
        await tasks.start(store.run)
        await keep(store, event(1, camera="attic"))
        app = create_app(Metrics(status, ["front", "garage"]), status, store)
        transport = httpx.ASGITransport(await in_front(tasks, app, folder, HttpConfig(insecure=True)))
        async with httpx.AsyncClient(transport=transport, base_url="http://sightline") as client:
            yield client
        tasks.cancel_scope.cancel()


async def keep(store: EventStore, *events: Event) -> None:
    frame = Frame("front", 0, 0, NOON, 0.0, BgrPixels(np.zeros((48, 64, 3), np.uint8)))
    for each in events:
        await store.save(frame, each)
    with anyio.fail_after(60):
        while store.state.waiting_events or len((await store.events(limit=1000)).items) < len(events):
            await anyio.sleep(0.005)


async def test_health_and_readiness_say_one_word_and_what_is_wrong(client, status):
    unready = "unready\nstore: not ready: starting"
    for path, code, text in (("/healthz", 200, "ok"), ("/readyz", 503, unready)):
        answer = await client.get(path)
        assert (answer.status_code, answer.text) == (code, text)
    status.ready("store")
    status.degraded("kafka brokers", "nobody listens")
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.text) == (200, "ready\nkafka brokers: degraded: nobody listens")
    status.degraded("kafka brokers", None)
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.text) == (200, "ready")
    assert (await client.head("/readyz")).status_code == 200


async def test_metrics_are_in_the_format_of_prometheus(client, metrics):
    metrics.received("front")
    answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert 'sightline_frames_received_total{camera="front"} 1.0' in answer.text


async def test_cameras_tell_their_state_and_why(client, metrics):
    metrics.changed("garage", SourceState("down", "no answer from 10.0.0.4", NOON))
    metrics.changed("front", SourceState("live", None, NOON, "cpu"))
    metrics.clocked("front", -3599.9904)
    metrics.dropped("front", "busy")
    metrics.observe_stage("front", "total", 0.01234)
    body = (await client.get("/api/cameras")).json()
    assert body["next"] is None
    front, garage = body["items"]
    assert front == {
        "name": "front",
        "state": "live",
        "reason": None,
        "since": "2026-03-01T12:00:00.000000Z",
        "picture": None,
        "fps_in": 0.0,
        "fps_detected": 0.0,
        "dropped": {"busy": 1},
        "latency_p50_ms": 12.3,
        "latency_p95_ms": 12.3,
        "objects": 0,
        "decoder": "cpu",
        "clock_offset_s": -3599.99,
        "main": None,
        "viewers": 0,
        "attributes": {},
    }
    assert (garage["state"], garage["reason"]) == ("down", "no answer from 10.0.0.4")


async def test_events_come_newest_first_and_in_pages(client, store):
    await keep(store, *[event(number) for number in range(25)])
    seen, cursor, pages = [], None, 0
    while True:
        answer = await client.get(
            "/api/events", params={"limit": 10, **({"cursor": cursor} if cursor else {})}
        )
        body = answer.json()
        seen += [item["id"] for item in body["items"]]
        pages, cursor = pages + 1, body["next"]
        if cursor is None:
            break
    assert seen == [f"event-{number:04}" for number in reversed(range(25))]
    assert pages == 3


async def test_an_event_has_these_keys(client, store):
    await keep(store, replace(event(1), rules=(Ruling("threshold", True, 0.75, 0.5),), stationary=True))
    (item,) = (await client.get("/api/events")).json()["items"]
    assert item == {
        "id": "event-0001",
        "camera": "front",
        "label": "person",
        "sub_label": None,
        "human_label": None,
        "attributes": {},
        "confidence": 0.9,
        "box": [1.0, 2.0, 30.5, 40.0],
        "zones": [],
        "rules": [{"rule": "threshold", "kept": True, "value": 0.75, "limit": 0.5}],
        "stationary": True,
        "started_at": "2026-03-01T12:00:01.000000Z",
        "ended_at": None,
        "snapshot": None,
    }


async def test_events_of_one_camera_or_label(client, store):
    await keep(store, event(1), event(2, camera="garage"), event(3, label="dog"))
    for query, expected in (
        ({"camera": "garage"}, ["event-0002"]),
        ({"label": "dog"}, ["event-0003"]),
        ({"camera": "front"}, ["event-0003", "event-0001"]),
    ):
        body = (await client.get("/api/events", params=query)).json()
        assert [item["id"] for item in body["items"]] == expected


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=-1",
        "limit=501",
        "limit=many",
        "limit=99999999999999999999999",
        "cursor=",
        "cursor=madeup",
        "cursor=../../etc/passwd",
        "cursor=" + "A" * 10_000,
        "cursor=%00",
        "camera=Front",
        "camera=%F0%9F%98%80",
        "camera=front%0A",
        "camera=<script>alert(1)</script>",
        "label=" + "x" * 10_000,
        "<script>alert(1)</script>=1",
        "x" * 10_000 + "=1",
    ],
)
async def test_a_bad_question_is_a_problem_that_repeats_nothing(asked, query):
    answer = await asked.get(f"/api/events?{query}")
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json()["status"] == answer.status_code
    assert len(answer.text) < 400


@pytest.mark.parametrize(
    ("path", "code", "detail"),
    [
        ("/api/events?camra=front", 422, f"{ONE_OF}, received 'camra'"),
        ("/api/events?camera=front&since=1", 422, f"{ONE_OF}, received 'since'"),
        ("/api/events?%0A=1", 422, f"{ONE_OF}, received another name"),
        ("/api/cameras?name=front", 422, "query: expected no parameters, received 'name'"),
        ("/api/events?camera=cellar", 404, "query camera: expected one of attic, front, garage"),
        ("/api/events?camera=Front", 422, "query camera: expected a match of ^[a-z0-9][a-z0-9_-]*$"),
        ("/api/events?label=a&label=b", 422, "query label: expected once, received 2 times"),
        ("/api/events?limit=1&limit=1&limit=2", 422, "query limit: expected once, received 3 times"),
        ("/api/events?limit=0", 422, "query limit: expected at least 1"),
        ("/api/events?limit=many", 422, "query limit: expected a whole number"),
    ],
)  # fmt: skip
async def test_a_question_that_has_no_answer_is_told_why(asked, path, code, detail):
    answer = await asked.get(path)
    assert (answer.status_code, answer.json()["detail"]) == (code, detail)


async def test_a_camera_that_is_gone_has_its_events_and_a_new_one_has_none_yet(asked):
    for camera, count in (("attic", 1), ("garage", 0)):
        answer = await asked.get("/api/events", params={"camera": camera})
        assert (answer.status_code, len(answer.json()["items"])) == (200, count)


@pytest.mark.parametrize(
    ("method", "path", "code"), [("GET", "/nothing", 404), ("POST", "/api/cameras", 405)]
)
async def test_what_is_not_there_is_a_problem(asked, method, path, code):
    answer = await asked.request(method, path)
    assert answer.status_code == code
    assert answer.headers["content-type"] == PROBLEM


async def test_a_store_that_fails_is_a_problem_and_the_rest_goes_on(metrics, status, tmp_path):
    store = EventStore(tmp_path / "data", StorageConfig(days=100_000))
    async with anyio.create_task_group() as tasks:
        await tasks.start(store.run)
        with closing(sqlite3.connect(tmp_path / "data" / "events.db")) as behind:
            behind.execute("DROP TABLE events")
        app = create_app(metrics, status, store)
        front = await in_front(tasks, app, tmp_path / "data", HttpConfig(insecure=True))
        transport = httpx.ASGITransport(front)
        async with httpx.AsyncClient(transport=transport, base_url="http://sightline") as client:
            answer = await client.get("/api/events")
            assert (await client.get("/healthz")).status_code == 200
        tasks.cancel_scope.cancel()
    assert (answer.status_code, answer.headers["content-type"]) == (503, PROBLEM)


async def test_the_description_has_what_is_asked_for(client):
    paths = (await client.get("/openapi.json")).json()["paths"]
    assert {
        *("/healthz", "/readyz", "/metrics"),
        *("/api/cameras", "/api/cameras/{name}/troubles", "/api/events", "/api/events/counts"),
    } == set(paths)


async def test_it_serves_on_a_free_port_until_it_is_cancelled(metrics, status, store):
    app = create_app(metrics, status, store)
    async with anyio.create_task_group() as tasks:
        url = await tasks.start(serve, app, "127.0.0.1", 0)
        async with httpx.AsyncClient(base_url=url) as client:
            assert (await client.get("/healthz")).text == "ok"
            with anyio.fail_after(60):
                tasks.cancel_scope.cancel()
    async with httpx.AsyncClient(base_url=url) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get("/healthz")


async def test_a_client_that_dawdles_does_not_hold_up_the_end(metrics, status, store):
    app = create_app(metrics, status, store)
    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            url = await tasks.start(serve, app, "127.0.0.1", 0)
            async with await anyio.connect_tcp("127.0.0.1", int(url.rpartition(":")[2])) as client:
                await client.send(b"GET /healthz HTTP/1.1\r\nHost: sightline\r\n\r\nGET /api")
                assert (await client.receive()).startswith(b"HTTP/1.1 200")
                tasks.cancel_scope.cancel()


async def test_a_port_in_use_is_one_line(metrics, status, store, caplog):
    app = create_app(metrics, status, store)
    async with anyio.create_task_group() as tasks:
        url = await tasks.start(serve, app, "127.0.0.1", 0)
        port = int(url.rpartition(":")[2])
        with pytest.raises(
            StreamerError, match=rf"^cannot listen on 127\.0\.0\.1:{port}: Address already in use$"
        ):
            await serve(app, "127.0.0.1", port)
        tasks.cancel_scope.cancel()
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_an_address_of_another_machine_is_one_line(metrics, status, store):
    app = create_app(metrics, status, store)
    with pytest.raises(
        StreamerError, match=r"^cannot listen on 192\.0\.2\.1:0: Cannot assign requested address$"
    ):
        await serve(app, "192.0.2.1", 0)
