"""Keeps a fuzzer on this machine: cameras are few and near, and half of what is asked for exists.

Schemathesis loads this file by itself, see the test beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urljoin
from zlib import crc32

import requests
import schemathesis
from schemathesis.generation.meta import TestPhase

SOURCES: Final = (
    "sim://street?size=160x90&fps=1",
    "whip://",
    "whip://",
    "rtsp://127.0.0.1:9/live",
    "http://127.0.0.1:9/video.m3u8",
    "/nowhere/clip.mp4",
)
"""Port 9 is closed; a fuzzer never finds out what lies elsewhere."""
CAMERAS: Final = "/api/cameras"
NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]*")
MOST_CAMERAS: Final = 8
LASTING: Final = ("gate", "phone", "spare")
"""Cameras that are never removed; only the last one is changed."""
KEPT_EVENTS: Final = 40


def event_id(number: int) -> str:
    return f"019ca945-0afa-7b8e-81f8-{number:012x}"


def _one_of(some: Any, many: int) -> int:
    """The same one for the same value, in every run."""
    return crc32(str(some).encode(errors="replace")) % many


def _near(source: Any) -> Any:
    if isinstance(source, str):
        return SOURCES[_one_of(source, len(SOURCES))]
    if isinstance(source, Mapping):
        return {key: _near(each) for key, each in source.items()}
    return source


def _bounded(body: dict[str, Any], *, few: bool) -> dict[str, Any]:
    """A camera that reaches nothing outside, and costs little; with ``few`` it is one of a few."""
    name = body.get("name")
    called = {"name": f"fuzz-{_one_of(name, MOST_CAMERAS) if few else 'new'}"} if _is_name(name) else {}
    near = {"source": _near(body["source"])} if "source" in body else {}
    return {**body, **called, **near, "timeout_s": 1}


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and NAME.fullmatch(name) is not None


def _as_text(context: schemathesis.SerializationContext, value: Any) -> bytes:
    return str(value).encode(errors="replace")


for kind in ("application/sdp", "application/trickle-ice-sdpfrag"):
    schemathesis.serializer(kind)(_as_text)


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
    if case.operation.path.startswith(CAMERAS) and isinstance(case.body, dict):
        case.body = _bounded(case.body, few=_is_told_again(case))
    given = case.path_parameters or {}
    for parameter in given.keys() & {"camera", "name"}:
        given[parameter] = _existing(case, given[parameter])
    if "event_id" in given and _one_of(given["event_id"], 4):
        given["event_id"] = event_id(_one_of(given["event_id"], KEPT_EVENTS))
    if "If-Match" in (case.headers or {}) and _one_of(case.headers, 2):
        del case.headers["If-Match"]


@schemathesis.hook
def after_call(
    context: schemathesis.HookContext, case: schemathesis.Case, response: schemathesis.Response
) -> None:
    """What is not asked for later goes at once, so that there is room for the next one of the name."""
    if (
        case.operation.path == CAMERAS
        and response.status_code == HTTPStatus.CREATED
        and not _is_told_again(case)
    ):
        headers = {"Authorization": response.request.headers["Authorization"]}
        address = urljoin(response.request.url, response.headers["location"][0])
        requests.delete(address, headers=headers, timeout=30).raise_for_status()


def _is_told_again(case: schemathesis.Case) -> bool:
    """Whether what is made by this call is asked for by the next ones."""
    return case.meta is not None and case.meta.phase.name is TestPhase.STATEFUL


def _existing(case: schemathesis.Case, name: Any) -> Any:
    """Half of the names that may be one are those of cameras that are there, and fit."""
    path = case.operation.path
    if path == f"{CAMERAS}/{{name}}" and case.method == "DELETE":
        return "fuzz-0" if name in LASTING else name
    if not _is_name(name) or (str(name).startswith("fuzz-") and not path.endswith(".jpg")):
        return name
    if _one_of(name, 2) and name not in LASTING:
        return name
    if path == f"{CAMERAS}/{{name}}" and case.method == "PATCH":
        return "spare"
    return "phone" if path.startswith(("/whip", "/send")) else "gate"
