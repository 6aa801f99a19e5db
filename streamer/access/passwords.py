"""Passwords, kept as argon2id hashes (RFC 9106); every call takes a while, so it is made from a thread."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from streamer.access.names import MOST_PASSWORD
from streamer.access.secrets import new_session

_HASHER = PasswordHasher()


def hash_password(password: str) -> str:
    return _HASHER.hash(password)


def is_password(password: str, kept: str | None) -> bool:
    """Whether it is the one that this hash was made of; None, of a name that nobody has, takes as long."""
    try:
        # The hasher takes any length, and its time grows with it.
        _HASHER.verify(kept or _of_nobody(), password[: MOST_PASSWORD + 1])
    except VerificationError:
        return False
    return kept is not None


@cache
def _of_nobody() -> str:
    return _HASHER.hash(new_session())
