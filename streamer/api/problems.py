"""Errors of the HTTP interface, as RFC 9457 problem documents."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

from detectors.wording import expectation
from streamer.errors import StreamerError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails
    from starlette.types import Scope

MEDIA_TYPE: Final = "application/problem+json"


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """One problem; ``detail`` is for a person."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return JSONResponse(body, status_code=status, headers=headers, media_type=MEDIA_TYPE)


def answer_with_problems(app: FastAPI) -> None:
    """Makes every error of the application a problem document."""

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> JSONResponse:
        headers = dict(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            methods = allowed_at(app, request.scope)
            text = f"expected {' or '.join(methods)}"
            return problem(error.status_code, text, {"Allow": ", ".join(methods)})
        return problem(error.status_code, str(error.detail), headers)

    @app.exception_handler(RequestValidationError)
    async def malformed(request: Request, error: RequestValidationError) -> JSONResponse:
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, what_is_wrong(error))

    @app.exception_handler(HTTPStatus.INTERNAL_SERVER_ERROR)
    async def broken(request: Request, error: Exception) -> JSONResponse:
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "this is a fault of Sightline; its log says more")

    @app.exception_handler(StreamerError)
    async def failed(request: Request, error: StreamerError) -> JSONResponse:
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error))


def allowed_at(app: FastAPI, scope: Scope) -> list[str]:
    """The methods of all routes of a path; the router itself tells those of the first one alone."""
    found = (route for route in app.routes if route.matches(scope)[0] is not Match.NONE)
    return sorted({method for route in found for method in getattr(route, "methods", None) or ()})


def what_is_wrong(error: RequestValidationError) -> str:
    """The first fault, without the value: it may be long, or hostile."""
    first: ErrorDetails = error.errors()[0]
    if first["type"] == "json_invalid":
        # Where it stands is a number of characters there.
        return f"body: expected JSON, received none from character {int(first['loc'][-1]) + 1} on"
    # Which one of several it is says the value alone, and that is not repeated.
    said = [part for part in first["loc"] if first["loc"][0] != "query" or isinstance(part, str)]
    place = " ".join(map(str, said))
    if first["type"] == "value_error":
        return f"{place}: {first['ctx']['error']}"
    return f"{place}: expected {expectation(first)}"
