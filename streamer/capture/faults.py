"""What libav's errors mean, in plain words and without addresses: the one place that reads them."""

import errno
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal

import av.error

from streamer.capture.address import Address
from streamer.errors import SourceError, SourceUnavailable

Stage = Literal["open", "read"]

WORDS: Final[dict[type[BaseException], str]] = {
    av.error.ConnectionRefusedError: "connection refused",
    av.error.ConnectionResetError: "the connection was reset",
    av.error.BrokenPipeError: "the connection was reset",
    av.error.HTTPUnauthorizedError: "wrong user name or password (401)",
    av.error.HTTPForbiddenError: "access forbidden (403)",
    av.error.HTTPNotFoundError: "nothing at this address (404)",
    av.error.HTTPBadRequestError: "the server did not understand the request (400)",
    av.error.HTTPOtherClientError: "the server refused the request (4xx)",
    av.error.HTTPServerError: "the server failed (5xx)",
    av.error.FileNotFoundError: "no such file",
    av.error.IsADirectoryError: "a folder, not a video",
    av.error.PermissionError: "not readable: permission denied",
    av.error.EOFError: "cut off before its first picture",
    av.error.DemuxerNotFoundError: "not a video",
    av.error.InvalidDataError: "not a video",
    av.error.ProtocolNotFoundError: "no support for this kind of address",
}
SILENT: Final = (av.error.TimeoutError, av.error.ExitError)
NETWORK_WORDS: Final = {
    errno.EHOSTUNREACH: "no route to the host",
    errno.ENETUNREACH: "no network",
    errno.EBUSY: "busy: another program uses it",
    errno.ENODEV: "no such device",
    errno.ENXIO: "no such device",
}


class DamagedUnit(SourceError):
    """One access unit could not be decoded; the stream goes on."""


@contextmanager
def translated(address: Address, stage: Stage, timeout_s: float) -> Iterator[None]:
    """Turns libav's errors into ``SourceUnavailable``; the original is dropped, it quotes the address."""
    began_at = time.monotonic()
    try:
        yield
    except (av.error.FFmpegError, OSError) as error:
        silent = stage == "open" and time.monotonic() - began_at >= timeout_s / 2
        reason = _reason(error, address, stage, silent)
    else:
        return
    # Not chained: a traceback would show the original, too.
    raise SourceUnavailable(reason) from None


def _reason(error: Exception, address: Address, stage: Stage, silent: bool) -> str:
    # An RTSP server that never answers is "invalid data" to libav.
    if isinstance(error, SILENT) or (silent and isinstance(error, av.error.InvalidDataError)):
        return "no usable answer" if stage == "open" else "the stream froze"
    if stage == "read" and isinstance(error, av.error.InvalidDataError):
        return "the stream is unreadable"
    if stage == "read" and getattr(error, "errno", None) == errno.EIO:
        return "the connection was lost"
    if isinstance(error, av.error.HTTPUnauthorizedError) and not address.login:
        return "a user name and a password are needed (401)"
    if isinstance(error, av.error.FileNotFoundError) and address.scheme == "v4l2":
        return "no such device"
    for kind, words in WORDS.items():
        if isinstance(error, kind):
            return words
    if stage == "open" and address.host and not _resolves(address.host):
        return f"name not found: {address.host}"
    number = getattr(error, "errno", None) or 0
    text = NETWORK_WORDS.get(number) or getattr(error, "strerror", None) or type(error).__name__
    return text[0].lower() + text[1:]


def _resolves(host: str) -> bool:
    try:
        socket.getaddrinfo(host, None)
    except (OSError, UnicodeError):
        return False
    return True
