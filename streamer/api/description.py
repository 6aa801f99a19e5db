"""The description of the HTTP interface (OpenAPI): every error as the problem that it is."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from streamer.api.problems import MEDIA_TYPE

REASONS: Final = {
    400: "It cannot be read: a cursor that no page gave, a body that is no JSON.",
    403: "Only an admin may.",
    404: "There is none, or none that may be seen.",
    409: "It cannot be done now.",
    413: "The body is too long.",
    422: "A value is not one of those that are described here.",
    503: "The service cannot answer at present: its disk or its index does not.",
}
ABOUT: Final = """\
What Sightline sees and has seen. Lists come in pages: `next` of an answer is the `cursor` of the one after
it, and null at the end. Times are by RFC 3339; those of answers are in UTC. What is wrong is told as a
problem (RFC 9457) whose `detail` is for a person. Parameters that are not described here are errors.
"""
TAGS: Final = (
    {"name": "events", "description": "Objects that came and went: one event each."},
    {"name": "cameras", "description": "How cameras do, and which there are."},
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
}
UNUSED: Final = ("HTTPValidationError", "ValidationError")


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors that a route may answer with."""
    return {status: {"description": REASONS[status]} for status in statuses}


def describe(app: FastAPI) -> None:
    """Makes the application describe itself as it is; the description is made once somebody asks."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _with_problems(
                get_openapi(
                    title="Sightline",
                    version=version("sightline"),
                    description=ABOUT,
                    tags=list(TAGS),
                    routes=app.routes,
                )
            )
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _with_problems(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = PROBLEM
    for unused in UNUSED:
        schemas.pop(unused, None)
    for operation in (each for path in document["paths"].values() for each in path.values()):
        for status, response in operation["responses"].items():
            if status.isdigit() and int(status) >= 400:
                response["description"] = REASONS.get(int(status), response["description"])
                response["content"] = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return document
