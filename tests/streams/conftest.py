"""The real cameras of ``tests/rtsp`` for this suite."""

from rtsp.fixtures import clips, rtsp_camera
from rtsp.two_streams import two_streams

__all__ = ["clips", "rtsp_camera", "two_streams"]
