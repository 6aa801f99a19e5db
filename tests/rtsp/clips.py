"""Short elementary streams for cameras, made by FFmpeg once a session."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

ENCODERS = {
    "h264": "-c:v libx264 -profile:v baseline -x264-params sliced-threads=0:aud=1:scenecut=0",
    "hevc": "-c:v libx265 -x265-params log-level=none:aud=1:scenecut=0:bframes=0:repeat-headers=1",
}


@dataclass(frozen=True, slots=True)
class Clip:
    """What a camera shows.

    Attributes:
        video: a file to take the pictures from; None for FFmpeg's test picture.
        gop: pictures from one key frame to the next.
        preset: of the encoder; ``ultrafast`` leaves out what makes decoding cost.
    """

    width: int = 320
    height: int = 240
    fps: int = 20
    gop: int = 10
    seconds: float = 4
    codec: str = "h264"
    video: Path | None = None
    preset: str = "ultrafast"

    @property
    def name(self) -> str:
        """Tells clips apart; also a file name."""
        shown = self.video.stem if self.video else "test"
        picture = f"{self.width}x{self.height}-{self.fps}-{self.gop}-{self.seconds:g}"
        return f"{shown}-{picture}-{self.preset}.{self.codec}"


def encode(clip: Clip, folder: Path) -> Path:
    """The clip as an elementary stream with access unit delimiters, made unless it is there."""
    path = folder / clip.name
    if not path.exists():
        test_picture = ["-f", "lavfi", "-i", "testsrc2"]
        shown = ["-stream_loop", "-1", "-i", str(clip.video)] if clip.video else test_picture
        picture = f"fps={clip.fps},scale={clip.width}:{clip.height},format=yuv420p"
        coding = (
            f"-t {clip.seconds:g} -an {ENCODERS[clip.codec]} -preset {clip.preset} -threads 1 -g {clip.gop}"
        )
        command = ["ffmpeg", "-v", "error", "-y", *shown, "-vf", picture, *coding.split(), "-f", clip.codec]
        subprocess.run([*command, str(path)], check=True, stdin=subprocess.DEVNULL)
    return path
