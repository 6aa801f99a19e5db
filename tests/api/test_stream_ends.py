"""A live stream of a real service ends with the right to hear it, and with the service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from access.door import ADMIN_TOKEN, VIEWER_TOKEN, token
from system.commanding import PATIENCE_S
from system.serving import Service, serving, write_config

from streamer.access.accounts import Accounts


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    accounts = Accounts.of(tmp_path / "sightline-data")
    (tmp_path / "sightline-data").mkdir()
    accounts.open()
    accounts.add(token("desk", ADMIN_TOKEN, "admin"))
    accounts.add(token("wall", VIEWER_TOKEN, "viewer"))
    accounts.close()
    config = write_config(tmp_path, {"street": {"source": "sim://street?seed=3&people=8&size=320x180&fps=5"}})
    with serving("run", config, folder=tmp_path) as service:
        yield service


@contextmanager
def listening(service: Service, secret: str) -> Iterator[Iterator[str]]:
    """The lines of a stream that has begun."""
    headers = {"Authorization": f"Bearer {secret}"}
    with httpx.stream(
        "GET", f"{service.url}/api/events/stream", headers=headers, timeout=PATIENCE_S
    ) as answer:
        lines = answer.iter_lines()
        assert next(lines).startswith("retry: ")
        yield lines


def test_it_ends_with_the_right_to_hear_it_and_with_the_service(service: Service, tmp_path: Path) -> None:
    with listening(service, ADMIN_TOKEN) as others:
        with listening(service, VIEWER_TOKEN) as lines:
            accounts = Accounts.of(tmp_path / "sightline-data")
            accounts.open()
            accounts.remove("token", "wall")
            accounts.close()
            # Without an end this would not return.
            heard = list(lines)
        assert all(":" in line for line in heard if line)
        refused = httpx.get(
            f"{service.url}/api/events/stream", headers={"Authorization": f"Bearer {VIEWER_TOKEN}"}
        )
        assert refused.status_code == 401
        assert service.stop().status == 0
        heard = list(others)
    assert all(":" in line for line in heard if line)
