"""What the whole service says of its HTTP interface: as a document for programs, and as a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from access.door import ADMIN_TOKEN
from system.serving import serving, write_config

from streamer.access.rules import find
from streamer.api.description import QUERY

ADMIN = {"Authorization": f"Bearer {ADMIN_TOKEN}"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """An admin of a service with all of its routes."""
    folder = tmp_path_factory.mktemp("described")
    config = write_config(folder, {"phone": {"source": "whip://"}}, http={"token": ADMIN_TOKEN})
    with (
        serving("run", config, folder=folder) as service,
        httpx.Client(base_url=service.url, headers=ADMIN, timeout=60) as client,
    ):
        yield client
        assert "Traceback" not in service.log, service.log


@pytest.fixture(scope="module")
def document(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def test_it_is_a_document_of_its_kind(document: dict[str, Any]) -> None:
    schemathesis.openapi.from_dict(document).validate()
    names = document["components"]["schemas"].keys()
    referred = re.findall(r"'#/components/schemas/([^']*)'", str(document))
    assert set(referred) <= names
    assert {"CameraConfig", "NewCamera", "CameraChanges", "Problem"} <= names


def test_every_operation_says_what_it_does_and_what_may_go_wrong(document: dict[str, Any]) -> None:
    ways = document["components"]["securitySchemes"].keys()
    tags = {tag["name"] for tag in document["tags"]}
    assert len(document["paths"]) > 30
    for path, item in document["paths"].items():
        found = find(path)
        assert found is not None
        for method, operation in item.items():
            here = (method, path)
            assert operation["summary"], here
            assert operation.get("description"), here
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


def test_a_path_tells_all_of_its_methods(client: httpx.Client) -> None:
    answer = client.delete("/api/cameras")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    assert answer.json()["detail"] == "expected GET or POST"


def test_the_page_needs_nothing_from_elsewhere(client: httpx.Client, document: dict[str, Any]) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert "<script" not in page.text
    assert set(re.findall(r'(?:src|href)="([^"#][^"]*)"', page.text)) == {"data:,", "openapi.json"}
    for path, item in document["paths"].items():
        for method in item:
            assert f"<b>{method.upper()}</b> <code>{path}</code>" in page.text
    for linked in re.findall(r'href="#([^"]*)"', page.text):
        assert f'id="{linked}"' in page.text
    for unfilled in ("{looks}", "{parts}", "{body}", "{about}"):
        assert unfilled not in page.text


def test_what_is_code_is_shown_as_code(client: httpx.Client) -> None:
    page = client.get("/docs").text
    shown = re.sub("<pre>.*?</pre>", "", page, flags=re.DOTALL)
    assert "`" not in shown
    assert "<code>sightline tokens add NAME</code> makes a token." in shown
