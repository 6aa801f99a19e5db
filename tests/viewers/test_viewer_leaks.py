"""Viewers that come and go leave nothing behind."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Final

import anyio
import httpx
import pytest
from system.serving import Service, descriptors, serving, until, write_config
from viewers.on_air import on_air
from viewers.whep_viewer import PATIENCE_S, viewer

from streamer.webrtc.ice import Peer
from streamer.webrtc.session import Session

pytestmark = pytest.mark.anyio

WHOLE: Final = bool(os.environ.get("SIGHTLINE_SOAK"))
VIEWERS: Final = 200 if WHOLE else 10
WARM: Final = 5
"""Viewers before the first look: libraries are loaded and pools filled by then."""
MOST_GROWTH_BYTES: Final = 48 * 2**20
"""Of the service while they come and go, with what it keeps of events; a kept session is about 1 MB."""


async def test_no_task_socket_or_session_outlives_its_viewer(footage: Path, tmp_path: Path) -> None:
    async with on_air(footage, tmp_path) as air:
        for leaves in (True, False) * 3:
            async with viewer() as someone:
                address = await someone.join(air.http, "front")
                await someone.watch(3)
                if leaves:
                    assert (await air.http.delete(address)).status_code == 200
            # Who closes the connection without a request is gone, too.
            await air.until(viewers=0)
        with anyio.fail_after(PATIENCE_S):
            # What fills a stream goes on for some seconds after its last viewer.
            while len(air.tasks()) > air.first_tasks or descriptors(os.getpid()) > air.first_files:
                await anyio.sleep(0.05)
        gc.collect()
        assert [kept for kept in gc.get_objects() if isinstance(kept, (Peer, Session))] == []


async def _look(service: Service, http: httpx.AsyncClient) -> None:
    async with viewer() as someone:
        address = await someone.join(http, "street")
        await someone.watch(3)
        assert await someone.told_of_pictures()
        assert (await http.delete(address)).status_code == 200


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_viewers_come_and_go_and_nothing_is_kept(
    footage: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_config(tmp_path, {"street": {"source": str(footage)}}, detect={"fps": 0})
    with serving("run", config, folder=tmp_path) as service:
        service.until_state("street", "live")
        process = service.whole()
        async with httpx.AsyncClient(base_url=service.url, timeout=60) as http:
            for _ in range(WARM):
                await _look(service, http)
            until(lambda: service.cameras()["street"]["viewers"] == 0)
            before = service.descriptors(), process.num_threads(), process.memory_info().rss
            for _ in range(VIEWERS):
                await _look(service, http)
            until(lambda: service.cameras()["street"]["viewers"] == 0)
        until(lambda: service.descriptors() <= before[0])
        until(lambda: process.num_threads() <= before[1] + 1)
        grown = process.memory_info().rss - before[2]
        with capsys.disabled():
            print(f"\n{VIEWERS} viewers: {grown / 2**20:+.1f} MiB, {before[0]} files", end="")
        assert service.series(
            "sightline_viewer_sessions_total", camera="street", route="webrtc", kind="sub"
        ) == (WARM + VIEWERS)
        assert "Traceback" not in service.log, service.log
    assert grown < MOST_GROWTH_BYTES
