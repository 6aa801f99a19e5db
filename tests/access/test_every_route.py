"""The whole service, with all that is mounted in it: nothing answers those who have not said who they are."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from typing import Any

import anyio
import httpx
import pytest
from access.door import ADMIN_TOKEN, PAGE, PROBLEM, token, user
from anyio import to_thread
from starlette.routing import BaseRoute, Mount, WebSocketRoute
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

import streamer.interface
from streamer.access.accounts import Accounts
from streamer.access.rules import find
from streamer.api.server import serve
from streamer.app import App
from streamer.config.settings import Settings

pytestmark = pytest.mark.anyio

OPEN = {
    *("/healthz", "/readyz", "/metrics", "/login", "/logout", "/ca.crt"),
    *("/player.js", "/scene.js", "/label.js", "/watch.js", "/send.js"),
}
"""What anybody may ask for; the figures only on this machine."""


def routes_of(app: Any, base: str = "") -> Iterator[tuple[str, BaseRoute]]:
    """Every route below an application, with its whole path."""
    for route in app.routes:
        path = base + getattr(route, "path", "")
        if isinstance(route, Mount):
            yield f"{path}/", route
            if hasattr(route.app, "routes"):
                yield from routes_of(route.app, path)
        elif hasattr(route, "path"):
            yield path, route
        else:
            raise AssertionError(f"a route of a kind that is not known here: {route!r}")


def filled(path: str) -> str:
    """A path that the route takes; no camera has this name."""
    return re.sub(r"\{[^}]*\}", "gate", path)


@pytest.fixture
async def service(tmp_path, monkeypatch):
    """Its address, and the application behind its front."""
    accounts = Accounts.of(tmp_path)
    accounts.open()
    accounts.add(user("anna", "admin"))
    accounts.add(token("script", ADMIN_TOKEN, "admin"))
    accounts.close()
    apps: list[Any] = []
    listening = anyio.Event()

    async def serve_and_say(app: Any, *where: Any, task_status: Any) -> None:
        apps.append(app)
        async with anyio.create_task_group() as tasks:
            url = await tasks.start(serve, app, *where)
            apps.append(url)
            task_status.started(url)
            listening.set()

    monkeypatch.setattr(streamer.interface, "serve", serve_and_say)
    cameras = {"gate": {"source": "sim://street?size=320x180&fps=1"}, "phone": {"source": "whip://"}}
    config = {"cameras": cameras, "data": tmp_path, "http": {"port": 0, "tls": "auto"}}
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(App(Settings.of(config)).run)
        with anyio.fail_after(60):
            await listening.wait()
        front, url = apps
        while not hasattr(front, "routes"):
            front = front._app
        yield url, front
        tasks.cancel_scope.cancel()


async def test_nothing_answers_who_has_not_said_who_they_are(service):
    url, app = service
    every = list(routes_of(app))
    assert len(every) > 15
    looked_at = 0
    async with httpx.AsyncClient(base_url=url, verify=False) as client:
        for path, route in every:
            assert find(filled(path)) is not None, f"{path} is in no rule of streamer/access/rules.py"
            if path in OPEN:
                continue
            looked_at += 1
            if isinstance(route, WebSocketRoute):
                await to_thread.run_sync(require_shut, url, filled(path))
                continue
            for method in sorted(getattr(route, "methods", None) or {"GET", "POST"}):
                answer = await client.request(method, filled(path))
                assert answer.status_code == 401, (method, path)
                assert answer.headers["content-type"] == PROBLEM
            page = await client.get(filled(path), headers=PAGE)
            assert page.status_code == 303, path
            assert page.headers["location"].startswith("/login?next=")
    assert looked_at > 8


def require_shut(url: str, path: str) -> None:
    """A socket is refused before it opens, whatever page asks."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    address = f"{url.replace('http', 'ws', 1)}{path}"
    signed_in = {"Cookie": f"sightline_{httpx.URL(url).port}=garbage"}
    for origin, status in ((None, 403), (url, 401), ("https://evil.example", 403)):
        with pytest.raises(InvalidStatus) as refused:
            connect(address, origin=origin, additional_headers=signed_in, ssl=trusting)
        assert refused.value.response.status_code == status
        assert refused.value.response.headers["content-type"] == PROBLEM
