"""The description of the HTTP interface (OpenAPI): every error as the problem that it is, and who may ask."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from streamer.access.rules import Who, find
from streamer.api.access import COOKIE
from streamer.api.camera_schema import add_camera_schemas
from streamer.api.problems import MEDIA_TYPE

REASONS: Final = {
    400: "It cannot be read: a cursor that no page gave, a body that is no JSON, two tokens.",
    401: "Nobody has said who asks, or nobody believes it.",
    403: "Only an admin may, or a page of another origin asks.",
    404: "There is none, or none that may be seen.",
    409: "It cannot be done now.",
    412: "It was changed in between.",
    413: "The body is too long.",
    415: "The body is of another type.",
    422: "A value is not one of those that are described here.",
    503: "The service cannot answer at present: its disk or its index does not, or there is nothing to show.",
}
ALWAYS: Final = (400, 401, 403, 503)
"""What may be answered before it matters what is asked for."""
OPEN: Final = (400, 503)
"""The same where anybody may ask."""
ABOUT: Final = """\
What Sightline sees and has seen. Lists come in pages: `next` of an answer is the `cursor` of the one after
it, and null at the end. Times are by RFC 3339; those of answers are in UTC. What is wrong is told as a
problem (RFC 9457) whose `detail` is for a person. Parameters that are not described here are errors.

Where nobody has to sign in, as on this machine while there are no users and no tokens, no security scheme
is needed. `sightline tokens add NAME` makes a token.
"""
TAGS: Final = (
    {"name": "events", "description": "Objects that came and went: one event each."},
    {"name": "cameras", "description": "How cameras do, and which there are."},
    {"name": "live", "description": "What cameras see now, for people and their players."},
    {"name": "labelling", "description": "Pictures, and what people say that they show."},
    {"name": "training", "description": "Classifiers that learn from what is labelled."},
    {"name": "models", "description": "The models of the store, and what they say."},
    {"name": "service", "description": "How the service itself does."},
)
PROBLEM: Final = {
    "type": "object",
    "title": "Problem",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "const": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "what is wrong, for a person"},
    },
    "examples": [
        {
            "type": "about:blank",
            "title": "Not Found",
            "status": 404,
            "detail": "query camera: expected one of gate, yard",
        }
    ],
}
BEARER, SESSION, QUERY = "token", "session", "token-in-query"
SCHEMES: Final = {
    BEARER: {"type": "http", "scheme": "bearer", "description": "a token, of a program"},
    SESSION: {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "of a browser that has signed in at `/login`; at an unusual port its"
        f" name ends with that: `{COOKIE}_8080`",
    },
    QUERY: {
        "type": "apiKey",
        "in": "query",
        "name": "token",
        "description": "a token, where no header can be set",
    },
}
UNSAID: Final = "Successful Response"
"""What FastAPI says where a route says nothing."""
UNUSED: Final = ("HTTPValidationError", "ValidationError")


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors that a route may answer with, beside those that any may."""
    return {status: {"description": REASONS[status]} for status in statuses}


def sent(kind: str, what: str, example: str) -> dict[str, Any]:
    """The description of a body that is read as text of a media type."""
    content = {kind: {"schema": {"type": "string", "description": what}, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


def describe(app: FastAPI) -> None:
    """Makes the application describe itself as it is; the description is made once somebody asks."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(
                title="Sightline",
                version=version("sightline"),
                description=ABOUT,
                tags=list(TAGS),
                routes=app.routes,
                license_info={"name": "Apache 2.0", "identifier": "Apache-2.0"},
            )
            app.openapi_schema = _completed(document)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = PROBLEM
    add_camera_schemas(schemas)
    for unused in UNUSED:
        schemas.pop(unused, None)
    components["securitySchemes"] = SCHEMES
    for path, method, operation in _operations(document):
        found = find(path)
        who = "admin" if found is None else found.rule.who(method)
        _secure(operation, who, in_query=found is not None and found.rule.addressed)
        _with_problems(operation, OPEN if who == "open" else ALWAYS)
    return document


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method.upper(), operation


def _secure(operation: dict[str, Any], who: Who, *, in_query: bool) -> None:
    """Say how one shows who one is; a token in the query is one way, not a parameter."""
    if "parameters" in operation:
        operation["parameters"] = [each for each in operation["parameters"] if each["name"] != "token"]
    ways: list[dict[str, list[str]]] = [
        {way: []} for way in (BEARER, SESSION, *([QUERY] if in_query else []))
    ]
    operation["security"] = [] if who == "open" else [{}, *ways] if who == "local" else ways


def _with_problems(operation: dict[str, Any], always: Sequence[int]) -> None:
    responses = operation["responses"]
    for status in always:
        responses.setdefault(str(status), {"description": REASONS[status]})
    if "requestBody" in operation:
        responses.setdefault("413", {"description": REASONS[413]})
    for status, response in responses.items():
        # What FastAPI itself says of 422 is not what is answered here.
        if int(status) >= 400 and ("content" not in response or status == "422"):
            response["description"] = REASONS[int(status)]
            response["content"] = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        elif response["description"] == UNSAID:
            response["description"] = "As it was asked for."
    operation["responses"] = dict(sorted(responses.items()))
