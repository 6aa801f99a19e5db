"""OAuth tokens without a signature, which only a broker for tests takes."""

from __future__ import annotations

import base64
import json
import time

from kafka.net.sasl.oauth import AbstractTokenProvider


class UnsignedToken(AbstractTokenProvider):
    """A JSON Web Token of the algorithm ``none`` (RFC 7519) for a name, good for ``life_s`` from now."""

    def __init__(self, name: str, life_s: float = 600.0) -> None:
        super().__init__()
        now = time.time()
        claims = {"sub": name, "iat": min(now, now + life_s - 1), "exp": now + life_s}
        self._token = f"{_part({'alg': 'none'})}.{_part(claims)}."

    def token(self) -> str:
        return self._token


def _part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
