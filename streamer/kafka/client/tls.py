"""Encryption: the PEM files of the configuration, read so that a wrong one is named."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Final

from streamer.errors import WrongOption
from streamer.tls.pem import CERTIFICATE, KEY, require

if TYPE_CHECKING:
    from streamer.config.bus import TlsConfig

OPTION: Final = ("kafka", "tls")


def tls_context(tls: TlsConfig) -> ssl.SSLContext:
    """Whom we believe, and who we are.

    Raises:
        WrongOption: a file is missing or is not what it should be, with its option.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = tls.check_hostname
    if tls.ca is None:
        context.load_default_certs()
    else:
        require(tls.ca, CERTIFICATE, (*OPTION, "ca"))
        _believe(context, tls.ca)
    if tls.certificate is not None:
        require(tls.certificate, CERTIFICATE, (*OPTION, "certificate"))
        require(tls.key or tls.certificate, KEY, (*OPTION, "key"))
        _identify(context, tls, tls.certificate)
    return context


def _believe(context: ssl.SSLContext, path: Path) -> None:
    try:
        context.load_verify_locations(path)
    except ssl.SSLError:
        raise _wrong("ca", f"{path}: expected a certificate in PEM, received a broken one") from None


def _identify(context: ssl.SSLContext, tls: TlsConfig, certificate: Path) -> None:
    key = tls.key or certificate

    def password() -> str:
        if tls.key_password is None:
            # Without this OpenSSL would ask for it at the terminal.
            raise _wrong("key_password", f"expected the password of {key}, received none")
        return tls.key_password.get_secret_value()

    try:
        context.load_cert_chain(certificate, key, password)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise _wrong(
                "key", f"expected the key of {certificate}, received that of another: {key}"
            ) from None
        if tls.key_password is not None and "ENCRYPTED" in key.read_text(encoding="latin-1"):
            raise _wrong("key_password", f"expected the password of {key}, received another") from None
        expected = "expected a certificate and its key in PEM"
        text = f"{certificate}: {expected}, received broken ones ({error.reason})"
        raise _wrong("certificate", text) from None


def _wrong(option: str, text: str) -> WrongOption:
    return WrongOption((*OPTION, option), text)
