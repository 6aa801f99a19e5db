"""What the HTTP interface says of itself: as a document for programs, and as a page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import schemathesis
from access.door import ADMIN_TOKEN, Door, opened

from streamer.access.rules import find
from streamer.api.description import QUERY

pytestmark = pytest.mark.anyio
ADMIN = {"Authorization": f"Bearer {ADMIN_TOKEN}"}


@pytest.fixture
async def door(tmp_path) -> AsyncIterator[Door]:
    async with opened(tmp_path) as door:
        yield door


@pytest.fixture
async def document(door: Door) -> dict[str, Any]:
    async with door.client(headers=ADMIN) as client:
        answer = await client.get("/openapi.json")
        found: dict[str, Any] = answer.json()
        return found


async def test_it_is_a_document_of_its_kind(document: dict[str, Any]) -> None:
    schemathesis.openapi.from_dict(document).validate()
    names = document["components"]["schemas"].keys()
    referred = re.findall(r"'#/components/schemas/([^']*)'", str(document))
    assert set(referred) <= names
    assert {"CameraConfig", "NewCamera", "CameraChanges", "Problem"} <= names


async def test_every_operation_says_what_it_does_and_what_may_go_wrong(document: dict[str, Any]) -> None:
    ways = document["components"]["securitySchemes"].keys()
    tags = {tag["name"] for tag in document["tags"]}
    for path, item in document["paths"].items():
        found = find(path)
        assert found is not None
        for method, operation in item.items():
            here = (method, path)
            assert operation["summary"], here
            assert operation["description"], here
            assert set(operation["tags"]) <= tags, here
            assert all(set(way) <= ways for way in operation["security"]), here
            is_open = found.rule.who(method.upper()) == "open"
            assert (operation["security"] == []) == is_open, here
            assert ({QUERY: []} in operation["security"]) == found.rule.addressed, here
            expected = {"400", "503"} if is_open else {"400", "401", "403", "503"}
            if "requestBody" in operation:
                expected.add("413")
            if "{" in path:
                expected.add("404")
            assert expected <= operation["responses"].keys(), here


async def test_a_path_tells_all_of_its_methods(door: Door) -> None:
    async with door.client(headers=ADMIN) as client:
        answer = await client.delete("/api/cameras")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
        assert answer.json()["detail"] == "expected GET"


async def test_the_page_needs_nothing_from_elsewhere(door: Door, document: dict[str, Any]) -> None:
    async with door.client(headers=ADMIN) as client:
        page = await client.get("/docs")
    assert page.status_code == 200
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert "<script" not in page.text
    assert set(re.findall(r'(?:src|href)="([^"#][^"]*)"', page.text)) == {"data:,", "openapi.json"}
    for path, item in document["paths"].items():
        for method in item:
            assert f"<b>{method.upper()}</b> <code>{path}</code>" in page.text
    for linked in re.findall(r'href="#([^"]*)"', page.text):
        assert f'id="{linked}"' in page.text
