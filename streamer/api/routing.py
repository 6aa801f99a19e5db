"""Paths as the service knows them, and as browsers see them behind a proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from starlette.datastructures import QueryParams

if TYPE_CHECKING:
    from starlette.types import Scope


def base_of(scope: Scope) -> str:
    """Where the service lies, as browsers see it: empty, or ``/sightline``."""
    return str(scope.get("root_path", ""))


def path_within(scope: Scope) -> str:
    """The path of a request, without the one under which the service lies."""
    base, path = base_of(scope), str(scope["path"])
    return path[len(base) :] or "/" if path == base or path.startswith(f"{base}/") else path


def login_of(scope: Scope) -> str:
    """Where to sign in to come to this address; a token in it is left out."""
    query = QueryParams(scope.get("query_string", b""))
    kept = urlencode([(name, value) for name, value in query.multi_items() if name != "token"])
    here = quote(scope["path"]) + (f"?{kept}" if kept else "")
    return f"{base_of(scope)}/login?{urlencode({'next': here})}"
