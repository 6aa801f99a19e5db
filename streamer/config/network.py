"""Addresses and ports in the configuration."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from detectors.wording import shown

ICE_URL: Final = re.compile(r"(stuns?|turns?):[^?:@/\s]+(:\d{1,5})?(\?transport=(udp|tcp))?")
ORIGIN: Final = re.compile(r"https?://[^/?#@\s]+")
USUAL_PORTS: Final = {"http": ":80", "https": ":443"}
HIGHEST_PORT: Final = 65535


def ice_url(value: str) -> str:
    """The address of a STUN or TURN server (RFC 7064, RFC 7065)."""
    if not ICE_URL.fullmatch(value):
        raise ValueError(f"expected an address like stun:example.org:3478, received {shown(value)}")
    return value


def origin(value: str) -> str:
    """The origin of a web page (RFC 6454)."""
    if not ORIGIN.fullmatch(value):
        raise ValueError(f"expected an origin like https://example.org, received {shown(value)}")
    scheme, _, place = value.lower().partition("://")
    # Browsers leave out the usual port.
    return f"{scheme}://{place.removesuffix(USUAL_PORTS[scheme])}"


def listed(value: object) -> object:
    """One of something may stand for a list of it."""
    return (value,) if isinstance(value, str) else value


def port_range(value: object) -> object:
    """``50000-50100`` as its first and last port; pairs pass through."""
    if not isinstance(value, str | int) or isinstance(value, bool):
        return value
    match = re.fullmatch(r"\s*(\d{1,5})\s*(?:-\s*(\d{1,5})\s*)?", str(value), re.ASCII)
    if match is None:
        raise ValueError(f"expected ports like 50000-50100, received {shown(value)}")
    return int(match[1]), int(match[2] or match[1])


def _rising(value: tuple[int, int]) -> tuple[int, int]:
    if value[0] > value[1]:
        raise ValueError(f"expected the lower port first, received {value[0]}-{value[1]}")
    return value


def _schema() -> Any:
    return WithJsonSchema({"type": ["string", "integer"], "examples": ["50000-50100"]})


IceUrl = Annotated[str, AfterValidator(ice_url)]
Origin = Annotated[str, AfterValidator(origin)]
Port = Annotated[int, Field(ge=1, le=HIGHEST_PORT)]
PortRange = Annotated[tuple[Port, Port], BeforeValidator(port_range), AfterValidator(_rising), _schema()]
