"""Addresses without what is secret in them."""

from __future__ import annotations

import re
from typing import Final

SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
SECRET_PARAMETER: Final = re.compile(
    r"((?:user(?:name)?|pass(?:word|wd)?|pwd|token|key|secret|auth|sig(?:nature)?)[=:])[^&_/;,]*",
    re.IGNORECASE,
)
MASK: Final = "***"


def concealed(text: str) -> str:
    """The same with a mask for user name and password, and for secret parameters; other text as it is.

    Everything up to the last ``@`` goes, because a password may hold ``/``, ``#`` or ``@`` itself.
    """
    match = SCHEME.match(text)
    if match is None:
        return text
    _, at, place = text[match.end() :].rpartition("@")
    return match[0] + (at and MASK + at) + without_parameters(place)


def without_parameters(place: str) -> str:
    """With a mask for secret parameters."""
    return SECRET_PARAMETER.sub(rf"\1{MASK}", place)
