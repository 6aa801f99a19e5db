"""Names for cameras that have none yet."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from ipaddress import ip_address
from itertools import count
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote

from streamer.config.secrecy import SCHEME
from streamer.config.tree import camera_name
from streamer.pages.draft import sentence

USUAL: Final = "camera"
OF_SCHEMES: Final = {"webcam": "webcam", "whip": "phone", "sim": "street"}
LONGEST: Final = 40


def suggested(address: str, taken: Collection[str]) -> str:
    """A name that is free and fits: of its host, of its file, or else ``camera``; never of its secrets."""
    return free(_slug(_about(address.strip())) or USUAL, taken)


def wrong_name(name: str, taken: Collection[str]) -> str:
    """Why this can be no camera's name; nothing where it can."""
    try:
        camera_name(name)
    except ValueError as error:
        return sentence(str(error)) if name else "A name is needed, such as front-door."
    return f"There is a camera {name} already." if name in taken else ""


def free(name: str, taken: Collection[str]) -> str:
    """The name, or with the first number that makes it another one."""
    if name not in taken:
        return name
    return next(numbered for n in count(2) if (numbered := f"{name}-{n}") not in taken)


def _about(address: str) -> str:
    match = SCHEME.match(address)
    if address.startswith("/dev/video"):
        return "webcam"
    if match is None or match[1].lower() == "file":
        return PurePosixPath(unquote(address[match.end() :] if match else address)).stem
    known = OF_SCHEMES.get(match[1].lower())
    return known or _host(address[match.end() :])


def _host(rest: str) -> str:
    """The first part of the name of the machine; nothing where it has only a number."""
    place = re.split(r"[/?#]", rest.rpartition("@")[2], maxsplit=1)[0]
    host = re.sub(r":\d*$", "", place)
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return host.partition(".")[0]
    return ""


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9_]+", "-", plain)[:LONGEST].strip("-_")
