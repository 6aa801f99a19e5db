"""What tests of viewers start from: footage with people in it, and real cameras."""

from rtsp.fixtures import clips, rtsp_camera
from system.conftest import footage, street_clip

__all__ = ["clips", "footage", "rtsp_camera", "street_clip"]
