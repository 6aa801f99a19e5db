"""Paths as the service knows them, and as browsers see them behind a proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Scope


def base_of(scope: Scope) -> str:
    """Where the service lies, as browsers see it: empty, or ``/sightline``."""
    return str(scope.get("root_path", ""))


def path_within(scope: Scope) -> str:
    """The path of a request, without the one under which the service lies."""
    base, path = base_of(scope), str(scope["path"])
    return path[len(base) :] or "/" if path == base or path.startswith(f"{base}/") else path
