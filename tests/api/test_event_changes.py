"""What is known of one event, what a person says of it, and its end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from api.inside import NOON, PROBLEM, Inside, event, going_on, guarded, inside, name_of

from streamer.event import ZoneEvent

pytestmark = pytest.mark.anyio
FIRST, OPEN, UNKNOWN = name_of(1), name_of(2), name_of(99)
SAYING = "expected null, or one line of text of at most 100 characters"


@pytest.fixture
async def within(tmp_path: Path):
    async with inside(tmp_path / "data") as within:
        await within.keep(going_on(1), event(1), going_on(2, zones=("porch",)))
        yield within


@pytest.fixture(scope="module")
async def unchanged(tmp_path_factory: pytest.TempPathFactory):
    """The same for what is refused."""
    async with inside(tmp_path_factory.mktemp("unchanged") / "data") as within:
        await within.keep(going_on(1), event(1))
        yield within


def files(within: Inside, folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "data" / "snapshots").rglob(f"{FIRST}*"))


async def test_all_that_is_known(within: Inside):
    await within.happen(ZoneEvent("gate", "porch", "entered", "person", 2, OPEN, NOON, 0.0))
    found = (await within.client.get(f"/api/events/{OPEN}")).json()
    assert found == {
        "id": OPEN,
        "camera": "gate",
        "label": "person",
        "sub_label": None,
        "human_label": None,
        "attributes": {},
        "confidence": 0.9,
        "box": [20.0, 10.0, 40.0, 40.0],
        "zones": ["porch"],
        "rules": [],
        "stationary": False,
        "started_at": "2026-03-01T12:00:02.000000Z",
        "ended_at": None,
        "snapshot": f"snapshots/gate/2026-03-01/{OPEN}",
        "track": 2,
        "width": 64,
        "height": 48,
        "bytes": found["bytes"],
        "pictures": {
            "snapshot": f"/api/events/{OPEN}/snapshot.jpg",
            "crop": f"/api/events/{OPEN}/crop.jpg",
        },
        "staying": [{"zone": "porch", "since": "2026-03-01T12:00:00.000000Z"}],
    }


async def test_an_event_is_there_as_soon_as_it_is_told(within: Inside):
    for number in range(10, 60):
        await within.happen(going_on(number))
        assert (await within.client.get(f"/api/events/{name_of(number)}")).status_code == 200


async def test_a_person_says_what_it_is_and_takes_it_back(within: Inside, tmp_path: Path):
    sidecar = tmp_path / "data" / event(1).snapshot
    for said, label in (
        (" Post, Élise \N{BLACK HEART SUIT} ", "Post, Élise \N{BLACK HEART SUIT}"),
        (None, None),
    ):
        answer = await within.client.patch(f"/api/events/{FIRST}", json={"human_label": said})
        assert (answer.status_code, answer.json()["human_label"]) == (200, label)
        assert json.loads(sidecar.with_suffix(".json").read_text())["human_label"] == label
    await within.store.prune(days=0, limit_bytes=0)
    assert files(within, tmp_path) == []


@pytest.mark.parametrize(
    ("said", "detail"),
    {
        "": SAYING,
        " ": SAYING,
        "two\nlines": SAYING,
        "nul\0": SAYING,
        "left\u202eright": SAYING,
        "x" * 101: SAYING,
        "x" * 10_000: SAYING,
        "\\ud800": SAYING,
        3: "expected text",
        True: "expected text",
    }.items(),
)
async def test_what_is_no_label_is_told(unchanged: Inside, said, detail):
    body = json.dumps({"human_label": said}).replace("\\\\", "\\")
    answer = await unchanged.client.patch(f"/api/events/{FIRST}", content=body, headers=JSON)
    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)
    assert answer.json()["detail"] == f"body human_label: {detail}"


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"", JSON),
        (b"{", JSON),
        (b"[]", JSON),
        (b"null", JSON),
        (b"{}", JSON),
        (b'{"human_label": "a", "label": "b"}', JSON),
        (b'{"human_label": NaN}', JSON),
        (b"\xff\xfe", JSON),
        (b"[" * 100_000, JSON),
        (b'{"human_label": "a"}', {"Content-Type": "text/plain"}),
        (b"human_label=a", {"Content-Type": "application/x-www-form-urlencoded"}),
    ],
)
async def test_a_body_that_is_none_changes_nothing(unchanged: Inside, body, headers):
    answer = await unchanged.client.patch(f"/api/events/{FIRST}", content=body, headers=headers)
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == PROBLEM
    assert len(answer.text) < 400
    assert (await unchanged.client.get(f"/api/events/{FIRST}")).json()["human_label"] is None


@pytest.mark.parametrize(
    ("body", "headers", "detail"),
    [
        (b'{"human_label": a}', JSON, "expected JSON, received none from character 17 on"),
        (b'{"human_label": "a"}', {}, "expected an object of JSON, sent with Content-Type: application/json"),
        (b"[]", JSON, "expected an object of JSON, sent with Content-Type: application/json"),
    ],
)
async def test_what_a_body_should_be_is_told(unchanged: Inside, body, headers, detail):
    answer = await unchanged.client.patch(f"/api/events/{FIRST}", content=body, headers=headers)
    assert (answer.status_code, answer.json()["detail"]) == (422, f"body: {detail}")


async def test_an_event_is_deleted_with_its_pictures(within: Inside, tmp_path: Path):
    await within.client.patch(f"/api/events/{FIRST}", json={"human_label": "courier"})
    assert len(files(within, tmp_path)) == 3
    assert (await within.client.delete(f"/api/events/{FIRST}")).status_code == 204
    assert files(within, tmp_path) == []
    assert await within.ids() == [OPEN]
    for method in ("GET", "PATCH", "DELETE"):
        answer = await within.client.request(method, f"/api/events/{FIRST}", json={"human_label": None})
        assert answer.status_code == 404


async def test_an_event_that_goes_on_is_not_deleted(within: Inside):
    answer = await within.client.delete(f"/api/events/{OPEN}")
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "this event goes on; expected one that has ended",
    )
    await within.keep(event(2, zones=("porch",)))
    assert (await within.client.delete(f"/api/events/{OPEN}")).status_code == 204
    assert await within.ids(zone="porch") == []


@pytest.mark.parametrize(("method", "status"), [("GET", 404), ("PATCH", 404), ("DELETE", 404)])
async def test_an_event_that_is_not_there(unchanged: Inside, method, status):
    answer = await unchanged.client.request(method, f"/api/events/{UNKNOWN}", json={"human_label": "a"})
    assert (answer.status_code, answer.json()["detail"]) == (status, "expected an event that is kept")


async def test_only_admins_change_events(tmp_path: Path):
    async with guarded(tmp_path / "data", "viewer") as within:
        await within.keep(event(1))
        for method in ("PATCH", "DELETE"):
            answer = await within.client.request(method, f"/api/events/{FIRST}", json={"human_label": "a"})
            assert (answer.status_code, answer.headers["content-type"]) == (403, PROBLEM)
        assert (await within.client.get(f"/api/events/{FIRST}")).json()["human_label"] is None


async def test_a_body_of_100_megabytes_is_refused_unread(within: Inside):
    async def long():
        for _ in range(1600):
            yield b" " * 65536

    url = f"/api/events/{FIRST}"
    said = await within.client.patch(url, content=b" " * (2**20 + 1), headers=JSON)
    unsaid = await within.client.patch(url, content=long(), headers=JSON)
    for answer in (said, unsaid):
        assert (answer.status_code, answer.headers["content-type"]) == (413, PROBLEM)
        assert answer.json()["detail"] == "expected a body of at most 1048576 bytes"
    fits = b'{"human_label": "a"' + b" " * (2**20 - 20) + b"}"
    assert (await within.client.patch(url, content=fits, headers=JSON)).status_code == 200
