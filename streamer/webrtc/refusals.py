"""Why a viewer, or a browser that sends, is sent away."""

from __future__ import annotations

from typing import Final

from streamer.errors import StreamerError, UnknownCamera
from streamer.webrtc.ice import PortsTaken
from streamer.webrtc.offer import MalformedOffer, UnfitOffer


class UnknownSession(StreamerError):
    """There is none of this name, or it has ended."""


class NothingToShow(StreamerError):
    """The camera has sent no picture yet."""


class TooMany(StreamerError):
    """There is no room for another viewer."""


class NotSentTo(StreamerError):
    """The camera's pictures come from elsewhere."""


class Occupied(StreamerError):
    """Another browser sends this camera's pictures."""


class RestartRefused(StreamerError):
    """ICE cannot begin anew in a session; a new session can."""


class OtherSession(StreamerError):
    """What is asked for is about something that was agreed on before, or elsewhere."""


REASONS: Final[dict[type[StreamerError], str]] = {
    UnknownCamera: "unknown_camera",
    MalformedOffer: "malformed",
    UnfitOffer: "unfit",
    NothingToShow: "no_picture",
    TooMany: "full",
    PortsTaken: "ports",
}
"""As the metrics call them."""
