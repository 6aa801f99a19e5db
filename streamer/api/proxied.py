"""Requests as browsers made them: what trusted proxies say of them counts, what others say does not."""

from __future__ import annotations

from collections import defaultdict
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from streamer.access.proxies import Origin, is_forwarding, is_trusted, origin_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from streamer.config.tree import HttpConfig

REMOTE_USER = "remote_user"
FORWARDED = "forwarded"
"""Where in the state of a request it is said whom a proxy has let in, and whether there was one at all."""


class Proxied:
    """Gives an application requests without the headers of proxies, whose word stands in the scope instead.

    The path is taken with the one under which the service lies, and without it: proxies differ in that.
    """

    def __init__(self, app: ASGIApp, config: HttpConfig) -> None:
        self._app = app
        self._trusted = [ip_network(each) for each in config.trusted_proxies]
        self._path = config.base_path
        said = config.auth_header
        self._user = said.user.encode() if said else None
        self._role = said.role.encode() if said and said.role else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            scope = self._as_meant(scope)
        await self._app(scope, receive, send)

    def _as_meant(self, scope: Scope) -> Scope:
        peer = scope["client"][0] if scope.get("client") else None
        told: dict[str, list[str]] = defaultdict(list)
        headers = []
        for name, value in scope["headers"]:
            if is_forwarding(name.decode("latin-1")):
                told[name.decode("latin-1")].append(value.decode("latin-1"))
            elif name not in (self._user, self._role):
                headers.append((name, value))
        origin = origin_of(peer, told, self._trusted)
        state = {**scope.get("state", {}), FORWARDED: origin.forwarded}
        if is_trusted(peer, self._trusted):
            state[REMOTE_USER] = _said(scope, self._user), _said(scope, self._role)
        if origin.host is not None:
            headers = [each for each in headers if each[0] != b"host"]
            headers.append((b"host", origin.host.encode()))
        meant = {**scope, "headers": headers, "state": state, **self._path_of(scope["path"], origin)}
        if origin.client != peer:
            meant["client"] = (origin.client, 0)
        if origin.scheme is not None:
            meant["scheme"] = _scheme(scope["type"], origin.scheme)
        return meant

    def _path_of(self, path: str, origin: Origin) -> dict[str, Any]:
        base = self._path if origin.path is None else origin.path
        inner = path.removeprefix(base) if path == base or path.startswith(f"{base}/") else path
        whole = base + (inner or "/")
        return {"root_path": base, "path": whole, "raw_path": whole.encode()} if base else {}


def _said(scope: Scope, name: bytes | None) -> str | None:
    """What a header says; None where it says nothing, or more than one thing."""
    said = {value.decode("latin-1").strip() for key, value in scope["headers"] if key == name}
    return said.pop() or None if len(said) == 1 else None


def _scheme(kind: str, said: str) -> str:
    secure = said in ("https", "wss")
    if kind == "websocket":
        return "wss" if secure else "ws"
    return "https" if secure else "http"
