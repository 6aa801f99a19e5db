"""Who may ask for what: one table of all paths; what is not in it only admins may."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Who: TypeAlias = Literal["open", "local", "viewer", "admin"]
"""``open``: anybody. ``local``: programs on this machine, and who may see all cameras."""

LOOKING: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Rule:
    """A path and who may use it.

    Attributes:
        pattern: ``{camera}`` and other names stand for one part of a path, ``/**`` for any number of them.
        look: who may look (GET, HEAD, OPTIONS and sockets).
        change: who may do anything else.
        others: whether pages of other origins may use it, where they are allowed to show live video.
        lasts: an answer goes on for as long as somebody takes it.
        addressed: a token may stand in the address, for who can set no header; elsewhere it says nothing.
    """

    pattern: str
    look: Who
    change: Who = "admin"
    others: bool = False
    lasts: bool = False
    addressed: bool = False

    def who(self, method: str) -> Who:
        return self.look if method in LOOKING else self.change


RULES: Final = (
    Rule("/healthz", "open", others=True),
    Rule("/readyz", "open"),
    Rule("/metrics", "local"),
    Rule("/login", "open", "open"),
    Rule("/logout", "open", "open"),
    Rule("/ca.crt", "open"),
    Rule("/favicon.ico", "open"),
    # Pages ask for their scripts without a token, and these hold no secret.
    Rule("/player.js", "open", others=True),
    Rule("/scene.js", "open", others=True),
    Rule("/label.js", "open", others=True),
    Rule("/watch.js", "open"),
    Rule("/send.js", "open"),
    Rule("/", "viewer"),
    Rule("/cameras/{camera}", "viewer"),
    Rule("/cameras/{camera}/scene", "admin"),
    Rule("/cameras/{camera}/settings", "admin"),
    Rule("/events", "viewer"),
    Rule("/events/{event}", "viewer"),
    Rule("/system", "viewer"),
    # The looks of the pages hold no secret either.
    Rule("/pages/**", "open"),
    Rule("/watch/{camera}", "viewer", others=True, addressed=True),
    Rule("/whep/{camera}", "viewer", "viewer", others=True, addressed=True),
    Rule("/whep/{camera}/{session}", "viewer", "viewer", others=True, addressed=True),
    Rule("/ws/{camera}", "viewer", others=True, lasts=True, addressed=True),
    Rule("/mjpeg/{camera}", "viewer", others=True, lasts=True, addressed=True),
    # Who sends pictures says what is seen.
    Rule("/send/{camera}", "admin", addressed=True),
    Rule("/whip/{camera}", "admin", addressed=True),
    Rule("/whip/{camera}/{session}", "admin", addressed=True),
    Rule("/api/cameras", "viewer", others=True),
    Rule("/api/cameras/{camera}", "viewer"),
    Rule("/api/cameras/{camera}/latest.jpg", "viewer", others=True, addressed=True),
    # Addresses of cameras are among its options.
    Rule("/api/cameras/{camera}/options", "admin"),
    Rule("/api/cameras/{camera}/**", "viewer"),
    Rule("/api/events", "viewer"),
    Rule("/api/events/stream", "viewer", lasts=True, addressed=True),
    Rule("/api/events/**", "viewer"),
    # Whoever labels says what is true.
    Rule("/api/samples", "admin"),
    Rule("/api/samples/**", "admin"),
    Rule("/api/classes", "admin"),
    Rule("/label", "admin"),
    # What is trained, and what serves, changes what everybody is told.
    Rule("/api/trainings", "admin"),
    Rule("/api/trainings/**", "admin"),
    Rule("/api/models", "admin"),
    Rule("/api/models/**", "admin"),
    Rule("/train", "admin"),
    Rule("/models", "admin"),
    # Where everything is, and what all cameras are.
    Rule("/api/config", "admin"),
    Rule("/openapi.json", "viewer"),
    Rule("/docs", "viewer"),
    # Pages made by NiceGUI: their scripts, and the socket on which they live.
    Rule("/_nicegui/**", "viewer"),
    Rule("/_nicegui_ws/**", "viewer", "viewer", lasts=True),
)


@dataclass(frozen=True, slots=True)
class Found:
    """The rule of a path, and the camera that the path names."""

    rule: Rule
    camera: str | None


def _compiled(pattern: str) -> re.Pattern[str]:
    path, endless = pattern.removesuffix("/**"), pattern.endswith("/**")
    named = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path))
    return re.compile(named + ("(/.*)?" if endless else ""), re.DOTALL)


_TABLE: Final = tuple((_compiled(rule.pattern), rule) for rule in RULES)


def find(path: str) -> Found | None:
    """The first rule that fits; None for a path that nobody but admins has anything to do with."""
    for pattern, rule in _TABLE:
        if match := pattern.fullmatch(path):
            return Found(rule, match.groupdict().get("camera"))
    return None
