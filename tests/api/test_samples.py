"""Pictures that may be labelled: lists of them, what is said of one or of many, and taking it back."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest
from access.door import VIEWER_TOKEN
from api.inside import PROBLEM, Inside, event, going_on, guarded, inside, name_of

from streamer.storage.labelling import ORDERS

pytestmark = pytest.mark.anyio
SLASH = "expected a label without a slash, for it names a folder; received '/' in it"


@pytest.fixture
async def within(tmp_path: Path):
    """Nine events that are over, of which every third is at the yard, and one that goes on."""
    async with inside(tmp_path / "data") as within:
        for number in range(9):
            each = {"camera": "yard" if number % 3 == 0 else "gate", "confidence": 0.5 + number / 20}
            await within.keep(going_on(number, **each), event(number, **each))
        await within.keep(going_on(20))
        yield within


@pytest.fixture(scope="module")
async def empty(tmp_path_factory: pytest.TempPathFactory):
    async with inside(tmp_path_factory.mktemp("empty") / "data") as empty:
        yield empty


async def test_pages_hold_each_picture_once(within: Inside):
    for order in ("newest", "teaching"):
        found, cursor = [], {}
        while cursor is not None:
            page = await within.get("/api/samples", order=order, limit=2, **cursor)
            assert page["total"] == 9
            found += [item["id"] for item in page["items"]]
            cursor = page["next"] and {"cursor": page["next"]}
        assert sorted(found) == [name_of(number) for number in range(9)]
    assert (await within.get("/api/samples"))["items"][0]["id"] == name_of(8)


async def test_what_is_labelled_leaves_the_queue_that_goes_on(within: Inside):
    first = await within.get("/api/samples", order="teaching", limit=3)
    later = await within.get("/api/samples", order="teaching", limit=500, cursor=first["next"])
    gone = later["items"][0]["id"]
    await within.client.patch(f"/api/samples/{gone}", json={"human_label": "courier"})
    again = await within.get("/api/samples", order="teaching", limit=500, cursor=first["next"])
    assert [each["id"] for each in again["items"]] == [each["id"] for each in later["items"]][1:]
    assert again["total"] == 8


async def test_filters(within: Inside):
    said = [{"id": name_of(1), "human_label": "courier"}, {"id": name_of(2), "human_label": "none"}]
    await within.client.post("/api/samples/labels", json={"items": said})
    await within.client.post("/api/classes", json={"name": "person"})

    async def numbers(**query: str) -> list[int]:
        return [int(item["id"][-4:], 16) for item in (await within.get("/api/samples", **query))["items"]]

    assert await numbers(camera="yard") == [6, 3, 0]
    assert await numbers(human_label="courier") == [1]
    assert await numbers(labelled="true") == [2, 1]
    assert await numbers(labelled="false", camera="gate") == [8, 7, 5, 4]
    assert await numbers(kind="near") == []
    assert await numbers(suggestion="none") == [2]
    assert await numbers(suggestion="person", camera="yard") == [6, 3, 0]
    assert await numbers(**{"from": "2026-03-01T12:00:07Z"}) == [8, 7]
    assert await numbers(to="2026-03-01T12:00:02Z") == [1, 0]


async def test_many_are_labelled_at_once_and_taken_back(within: Inside, tmp_path: Path):
    said = [{"id": name_of(number), "human_label": "courier"} for number in (1, 2, 99)]
    answer = await within.client.post("/api/samples/labels", json={"items": said})
    kept = answer.json()["items"]
    assert [(each["id"], each["before"]) for each in kept] == [(name_of(1), None), (name_of(2), None)]
    assert (await within.get(f"/api/events/{name_of(1)}"))["human_label"] == "courier"
    sidecar = tmp_path / "data" / f"{event(1).snapshot}.json"
    assert json.loads(sidecar.read_text())["human_label"] == "courier"
    assert (await within.get("/api/classes"))["items"] == [{"name": "courier", "number": 2}]
    back = [{"id": each["id"], "human_label": each["before"]} for each in kept]
    undone = (await within.client.post("/api/samples/labels", json={"items": back})).json()["items"]
    assert [each["before"] for each in undone] == ["courier", "courier"]
    assert (await within.get("/api/samples", labelled="true"))["items"] == []
    assert json.loads(sidecar.read_text())["human_label"] is None


async def test_a_labelled_picture_is_never_deleted(within: Inside, tmp_path: Path):
    await within.client.patch(f"/api/samples/{name_of(1)}", json={"human_label": "none"})
    await within.store.prune(days=0, limit_bytes=0)
    assert {path.name.partition(".")[0] for path in (tmp_path / "data" / "snapshots").rglob("*.jpg")} == {
        name_of(1),
        name_of(20),
    }


async def test_classes(within: Inside):
    assert (await within.client.post("/api/classes", json={"name": " courier "})).status_code == 201
    answer = await within.client.post("/api/classes", json={"name": "courier"})
    assert (answer.status_code, answer.headers["content-type"]) == (409, PROBLEM)
    assert (await within.get("/api/classes"))["items"] == [{"name": "courier", "number": 0}]


@pytest.mark.parametrize("name", ["post/parcel", "post\\parcel"])
async def test_a_slash_is_refused_wherever_something_is_called_so(within: Inside, name: str):
    detail = SLASH.replace("'/'", repr(name[4]))
    answer = await within.client.post("/api/classes", json={"name": name})
    assert (answer.status_code, answer.json()["detail"]) == (422, f"body name: {detail}")
    for path in (f"/api/samples/{name_of(1)}", f"/api/events/{name_of(1)}"):
        answer = await within.client.patch(path, json={"human_label": name})
        assert (answer.status_code, answer.json()["detail"]) == (422, f"body human_label: {detail}")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"cursor": "AAAA"}, 400),
        ({"cursor": "AAAA", "order": "teaching"}, 400),
        ({"cursor": "AAAAAAAAAAAAAAAA", "order": "teaching"}, 400),
        ({"cursor": "/"}, 422),
        ({"limit": "501"}, 422),
        ({"kind": "best"}, 422),
        ({"order": "teaching", "labelled": "true"}, 422),
        ({"from": "2026-03-02T12:00:00Z", "to": "2026-03-01T12:00:00Z"}, 422),
        ({"where": "here"}, 422),
    ],
)
async def test_what_cannot_be_asked(empty: Inside, query: dict[str, str], status: int):
    answer = await empty.client.get("/api/samples", params=query)
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)


async def test_an_order_is_kept_for_a_while(within: Inside):
    first = (await within.get("/api/samples", order="teaching", limit=1))["next"]
    for _ in range(ORDERS - 1):
        await within.get("/api/samples", order="teaching", limit=1)
    await within.get("/api/samples", order="teaching", cursor=first)
    for _ in range(ORDERS):
        await within.get("/api/samples", order="teaching", limit=1)
    answer = await within.client.get("/api/samples", params={"order": "teaching", "cursor": first})
    assert answer.status_code == 400
    assert "too old" in answer.json()["detail"]


async def test_many_say_something_at_the_same_time(within: Inside):
    async def say(label: str) -> None:
        said = [{"id": name_of(number), "human_label": label} for number in range(9)]
        assert (await within.client.post("/api/samples/labels", json={"items": said})).status_code == 200

    async with anyio.create_task_group() as tasks:
        for number in range(5):
            tasks.start_soon(say, f"class-{number}")
    said = {each["human_label"] for each in (await within.get("/api/samples", labelled="true"))["items"]}
    assert len(said) == 1


async def test_pictures_of_samples(within: Inside):
    for name in ("crop", "snapshot"):
        answer = await within.client.get(f"/api/samples/{name_of(1)}/{name}.jpg")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        other = await within.client.get(f"/api/events/{name_of(1)}/{name}.jpg")
        assert answer.content == other.content
    assert (await within.client.get(f"/api/samples/{name_of(99)}/crop.jpg")).status_code == 404


@pytest.mark.parametrize("who", ["viewer", "admin"])
async def test_only_admins_label(tmp_path: Path, who: str):
    async with guarded(tmp_path / "data", who) as within:
        await within.keep(going_on(1), event(1))
        path = f"/api/samples/{name_of(1)}"
        asked = [
            await within.client.get("/api/samples"),
            await within.client.get(path),
            await within.client.get(f"{path}/crop.jpg"),
            await within.client.get("/api/classes"),
            await within.client.patch(path, json={"human_label": "none"}),
            await within.client.post("/api/classes", json={"name": "courier"}),
        ]
        allowed = [200, 200, 200, 200, 200, 201]
        assert [each.status_code for each in asked] == (allowed if who == "admin" else [403] * 6)
        assert VIEWER_TOKEN not in asked[0].text
