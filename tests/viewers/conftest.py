"""What tests of viewers start from: real cameras, footage with people in it, and a real browser."""

from rtsp.fixtures import clips, lasting_camera, rtsp_camera
from rtsp.two_streams import two_streams
from system.chromium import chromium
from system.conftest import footage, street_clip

__all__ = ["chromium", "clips", "footage", "lasting_camera", "rtsp_camera", "street_clip", "two_streams"]
