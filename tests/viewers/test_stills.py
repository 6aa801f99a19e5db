"""JPEG pictures: those that replace each other, and the one of now."""

import itertools
import json
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import cv2
import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from publish.results import tracks
from rtsp.clips import Clip
from rtsp.fixtures import CameraFactory
from system.serving import PATIENCE_S, Service, serving, until, write_config
from viewers.on_air import on_air
from viewers.socket_client import socket
from websockets.exceptions import ConnectionClosedError

from detectors.pixels import BgrPixels
from streamer.api.pictures import LivePictures
from streamer.api.silence import Silence
from streamer.capture.broadcast import PictureBroadcast
from streamer.frame import PTS_CLOCK_HZ, Frame
from streamer.publish.annotate import Annotator
from streamer.webrtc.coding import Coded, code_pictures
from streamer.webrtc.feed import Feed, Unit
from streamer.webrtc.results import LiveResults
from streamer.webrtc.stills import Stills, StillWish

STREET = "sim://street?seed=5&size=640x360&fps=20&people=4"
NOBODY = "rtsp://127.0.0.1:9/nobody"
HEAD = re.compile(rb"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: (\d+)\r\n\r\n")
NOWHERE = {"zones": [], "lines": []}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A street, a camera that never answers, and room for two viewers."""
    folder = tmp_path_factory.mktemp("stills")
    cameras = {"street": {"source": STREET}, "dead": {"source": NOBODY}}
    config = write_config(folder, cameras, webrtc={"max_viewers": 2})
    with serving("run", config, folder=folder) as running:
        running.until_state("street", "live")
        yield running


def decoded(jpeg: bytes) -> NDArray[np.uint8]:
    """The BGR picture."""
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return np.asarray(picture, np.uint8)


def parts(response: httpx.Response) -> Iterator[bytes]:
    """The pictures of a multipart body; the response is closed with what is given."""
    waiting = b""
    for piece in response.iter_bytes():
        waiting += piece
        while (head := HEAD.match(waiting)) and len(waiting) >= head.end() + int(head[1]) + 2:
            end = head.end() + int(head[1])
            yield waiting[head.end() : end]
            waiting = waiting[end + 2 :]


def test_the_latest_picture_is_a_jpeg_of_the_wanted_height(service: Service) -> None:
    whole = service.get("/api/cameras/street/latest.jpg")
    assert whole.headers["content-type"] == "image/jpeg"
    assert whole.headers["cache-control"] == "no-store"
    assert decoded(whole.content).shape == (360, 640, 3)
    small = service.get("/api/cameras/street/latest.jpg", height=90, annotate=1)
    assert decoded(small.content).shape == (90, 160, 3)
    # Nothing is made larger than it is.
    assert decoded(service.get("/api/cameras/street/latest.jpg", height=2160).content).shape == (360, 640, 3)
    another = service.get("/api/cameras/street/latest.jpg")
    assert (decoded(another.content) != decoded(whole.content)).any()


@pytest.mark.parametrize(("height", "status"), [(15, 422), (2161, 422), ("tall", 422), (16, 200)])
def test_a_height_is_bounded(service: Service, height: int | str, status: int) -> None:
    assert service.get("/api/cameras/street/latest.jpg", height=height).status_code == status


def test_what_there_is_no_picture_of_is_told(service: Service) -> None:
    unknown = service.get("/api/cameras/nobody/latest.jpg")
    assert (unknown.status_code, unknown.json()["detail"]) == (404, "expected one of dead, street")
    assert service.get("/mjpeg/nobody").status_code == 404


def test_a_camera_that_is_down_is_no_picture_but_a_problem_with_the_reason(service: Service) -> None:
    service.until_state("dead", "down")
    why = "dead sends no picture now: connection refused"
    for path in ("/api/cameras/dead/latest.jpg", "/mjpeg/dead"):
        dead = service.get(path)
        assert (dead.status_code, dead.headers["content-type"]) == (503, "application/problem+json")
        assert dead.json()["detail"] == why
        assert int(dead.headers["retry-after"]) > 0
    with pytest.raises(ConnectionClosedError) as closed, socket(service, "dead") as connection:
        connection.recv()
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1013, why)


def test_a_camera_that_is_live_and_silent_is_a_problem_too(
    rtsp_camera: CameraFactory, tmp_path: Path
) -> None:
    camera = rtsp_camera(Clip())
    config = write_config(tmp_path, {"gate": {"source": camera.url, "timeout_s": 60}})
    with serving("run", config, folder=tmp_path) as service:
        service.until_state("gate", "live")
        camera.freeze()
        silent = service.get("/mjpeg/gate")
        assert (silent.status_code, silent.json()["detail"]) == (
            503,
            "gate sends no picture now: no picture came",
        )
        assert service.cameras()["gate"]["viewers"] == 0
        camera.thaw()
        until(lambda: service.get("/api/cameras/gate/latest.jpg").status_code == 200)


def test_all_who_watch_pictures_get_the_same_ones_and_count_as_viewers(service: Service) -> None:
    address = service.url + "/mjpeg/street"
    with httpx.Client(timeout=PATIENCE_S) as client:
        with client.stream("GET", address) as one, client.stream("GET", address) as another:
            assert one.headers["content-type"] == "multipart/x-mixed-replace; boundary=picture"
            pictures, same_pictures = parts(one), parts(another)
            first, second = (list(itertools.islice(each, 5)) for each in (pictures, same_pictures))
            assert decoded(first[0]).shape == (360, 640, 3)
            assert len(set(first)) == 5
            assert set(first) & set(second)
            with client.stream("GET", address) as third:
                assert third.status_code == 503
                assert int(third.headers["retry-after"]) > 0
                assert json.loads(third.read())["detail"] == (
                    "no room for another viewer of street: 2 watch already (webrtc.max_viewers)"
                )
        until(lambda: shows(client, address))


def shows(client: httpx.Client, address: str) -> bool:
    """Whether there is room for another viewer."""
    with client.stream("GET", address) as response:
        return response.status_code == 200


class Heard:
    """Hears of every unit of a feed."""

    def __init__(self) -> None:
        self.times_s: list[float] = []
        self.another = anyio.Event()

    def offer(self, unit: Unit) -> None:
        self.times_s.append(unit.pts / PTS_CLOCK_HZ)
        self.another.set()

    def end(self) -> None:
        """Nothing is left to hear."""


@pytest.mark.anyio
async def test_who_takes_nothing_any_more_is_no_viewer(
    footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamer.api.pictures.STALLED_S", 0.1)
    taken: list[str] = []

    async def take_one(message: Any) -> None:
        taken.append(message["type"])
        if len(taken) > 2:
            await anyio.sleep_forever()

    async with on_air(footage, tmp_path) as air:
        with anyio.fail_after(PATIENCE_S):
            await LivePictures(air.viewers, Silence(air.metrics), "front")({}, anyio.sleep_forever, take_one)
        assert taken == ["http.response.start", *["http.response.body"] * 2]
        assert air.viewers.count == 0


@pytest.mark.anyio
async def test_of_twenty_pictures_a_second_ten_are_shown() -> None:
    pictures, feed, heard = PictureBroadcast(), Feed(), Heard()
    with feed.heard_by(heard):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(code_pictures, Coded(pictures, feed), "gate", LiveResults(), NOWHERE)
            await anyio.wait_all_tasks_blocked()
            for number in range(0, 20, 2):
                heard.another = anyio.Event()
                for each in (number, number + 1):
                    pictures.publish(replace(picture(), pts=each * PTS_CLOCK_HZ // 20))
                await heard.another.wait()
            pictures.close()
    assert heard.times_s == [number / 10 for number in range(10)]


def picture() -> Frame:
    rng = np.random.default_rng(1)
    image = cv2.resize(rng.integers(0, 255, (6, 8, 3), np.uint8), (320, 240))
    return Frame("gate", 0, 90_000, datetime.now(UTC), 0.0, BgrPixels(np.asarray(image, np.uint8)))


@pytest.mark.anyio
async def test_boxes_are_drawn_into_the_picture_that_they_were_found_in() -> None:
    frame, found = picture(), tracks(("person", 0.9, (40.0, 60.0, 120.0, 200.0), 3))
    results = LiveResults()
    stills = Stills(results)
    taken: list[bytes | None] = []

    async def take() -> None:
        taken.append(await stills.next("gate", PictureBroadcast(), StillWish(annotate=True)))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(take)
        await anyio.wait_all_tasks_blocked()
        await results.publish(frame, found, ())
    assert taken[0] is not None
    shown = decoded(taken[0]).astype(int)
    drawn = Annotator().annotated(frame.image, found.detections).astype(int)
    assert np.abs(shown - drawn).mean() < np.abs(shown - frame.image).mean() / 2


@pytest.mark.anyio
async def test_nothing_is_decoded_for_pictures_that_nobody_asks_for() -> None:
    pictures, frame = PictureBroadcast(), picture()
    stills = Stills(LiveResults())
    taken: list[bytes | None] = []

    async def take() -> None:
        taken.append(await stills.next("gate", pictures, StillWish()))

    assert not pictures.wanted
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(take)
        await anyio.wait_all_tasks_blocked()
        assert pictures.wanted
        with closing(pictures):
            pictures.publish(frame)
    assert not pictures.wanted
    assert taken[0] is not None
    assert np.abs(decoded(taken[0]).astype(int) - frame.image).mean() < 5
