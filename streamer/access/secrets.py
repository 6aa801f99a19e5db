"""Secrets that programs and browsers hold: random ones, of which only hashes are kept."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

TOKEN_PREFIX: Final = "sl_"
"""So that who finds one knows what it is of."""
RANDOM_BYTES: Final = 32
PASSWORD_BYTES: Final = 10
"""Those of a password, which people type and which is kept as a slow hash: fewer."""


def new_token() -> str:
    return TOKEN_PREFIX + secrets.token_urlsafe(RANDOM_BYTES)


def new_session() -> str:
    return secrets.token_urlsafe(RANDOM_BYTES)


def new_password() -> str:
    return secrets.token_hex(PASSWORD_BYTES)


def hashed(secret: str) -> str:
    """What is kept of a random secret; it is too long to be guessed, so that no salt is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()
