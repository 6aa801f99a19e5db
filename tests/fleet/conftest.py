"""What tests of cameras that come and go start from: real cameras."""

from rtsp.fixtures import clips, rtsp_camera

__all__ = ["clips", "rtsp_camera"]
