"""Which events are listed and counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest
from api.inside import NOON, PROBLEM, Inside, event, going_on, guarded, inside, name_of

from streamer.event import CameraEvent

pytestmark = pytest.mark.anyio

SEEN = (
    event(0, zones=("porch",)),
    event(1, camera="yard", label="dog"),
    event(2, label="car", sub_label="van", zones=("porch", "kerb")),
    going_on(3, camera="yard", label="dog", zones=("porch",)),
    going_on(4),
    event(5, camera="attic", label="van"),
)


@pytest.fixture
async def within(tmp_path: Path):
    async with inside(tmp_path / "data") as within:
        await within.keep(*SEEN)
        yield within


@pytest.fixture(scope="module")
async def seen(tmp_path_factory: pytest.TempPathFactory):
    """The same for those that change nothing."""
    async with inside(tmp_path_factory.mktemp("seen") / "data") as seen:
        await seen.keep(*SEEN)
        yield seen


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, [5, 4, 3, 2, 1, 0]),
        ({"camera": "yard"}, [3, 1]),
        ({"camera": ["yard", "attic"]}, [5, 3, 1]),
        ({"label": "dog"}, [3, 1]),
        ({"label": "van"}, [5, 2]),
        ({"label": "van", "camera": "attic"}, [5]),
        ({"label": "courier"}, []),
        ({"zone": "porch"}, [3, 2, 0]),
        ({"zone": "porch", "camera": "gate"}, [2, 0]),
        ({"zone": "porch", "camera": ["gate", "yard"], "label": "dog"}, [3]),
        ({"zone": "porch", "label": "van"}, [2]),
        ({"zone": "kerb"}, [2]),
        ({"zone": "por"}, []),
        ({"state": "open"}, [4, 3]),
        ({"state": "ended"}, [5, 2, 1, 0]),
        ({"state": "open", "zone": "porch"}, [3]),
        ({"state": "ended", "zone": "porch"}, [2, 0]),
        ({"from": "2026-03-01T12:00:02Z"}, [5, 4, 3, 2]),
        ({"from": "2026-03-01T13:00:02.000000+01:00", "to": "2026-03-01t12:00:04z"}, [3, 2]),
        ({"from": "2026-03-01T12:00:02Z", "to": "2026-03-01T12:00:02Z"}, []),
        ({"to": "2026-03-01T12:00:03Z", "zone": "porch"}, [2, 0]),
        ({"from": "0001-01-01T00:00:00Z", "to": "9999-12-31T23:59:59Z", "limit": 2}, [5, 4]),
    ],
)
async def test_events_that_fit_come_newest_first(seen: Inside, query, numbers):
    assert await seen.ids(**query) == [name_of(number) for number in numbers]


async def test_what_a_person_says_is_a_label_too(within: Inside):
    await within.store.label(name_of(2), "courier")
    for more in ({}, {"camera": "gate"}, {"zone": "porch"}, {"zone": "kerb", "camera": "gate"}):
        assert await within.ids(label="courier", **more) == [name_of(2)]


async def test_a_new_label_and_a_new_zone_are_found(within: Inside):
    await within.keep(replace(SEEN[3], phase="update", label="cat", zones=("porch", "kerb")))
    assert await within.ids(zone="kerb") == [name_of(3), name_of(2)]
    assert await within.ids(zone="porch", label="cat") == [name_of(3)]
    assert await within.ids(zone="porch", label="dog") == []


async def test_every_filter_and_its_pages_agree_with_a_plain_loop(tmp_path: Path):
    """Filters take different ways through the index; all of them have to find the same."""
    cameras, labels, zones = ("gate", "yard"), ("person", "van"), ((), ("porch",), ("porch", "kerb"))
    several = list(product(cameras, labels, (None, "van"), zones, (True, False)))
    events = [
        # Pairs begin at the same moment.
        replace(
            (going_on if is_open else event)(number // 2, camera=camera, label=label),
            id=name_of(number),
            sub_label=sub,
            zones=entered,
        )
        for number, (camera, label, sub, entered, is_open) in enumerate(several)
    ]
    async with inside(tmp_path / "data") as within:
        await within.keep(*events)
        for camera, label, zone, state in product(
            (None, ["gate"], ["gate", "yard"]), (None, "van"), (None, "porch"), (None, "open", "ended")
        ):
            query = {"camera": camera, "label": label, "zone": zone, "state": state}
            said = {name: value for name, value in query.items() if value is not None}
            expected = [
                each.id
                for each in events
                if (camera is None or each.camera in camera)
                and (label is None or label in (each.label, each.sub_label))
                and (zone is None or zone in each.zones)
                and (state is None or (state == "open") == (each.ended_at is None))
            ]
            assert await all_pages(within, said) == sorted(expected, reverse=True), said


async def all_pages(within: Inside, query: dict[str, object]) -> list[str]:
    found, cursor = [], {}
    while True:
        page = (await within.client.get("/api/events", params={**query, "limit": 5, **cursor})).json()
        found += [item["id"] for item in page["items"]]
        if page["next"] is None:
            return found
        cursor = {"cursor": page["next"]}


async def test_a_cursor_stays_good_while_new_events_come(within: Inside):
    first = (await within.client.get("/api/events", params={"limit": 3})).json()
    await within.keep(event(6), event(7))
    assert await within.ids(limit=3, cursor=first["next"]) == [name_of(number) for number in (2, 1, 0)]


async def test_numbers_by_day_and_hour(within: Inside):
    await within.keep(event(8, started_at=NOON - timedelta(hours=13), ended_at=NOON))
    query = {"from": "2026-02-28T00:00:00Z", "to": "2026-03-02T00:00:00Z"}
    answer = await within.client.get("/api/events/counts", params={**query, "by": "day"})
    counted = [
        (each["begun"], each["camera"], each["label"], each["number"]) for each in answer.json()["items"]
    ]
    assert counted == [
        ("2026-02-28T00:00:00.000000Z", "gate", "person", 1),
        ("2026-03-01T00:00:00.000000Z", "attic", "van", 1),
        ("2026-03-01T00:00:00.000000Z", "gate", "car", 1),
        ("2026-03-01T00:00:00.000000Z", "gate", "person", 2),
        ("2026-03-01T00:00:00.000000Z", "yard", "dog", 2),
    ]
    for more, hours in (
        ({}, ["2026-02-28T23", *["2026-03-01T12"] * 4]),
        ({"camera": "gate"}, ["2026-02-28T23", *["2026-03-01T12"] * 2]),
        ({"label": "van"}, ["2026-03-01T12"] * 2),
        ({"zone": "porch"}, ["2026-03-01T12"] * 3),
        ({"state": "open"}, ["2026-03-01T12"] * 2),
        ({"zone": "porch", "state": "ended", "label": "car"}, ["2026-03-01T12"]),
    ):
        answer = await within.client.get("/api/events/counts", params={**query, **more})
        assert [item["begun"][:13] for item in answer.json()["items"]] == hours, more


async def test_numbers_of_the_usual_time(seen: Inside):
    for query, total in (({"from": "2026-03-01T12:00:00Z"}, 6), ({"to": "2026-03-01T12:00:02Z"}, 2), ({}, 0)):
        items = (await seen.client.get("/api/events/counts", params=query)).json()["items"]
        assert sum(item["number"] for item in items) == total, query


async def test_who_may_see_one_camera_sees_nothing_of_others(tmp_path: Path):
    async with guarded(tmp_path / "data", "viewer") as within:
        await within.keep(*SEEN)
        assert await within.ids() == [name_of(number) for number in (4, 2, 0)]
        assert await within.ids(zone="porch") == [name_of(2), name_of(0)]
        for path in ("/api/events", "/api/events/counts"):
            answer = await within.client.get(path, params={"camera": "yard"})
            assert (answer.status_code, answer.json()["detail"]) == (
                404,
                "query camera: expected one of gate",
            )
        counted = (await within.client.get("/api/events/counts?from=2026-03-01T00:00:00Z")).json()["items"]
        assert {item["camera"] for item in counted} == {"gate"}
        assert (await within.client.get("/api/cameras/yard/troubles")).status_code == 404
        assert (await within.client.get("/api/cameras/gate/troubles")).status_code == 200
        assert (await within.client.get(f"/api/events/{name_of(1)}")).status_code == 404


async def test_what_befell_a_camera(within: Inside):
    await within.happen(
        CameraEvent("gate", "down", "nobody answers", NOON),
        CameraEvent("gate", "up", None, NOON + timedelta(seconds=9)),
    )
    answer = await within.client.get("/api/cameras/gate/troubles")
    while len(answer.json()["items"]) < 2:
        answer = await within.client.get("/api/cameras/gate/troubles")
    assert [(item["state"], item["reason"], item["since"]) for item in answer.json()["items"]] == [
        ("up", None, "2026-03-01T12:00:09.000000Z"),
        ("down", "nobody answers", "2026-03-01T12:00:00.000000Z"),
    ]
    assert len((await within.client.get("/api/cameras/gate/troubles?limit=1")).json()["items"]) == 1
    assert (await within.client.get("/api/cameras/yard/troubles")).json()["items"] == []
    for path, status in (
        ("cellar/troubles", 404),
        ("gate/troubles?limit=0", 422),
        ("gate/troubles?x=1", 422),
    ):
        answer = await within.client.get(f"/api/cameras/{path}")
        assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)


TIME = "expected a time like 2026-03-01T12:00:00Z (a + is written %2B)"


@pytest.mark.parametrize("path", ["/api/events", "/api/events/counts"])
@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ({"from": "2026-03-02T00:00:00Z", "to": "2026-03-01T00:00:00Z"},
         "query: expected from before to, received them the other way round"),
        ({"from": "yesterday"}, f"query from: {TIME}"),
        ({"from": "1772366400"}, f"query from: {TIME}"),
        ({"to": "2026-03-01"}, f"query to: {TIME}"),
        ({"to": "2026-03-01T12:00:00"}, f"query to: {TIME}"),
        ({"to": "2026-13-01T12:00:00Z"}, f"query to: {TIME}"),
        ({"from": "0001-01-01T00:00:00+23:59"}, f"query from: {TIME}"),
        ({"to": ""}, f"query to: {TIME}"),
        ({"state": "closed"}, "query state: expected 'open' or 'ended'"),
        ({"zone": ""}, r"query zone: expected a match of ^[^\u0000-\u001f\u007f]+$"),
        ({"label": "a\0b"}, r"query label: expected a match of ^[^\u0000-\u001f\u007f]+$"),
        ({"zone": ["a", "b"]}, "query zone: expected once, received 2 times"),
        ({"camera": ["gate", "<b>"]}, "query camera: expected a match of ^[a-z0-9][a-z0-9_-]*$"),
    ],
)  # fmt: skip
async def test_what_cannot_be_asked_is_told(seen: Inside, path, query, detail):
    answer = await seen.client.get(path, params=query)
    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)
    assert answer.json()["detail"] == detail


HOSTILE = [
    "<script>alert(1)</script>",
    "\N{PILE OF POO}",
    "x" * 10_000,
    "",
    "\0",
    "'; DROP TABLE events; --",
    "%",
]


@pytest.mark.parametrize("name", ["camera", "label", "zone", "from", "to", "state", "limit", "cursor", "by"])
async def test_whatever_is_asked_gets_an_answer(seen: Inside, name):
    for path, value in product(("/api/events", "/api/events/counts"), HOSTILE):
        answer = await seen.client.get(path, params={name: value})
        assert answer.status_code in (200, 400, 422), (path, value)
        if answer.status_code != 200:
            assert answer.headers["content-type"] == PROBLEM
            assert len(answer.text) < 400
            assert value == "" or value not in answer.json()["detail"] or len(value) < 3
    assert len(await seen.ids()) == len(SEEN)


async def test_too_much_is_not_counted(seen: Inside):
    query = {"from": "2026-01-01T00:00:00Z", "to": "2026-03-01T00:00:00Z"}
    answer = await seen.client.get("/api/events/counts", params=query)
    assert answer.json()["detail"] == "query: expected at most 31 days between from and to"
    assert (await seen.client.get("/api/events/counts", params={**query, "by": "day"})).status_code == 200
