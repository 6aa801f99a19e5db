"""The real cameras of ``tests/rtsp`` for this suite."""

from rtsp.fixtures import clips, rtsp_camera

__all__ = ["clips", "rtsp_camera"]
