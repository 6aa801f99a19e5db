"""Who takes nothing any more is cut off, with what was on its way to them."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
import pytest
from system.commanding import PATIENCE_S
from system.serving import descriptors

from streamer.api.server import serve

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


@pytest.mark.anyio
async def test_nothing_is_kept_for_who_takes_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("streamer.api.server.STALLED_S", 0.5)
    gone = anyio.Event()

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        async def flood() -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            while True:
                await send({"type": "http.response.body", "body": bytes(100_000), "more_body": True})
                await anyio.lowlevel.checkpoint()  # what is sent to nobody any more waits for nothing

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(flood)
            while (await receive())["type"] != "http.disconnect":
                pass
            tasks.cancel_scope.cancel()
        gone.set()

    async with anyio.create_task_group() as tasks:
        url = await tasks.start(serve, endless, "127.0.0.1", 0)
        before = descriptors(os.getpid())
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: sightline\r\n\r\n")
            with anyio.fail_after(PATIENCE_S):
                await gone.wait()
                while descriptors(os.getpid()) > before + 1:
                    await anyio.sleep(0.01)
        tasks.cancel_scope.cancel()
    assert not caplog.records
