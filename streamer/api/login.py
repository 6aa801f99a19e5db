"""Signing in and out by a plain form, which needs no script."""

from __future__ import annotations

import math
import re
import time
from html import escape
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from streamer.access.doorkeeper import Doorkeeper, TooManyTries, WrongPassword
from streamer.api.access import cookie_of, session_of, visitor_of
from streamer.api.body import text_of
from streamer.api.plain import plain_page
from streamer.api.problems import problem
from streamer.api.readable import accepts_page
from streamer.api.routing import base_of

if TYPE_CHECKING:
    from starlette.types import Scope

FORM: Final = "application/x-www-form-urlencoded"
MOST_BYTES: Final = 16 * 1024
KEPT_S: Final = 90 * 86400
"""By the browser; the session itself ends earlier, unless it is used."""
MOST_NAME: Final = 64
PLACE: Final = re.compile(r"\{(next|told|name|hidden|at_name|at_password)\}")
WRONG: Final = "This name and password do not belong together."
NOT_STORED: Final = {"Cache-Control": "no-store"}


def add_login(app: FastAPI, doorkeeper: Doorkeeper) -> None:
    """The page on which people sign in, and the ways in and out."""
    page = plain_page("login.html")

    def shown(next_: str, told: str = "", name: str = "") -> str:
        values = {
            "next": next_,
            "told": told,
            "name": name,
            "hidden": "" if told else "hidden",
            "at_name": "" if name else "autofocus",
            "at_password": "autofocus" if name else "",
        }
        return PLACE.sub(lambda match: escape(values[match[1]]), page)

    @app.get("/login", include_in_schema=False)
    async def login(request: Request) -> Response:
        next_ = own_path(request.scope, request.query_params.get("next"))
        if visitor_of(request) is not None:
            return RedirectResponse(next_, HTTPStatus.SEE_OTHER, NOT_STORED)
        return HTMLResponse(shown(next_), headers=NOT_STORED)

    @app.post("/login", include_in_schema=False)
    async def sign_in(request: Request) -> Response:
        said = await form(request)
        name, next_ = said.get("name", "").strip(), own_path(request.scope, said.get("next"))
        address = request.client.host if request.client else None
        try:
            session = await doorkeeper.sign_in(name, said.get("password", ""), address, time.time())
        except (TooManyTries, WrongPassword) as error:
            status, told, headers = _refusal(error)
        else:
            answer = RedirectResponse(next_, HTTPStatus.SEE_OTHER, NOT_STORED)
            set_cookie(answer, request, session, KEPT_S)
            return answer
        if not accepts_page(request.scope):
            return problem(status, told, headers)
        text = shown(next_, told, name[:MOST_NAME])
        return HTMLResponse(text, status, {**headers, **NOT_STORED})

    @app.post("/logout", include_in_schema=False)
    async def sign_out(request: Request) -> Response:
        if (session := session_of(request.scope)) is not None:
            await doorkeeper.sign_out(session)
        answer = RedirectResponse(f"{base_of(request.scope)}/login", HTTPStatus.SEE_OTHER, NOT_STORED)
        set_cookie(answer, request, "", 0)
        return answer


def _refusal(error: TooManyTries | WrongPassword) -> tuple[HTTPStatus, str, dict[str, str]]:
    if isinstance(error, WrongPassword):
        return HTTPStatus.UNAUTHORIZED, WRONG, {}
    wait_s = math.ceil(error.wait_s)
    told = f"Too many tries. Please wait {wait_s} seconds."
    return HTTPStatus.TOO_MANY_REQUESTS, told, {"Retry-After": str(wait_s)}


def set_cookie(answer: Response, request: Request, session: str, seconds: int) -> None:
    answer.set_cookie(
        cookie_of(request.scope),
        session,
        max_age=seconds,
        path=base_of(request.scope) or "/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )


def own_path(scope: Scope, asked: str | None) -> str:
    """Where to go then: a path of this service, and nowhere else."""
    home = f"{base_of(scope)}/"
    if not asked or not asked.isascii() or not asked.isprintable() or "\\" in asked or " " in asked:
        return home
    # Browsers take two slashes for another machine.
    parts = urlsplit(asked)
    own = asked.startswith(home) and not asked.startswith("//") and not parts.scheme and not parts.netloc
    return asked if own else home


async def form(request: Request) -> dict[str, str]:
    """What a form says, each name once.

    Raises:
        HTTPException: it is of another type (415), too long (413), or says something twice (422).
    """
    text = await text_of(request, FORM, MOST_BYTES)
    try:
        said = parse_qs(text, keep_blank_values=True, max_num_fields=10)
    except ValueError:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "expected a form in UTF-8") from None
    if any(len(values) > 1 for values in said.values()):
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "expected each field once, received one twice")
    return {name: values[0] for name, values in said.items()}
