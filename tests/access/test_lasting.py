"""Sockets and pictures that go on end with the session that opened them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from access.door import PASSWORD, shown, user
from system.serving import Service, serving, write_config
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from streamer.access.accounts import Accounts


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    config = write_config(tmp_path, {"street": {"source": "sim://street?size=320x180&fps=5"}})
    (tmp_path / "sightline-data").mkdir()
    accounts = Accounts.of(tmp_path / "sightline-data")
    accounts.open()
    accounts.add(user("vera"))
    accounts.close()
    with serving("run", config, folder=tmp_path) as service:
        yield service
        for wrong in ("Traceback", "ERROR", "ASGI"):
            assert wrong not in service.log, service.log


def test_what_goes_on_ends_when_the_user_is_removed(service: Service) -> None:
    signed_in = httpx.post(f"{service.url}/login", data={"name": "vera", "password": PASSWORD})
    cookie = shown(signed_in.cookies)
    address = service.url.replace("http", "ws", 1)
    accounts = Accounts.of(service.folder / "sightline-data")
    accounts.open()
    with (
        httpx.stream("GET", f"{service.url}/mjpeg/street", headers=cookie, timeout=60) as pictures,
        connect(f"{address}/ws/street", origin=service.url, additional_headers=cookie) as socket,
    ):
        assert pictures.status_code == 200
        parts = pictures.iter_raw()
        assert next(parts)
        assert socket.recv(60)
        accounts.remove("user", "vera")
        # It goes on until it is closed, with an error unless that is as it should be.
        with pytest.raises(ConnectionClosedError, match=r"1008 \(policy violation\) signed out"):
            deque(socket, maxlen=0)
        for _ in parts:
            pass
    accounts.close()
