"""What a soak starts from: real cameras, and footage with people in it."""

from rtsp.fixtures import clips, rtsp_camera
from system.conftest import footage, street_clip

__all__ = ["clips", "footage", "rtsp_camera", "street_clip"]
