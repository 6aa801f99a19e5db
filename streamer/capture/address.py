"""The address of a source: what libav opens, and what a person may read."""

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from streamer.config.secrecy import SCHEME, without_parameters
from streamer.config.tree import CameraConfig
from streamer.errors import ConfigError

DEVICE: Final = re.compile(r"/dev/video\d+")


def redacted(source: str) -> str:
    """The address without user name, password and query; safe for logs, messages and pages.

    Everything up to the last ``@`` goes, because a password may hold ``/``, ``#`` or ``@`` itself.
    """
    match = SCHEME.match(source)
    if match is None:
        return source
    place = source[match.end() :].rpartition("@")[2].partition("?")[0].partition("#")[0]
    return match[0] + without_parameters(place)


@dataclass(frozen=True, slots=True)
class Address:
    """A source's address, taken apart.

    Attributes:
        scheme: ``rtsp``, ``http``, ``sim`` ..; ``file`` for a path, ``v4l2`` for a device, ``whip`` for
            what a browser sends.
        shown: for people, without credentials.
        host: for network sources, else empty.
        opened: what libav opens, if anything is; holds the credentials, so it never goes into a text.
        login: whether there are credentials.
    """

    scheme: str
    shown: str
    host: str
    opened: str = field(repr=False)
    login: bool = False


def parse(camera: CameraConfig) -> Address:
    """The address of a camera, with the credentials that stand beside it.

    Raises:
        ConfigError: the address can't be understood.
    """
    source = camera.detected
    match = SCHEME.match(source)
    if DEVICE.fullmatch(source):
        return Address("v4l2", source, "", source)
    if match is None:
        return Address("file", source, "", source)
    scheme, rest = match[1].lower(), source[match.end() :]
    if scheme == "webcam":
        if not re.fullmatch(r"\d*", rest, re.ASCII):
            raise ConfigError(f"expected webcam://NUMBER, received {source!r}")
        device = f"/dev/video{rest or 0}"
        return Address("v4l2", device, "", device)
    if scheme == "file":
        path = unquote(rest)
        return Address("file", path, "", path)
    if scheme == "sim":
        return Address("sim", source, "", source)
    if scheme == "whip":
        if rest:
            raise ConfigError(f"expected whip:// and nothing behind it, received {redacted(source)!r}")
        return Address("whip", "whip://", "", "")
    return _network(camera, scheme, rest)


def _network(camera: CameraConfig, scheme: str, rest: str) -> Address:
    shown = redacted(camera.detected)
    end = min((i for i in (rest.find("/"), rest.find("?")) if i >= 0), default=len(rest))
    authority, path = rest[:end], rest[end:]
    userinfo, _, place = authority.rpartition("@")
    # Of "user:p@ss/word@host" what is before the first slash looks like a whole address.
    torn = bool(userinfo) and "@" in path.partition("?")[0]
    host = _host(scheme, "" if torn else place, shown)
    if camera.username is not None:
        password = camera.password.get_secret_value() if camera.password else ""
        userinfo = f"{quote(camera.username, safe='')}:{quote(password, safe='')}"
    opened = f"{scheme}://{userinfo}@{place}{path}" if userinfo else f"{scheme}://{place}{path}"
    return Address(scheme, shown, host, opened, bool(userinfo))


def _host(scheme: str, place: str, shown: str) -> str:
    try:
        parts = urlsplit(f"{scheme}://{place}")
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host:
        raise ConfigError(
            f"expected {scheme}://host[:port]/path, received {shown!r};"
            " a user name or password with '/', '#' or '@' belongs into 'username' and 'password'"
        )
    return host
