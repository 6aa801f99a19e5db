"""Roles, cameras, tokens, and pages of others: what is let through, what is refused, and how."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote

import anyio
import pytest
from access.door import ADMIN_TOKEN, ORIGIN, PAGE, PROBLEM, VIEWER_TOKEN, Door, opened, sign_in, token, user

from streamer.access.doorkeeper import BELIEVED_S
from streamer.config.tree import HttpConfig
from streamer.event import Event

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def event(number: int, camera: str) -> Event:
    box = (1.0, 2.0, 30.5, 40.0)
    return Event(f"e{number}", camera, "start", "person", number, 0.9, box=box, started_at=NOON)


@pytest.fixture(scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    """For those that change nothing."""
    async with opened(tmp_path_factory.mktemp("shared")) as door:
        yield door


@pytest.fixture(scope="module")
async def befriended(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    """Pages of a friend may show live video; nothing is there that could be changed."""
    http = HttpConfig(origins=("https://friend.example",))
    async with opened(tmp_path_factory.mktemp("befriended"), http) as door:
        yield door


async def test_on_this_machine_nobody_has_to_sign_in_until_somebody_can(tmp_path):
    async with opened(tmp_path, empty=True) as door, door.client() as client:
        assert (await client.get("/api/cameras")).status_code == 200
        assert (await client.get("/login", headers=PAGE)).headers["location"] == "/"
        misled = await client.get("/api/cameras", headers={"Host": "evil.example"})
        assert (misled.status_code, misled.headers["content-type"]) == (403, PROBLEM)
        for host in ("localhost:8080", "[::1]:8080", "127.0.0.1", "sightline.localhost"):
            assert (await client.get("/api/cameras", headers={"Host": host})).status_code == 200
        other = {"Origin": "https://evil.example"}
        assert (await client.post("/api/cameras", headers=other)).status_code == 403
        assert (await client.get("/api/cameras", headers=other)).status_code == 403

        door.accounts.add(user("anna", "admin"))
        with anyio.fail_after(BELIEVED_S + 1):
            while (await client.get("/api/cameras")).status_code != 401:
                await anyio.sleep(0.05)


async def test_who_sees_which_cameras_and_events(tmp_path):
    async with opened(tmp_path) as door, door.client() as client:
        for n, camera in enumerate(["gate", "yard", "old", "gate", "yard"]):
            await door.store.save(None, event(n, camera))
        with anyio.fail_after(60):
            while len((await door.store.events()).items) < 5:
                await anyio.sleep(0.01)
        admin, gate = bearer(ADMIN_TOKEN), bearer(VIEWER_TOKEN)
        everything = (await client.get("/api/events", headers=admin)).json()["items"]
        assert [each["id"] for each in everything] == ["e4", "e3", "e2", "e1", "e0"]
        page = (await client.get("/api/events?limit=1", headers=gate)).json()
        assert [each["id"] for each in page["items"]] == ["e3"]
        rest = (await client.get(f"/api/events?limit=1&cursor={page['next']}", headers=gate)).json()
        assert ([each["id"] for each in rest["items"]], rest["next"]) == (["e0"], None)
        for camera in ("yard", "old", "nobody"):
            unseen = await client.get(f"/api/events?camera={camera}", headers=gate)
            assert unseen.status_code == 404
            assert unseen.json()["detail"] == "query camera: expected one of gate"
        seen = await client.get("/api/cameras", headers=gate)
        assert [each["name"] for each in seen.json()["items"]] == ["gate"]


@pytest.mark.parametrize(
    "path",
    ["/watch/{}", "/whep/{}", "/mjpeg/{}", "/api/cameras/{}/latest.jpg", "/api/cameras/{}"],
)
async def test_a_camera_that_one_may_not_see_is_none(shared: Door, path):
    async with shared.client(headers=bearer(VIEWER_TOKEN)) as client:
        yard, nobody = [await client.get(path.format(camera)) for camera in ("yard", "nobody")]
        assert yard.status_code == nobody.status_code == 404
        assert yard.json() == nobody.json()
        assert yard.json()["detail"] == "there is no such camera"


async def test_viewers_look_and_admins_change(shared: Door):
    async with shared.client() as client:
        for method, path, viewer, admin in (
            ("POST", "/api/cameras", 403, 405),
            ("DELETE", "/api/cameras/gate", 403, 404),
            ("PATCH", "/api/events/e1", 403, 404),
            ("POST", "/whip/gate", 403, 404),
            ("GET", "/send/gate", 403, 404),
            ("POST", "/whep/gate", 404, 404),
            ("GET", "/nowhere", 404, 404),
            ("GET", "/metrics", 200, 200),
        ):
            for said, status in ((VIEWER_TOKEN, viewer), (ADMIN_TOKEN, admin)):
                answer = await client.request(method, path, headers=bearer(said))
                assert answer.status_code == status, (method, path, answer.text)


async def test_figures_are_for_this_machine_and_for_who_sees_all(tmp_path):
    async with opened(tmp_path) as door:
        async with door.client() as here:
            assert (await here.get("/metrics")).status_code == 200
            forwarded = await here.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"})
            assert forwarded.status_code == 401
        async with door.client("203.0.113.9") as far:
            assert (await far.get("/metrics")).status_code == 401
            assert (await far.get("/metrics", headers=bearer(VIEWER_TOKEN))).status_code == 403
            assert (await far.get("/metrics", headers=bearer(ADMIN_TOKEN))).status_code == 200
            assert (await far.get("/healthz")).text == "ok"
            assert (await far.get("/readyz")).text == "unready"
            assert (await far.get("/readyz", headers=bearer(VIEWER_TOKEN))).text == "unready"
            told = (await far.get("/readyz", headers=bearer(ADMIN_TOKEN))).text
            assert told == "unready\nstore: not ready: starting"


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ({}, "", 401),
        (bearer("sl_foreign"), "", 401),
        (bearer(""), "", 401),
        (bearer("x" * 10_000), "", 401),
        (bearer("😀".encode().decode("latin-1")), "", 401),
        ({"Authorization": f"Basic {ADMIN_TOKEN}"}, "", 401),
        (bearer(ADMIN_TOKEN), f"?token={VIEWER_TOKEN}", 400),
        ({}, f"?token={ADMIN_TOKEN}&token={VIEWER_TOKEN}", 400),
        ({}, "?token=", 401),
        ({"Cookie": "sightline=garbage"}, "", 401),
        ({"Cookie": "sightline=" + "x" * 5000}, "", 401),
        ({"Cookie": ";;=;sightline;sightline=;"}, "", 401),
        ({"X-Remote-User": "anna", "X-Remote-Role": "admin"}, "", 401),
        (bearer(ADMIN_TOKEN), "", 200),
        ({"Authorization": f"bearer   {ADMIN_TOKEN}"}, "", 200),
    ],
)
async def test_what_is_shown_at_the_door(shared: Door, caplog, headers, query, status):
    async with shared.client() as client:
        path = f"/watch/gate{query}" if query else "/api/cameras"
        answer = await client.get(path, headers={k: v.encode("latin-1") for k, v in headers.items()})
        assert answer.status_code == status
        if status != 200:
            assert answer.headers["content-type"] == PROBLEM
        assert ADMIN_TOKEN not in answer.text + caplog.text


@pytest.mark.parametrize("path", ["/", "/events", "/api/cameras", "/api/events", "/api/config", "/docs"])
async def test_a_token_stands_only_in_addresses_that_players_need(shared: Door, path):
    async with shared.client() as client:
        query = {"token": ADMIN_TOKEN}
        assert (await client.get(path, params=query)).status_code == 401
        page = await client.get(path, params=query, headers=PAGE)
        assert (page.status_code, page.headers["location"]) == (303, f"/login?next={quote(path, safe='')}")


@pytest.mark.parametrize(
    ("query", "within", "received"),
    [
        ("?token=sl_gone&stream=sub", {}, "another token"),
        ("?stream=sub", {"Sec-Fetch-Dest": "iframe"}, "none"),
    ],
    ids=["a token that is not known", "a frame without one"],
)
async def test_a_page_of_others_shows_why_it_is_not_let_in(shared: Door, query, within, received):
    """The page to sign in at could not be shown there."""
    async with shared.client() as client:
        page = await client.get(f"/watch/gate{query}", headers={**PAGE, **within})
        assert page.status_code == 401
        assert "<h1>Please sign in</h1>" in page.text
        assert f"received {received}</p>" in page.text
        back = quote("/watch/gate?stream=sub", safe="")
        assert f'href="/login?next={back}" target="_blank">Sign in</a>' in page.text
        assert "frame-ancestors 'self'" in page.headers["content-security-policy"]


async def test_two_tokens_in_two_headers_are_one_too_many(shared: Door):
    async with shared.client() as client:
        two = [("Authorization", f"Bearer {each}") for each in (ADMIN_TOKEN, VIEWER_TOKEN)]
        answer = await client.get("/api/cameras", headers=two)
        assert answer.json()["detail"] == "expected one token, received 2"
        assert (await client.get("/api/cameras", headers=[two[0], two[0]])).status_code == 200


async def test_a_token_that_has_expired_is_foreign(tmp_path):
    async with opened(tmp_path) as door, door.client() as client:
        door.accounts.add(replace(token("old", "sl_old-one"), expires_at=1.0))
        assert (await client.get("/api/cameras", headers=bearer("sl_old-one"))).status_code == 401
        assert (await sign_in(client, "", "sl_old-one")).status_code == 401


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"Origin": ORIGIN}, 404),
        ({"Sec-Fetch-Site": "same-origin"}, 404),
        ({}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": f"{ORIGIN}:9999"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://friend.example"}, 404),
    ],
)
async def test_a_page_of_others_changes_nothing_by_a_cookie(befriended: Door, said, status):
    async with befriended.client() as client:
        await sign_in(client, "anna")
        for method in ("POST", "DELETE", "PATCH"):
            answer = await client.request(method, "/whep/gate/session", headers=said)
            assert answer.status_code == status, answer.text
        # A friend may show pictures, and nothing else.
        changed = await client.delete("/api/cameras/gate", headers=said)
        assert changed.status_code == (404 if "friend" not in str(said) and status == 404 else 403)


async def test_who_shows_a_token_needs_no_page(shared: Door):
    async with shared.client(headers=bearer(ADMIN_TOKEN)) as client:
        for said in ({}, {"Origin": "https://evil.example"}):
            assert (await client.delete("/api/cameras/gate", headers=said)).status_code == 404


async def test_every_answer_is_safe_to_show(befriended: Door):
    async with befriended.client() as client:
        for path in ("/api/cameras", "/login", "/healthz", "/nowhere", "/watch/gate"):
            headers = (await client.get(path)).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "same-origin"
            assert "camera=(self)" in headers["permissions-policy"]
            assert "object-src 'none'" in headers["content-security-policy"]
            framed = headers["content-security-policy"].partition("frame-ancestors ")[2]
            assert framed == ("'none'" if path == "/login" else "'self' https://friend.example")
            assert "unsafe-eval" not in headers["content-security-policy"]
            assert "server" not in headers


async def test_accounts_that_do_not_answer_let_nobody_in(tmp_path):
    async with opened(tmp_path) as door, door.client(headers=bearer(ADMIN_TOKEN)) as client:
        with closing(sqlite3.connect(tmp_path / "accounts.db")) as behind:
            behind.execute("ALTER TABLE accounts RENAME TO gone")
        answer = await client.get("/api/cameras")
        assert (answer.status_code, answer.headers["content-type"]) == (503, PROBLEM)
        assert ADMIN_TOKEN not in answer.text


async def test_the_page_of_a_wrong_address_names_no_camera_that_is_hidden(tmp_path):
    async with opened(tmp_path, HttpConfig(base_path="/eyes")) as door:
        viewer = {**PAGE, "Authorization": f"Bearer {VIEWER_TOKEN}"}
        async with door.client(headers=viewer) as client:
            hidden = await client.get("/watch/yard")
            missing = await client.get("/watch/nobody")
    assert (hidden.status_code, hidden.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert hidden.text == missing.text
    assert "there is no such camera" in hidden.text
    assert 'href="/eyes/"' in hidden.text
