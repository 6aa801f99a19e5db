"""The decoder that was asked for, or an error; and what happens when it goes away."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import av.error
import pytest
from rtsp.clips import Clip
from rtsp.fixtures import CameraFactory
from viewing import Viewer, camera, viewing

from streamer.capture import libav
from streamer.capture.decoder import Decoder, decoder_for, missing
from streamer.capture.source import open_source
from streamer.errors import ConfigError, SourceUnavailable

pytestmark = pytest.mark.anyio


class Card:
    """The processor in a graphics card's place, which this machine may not have: it works for a while."""

    def __init__(self, context: av.VideoCodecContext, packets: int) -> None:
        self.context = context
        self.packets = packets
        self.pix_fmt = "cuda"
        self.has_b_frames = False

    def decode(self, packet: av.Packet | None) -> list[av.VideoFrame]:
        self.packets -= 1
        if self.packets < 0:
            raise av.error.ExternalError(-542398533, "Generic error in an external library")
        return self.context.decode(packet)


@pytest.mark.parametrize("decode", ["cuda", "qsv"])
async def test_a_decoder_that_is_not_there_is_refused(decode: Any) -> None:
    reason = missing(decode)
    if reason is None:
        pytest.skip(f"this machine decodes with {decode}")
    with pytest.raises(ConfigError) as refused:
        open_source("camera", camera("rtsp://ada:secret@127.0.0.1:9/cam", decode=decode), Viewer())
    assert str(refused.value) == (
        f"decode: expected auto or cpu on this machine, received '{decode}': {reason}"
    )


@pytest.mark.parametrize("decode", ["cuda", "qsv"])
async def test_one_that_is_gone_by_the_next_connection_is_told(
    clips: Callable[[Clip], Path], decode: Any
) -> None:
    reason = missing(decode)
    if reason is None:
        pytest.skip(f"this machine decodes with {decode}")
    with (
        av.open(str(clips(Clip()))) as container,
        pytest.raises(SourceUnavailable, match=f"no {decode} decoder"),
    ):
        decoder_for(container.streams.video[0], decode, live=True)


async def test_auto_takes_the_processor_where_there_is_nothing_else(clips: Callable[[Clip], Path]) -> None:
    with av.open(str(clips(Clip()))) as container:
        decoder = decoder_for(container.streams.video[0], "auto", live=True)
        frames = [frame for packet in container.demux(video=0) for frame in decoder.decode(packet)]
    assert len(frames) == 80
    assert (decoder.device == "cpu") == (missing("cuda") is not None and missing("qsv") is not None)


async def test_pictures_from_another_device_than_asked_for_are_an_error(
    clips: Callable[[Clip], Path],
) -> None:
    with av.open(str(clips(Clip()))) as container:
        decoder = Decoder(container.streams.video[0].codec_context, "cuda", required=True)
        packet = next(container.demux(video=0))
        with pytest.raises(SourceUnavailable, match="it was decoded by the CPU"):
            decoder.decode(packet)


async def test_a_decoder_that_disappears_is_told_and_tried_again(
    rtsp_camera: CameraFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lent(stream: Any, decode: str, *, live: bool) -> Decoder:
        card: Any = Card(stream.codec_context, packets=20)
        return Decoder(card, "cuda", required=True)

    monkeypatch.setattr(libav, "decoder_for", lent)
    async with viewing(camera(rtsp_camera().url)) as viewer:
        await viewer.until(lambda: len(viewer.reasons) >= 2)
    assert set(viewer.reasons) == {"the cuda decoder failed: generic error in an external library"}
    assert [state.state for state in viewer.states][:4] == ["connecting", "live", "down", "live"]
    assert [state.decoder for state in viewer.states][:4] == [None, "cuda", None, "cuda"]


async def test_the_decoder_is_told(rtsp_camera: CameraFactory) -> None:
    async with viewing(camera(rtsp_camera().url, decode="cpu")) as viewer:
        await viewer.until_state("live")
    assert viewer.states[-1].decoder == "cpu"
