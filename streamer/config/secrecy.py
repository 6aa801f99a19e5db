"""Addresses, and values with addresses in them, without what is secret there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

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


def without_secrets(value: Any) -> Any:
    """A plain value with every address in it concealed."""
    if isinstance(value, Mapping):
        return {key: without_secrets(each) for key, each in value.items()}
    if isinstance(value, list):
        return [without_secrets(each) for each in value]
    return concealed(value) if isinstance(value, str) else value


def without_parameters(place: str) -> str:
    """With a mask for secret parameters."""
    return SECRET_PARAMETER.sub(rf"\1{MASK}", place)
