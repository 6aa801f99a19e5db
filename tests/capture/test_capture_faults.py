"""Everything that goes wrong with a camera: told in plain words, retried, and nobody else's business."""

import logging
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from http_video import http_server, tcp_server
from rtsp.fixtures import CameraFactory, Login
from viewing import Viewer, camera, viewing

from streamer.capture.source import open_source
from streamer.errors import ConfigError

pytestmark = pytest.mark.anyio


def silent(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def garbage(connection: socket.socket) -> None:
    while True:
        connection.sendall(os.urandom(4096))


def trickle(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"R")
        time.sleep(0.05)


def hang_up(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.close()


def web_page(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>"
    )
    connection.close()


TALKS: dict[tuple[str, str], tuple[Callable[[socket.socket], None], str]] = {
    ("rtsp", "silent"): (silent, "no usable answer"),
    ("http", "silent"): (silent, "no usable answer"),
    ("rtsp", "garbage"): (garbage, "no usable answer|not a video"),
    ("http", "garbage"): (garbage, "no usable answer|not a video"),
    ("rtsp", "trickle"): (trickle, "no usable answer"),
    ("http", "trickle"): (trickle, "no usable answer"),
    ("rtsp", "hang_up"): (hang_up, "not a video|the connection was reset|cut off before its first picture"),
    ("rtsp", "web_page"): (web_page, "not a video"),
    ("http", "web_page"): (web_page, "not a video"),
}


async def test_servers_that_disappoint_are_told_and_tried_again() -> None:
    told: dict[tuple[str, str], Viewer] = {}

    async def look(scheme: str, server: str) -> None:
        with tcp_server(TALKS[scheme, server][0]) as port:
            async with viewing(camera(f"{scheme}://127.0.0.1:{port}/cam", timeout_s=0.6)) as viewer:
                await viewer.until(lambda: len(viewer.reasons) >= 2)
        told[scheme, server] = viewer

    async with anyio.create_task_group() as tasks:
        for scheme, server in TALKS:
            tasks.start_soon(look, scheme, server)
    for kind, viewer in told.items():
        assert {state.state for state in viewer.states} == {"connecting", "down"}
        assert viewer.reasons[0] in TALKS[kind][1].split("|"), kind
        assert not viewer.frames


@pytest.mark.parametrize("scheme", ["rtsp", "rtsps", "http", "https"])
async def test_an_unknown_name_is_told(scheme: str) -> None:
    async with viewing(camera(f"{scheme}://no-such-camera.invalid/cam")) as viewer:
        await viewer.until_state("down")
    assert viewer.reasons[0] == "name not found: no-such-camera.invalid"


@pytest.mark.parametrize("scheme", ["rtsp", "rtsps", "http", "https"])
async def test_a_closed_port_is_told(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    async with viewing(camera(f"{scheme}://127.0.0.1:{port}/cam")) as viewer:
        await viewer.until_state("down")
    assert viewer.reasons[0] == "connection refused"


async def test_a_path_that_is_not_there_is_told(rtsp_camera: CameraFactory) -> None:
    async with viewing(camera(rtsp_camera().url.replace("/cam", "/other"))) as viewer:
        await viewer.until_state("down")
    assert viewer.reasons[0] == "nothing at this address (404)"
    with http_server(lambda request: request.send_error(404)) as url:
        async with viewing(camera(f"{url}/video")) as viewer:
            await viewer.until_state("down")
    assert viewer.reasons[0] == "nothing at this address (404)"


async def test_a_device_that_is_not_there_is_told() -> None:
    async with viewing(camera("webcam://98")) as viewer:
        await viewer.until_state("down")
    assert viewer.reasons[0] == "no such device"


@pytest.mark.skipif(not Path("/dev/video0").exists(), reason="this machine has no camera at /dev/video0")
async def test_a_device_shows_pictures() -> None:
    async with viewing(camera("webcam://0")) as viewer:
        await viewer.more(5)


@pytest.mark.parametrize("source", ["ftp://host/a.mp4", "rtsp://", "sim://street?people=-1", "sim://park"])
async def test_an_address_nothing_can_be_at_is_refused_before_it_runs(source: str) -> None:
    with pytest.raises(ConfigError, match="expected"):
        open_source("camera", camera(source), Viewer())


async def test_credentials_reach_no_log_no_state_and_no_error(
    rtsp_camera: CameraFactory, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    served = rtsp_camera(login=Login("digest", "owner", "0p3n-s3same"))
    sources = [
        camera(served.url.replace("rtsp://", "rtsp://sesame:wr0ng@")),
        camera(served.url, username="sesame", password="wr0ng"),
        camera("rtsp://sesame:wr0ng@no-such-camera.invalid/a?password=wr0ng"),
        camera("http://sesame:wr0ng@127.0.0.1:9/a"),
    ]
    states = []
    for source in sources:
        async with viewing(source) as viewer:
            await viewer.until_state("down")
        states.append(str(viewer.states))
    said = "".join([*states, caplog.text, *capfd.readouterr()])
    assert "(401)" in said
    assert "sesame" not in said
    assert "wr0ng" not in said


async def test_alike_failures_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    async with viewing(camera("webcam://98")) as viewer:
        await viewer.until(lambda: len(viewer.reasons) >= 3)
    assert caplog.text.count("no such device") == 1


async def test_one_dead_camera_of_three_touches_no_other(rtsp_camera: CameraFactory) -> None:
    cameras = [rtsp_camera() for _ in range(3)]
    dead = cameras[1]
    dead.kill()
    async with (
        viewing(camera(cameras[0].url), "left") as left,
        viewing(camera(dead.url), "dead") as lost,
        viewing(camera(cameras[2].url), "right") as right,
    ):
        await lost.until_state("down")
        for seen in (left, right):
            await seen.more(10)
        assert lost.reasons[0] == "connection refused"
        dead.start()
        await lost.more(10)
        dead.freeze()
        for seen in (left, right):
            await seen.more(10)
        dead.kill()
        await lost.until_state("down")
        for seen in (left, right):
            await seen.more(10)
    for seen in (left, right):
        assert [state.state for state in seen.states] == ["connecting", "live"]
        late_s = [b.decoded_at - a.decoded_at for a, b in zip(seen.frames, seen.frames[1:], strict=False)]
        assert max(late_s) < 2.0, "no gap where the other one was killed or frozen"
