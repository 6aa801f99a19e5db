"""Who asks: a person, or a program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Role: TypeAlias = Literal["viewer", "admin"]
"""Viewers look; admins change, too."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """One who may use the service.

    Attributes:
        name: of the user or the token; None where nobody has to say it.
        role: what they may do.
        cameras: those that they may see; None for all.
    """

    name: str | None
    role: Role
    cameras: frozenset[str] | None = None

    @property
    def may_change(self) -> bool:
        return self.role == "admin"

    def may_see(self, camera: str) -> bool:
        return self.cameras is None or camera in self.cameras


ANYBODY: Final = Visitor(None, "admin")
"""Where no login is asked for."""
