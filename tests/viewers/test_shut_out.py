"""Video ends with the right to see it, whichever way it goes."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import anyio
import httpx
import pytest
from access.door import ADMIN_TOKEN, VIEWER_TOKEN, token
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import VideoStreamTrack
from system.serving import serving, until, write_config
from viewers.on_air import OnAir, on_air
from viewers.whep_viewer import SDP, WhepViewer, viewer

from streamer.access.accounts import Accounts

pytestmark = pytest.mark.anyio

SECONDS: Final = 10.0
"""More than it takes to notice, less than it takes to give up somebody who has vanished."""


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Accounts]:
    """Where a viewer and an admin are known by their tokens."""
    accounts = Accounts.of(tmp_path)
    accounts.open()
    accounts.add(token("desk", ADMIN_TOKEN, "admin"))
    accounts.add(token("wall", VIEWER_TOKEN, cameras=frozenset({"front"})))
    yield accounts
    accounts.close()


@asynccontextmanager
async def watching(air: OnAir, secret: str) -> AsyncIterator[WhepViewer]:
    air.http.headers["Authorization"] = f"Bearer {secret}"
    async with viewer() as someone:
        await someone.join(air.http, "front")
        await someone.watch(3)
        yield someone


@pytest.mark.parametrize("cameras", [None, frozenset({"back"})], ids=["is removed", "sees another camera"])
async def test_a_viewer_is_cut_off_and_others_go_on(
    footage: Path, tmp_path: Path, accounts: Accounts, cameras: frozenset[str] | None
) -> None:
    async with (
        on_air(footage, tmp_path) as air,
        watching(air, VIEWER_TOKEN) as viewer_of_wall,
        watching(air, ADMIN_TOKEN) as admin,
    ):
        accounts.remove("token", "wall")
        if cameras is not None:
            accounts.add(token("wall", VIEWER_TOKEN, cameras=cameras))
        changed_at = time.monotonic()
        await air.until(viewers=1)
        assert time.monotonic() - changed_at < SECONDS
        with anyio.fail_after(SECONDS):
            while viewer_of_wall.peer.connectionState != "closed":
                await anyio.sleep(0.01)
        await admin.watch(10)
        assert air.viewers.count == 1


async def test_who_sends_is_cut_off_too(tmp_path: Path) -> None:
    data = tmp_path / "sightline-data"
    data.mkdir()
    accounts = Accounts.of(data)
    accounts.open()
    accounts.add(token("desk", ADMIN_TOKEN, "admin"))
    accounts.add(token("phone", VIEWER_TOKEN, "admin"))
    config = write_config(tmp_path, {"phone": {"source": "whip://"}})
    desk = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    with serving("run", config, folder=tmp_path) as service:

        def state() -> str:
            return str(httpx.get(f"{service.url}/api/cameras/phone", headers=desk).json()["state"])

        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        peer.addTransceiver(VideoStreamTrack(), direction="sendonly")
        await peer.setLocalDescription(await peer.createOffer())
        sender = {**SDP, "Authorization": f"Bearer {VIEWER_TOKEN}"}
        async with httpx.AsyncClient() as http:
            offer = peer.localDescription.sdp
            answer = await http.post(f"{service.url}/whip/phone", content=offer, headers=sender)
        assert answer.status_code == 201, answer.text
        await peer.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
        await anyio.to_thread.run_sync(until, lambda: state() == "live")
        accounts.remove("token", "phone")
        await anyio.to_thread.run_sync(until, lambda: state() == "down", SECONDS)
        await peer.close()
        assert "Traceback" not in service.log, service.log
    accounts.close()
