"""The packets of a source: untouched, Annex B, at the pts of their frames."""

from collections.abc import Callable
from pathlib import Path

import anyio
import av
import pytest
from rtsp.clips import Clip
from rtsp.fixtures import CameraFactory
from test_capture_files import CODINGS, encode
from viewing import Viewer, camera, viewing

from streamer.capture.source import open_source
from streamer.frame import Packet

pytestmark = pytest.mark.anyio


def decoded(packets: list[Packet], codec: str) -> list[int | None]:
    """The pts of what a decoder that knows nothing else makes of the packets."""
    decoder = av.CodecContext.create(codec, "r")
    frames = []
    for packet in packets:
        coded = av.Packet(packet.data)
        coded.pts = packet.pts
        frames += decoder.decode(coded)
    return [frame.pts for frame in [*frames, *decoder.decode(None)]]


async def collect(source: object, viewer: Viewer, number: int) -> list[Packet]:
    """Watches a source and takes some of its packets."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(viewer.watch, source)
        async with source.packets.subscribe() as subscription:
            await tasks.start(source.run)
            with anyio.fail_after(20):
                packets = [await anext(subscription) for _ in range(number)]
        tasks.cancel_scope.cancel()
    return packets


@pytest.mark.parametrize("codec", ["h264", "hevc"])
async def test_packets_of_a_camera_are_decoded_from_the_first(rtsp_camera: CameraFactory, codec: str) -> None:
    viewer = Viewer()
    source = open_source("camera", camera(rtsp_camera(Clip(codec=codec)).url), viewer)
    packets = await collect(source, viewer, 30)
    assert packets[0].keyframe
    assert source.packets is not None
    assert source.packets.codec == codec
    assert packets[0].data.startswith((b"\0\0\0\1", b"\0\0\1"))
    assert [packet.keyframe for packet in packets[:11]].count(True) == 2, "a key frame in ten"
    seen = decoded(packets, codec)
    assert seen == [packet.pts for packet in packets]
    shown = {frame.pts for frame in viewer.frames}
    assert len(shown & set(seen)) >= 20, "frames and packets have the same pts"


@pytest.mark.parametrize(("name", "codec"), [("h264.mp4", "h264"), ("hevc.mkv", "hevc")])
async def test_packets_of_files_get_their_start_codes(tmp_path: Path, name: str, codec: str) -> None:
    viewer = Viewer()
    path = encode(tmp_path / name, CODINGS[name])
    source = open_source("camera", camera(str(path), loop=False), viewer)
    packets = await collect(source, viewer, 40)
    assert packets[0].keyframe
    assert len(decoded(packets, codec)) == 40


async def test_what_has_no_packets_has_none(tmp_path: Path) -> None:
    for source in ("sim://street", "webcam://0"):
        assert open_source("camera", camera(source), Viewer()).packets is None


async def test_damaged_pictures_of_a_camera_are_left_out(
    rtsp_camera: CameraFactory, clips: Callable[[Clip], Path], tmp_path: Path
) -> None:
    clip = Clip(gop=10)
    data = bytearray(clips(clip).read_bytes())
    at = len(data) // 2
    data[at : at + 64] = bytes(200 for _ in range(64))
    damaged = tmp_path / "damaged.h264"
    damaged.write_bytes(data)
    served = rtsp_camera(clip, streams=[damaged])
    async with viewing(camera(served.url)) as viewer:
        await viewer.until(lambda: viewer.count["damaged"] > 0)
        await viewer.more(20)
    assert [state.state for state in viewer.states] == ["connecting", "live"]
    assert viewer.count["received"] >= len(viewer.frames) + viewer.count["damaged"]
