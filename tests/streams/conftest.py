"""The real cameras of ``tests/rtsp`` for this suite."""

from rtsp.fixtures import clips
from rtsp.two_streams import two_streams

__all__ = ["clips", "two_streams"]
