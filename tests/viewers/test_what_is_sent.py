"""Which of a camera's streams a viewer gets, and what is coded here because none of them would be shown."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from live_viewing import ANYTHING, BASELINE, HIGH, camera, client, on_air, until

from streamer.webrtc.choice import Wish

pytestmark = pytest.mark.anyio

X264 = "-c:v libx264 -preset ultrafast -g 10 -pix_fmt yuv420p"
CLIPS = {
    "h264.mp4": f"{X264} -profile:v baseline",
    "high.mp4": "-c:v libx264 -preset fast -profile:v high -bf 0 -g 10 -pix_fmt yuv420p",
    "bframes.mp4": f"{X264} -bf 2 -profile:v main",
    "hevc.mp4": "-c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=10:bframes=0",
    "mjpeg.avi": "-c:v mjpeg -q:v 3",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of each kind, and the same at half the size."""
    made = tmp_path_factory.mktemp("kinds")
    for name, coding in CLIPS.items():
        for size, prefix in (("320x240", ""), ("160x120", "sub-")):
            shown = f"-f lavfi -i testsrc2=size={size}:rate=50 -t 1".split()
            command = [
                "ffmpeg",
                "-v",
                "error",
                "-threads",
                "1",
                *shown,
                *coding.split(),
                str(made / f"{prefix}{name}"),
            ]
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return made


@dataclass(frozen=True, slots=True)
class Case:
    """What is asked of a camera, and what is sent.

    Attributes:
        main: its stream, or the larger one.
        sub: the smaller one, which is detected on.
        sent: the kind.
        size: of the pictures.
        wish: what is asked for.
        profile: the best one that the viewer plays.
    """

    main: str
    sub: str | None
    sent: str
    size: tuple[int, int]
    wish: Wish = ANYTHING
    profile: str = HIGH

    @property
    def name(self) -> str:
        asked = [self.wish.stream, "drawn" * self.wish.annotate, "coded" * (not self.wish.own), self.profile]
        return "-".join(filter(None, [self.main, self.sub, *asked]))


LARGE, SMALL = (320, 240), (160, 120)
CASES = [
    Case("h264.mp4", None, "sub", LARGE),
    Case("h264.mp4", None, "sub", LARGE, profile=BASELINE),
    Case("high.mp4", None, "sub", LARGE),
    Case("high.mp4", None, "encoded", LARGE, profile=BASELINE),
    Case("h264.mp4", None, "encoded", LARGE, Wish(own=False)),
    Case("h264.mp4", None, "annotated", LARGE, Wish(annotate=True)),
    Case("hevc.mp4", None, "encoded", LARGE),
    Case("bframes.mp4", None, "encoded", LARGE),
    Case("mjpeg.avi", None, "encoded", LARGE),
    Case("sim://street?size=320x240", None, "encoded", LARGE),
    Case("h264.mp4", "sub-h264.mp4", "main", LARGE),
    Case("h264.mp4", "sub-h264.mp4", "sub", SMALL, Wish(stream="sub")),
    Case("hevc.mp4", "sub-h264.mp4", "sub", SMALL),
    Case("mjpeg.avi", "sub-h264.mp4", "sub", SMALL),
    Case("bframes.mp4", "sub-h264.mp4", "sub", SMALL),
    Case("high.mp4", "sub-h264.mp4", "sub", SMALL, profile=BASELINE),
    Case("hevc.mp4", "sub-hevc.mp4", "encoded", SMALL),
    Case("h264.mp4", "sub-hevc.mp4", "main", LARGE),
    Case("h264.mp4", "sub-hevc.mp4", "encoded", SMALL, Wish(stream="sub")),
    Case("h264.mp4", "sub-mjpeg.avi", "main", LARGE),
    Case("h264.mp4", "sub-h264.mp4", "annotated", SMALL, Wish(annotate=True)),
    Case("h264.mp4", "sub-h264.mp4", "annotated", SMALL, Wish("sub", annotate=True)),
    Case("h264.mp4", "sub-h264.mp4", "annotated_main", LARGE, Wish("main", annotate=True)),
    Case("mjpeg.avi", "sub-h264.mp4", "annotated_main", LARGE, Wish("main", annotate=True)),
    Case("h264.mp4", None, "annotated", LARGE, Wish("main", annotate=True)),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_the_cheapest_that_is_shown_is_sent(folder: Path, case: Case) -> None:
    main, sub = (
        (name if "://" in name else str(folder / name)) if name else None for name in (case.main, case.sub)
    )
    assert main is not None
    async with on_air(camera(main, sub)) as running, client() as viewer:
        await running.more(15)
        await viewer.join(running, case.wish, case.profile)
        assert viewer.kind == case.sent
        await viewer.watch(5)
        assert viewer.sizes == [case.size]
        coded_here = case.sent in ("encoded", "annotated")
        assert running.streams.pictures.wanted == coded_here
        await until(lambda: bool(viewer.messages))
        assert viewer.messages[0]["type"] == "stream"
        assert viewer.messages[0]["kind"] == case.sent
