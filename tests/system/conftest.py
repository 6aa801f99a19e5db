"""What the tests of the whole product start from: real cameras, and footage with people in it."""

from pathlib import Path

import pytest
from rtsp.clips import Clip
from rtsp.fixtures import clips, rtsp_camera
from system.footage import film

__all__ = ["clips", "rtsp_camera"]


@pytest.fixture(scope="session")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds of a street, 100 frames."""
    return film(tmp_path_factory.mktemp("footage") / "street.mp4", 10)


@pytest.fixture(scope="session")
def street_clip(footage: Path) -> Clip:
    """The same for a camera."""
    return Clip(width=640, height=360, fps=10, gop=10, seconds=10, video=footage)
