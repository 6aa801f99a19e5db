"""Lets those in who may: in front of every route, mount and socket of the HTTP interface."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, TypeAlias

from starlette.datastructures import Headers, QueryParams
from starlette.responses import RedirectResponse

from streamer.access.accounts import AccountsUnavailable
from streamer.access.doorkeeper import Credentials, Doorkeeper
from streamer.access.origins import Page, page_of
from streamer.access.proxies import HOST, is_loopback, is_ours
from streamer.access.rules import LOOKING, Found, Rule, find
from streamer.access.visitor import ANYBODY, Visitor
from streamer.api.lasting import Lasting
from streamer.api.problems import NOT_THERE, problem
from streamer.api.proxied import FORWARDED, REMOTE_USER
from streamer.api.readable import accepts_page
from streamer.api.routing import login_of, path_within
from streamer.errors import StreamerError

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from streamer.config.tree import HttpConfig

COOKIE: Final = "sightline"
"""Its name at a usual port."""
SCHEME: Final = "bearer "
FRAMES: Final = frozenset({"iframe", "frame", "embed", "object"})
VISITOR: Final = "visitor"
IS_LET_IN: Final = "is_let_in"
MOST_SAID: Final = 512
"""Characters of a token or a cookie that can be one of ours."""
NOWHERE: Final = Rule("", "admin")
"""What is in no rule."""

Asked: TypeAlias = "HTTPConnection | Scope"


def visitor_of(asked: Asked) -> Visitor | None:
    """Who asks; None where nobody had to say it, and nobody did."""
    scope = asked if isinstance(asked, MutableMapping) else asked.scope
    visitor: Visitor | None = scope.get("state", {}).get(VISITOR)
    return visitor


def is_let_in(asked: HTTPConnection) -> Callable[[], Awaitable[bool]]:
    """Says, whenever it is asked, whether who asked is still the same visitor with the same rights."""
    still: Callable[[], Awaitable[bool]] = asked.scope["state"][IS_LET_IN]
    return still


class Refused(Exception):
    """A request that is not let through, and what to answer."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class Gate:
    """An application behind the rules; ``visitor_of`` and ``is_let_in`` say who asks."""

    def __init__(self, app: ASGIApp, doorkeeper: Doorkeeper, config: HttpConfig) -> None:
        self._app = app
        self._doorkeeper = doorkeeper
        self._origins = frozenset(config.origins)
        self._host = config.host
        self._any_name = config.insecure or bool(config.trusted_proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        found = find(path_within(scope)) or Found(NOWHERE, None)
        try:
            credentials = _credentials(scope, found.rule)
            visitor = await self._let_in(scope, found, credentials)
        except StreamerError as error:
            await _answer(problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error)), scope, receive, send)
        except Refused as refused:
            await _answer(refused.response, scope, receive, send)
        else:
            still = partial(self._is_still, credentials, visitor)
            scope = {**scope, "state": {**scope.get("state", {}), VISITOR: visitor, IS_LET_IN: still}}
            lasts = found.rule.lasts and visitor is not None
            await (Lasting(self._app, still) if lasts else self._app)(scope, receive, send)

    async def _is_still(self, credentials: Credentials, visitor: Visitor | None) -> bool:
        try:
            return await self._doorkeeper.who(credentials, time.time()) == visitor
        except AccountsUnavailable:
            # Nobody says otherwise.
            return True

    async def _let_in(self, scope: Scope, found: Found, credentials: Credentials) -> Visitor | None:
        """Who asks, where they may; else Refused."""
        method = scope.get("method", "GET")
        who = found.rule.who(method)
        visitor = await self._doorkeeper.who(credentials, time.time())
        self._refuse_foreign(scope, found, credentials)
        if who == "open" or (who == "local" and _is_local(scope)):
            return visitor
        if visitor is None:
            raise Refused(_who_are_you(scope, credentials))
        if visitor is ANYBODY and not self._is_meant(Headers(scope=scope).get("host")):
            raise Refused(problem(HTTPStatus.FORBIDDEN, MISLED))
        if found.camera is not None and not visitor.may_see(found.camera):
            raise Refused(problem(HTTPStatus.NOT_FOUND, "there is no such camera"))
        if who == "admin" and not visitor.may_change:
            if found.rule is NOWHERE:
                raise Refused(problem(HTTPStatus.NOT_FOUND, NOT_THERE))
            raise Refused(problem(HTTPStatus.FORBIDDEN, "expected an admin, received a viewer"))
        if who == "local" and visitor.cameras is not None:
            raise Refused(problem(HTTPStatus.FORBIDDEN, "expected somebody who may see all cameras"))
        return visitor

    def _is_meant(self, host: str | None) -> bool:
        """Whether a browser knows whom it asks: any page can give this machine a name of its own."""
        return self._any_name or is_ours(host) or (host or "").partition(":")[0] == self._host

    def _refuse_foreign(self, scope: Scope, found: Found, credentials: Credentials) -> None:
        """A browser shows its cookie, and reaches this network, for whatever page asks it to.

        A token only who knows it can show.
        """
        method = scope.get("method", "GET")
        looks = scope["type"] == "http" and method in LOOKING
        page = _page(scope, self._origins)
        if page == "ours" or (page == "allowed" and found.rule.others):
            return
        if page == "unsaid":
            # Programs say nothing of pages; browsers do, wherever something may be changed.
            if looks or credentials.session is None or credentials.token or credentials.name:
                return
        elif looks and (found.rule.look == "open" or Headers(scope=scope).get("origin") is None):
            # Any page may link to us, and show our pictures, of which it sees nothing.
            return
        elif credentials.token is not None and scope["type"] == "http":
            return
        raise Refused(problem(HTTPStatus.FORBIDDEN, FOREIGN))


MISLED: Final = (
    "expected an address or localhost to be asked for, received another name: by that only users may come,"
    " or anybody with http.insecure"
)
FOREIGN: Final = (
    "expected a page of this service to ask: another one has to be in http.origins, and a proxy has to pass"
    " on Host, or X-Forwarded-Host with http.trusted_proxies"
)


def _page(scope: Scope, origins: frozenset[str]) -> Page:
    headers = Headers(scope=scope)
    return page_of(headers.get("origin"), headers.get("sec-fetch-site"), headers.get("host"), origins)


def _credentials(scope: Scope, rule: Rule) -> Credentials:
    """What somebody shows; Refused where it is more than one token."""
    headers, query = Headers(scope=scope), QueryParams(scope.get("query_string", b""))
    tokens = {said[len(SCHEME) :].strip() for said in headers.getlist("authorization") if _is_bearer(said)}
    tokens |= set(query.getlist("token")) if rule.addressed else set()
    if len(tokens) > 1:
        raise Refused(problem(HTTPStatus.BAD_REQUEST, f"expected one token, received {len(tokens)}"))
    name, role = scope.get("state", {}).get(REMOTE_USER, (None, None))
    token = tokens.pop()[:MOST_SAID] if tokens else None
    return Credentials(token, session_of(scope), name, role)


def _is_bearer(said: str) -> bool:
    return said.lower().startswith(SCHEME)


def cookie_of(scope: Scope) -> str:
    """What our cookie is called: browsers show it to all ports of a host, and each may be another service."""
    host = HOST.fullmatch(Headers(scope=scope).get("host", ""))
    return COOKIE if host is None or host[2] is None else f"{COOKIE}_{host[2][1:]}"


def session_of(scope: Scope) -> str | None:
    """The session that the cookie says."""
    ours = cookie_of(scope)
    for said in Headers(scope=scope).getlist("cookie"):
        for part in said.split(";"):
            name, _, value = part.strip().partition("=")
            if name == ours and value and len(value) <= MOST_SAID:
                return value
    return None


def _is_local(scope: Scope) -> bool:
    """Whether a program on this machine asks, and nobody through a proxy on it."""
    client = scope.get("client")
    return client is not None and is_loopback(client[0]) and not scope.get("state", {}).get(FORWARDED, False)


def _who_are_you(scope: Scope, credentials: Credentials) -> Response:
    is_page = scope["type"] == "http" and scope["method"] in ("GET", "HEAD") and accepts_page(scope)
    # The page to sign in at shows in no frame; who brought a token is told what became of it.
    if is_page and not _is_framed(scope) and credentials.token is None:
        answer: Response = RedirectResponse(login_of(scope), HTTPStatus.SEE_OTHER)
        answer.headers["Cache-Control"] = "no-store"
        return answer
    expected = "expected a token of this service, or a browser that is signed in"
    received = "another token" if credentials.token is not None else "none"
    return problem(
        HTTPStatus.UNAUTHORIZED, f"{expected}; received {received}", {"WWW-Authenticate": "Bearer"}
    )


def _is_framed(scope: Scope) -> bool:
    """Whether a page of somebody is to show the answer within itself (Fetch Metadata)."""
    return Headers(scope=scope).get("sec-fetch-dest") in FRAMES


async def _answer(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008})
        return
    await response(scope, receive, send)
