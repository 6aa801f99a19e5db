"""Encryption towards browsers, and an answer to those who speak plain http to it."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any, Final

from streamer.errors import WrongOption
from streamer.tls.pem import CERTIFICATE, KEY, require

OPTION: Final = ("http", "tls")
TEXT: Final = b"This port speaks https: write https:// at the beginning of the address.\n"
PLAIN: Final = b"\r\n".join(
    (
        b"HTTP/1.1 400 Bad Request",
        b"Content-Type: text/plain; charset=utf-8",
        b"Content-Length: %d" % len(TEXT),
        b"Connection: close",
        b"",
        TEXT,
    )
)


class _Explaining(ssl.SSLObject):
    """One connection; OpenSSL tells when a request comes where a handshake was expected."""

    outgoing: ssl.MemoryBIO
    told = False

    def do_handshake(self) -> None:
        try:
            super().do_handshake()
        except ssl.SSLError as error:
            if error.reason != "HTTP_REQUEST" or self.told:
                raise
            self.told = True
            self.outgoing.write(PLAIN)
            # What is waiting is sent then; the next thing that comes fails as it would have now.
            raise ssl.SSLWantReadError from None


class ServerContext(ssl.SSLContext):
    """As browsers want it; ``load_cert_chain`` may be called again while it is in use."""

    sslobject_class = _Explaining

    def __new__(cls) -> ServerContext:
        context = super().__new__(cls, ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def wrap_bio(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, *args: Any, **named: Any) -> Any:
        wrapped = super().wrap_bio(incoming, outgoing, *args, **named)
        assert isinstance(wrapped, _Explaining), "the class that is said above"
        wrapped.outgoing = outgoing
        return wrapped


def server_context(certificate: Path, key: Path) -> ServerContext:
    """From PEM files.

    Raises:
        WrongOption: one is missing, or is not what it should be, with its option.
    """
    require(certificate, CERTIFICATE, (*OPTION, "certificate"))
    require(key, KEY, (*OPTION, "key"))
    context = ServerContext()

    def password() -> str:
        # Without this OpenSSL would ask for it at the terminal.
        raise _wrong("key", f"{key}: expected a key without a password, received one with it")

    try:
        context.load_cert_chain(certificate, key, password)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            text = f"expected the key of {certificate}, received that of another: {key}"
            raise _wrong("key", text) from None
        text = f"{certificate}: expected a certificate and its key in PEM, received broken ones"
        raise _wrong("certificate", f"{text} ({error.reason})") from None
    return context


def _wrong(option: str, text: str) -> WrongOption:
    return WrongOption((*OPTION, option), text)
