"""Accounts that several services share in a PostgreSQL database."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Barrier
from urllib.parse import urlsplit

import pytest
from access.door import HASH, PASSWORD, opened, sign_in, until_status
from access.postgres import postgres
from access.test_commands import sightline
from pydantic import SecretStr

from streamer.access.accounts import Account, Accounts
from streamer.config.tree import HttpConfig
from streamer.errors import ConfigError

SERVICES = 6


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with postgres() as url:
        yield url


def at_once(calls: list[Callable[[], None]]) -> list[ConfigError | None]:
    """What each call raised; all of them begin together."""
    start = Barrier(len(calls))

    def made(call: Callable[[], None]) -> ConfigError | None:
        start.wait()
        try:
            call()
        except ConfigError as refused:
            return refused
        return None

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(made, calls))


def test_services_that_start_together_and_admins_who_remove_each_other(database: str, tmp_path: Path) -> None:
    """First of all: the database is empty, and is so again at the end."""
    http = HttpConfig(accounts=SecretStr(database))
    services = [Accounts.of(tmp_path, http) for _ in range(SERVICES)]
    assert at_once([each.open for each in services]) == [None] * SERVICES
    names = [f"admin-{number}" for number in range(SERVICES)]
    for name in names:
        services[0].add(Account("user", name, "admin", None, HASH, time.time()))
    services[0].add(Account("user", "vera", "viewer", None, HASH, time.time()))
    leave = [partial(each.remove, "user", name) for each, name in zip(services, names, strict=True)]
    refused = [each for each in at_once(leave) if each]
    assert [re.sub(r"admin-\d", "", str(each))[:22] for each in refused] == [": the last admin stays"]
    services[0].remove("user", "vera")
    services[0].remove("user", services[0].all("user")[0].name)
    assert not services[0].any()
    for each in services:
        each.close()


@pytest.mark.anyio
async def test_people_are_known_to_each_service_and_to_the_commands(database: str, tmp_path: Path) -> None:
    http = HttpConfig(accounts=SecretStr(database))
    config = tmp_path / "c.yaml"
    config.write_text(f"http: {{accounts: '{database}'}}\n")
    async with (
        opened(tmp_path / "a", http) as one,
        opened(tmp_path / "b", http, empty=True) as other,
        one.client() as client,
        other.client() as elsewhere,
    ):
        added = sightline("users", "add", "Ida", "--camera", "yard", "--config", str(config), folder=tmp_path)
        assert added.returncode == 0, added.stderr
        twice = sightline("users", "add", "ida", "--config", str(config), folder=tmp_path)
        assert "there is a user of this name" in twice.stderr
        await sign_in(client, "ida")
        elsewhere.cookies = client.cookies
        seen = (await elsewhere.get("/api/cameras")).json()["items"]
        assert [camera["name"] for camera in seen] == ["yard"]
        removed = sightline("users", "remove", "IDA", "--config", str(config), folder=tmp_path)
        assert removed.returncode == 0, removed.stderr
        await until_status(elsewhere, 401)
    assert not list(tmp_path.rglob("accounts.db"))


def test_a_wrong_password_is_told_in_one_line_without_it(database: str, tmp_path: Path) -> None:
    wrong = database.replace(str(urlsplit(database).password), "gue55ed")
    config = tmp_path / "c.yaml"
    config.write_text(f"http: {{accounts: '{wrong}'}}\n")
    ended = sightline("users", "list", "--config", str(config), folder=tmp_path, said=PASSWORD)
    assert ended.returncode in (1, 2)
    assert ended.stderr.count("\n") == 1, ended.stderr
    assert "password authentication failed" in ended.stderr
    assert "gue55ed" not in ended.stderr + ended.stdout
