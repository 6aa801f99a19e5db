"""The description of the HTTP interface as a page to read, without scripts and without requests elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from fastapi.responses import HTMLResponse
from markupsafe import Markup, escape

from streamer.api.plain import plain_page

if TYPE_CHECKING:
    from fastapi import FastAPI

SCHEMAS: Final = "#/components/schemas/"
CELL: Final = Markup('<tr><th scope="row"><code>{}</code></th><td>{}</td><td>{}</td></tr>')
TABLE: Final = Markup("<table><caption>{}</caption>{}</table>")
OPERATION: Final = Markup(
    '<details id="{}"><summary><b>{}</b> <code>{}</code> <span>{}</span></summary>'
    "<div><p>{}</p>{}</div></details>"
)
SCHEMA: Final = Markup(
    '<details id="{0}"><summary>{0}</summary><div><p>{1}</p><pre>{2}</pre></div></details>'
)
SECTION: Final = Markup('<h2 id="{0}">{0}</h2><p class="soft">{1}</p>{2}')
PART: Final = Markup('<a href="#{0}">{0}</a>')
SCHEMAS_PART: Final = "Schemas"
PLACE: Final = re.compile(r"\{(version|about|parts|body)\}")
QUOTED: Final = re.compile("(`{1,2})([^`]+)\\1")


def add_reference(app: FastAPI) -> None:
    page = plain_page("docs.html")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        document = app.openapi()
        paragraphs = document["info"]["description"].strip().split("\n\n")
        about = Markup().join(Markup("<p>{}</p>").format(_told(each)) for each in paragraphs)
        names = [*(tag["name"].capitalize() for tag in document["tags"]), SCHEMAS_PART]
        shown = {
            "{version}": document["openapi"],
            "{about}": about,
            "{parts}": Markup().join(PART.format(name) for name in names),
            "{body}": Markup().join(_sections(document)),
        }
        # Not by `format`: the looks have braces of their own.
        return HTMLResponse(PLACE.sub(lambda match: shown[match[0]], page))


def _sections(document: Mapping[str, Any]) -> Iterator[Markup]:
    operations = [
        (tag, _operation(path, method, operation))
        for path, item in document["paths"].items()
        for method, operation in item.items()
        for tag in operation["tags"]
    ]
    for tag in document["tags"]:
        shown = Markup().join(text for name, text in operations if name == tag["name"])
        yield SECTION.format(tag["name"].capitalize(), _told(tag["description"]), shown)
    schemas = document["components"]["schemas"].items()
    shown = Markup().join(
        SCHEMA.format(name, _told(schema.get("description", "")), json.dumps(schema, indent=2))
        for name, schema in schemas
    )
    yield SECTION.format(SCHEMAS_PART, "What bodies and answers are made of.", shown)


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> Markup:
    tables = []
    if parameters := operation.get("parameters"):
        rows = (CELL.format(each["name"], _place(each), _about(each)) for each in parameters)
        tables.append(TABLE.format("Parameters", Markup().join(rows)))
    if body := operation.get("requestBody"):
        rows = (
            CELL.format(kind, _type(each.get("schema", {})), "") for kind, each in body["content"].items()
        )
        tables.append(TABLE.format("Body", Markup().join(rows)))
    rows = (
        CELL.format(status, _kinds(answer), _told(answer["description"]))
        for status, answer in operation["responses"].items()
    )
    tables.append(TABLE.format("Answers", Markup().join(rows)))
    about = _told(operation["summary"]), _told(operation["description"]), Markup().join(tables)
    return OPERATION.format(operation["operationId"], method.upper(), path, *about)


def _told(text: str) -> Markup:
    """What stands between backticks is code."""
    return Markup(QUOTED.sub(r"<code>\2</code>", str(escape(text))))


def _place(parameter: Mapping[str, Any]) -> str:
    return f"{parameter['in']}, {'required' if parameter.get('required') else 'optional'}"


def _about(parameter: Mapping[str, Any]) -> Markup:
    told = _told(parameter.get("description", ""))
    return Markup("{} <span class=soft>{}</span>").format(told, _type(parameter["schema"]))


def _kinds(answer: Mapping[str, Any]) -> Markup:
    """What the body of an answer is: its media type, and its schema where that has a name."""
    kinds = ((kind, each.get("schema", {})) for kind, each in answer.get("content", {}).items())
    named = (Markup("{} {}").format(kind, _type(each) if "$ref" in each else "") for kind, each in kinds)
    return Markup("<br>").join(named)


def _type(schema: Mapping[str, Any]) -> Markup:
    """What a value is, in a word; with a link where that is told elsewhere on the page."""
    if "$ref" in schema:
        return Markup('<a href="#{0}">{0}</a>').format(schema["$ref"].removeprefix(SCHEMAS))
    if "enum" in schema:
        return Markup("{}").format(" | ".join(map(str, schema["enum"])))
    if several := schema.get("anyOf"):
        return Markup(" or ").join(_type(each) for each in several if each.get("type") != "null")
    bounds = {word: schema[key] for word, key in (("from", "minimum"), ("to", "maximum")) if key in schema}
    told = " ".join(f"{word} {value}" for word, value in bounds.items())
    return Markup("{} {}").format(schema.get("format") or schema.get("type", ""), told)
