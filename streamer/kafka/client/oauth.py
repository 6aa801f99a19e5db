"""Tokens for OAUTHBEARER: client credentials (RFC 6749, section 4.4)."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kafka.net.sasl.oauth import AbstractTokenProvider

from streamer.errors import SinkError, SinkRefused, SinkUnavailable

if TYPE_CHECKING:
    from streamer.config.bus import TokenConfig

TIMEOUT_S: Final = 10.0
EARLY: Final = 0.8
"""Share of a token's life after which another one is asked for; sessions are renewed after 0.85 of theirs."""
LIFE_S: Final = 300.0
"""Of a token that does not say how long it lives (RFC 6749, section 5.1: RECOMMENDED only)."""
ANSWER_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token.

    Attributes:
        until: monotonic seconds at which another one is asked for.
    """

    text: str
    until: float


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """The secret goes nowhere but to the address that was configured."""

    def redirect_request(self, *_arguments: object) -> None:
        return None


class ClientCredentials(AbstractTokenProvider):  # type: ignore[misc]
    """Asks for a token when it is needed, and keeps it until shortly before its end."""

    def __init__(self, config: TokenConfig, context: ssl.SSLContext | None = None) -> None:
        super().__init__()
        self._config = config
        self._context = context
        self._lock = threading.Lock()
        self._token: Token | None = None

    def token(self) -> str:
        """A token that is good for a while.

        Raises:
            SinkRefused: the server knows us not, or gives us none.
            SinkUnavailable: the server cannot be reached, or is in trouble.
        """
        with self._lock:
            if self._token is None or time.monotonic() >= self._token.until:
                self._token = asked(self._config, self._context, time.monotonic)
            return self._token.text


def asked(config: TokenConfig, context: ssl.SSLContext | None, now: Callable[[], float]) -> Token:
    """A new token from the server.

    Raises:
        SinkError: see `ClientCredentials.token`.
    """
    if "@" in urllib.parse.urlsplit(config.url).netloc:
        raise SinkRefused(
            f"{shown(config.url)}: expected kafka.sasl.token.url without user name, received one"
        )
    request = urllib.request.Request(config.url, data=_form(config), headers=_headers(config), method="POST")
    opener = urllib.request.build_opener(NoRedirects, urllib.request.HTTPSHandler(context=context))
    began = now()
    try:
        with opener.open(request, timeout=TIMEOUT_S) as answer:
            body = answer.read(ANSWER_BYTES)
    except urllib.error.HTTPError as error:
        with error:
            raise _turned_down(config, error) from None
    except (http.client.InvalidURL, UnicodeError):
        raise SinkRefused(
            f"{shown(config.url)}: no token: that is no address (kafka.sasl.token.url)"
        ) from None
    except (OSError, http.client.HTTPException) as error:
        raise _unreachable(config, error) from None
    return _token(config, body, began)


def shown(url: str) -> str:
    """The address without what may be secret in it."""
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _form(config: TokenConfig) -> bytes:
    fields = {"grant_type": "client_credentials"}
    if config.scope is not None:
        fields["scope"] = config.scope
    return urllib.parse.urlencode(fields).encode()


def _headers(config: TokenConfig) -> dict[str, str]:
    # Section 2.3.1: both are form-encoded before they are put together.
    parts = (config.client_id, config.client_secret.get_secret_value())
    pair = ":".join(map(urllib.parse.quote_plus, parts))
    return {
        "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
    }


def _turned_down(config: TokenConfig, error: urllib.error.HTTPError) -> SinkError:
    where = shown(config.url)
    said = _json(error.read(ANSWER_BYTES)).get("error")
    # Section 5.2 names few codes; anything longer might repeat what we sent.
    reason = f"{said} " if isinstance(said, str) and said.replace("_", "").isalpha() else ""
    text = f"{where}: no token for {config.client_id!r}: {reason}(HTTP {error.code})"
    busy = error.code >= 500 or error.code in {408, 425, 429}
    return SinkUnavailable(text) if busy else SinkRefused(text)


def _unreachable(config: TokenConfig, error: OSError | http.client.HTTPException) -> SinkError:
    where = shown(config.url)
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return SinkRefused(f"{where}: its certificate is not trusted: {reason.verify_message}")
    if isinstance(reason, TimeoutError):
        return SinkUnavailable(f"{where}: no token within {TIMEOUT_S:.0f} s")
    said = reason.strerror if isinstance(reason, OSError) else None
    return SinkUnavailable(f"{where}: no token: {said or type(reason).__name__}")


def _token(config: TokenConfig, body: bytes, asked_at: float) -> Token:
    answer = _json(body)
    text, life = answer.get("access_token"), answer.get("expires_in", LIFE_S)
    if not isinstance(text, str) or not text.isascii() or not text.isprintable():
        where = shown(config.url)
        raise SinkRefused(f"{where}: expected JSON with an access_token, received something else")
    try:
        life_s = float(life)
    except (TypeError, ValueError):
        life_s = LIFE_S
    return Token(text, asked_at + EARLY * life_s)


def _json(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
