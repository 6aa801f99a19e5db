"""Pictures of events: as they are kept, smaller, and with the object marked."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from api.inside import PROBLEM, Inside, event, going_on, inside, name_of

pytestmark = pytest.mark.anyio
FIRST, OPEN = name_of(1), name_of(2)


@pytest.fixture
async def within(tmp_path: Path):
    async with inside(tmp_path / "data") as within:
        await within.keep(going_on(1), event(1), going_on(2))
        while within.store.state.waiting_pictures:
            await within.store.written()
        yield within


@pytest.fixture(scope="module")
async def kept(tmp_path_factory: pytest.TempPathFactory):
    """The same for those that only look."""
    async with inside(tmp_path_factory.mktemp("kept") / "data") as kept:
        await kept.keep(going_on(1), event(1), going_on(2))
        while kept.store.state.waiting_pictures:
            await kept.store.written()
        yield kept


def size_of(content: bytes) -> tuple[int, int]:
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    return image.shape[1], image.shape[0]


@pytest.mark.parametrize(
    ("path", "size"),
    {
        "snapshot.jpg": (64, 48),
        "crop.jpg": (20, 30),
        "snapshot.jpg?height=24": (32, 24),
        "snapshot.jpg?width=16": (16, 12),
        "snapshot.jpg?width=32&height=16": (21, 16),
        "snapshot.jpg?height=4000&box=true": (64, 48),
        "crop.jpg?width=16&height=2160": (16, 24),
    }.items(),
)
async def test_a_picture_fits_and_is_never_made_larger(kept: Inside, path, size):
    answer = await kept.client.get(f"/api/events/{FIRST}/{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert size_of(answer.content) == size


async def test_the_picture_is_the_file_itself(within: Inside, tmp_path: Path):
    stem = tmp_path / "data" / event(1).snapshot
    for part, suffix in (("snapshot", ".jpg"), ("crop", ".crop.jpg")):
        answer = await within.client.get(f"/api/events/{FIRST}/{part}.jpg")
        assert answer.content == stem.with_name(stem.name + suffix).read_bytes()


async def test_the_object_is_marked(kept: Inside):
    plain, marked = [
        cv2.imdecode(
            np.frombuffer((await kept.client.get(f"/api/events/{FIRST}/{path}")).content, np.uint8), 1
        ).astype(int)
        for path in ("snapshot.jpg", "snapshot.jpg?box=true")
    ]
    changed = np.abs(plain - marked).max(axis=2) > 60
    assert changed[12:38, 18:22].mean() > 0.5  # the left edge of the box
    assert changed[15:35, 24:36].mean() < 0.2  # kept it
    assert changed[:, 50:].mean() < 0.2  # away from it


async def test_a_known_picture_is_not_sent_again(kept: Inside):
    tags = set()
    for path in ("snapshot.jpg", "crop.jpg", "snapshot.jpg?height=24", "snapshot.jpg?box=true"):
        url = f"/api/events/{FIRST}/{path}"
        tag = (await kept.client.get(url)).headers["etag"]
        tags.add(tag)
        for known, status in ((tag, 304), (f'"x", W/{tag}', 304), ('"x"', 200), ("x" * 10_000, 200)):
            answer = await kept.client.get(url, headers={"If-None-Match": known})
            assert (answer.status_code, answer.headers["etag"]) == (status, tag)
            assert bool(answer.content) == (status == 200)
    assert len(tags) == 4


async def test_a_picture_is_kept_for_long_once_it_cannot_change(within: Inside):
    now = datetime.now(UTC)
    await within.keep(
        going_on(3, started_at=now, snapshot="snapshots/gate/2026-03-01/x"),
        event(3, started_at=now, ended_at=now + timedelta(seconds=1), snapshot="snapshots/gate/2026-03-01/x"),
    )
    while within.store.state.waiting_pictures:
        await within.store.written()
    for path, kept in (
        (f"{FIRST}/snapshot.jpg", True),
        (f"{FIRST}/crop.jpg?height=16", True),
        (f"{FIRST}/snapshot.jpg?box=true", False),  # its name may change
        (f"{OPEN}/snapshot.jpg", False),
        (f"{name_of(3)}/snapshot.jpg", False),  # a larger one may still come
    ):
        answer = await within.client.get(f"/api/events/{path}")
        assert answer.status_code == 200
        assert ("immutable" in answer.headers["cache-control"]) == kept, path
        assert answer.headers["cache-control"].startswith("private")


async def test_a_new_name_is_a_new_picture(within: Inside):
    url = f"/api/events/{FIRST}/snapshot.jpg?box=true"
    before = await within.client.get(url)
    await within.client.patch(f"/api/events/{FIRST}", json={"human_label": "courier"})
    after = await within.client.get(url, headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert after.content != before.content


async def test_a_pruned_picture_is_gone_its_event_is_not(within: Inside):
    await within.store.prune(days=100_000, limit_bytes=0)
    assert (await within.client.get(f"/api/events/{FIRST}")).json()["pictures"] is None
    for part in ("snapshot", "crop"):
        answer = await within.client.get(f"/api/events/{FIRST}/{part}.jpg?height=16")
        assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM)
        assert answer.json()["detail"] == "this event has no picture, or none any more"


async def test_no_file_outside_of_the_snapshots_is_shown(within: Inside, tmp_path: Path):
    for folder in (tmp_path, tmp_path / "data"):
        (folder / "secret.jpg").write_bytes(b"a secret")
    for path in ("../secret", "snapshots/../../secret", "/etc/secret", "secret", ""):
        with closing(sqlite3.connect(tmp_path / "data" / "events.db")) as behind, behind:
            behind.execute("UPDATE events SET snapshot = ? WHERE id = ?", (path, FIRST))
        answer = await within.client.get(f"/api/events/{FIRST}/snapshot.jpg")
        assert answer.status_code == 404, path


async def test_a_broken_picture_is_told(within: Inside, tmp_path: Path):
    stem = tmp_path / "data" / event(1).snapshot
    stem.with_name(f"{stem.name}.jpg").write_bytes(b"no picture")
    answer = await within.client.get(f"/api/events/{FIRST}/snapshot.jpg?height=16")
    assert (answer.status_code, answer.json()["detail"]) == (404, "the picture of this event is broken")


@pytest.mark.parametrize(
    "query",
    ["height=0", "height=15", "width=99999", "width=x", "height=", "box=perhaps", "h=3", "width=16&width=17"],
)
async def test_a_picture_that_cannot_be_is_told(kept: Inside, query):
    answer = await kept.client.get(f"/api/events/{FIRST}/snapshot.jpg?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)
