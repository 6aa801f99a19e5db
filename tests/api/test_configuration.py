"""What is configured, asked for while the service runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest
from access.door import ADMIN_TOKEN, VIEWER_TOKEN, token
from system.serving import Service, serving

from streamer.access.accounts import Accounts

STREET: Final = "sim://street?size=160x90&fps=1"
FILE: Final = """\
detect: {enabled: false}
cameras:
  gate: {source: "sim://street?size=160x90&fps=1"}
  yard:
    source: whip://
    detect: {fps: 2}
  coy: {source: "rtsp://viewer:hush@127.0.0.1:9/x"}
  shy: {source: "rtsp://127.0.0.1:9/x", username: viewer, password: "${SECRET}"}
http: {token: hush-hush-hush}
webrtc:
  ice_servers: [{urls: "turn:127.0.0.1:9", username: us, credential: hush}]
"""


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("configured")
    (folder / "c.yaml").write_text(FILE)
    data = folder / "sightline-data"
    data.mkdir()
    accounts = Accounts.of(data)
    accounts.open()
    accounts.add(token("script", ADMIN_TOKEN, "admin"))
    accounts.add(token("wall", VIEWER_TOKEN))
    accounts.close()
    with serving("run", "c.yaml", folder=folder, environment={"SECRET": "hush"}) as running:
        yield running


def configured(service: Service, **query: Any) -> dict[str, Any]:
    answer = httpx.get(f"{service.url}/api/config", params=query, headers=bearer(ADMIN_TOKEN))
    assert answer.status_code == 200, answer.text
    assert "hush" not in answer.text
    found: dict[str, Any] = answer.json()
    return found


def at(config: dict[str, Any], pointer: str) -> Any:
    """The value at a JSON Pointer."""
    value: Any = config
    for part in pointer.split("/")[1:]:
        value = value[part.replace("~1", "/").replace("~0", "~")]
    return value


def test_every_value_has_its_origin_and_no_secret_is_shown(service: Service) -> None:
    whole = configured(service)
    origins = whole["origins"]
    assert origins["/cameras/gate/source"] == "c.yaml:3"
    assert origins["/cameras/gate/detect/enabled"] == "c.yaml:1"
    assert origins["/cameras/gate/detect/fps"] == "default"
    assert origins["/http/port"] == "command line"
    assert at(whole["config"], "/cameras/coy/source") == "rtsp://***@127.0.0.1:9/x"
    assert at(whole["config"], "/cameras/shy/password") == at(whole["config"], "/http/token") == "**********"
    for pointer in origins:
        at(whole["config"], pointer)
    said = configured(service, said=True)
    assert said["origins"] == {place: origin for place, origin in origins.items() if origin != "default"}


def test_what_was_changed_while_it_runs_is_in_it(service: Service) -> None:
    for name, options in (("yard", {"detect": {"fps": 3}, "title": "A/~b"}), ("gate", {"enabled": False})):
        url = f"{service.url}/api/cameras/{name}"
        assert httpx.patch(url, json=options, headers=bearer(ADMIN_TOKEN)).status_code == 200
    new = {"name": "new", "source": STREET, "zones": {"porch": {"polygon": [[0, 0], [1, 0], [1, 1]]}}}
    added = httpx.post(f"{service.url}/api/cameras", json=new, headers=bearer(ADMIN_TOKEN))
    assert added.status_code == 201
    found = configured(service)
    assert at(found["config"], "/cameras/yard/detect/fps") == 3
    for place in ("yard/detect/fps", "yard/title", "gate/enabled", "new/source", "new/zones/porch/polygon"):
        assert found["origins"][f"/cameras/{place}"].startswith("sightline-data/settings.yaml:"), place
    assert found["origins"]["/cameras/yard/source"] == "c.yaml:5"
    assert found["origins"]["/http/port"] == "command line"


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ({}, {}, 401),
        (bearer(VIEWER_TOKEN), {}, 403),
        (bearer(ADMIN_TOKEN), {"other": "1"}, 422),
        (bearer(ADMIN_TOKEN), {"said": "perhaps"}, 422),
    ],
)
def test_only_admins_are_told(
    service: Service, headers: dict[str, str], query: dict[str, str], status: int
) -> None:
    answer = httpx.get(f"{service.url}/api/config", params=query, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
