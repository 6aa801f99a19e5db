"""A service with users and tokens, in this process: all of the HTTP interface but its cameras."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import anyio
import httpx
from access.fronts import in_front
from argon2 import PasswordHasher

from streamer.access.accounts import Account, Accounts
from streamer.access.doorkeeper import BELIEVED_S
from streamer.access.secrets import hashed
from streamer.api.app import create_app
from streamer.config.tree import HttpConfig, StorageConfig
from streamer.metrics.metrics import Metrics
from streamer.status import Status
from streamer.storage.store import EventStore

ORIGIN: Final = "http://127.0.0.1"
PASSWORD: Final = "correct horse"
HASH: Final = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
"""A hash says what it takes to check it; this one is checked fast."""
PAGE: Final = {"Accept": "text/html,application/xhtml+xml"}
PROBLEM: Final = "application/problem+json"
ADMIN_TOKEN: Final = "sl_admin-token-of-the-test"
VIEWER_TOKEN: Final = "sl_viewer-token-of-the-test"


@dataclass(frozen=True, slots=True)
class Door:
    """What stands in front of the service.

    Attributes:
        accounts: a connection of its own, as that of the command line is.
        store: where events are kept.
        app: as it is reached from outside.
    """

    accounts: Accounts
    store: EventStore
    app: Any

    @asynccontextmanager
    async def client(
        self, address: str = "127.0.0.1", headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[httpx.AsyncClient]:
        """A browser or a program at an address, with cookies of its own."""
        transport = httpx.ASGITransport(self.app, client=(address, 40000))
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers) as client:
            yield client


def user(name: str, role: Any = "viewer", cameras: frozenset[str] | None = None) -> Account:
    return Account("user", name, role, cameras, HASH, time.time())


def token(name: str, secret: str, role: Any = "viewer", cameras: frozenset[str] | None = None) -> Account:
    return Account("token", name, role, cameras, hashed(secret), time.time())


@asynccontextmanager
async def opened(folder: Path, http: HttpConfig | None = None, *, empty: bool = False) -> AsyncIterator[Door]:
    """With an admin ``anna``, a viewer ``vera`` of all cameras, and ``gus``, who sees the gate alone."""
    accounts = Accounts.of(folder, http)
    folder.mkdir(parents=True, exist_ok=True)
    accounts.open()
    gate = frozenset({"gate"})
    everybody = (
        user("anna", "admin"),
        user("vera"),
        user("gus", cameras=gate),
        token("script", ADMIN_TOKEN, "admin"),
        token("wall", VIEWER_TOKEN, cameras=gate),
    )
    for each in () if empty else everybody:
        accounts.add(each)
    store = EventStore(folder, StorageConfig(days=100_000))
    status = Status(["store"])
    app = create_app(Metrics(status, ["gate", "yard"]), status, store)
    async with anyio.create_task_group() as tasks:
        await tasks.start(store.run)
        front = await in_front(tasks, app, folder, http or HttpConfig())
        yield Door(accounts, store, front)
        tasks.cancel_scope.cancel()
    accounts.close()


def shown(cookies: httpx.Cookies) -> dict[str, str]:
    """The header in which a browser shows its cookies; at an unusual port they are called after it."""
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}


async def sign_in(
    client: httpx.AsyncClient, name: str, password: str = PASSWORD, **more: str
) -> httpx.Response:
    """By the form, as a browser posts it."""
    form = {"name": name, "password": password, **more}
    return await client.post("/login", data=form, headers={**PAGE, "Origin": ORIGIN})


async def until_status(client: httpx.AsyncClient, status: int, path: str = "/api/cameras") -> None:
    with anyio.fail_after(BELIEVED_S + 1):
        while (await client.get(path)).status_code != status:
            await anyio.sleep(0.05)
