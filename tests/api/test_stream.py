"""Events as they happen, to those who listen."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from api.inside import NOON, PROBLEM, Inside, event, going_on, guarded, inside, name_of

from streamer.api import stream
from streamer.event import CameraEvent, LineCrossing, ZoneEvent
from streamer.publish.live import MOST_LISTENERS, RECORDS_WAITING, LiveRecords

pytestmark = pytest.mark.anyio


@dataclass(frozen=True, slots=True)
class Message:
    """One Server-Sent Event."""

    kind: str
    id: str
    data: dict[str, Any]


class Listening:
    """A program that listens."""

    def __init__(self, answer: httpx.Response) -> None:
        self._lines = answer.aiter_lines()

    async def next(self) -> Message:
        """The next message; comments and what is none are passed over."""
        fields: dict[str, str] = {}
        while True:
            line = await anext(self._lines)
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "data" in fields:
                return Message(fields["event"], fields.get("id", ""), json.loads(fields["data"]))
            else:
                fields = {}

    async def line(self, start: str) -> str:
        while not (line := await anext(self._lines)).startswith(start):
            pass
        return line

    async def is_over(self) -> bool:
        return [line async for line in self._lines] == []


@asynccontextmanager
async def listening(within: Inside, since: str | None = None, **query: Any) -> AsyncIterator[Listening]:
    """One who listens from now on."""
    headers = {} if since is None else {"Last-Event-ID": since}
    async with within.client.stream("GET", "/api/events/stream", params=query, headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
        heard = Listening(answer)
        assert await heard.line("retry: ") == "retry: 3000"
        yield heard


@pytest.fixture
async def within(tmp_path: Path):
    async with inside(tmp_path / "data") as within:
        yield within


@pytest.fixture(scope="module")
async def quiet(tmp_path_factory: pytest.TempPathFactory):
    """Where nothing happens."""
    async with inside(tmp_path_factory.mktemp("quiet") / "data") as quiet:
        yield quiet


HAPPENINGS = (
    going_on(1),
    ZoneEvent("gate", "porch", "entered", "person", 1, name_of(1), NOON, 0.0),
    LineCrossing("gate", "kerb", "in", "person", 1, name_of(1), NOON),
    CameraEvent("yard", "down", "nobody answers", NOON),
    event(1, reason="left the picture"),
)


async def test_each_kind_comes_as_its_record(within: Inside):
    async with listening(within) as heard:
        await within.happen(*HAPPENINGS)
        messages = [await heard.next() for _ in HAPPENINGS]
    assert [message.kind for message in messages] == ["object", "zone", "crossing", "camera", "object"]
    assert [message.data["schema"] for message in messages] == [
        "sightline.events/1",
        "sightline.zones/1",
        "sightline.crossings/1",
        "sightline.cameras/1",
        "sightline.events/1",
    ]
    first, *_, last = messages
    assert (first.data["phase"], first.data["width"], last.data["phase"]) == ("start", 64, "end")
    assert last.data["reason"] == "left the picture"
    ids = [datetime.fromisoformat(message.id) for message in messages]
    assert ids == sorted(ids)
    assert abs(ids[0] - datetime.now(UTC)) < timedelta(minutes=1)


async def test_only_what_is_asked_for_comes(within: Inside):
    dog = going_on(2, camera="yard", label="dog", sub_label="poodle")
    async with (
        listening(within, camera="gate") as of_gate,
        listening(within, camera=["gate", "yard"], label="person") as of_people,
        listening(within, label="poodle") as of_poodles,
    ):
        await within.happen(HAPPENINGS[3], dog, *HAPPENINGS[:3])
        assert [(await of_gate.next()).kind for _ in range(3)] == ["object", "zone", "crossing"]
        assert [(await of_people.next()).kind for _ in range(3)] == ["object", "zone", "crossing"]
        assert (await of_poodles.next()).data["id"] == dog.id
        await within.happen(event(9, label="dog", sub_label="poodle"))
        assert (await of_gate.next()).data["id"] == name_of(9)
        assert (await of_poodles.next()).data["id"] == name_of(9)


async def test_who_comes_again_gets_what_they_missed(within: Inside):
    async with listening(within) as heard:
        await within.happen(going_on(1), going_on(2))
        last = [await heard.next() for _ in range(2)][-1]
    soon = datetime.fromisoformat(last.id) + timedelta(seconds=1)
    young = going_on(4, started_at=soon)
    await within.happen(event(1), HAPPENINGS[1], going_on(3, camera="yard"), young)
    async with listening(within, since=last.id) as heard:
        caught_up = [await heard.next() for _ in range(4)]
        assert [(message.data["id"], message.data["phase"]) for message in caught_up] == [
            (name_of(2), "update"),  # again: it was told just before
            (name_of(1), "end"),
            (name_of(3), "update"),
            (name_of(4), "start"),
        ]
        assert {message.kind for message in caught_up} == {"object"}
        await within.happen(event(3, camera="yard"))
        assert (await heard.next()).data["phase"] == "end"
    async with listening(within, since=caught_up[-1].id, camera="yard", label="person") as heard:
        assert (await heard.next()).data["id"] == name_of(3)
    later = (datetime.now(UTC) + stream.MARGIN + timedelta(minutes=1)).isoformat().replace("+00:00", "Z")
    async with listening(within, since=later) as heard:
        await within.happen(event(5))
        assert (await heard.next()).data["id"] == name_of(5)


async def test_who_was_away_for_too_long_is_told_how_much_is_missing(within: Inside, monkeypatch):
    monkeypatch.setattr(stream, "MOST_CAUGHT_UP", 3)
    await within.happen(*(event(number) for number in range(5)))
    async with listening(within, since="2026-03-01T12:00:00Z") as heard:
        missed = await heard.next()
        assert (missed.kind, missed.data) == ("missed", {"count": 2})
        assert [(await heard.next()).data["id"] for _ in range(3)] == [name_of(each) for each in (2, 3, 4)]


async def test_one_who_is_slow_misses_the_oldest_and_is_told():
    live = LiveRecords()
    crossing = HAPPENINGS[2]
    with live.heard(None, None) as slow, live.heard(None, None) as fast:
        await live.conclude("gate", [crossing])
        assert (await fast.take()).missed == 0
        for _ in range(RECORDS_WAITING + 6):
            await live.conclude("gate", [crossing])
        heard = await slow.take()
        assert (len(heard.records), heard.missed) == (RECORDS_WAITING, 7)
        await live.conclude("gate", [crossing])
        heard = await slow.take()
        assert (len(heard.records), heard.missed) == (1, 0)


async def test_one_who_takes_nothing_holds_up_nobody(within: Inside):
    """Its connection is full sooner or later: the rest goes on, and it is told how much it missed."""
    host, port = within.client.base_url.host, within.client.base_url.port
    await within.happen(going_on(1))
    async with await anyio.connect_tcp(host, port) as still:
        request = f"GET /api/events/stream HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n"
        await still.send(request.encode())
        received = await still.receive()
        while b"retry" not in received:
            received += await still.receive()
        for _ in range(40_000):
            await within.live.conclude("gate", [HAPPENINGS[2]])
            if _ % 100 == 0:
                await anyio.lowlevel.checkpoint()
        with anyio.fail_after(60):
            while b"event: missed" not in received:
                received = received[-100:] + await still.receive()


async def test_a_sign_of_life_comes_where_nothing_happens(within: Inside, monkeypatch):
    monkeypatch.setattr(stream, "ALIVE_S", 0.05)
    async with listening(within) as heard:
        for _ in range(3):
            assert await heard.line(":") == ": alive"
        await within.happen(event(1))
        assert (await heard.next()).data["id"] == name_of(1)


async def test_who_goes_is_forgotten(within: Inside):
    for _ in range(3):
        async with listening(within):
            assert len(within.live._listeners) == 1
        with anyio.fail_after(20):
            while within.live._listeners:
                await anyio.sleep(0.01)


async def test_as_many_listen_as_may(within: Inside):
    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            begun = 0
            all_there = anyio.Event()

            async def listen() -> None:
                nonlocal begun
                with within.live.heard(None, None):
                    begun += 1
                    if begun == MOST_LISTENERS:
                        all_there.set()
                    await anyio.sleep_forever()

            for _ in range(MOST_LISTENERS):
                tasks.start_soon(listen)
            await all_there.wait()
            answer = await within.client.get("/api/events/stream")
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
            assert answer.json()["detail"] == "100 listen already; try again later"
            tasks.cancel_scope.cancel()
    async with listening(within):
        pass


async def test_who_may_see_one_camera_hears_of_no_other(tmp_path: Path):
    async with guarded(tmp_path / "data", "viewer") as within:
        await within.happen(event(7, camera="yard"), event(8))
        answer = await within.client.get("/api/events/stream?camera=yard")
        assert answer.status_code == 404
        async with listening(within, since="2026-03-01T12:00:00Z") as heard:
            assert (await heard.next()).data["id"] == name_of(8)
            await within.happen(HAPPENINGS[3], event(9, camera="yard"), event(10))
            assert (await heard.next()).data["id"] == name_of(10)


@pytest.mark.parametrize(
    ("query", "since"),
    [
        ("camera=<script>", None),
        ("label=", None),
        ("zone=porch", None),
        ("label=a&label=b", None),
        ("", "madeup"),
        ("", "3"),
        ("", "x" * 10_000),
        ("", "9999-99-99T99:99:99Z"),
        ("", "<script>"),
    ],
)
async def test_what_cannot_be_heard_is_told(quiet: Inside, query, since):
    headers = {} if since is None else {"Last-Event-ID": since}
    answer = await quiet.client.get(f"/api/events/stream?{query}", headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)
    assert len(answer.text) < 400


async def test_the_first_moment_there_is_can_be_said(within: Inside):
    await within.happen(event(1))
    async with listening(within, since="0001-01-01T00:00:00Z") as heard:
        assert (await heard.next()).data["id"] == name_of(1)
