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
ADDRESS: Final = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*://)(?P<login>.*@)?(?P<place>[^/?#]*)(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
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


def revealed(text: str, secret: str) -> str:
    """An address with what its masks hide, as far as ``secret`` is an address of the same place.

    Of another place it stays masked: what one machine is told in confidence is not for another.
    """
    if text == concealed(secret):
        return secret
    said, kept = ADDRESS.fullmatch(text), ADDRESS.fullmatch(secret)
    if said is None or kept is None or (said["scheme"], said["place"]) != (kept["scheme"], kept["place"]):
        return text
    is_masked = said["login"] == f"{MASK}@"
    login = kept["login"] if is_masked and kept["login"] else said["login"]
    hidden = {match[1]: match[0] for match in SECRET_PARAMETER.finditer(kept["rest"])}
    rest = SECRET_PARAMETER.sub(
        lambda match: hidden.get(match[1], match[0]) if match[0] == match[1] + MASK else match[0],
        said["rest"],
    )
    return f"{said['scheme']}{login or ''}{said['place']}{rest}"


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
