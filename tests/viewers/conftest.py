"""What tests of viewers start from."""

from rtsp.fixtures import clips, rtsp_camera

__all__ = ["clips", "rtsp_camera"]
