"""What tests of viewers start from: real cameras, and footage with people in it."""

from rtsp.fixtures import clips, rtsp_camera
from rtsp.two_streams import two_streams
from system.conftest import footage, street_clip

__all__ = ["clips", "footage", "rtsp_camera", "street_clip", "two_streams"]
