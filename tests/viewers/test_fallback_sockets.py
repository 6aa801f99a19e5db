"""The same video over a WebSocket, received by a program."""

import itertools
import socket as sockets
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import httpx
import pytest
from rtsp.clips import Clip
from rtsp.fixtures import CameraFactory
from system.serving import PATIENCE_S, Service, serving, until, write_config
from viewers.socket_client import is_key, media_time, received, socket
from websockets.exceptions import ConnectionClosedError, InvalidStatus

CLIP = Clip()
HEVC = Clip(codec="hevc")
TOKEN = "the-token-of-the-test"
STREET = "sim://street?seed=5&size=320x240&fps=10&people=4"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A street that only those who know the token see, two at a time."""
    folder = tmp_path_factory.mktemp("guarded")
    config = write_config(
        folder,
        {"street": {"source": STREET}},
        http={"token": TOKEN, "origins": ["https://friend.example"]},
        webrtc={"max_viewers": 2},
    )
    with serving("run", config, folder=folder) as service:
        until(lambda: received_one(service))
        yield service


def received_one(service: Service) -> bool:
    """Whether the street is shown by now."""
    try:
        with socket(service, "street", f"?token={TOKEN}") as connection:
            received(connection, 1)
    except ConnectionClosedError:
        return False
    return True


def test_a_camera_s_own_pictures_come_untouched_and_boxes_tell_which_they_belong_to(
    rtsp_camera: CameraFactory, clips: Callable[[Clip], Path], tmp_path: Path
) -> None:
    config = write_config(tmp_path, {"gate": {"source": rtsp_camera(CLIP).url}})
    with serving("run", config, folder=tmp_path) as service:
        service.until_state("gate", "live")
        with socket(service, "gate") as connection:
            film = received(connection, fragments=60, boxes=5)
    assert film.stream["kind"] == "sub"
    assert (film.stream["width"], film.stream["height"]) == (CLIP.width, CLIP.height)
    assert is_key(film.fragments[0])
    pictures = film.pictures()
    with av.open(str(clips(CLIP))) as container:
        known = {frame.to_ndarray(format="bgr24").tobytes() for frame in container.decode(video=0)}
        extradata = container.streams.video[0].codec_context.extradata
        profile = extradata[(at := extradata.index(b"\x67") + 1) : at + 3]
    assert film.stream["codec"] == f"avc1.{profile.hex()}"
    assert all(picture.tobytes() in known for _, picture in pictures)

    times = [time for time, _ in pictures]
    assert times == [media_time(fragment) for fragment in film.fragments]
    assert all(later > earlier for earlier, later in itertools.pairwise(times))
    of_boxes = [boxes["pts"] + film.stream["origin"] for boxes in film.boxes]
    # Boxes of the pictures whose fragments did not come before the end.
    belonging = [time for time in of_boxes if times[0] <= time <= times[-1]]
    assert belonging
    assert set(belonging) <= set(times)


def test_what_no_browser_plays_is_coded_once_and_remuxed_once(
    rtsp_camera: CameraFactory, tmp_path: Path
) -> None:
    config = write_config(tmp_path, {"gate": {"source": rtsp_camera(HEVC).url}})
    with serving("run", config, folder=tmp_path) as service:
        service.until_state("gate", "live")
        with socket(service, "gate") as first, socket(service, "gate") as second:
            films = [received(connection, 40) for connection in (first, second)]
    assert {film.stream["kind"] for film in films} == {"encoded"}
    ones, others = ({media_time(each): each for each in film.fragments} for film in films)
    shared = ones.keys() & others.keys()
    assert len(shared) > 10
    assert all(ones[time] == others[time] for time in shared)
    assert films[0].segment == films[1].segment


def test_a_reader_that_stalls_slows_nobody_and_goes_on_at_a_key_frame(
    rtsp_camera: CameraFactory, tmp_path: Path
) -> None:
    noise = noisy(tmp_path / "noise.h264")
    camera = rtsp_camera(Clip(640, 360, fps=30, gop=15), streams=[noise])
    config = write_config(tmp_path, {"gate": {"source": camera.url}})
    with serving("run", config, folder=tmp_path) as service:
        service.until_state("gate", "live")
        narrow = sockets.socket()
        narrow.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
        narrow.connect(("127.0.0.1", int(service.url.rpartition(":")[2])))
        # It reads ahead of us one message at most.
        with (
            socket(service, "gate", sock=narrow, max_queue=1) as stalled,
            socket(service, "gate") as reader,
        ):
            film = received(reader, 450)
            late = received(stalled, 1)
            while not skipped(late.fragments):
                late.take(stalled.recv())
    times = list(map(media_time, film.fragments))
    # 450 pictures follow each other at most two apart: a busy machine may lose one on the way in.
    assert max(b - a for a, b in itertools.pairwise(times)) <= 6000
    assert is_key(late.fragments[-1])


def skipped(fragments: list[bytes]) -> bool:
    """Whether the last one does not follow the one before, by more than a second."""
    return len(fragments) > 1 and media_time(fragments[-1]) - media_time(fragments[-2]) > 90_000


def noisy(path: Path) -> Path:
    """Five seconds that no encoder makes small: 3 MB/s."""
    source = "testsrc2=size=640x360:rate=30,noise=alls=70:allf=t,format=yuv420p"
    coding = "-t 5 -c:v libx264 -profile:v baseline -preset ultrafast -crf 20 -g 15 -threads 1"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, *coding.split()]
    command += ["-x264-params", "sliced-threads=0:aud=1:scenecut=0", "-f", "h264", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


@pytest.mark.parametrize("query", ["", "?token=another-token", "?token="])
def test_a_socket_needs_the_token(guarded: Service, query: str) -> None:
    with pytest.raises(InvalidStatus) as refused, socket(guarded, "street", query):
        pass
    assert refused.value.response.status_code == 401


def test_pages_of_others_may_only_ask_where_they_are_allowed(guarded: Service) -> None:
    query = f"?token={TOKEN}"
    for origin in (guarded.url, "https://friend.example"):
        with socket(guarded, "street", query, origin=origin) as connection:
            received(connection, 1)
    with pytest.raises(InvalidStatus), socket(guarded, "street", query, origin="https://other.example"):
        pass


def test_a_refusal_says_why(guarded: Service) -> None:
    with pytest.raises(ConnectionClosedError) as unknown, socket(guarded, "nobody", f"?token={TOKEN}") as it:
        it.recv()
    assert unknown.value.rcvd is not None
    assert (unknown.value.rcvd.code, unknown.value.rcvd.reason) == (1008, "expected one of street")

    query = f"?token={TOKEN}"
    with socket(guarded, "street", query) as one, socket(guarded, "street", query) as another:
        for connection in (one, another):
            received(connection, 1)
        with pytest.raises(ConnectionClosedError) as third, socket(guarded, "street", query) as it:
            it.recv()
    assert third.value.rcvd is not None
    assert third.value.rcvd.code == 1013
    assert third.value.rcvd.reason == (
        "no room for another viewer of street: 2 watch already (webrtc.max_viewers)"
    )
    # Those who left made room.
    assert until(lambda: received_one(guarded))


def test_a_service_that_ends_tells_those_who_watch(tmp_path: Path) -> None:
    config = write_config(tmp_path, {"street": {"source": STREET}})
    with serving("run", config, folder=tmp_path) as service:
        service.until_state("street", "live")
        with (
            socket(service, "street") as connection,
            httpx.stream("GET", service.url + "/mjpeg/street", timeout=PATIENCE_S) as pictures,
        ):
            received(connection, 3)
            body = pictures.iter_raw()
            next(body)
            ended = service.stop()
            with pytest.raises(ConnectionClosedError) as told:
                list(connection)
            assert b"".join(body).endswith(b"--picture--\r\n")
        log = service.log
    assert ended.status == 0
    assert told.value.rcvd is not None
    assert told.value.rcvd.code == 1012
    assert "ERROR" not in log
    assert "Traceback" not in log
