"""Addresses and ports in the configuration."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, WithJsonSchema

from detectors.wording import shown

ICE_URL: Final = re.compile(r"(stuns?|turns?):[^?:@/\s]+(:(?P<port>\d{1,5}))?(\?transport=(udp|tcp))?")
ORIGIN: Final = re.compile(
    r"https?://([\w.-]+|\[[0-9a-f:.]+\])(:(?P<port>\d{1,5}))?", re.ASCII | re.IGNORECASE
)
BASE_PATH: Final = re.compile(r"(/[\w~-][\w.~-]*)+", re.ASCII)
HEADER: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,99}")
DATABASE: Final = re.compile(r"(postgresql://[^/\s]+|sqlite://)/\S+", re.ASCII)
TOKEN: Final = re.compile(r"[!-~]{8,}", re.ASCII)
USUAL_PORTS: Final = {"http": ":80", "https": ":443"}
PORTS: Final = re.compile(r"\s*(\d{1,5})\s*(?:-\s*(\d{1,5})\s*)?", re.ASCII)
HIGHEST_PORT: Final = 65535


def ice_url(value: str) -> str:
    """The address of a STUN or TURN server (RFC 7064, RFC 7065)."""
    match = ICE_URL.fullmatch(value)
    if match is None or not _is_port(match["port"]):
        raise ValueError(f"expected an address like stun:example.org:3478, received {shown(value)}")
    return value


def origin(value: str) -> str:
    """The origin of a web page (RFC 6454)."""
    match = ORIGIN.fullmatch(value)
    if match is None or not _is_port(match["port"]):
        raise ValueError(f"expected an origin like https://example.org, received {shown(value)}")
    scheme, _, place = value.lower().partition("://")
    # Browsers leave out the usual port.
    return f"{scheme}://{place.removesuffix(USUAL_PORTS[scheme])}"


def listed(value: object) -> object:
    """One of something may stand for a list of it."""
    return (value,) if isinstance(value, str) else value


def address(value: object) -> object:
    """An address that packets can be sent to."""
    try:
        found = ip_address(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.is_unspecified or found.is_multicast:
        raise ValueError(f"expected an address like 203.0.113.7, received {shown(value)}")
    return str(found)


def token(value: SecretStr) -> SecretStr:
    """What fits into a header; the message says nothing of it."""
    if not TOKEN.fullmatch(value.get_secret_value()):
        raise ValueError(
            "expected at least 8 characters of ASCII without spaces, received a value that is not shown"
        )
    return value


def database(value: SecretStr) -> SecretStr:
    """The address of a database (SQLAlchemy); the message says nothing of it."""
    if not DATABASE.fullmatch(value.get_secret_value()):
        raise ValueError(
            "expected an address like postgresql://user:password@host/name, received one that is not shown"
        )
    return value


def certificate(value: object) -> object:
    """``auto`` stands for the section that says so."""
    if value is False:
        return None
    if value is True or (isinstance(value, str) and value != "auto"):
        raise ValueError(f"expected 'auto', or certificate and key, received {shown(value)}")
    return {"auto": True} if value == "auto" else value


def network(value: object) -> object:
    """An address, or all that begin alike: ``10.0.0.0/8``."""
    try:
        found = ip_network(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None:
        raise ValueError(f"expected an address or a network like 10.0.0.0/8, received {shown(value)}")
    return str(found)


def base_path(value: str) -> str:
    """Where the service lies behind a proxy: ``/sightline``."""
    path = f"/{value.strip('/')}" if value.strip("/") else ""
    if path and not BASE_PATH.fullmatch(path):
        raise ValueError(f"expected a path like /sightline, received {shown(value)}")
    return path


def header_name(value: str) -> str:
    """The name of an HTTP header, in lower case."""
    if not HEADER.fullmatch(value):
        raise ValueError(f"expected the name of a header like X-Remote-User, received {shown(value)}")
    return value.lower()


def port_range(value: object) -> object:
    """``50000-50100`` as its first and last port; pairs pass through."""
    if isinstance(value, tuple):
        return value
    match = None if isinstance(value, bool) else PORTS.fullmatch(str(value))
    if match is None or not all(map(_is_port, match.groups())):
        raise ValueError(f"expected ports like 50000-50100, received {shown(value)}")
    return int(match[1]), int(match[2] or match[1])


def _is_port(text: str | None) -> bool:
    """Whether it can be one; so can none."""
    return text is None or 1 <= int(text) <= HIGHEST_PORT


def _rising(value: tuple[int, int]) -> tuple[int, int]:
    if value[0] > value[1]:
        raise ValueError(f"expected the lower port first, received {value[0]}-{value[1]}")
    return value


def _schema() -> Any:
    return WithJsonSchema({"type": ["string", "integer"], "examples": ["50000-50100"]})


IceUrl = Annotated[str, AfterValidator(ice_url)]
Origin = Annotated[str, AfterValidator(origin)]
Address = Annotated[str, BeforeValidator(address)]
Network = Annotated[str, BeforeValidator(network)]
BasePath = Annotated[str, AfterValidator(base_path)]
HeaderName = Annotated[str, AfterValidator(header_name)]
Token = Annotated[SecretStr, AfterValidator(token)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(database)]
Port = Annotated[int, Field(ge=1, le=HIGHEST_PORT)]
PortRange = Annotated[tuple[Port, Port], BeforeValidator(port_range), AfterValidator(_rising), _schema()]
