"""A viewer who reaches us only through ports that a router or a container's host passes on."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from system.serving import Service, until, write_config
from viewers.impatient_service import IMPATIENT
from viewers.namespaces import SERVICE, VIEWER, Network, forwarding, inside, network
from viewers.relay import relaying
from viewers.whep_viewer import PATIENCE_S, SDP

PORTS: Final = range(50000, 50004)
PIPED: Final = Path(__file__).with_name("piped_viewer.py")
FRAMES: Final = 5
LINK: Final = re.compile(
    r'<(turn:[^>]+)>; rel="ice-server"; username="(.+)"; credential="(.+)"; credential-type="password"'
)


@contextmanager
def service_behind(place: Network, folder: Path, footage: Path, **webrtc: Any) -> Iterator[Service]:
    """The service in its namespace."""
    config = write_config(
        folder,
        {"street": {"source": str(footage)}},
        http={"host": place.service, "insecure": True},
        webrtc={"udp_ports": f"{PORTS[0]}-{PORTS[-1]}", **webrtc},
    )
    command = [*inside(SERVICE), *IMPATIENT, "run", config, "--port", "0"]
    with (folder / "stderr").open("wb") as err, (folder / "stdout").open("wb") as out:
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
    service = Service(process, folder)
    try:
        until(service.find_url)
        service.until_state("street", "live")
        yield service
    finally:
        service.kill()


def watched(service: Service, *servers: str) -> str:
    """What a viewer in its namespace saw: the number of its pictures, or nothing."""
    command = [*inside(VIEWER), sys.executable, PIPED, str(FRAMES), *servers]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            offer = json.loads(process.stdout.readline())
            answer = httpx.post(f"{service.url}/whep/street", content=offer, headers=SDP, timeout=PATIENCE_S)
            assert answer.status_code == 201, answer.text
            process.stdin.write(json.dumps(answer.text) + "\n")
            process.stdin.flush()
            # Who is not reached within the time that a viewer has to connect is given up by the service.
            until(lambda: process.poll() is not None or service.cameras()["street"]["viewers"] == 0)
        finally:
            if process.poll() is None:
                process.kill()
        return process.stdout.read().strip()


@pytest.mark.timeout(300)
def test_a_viewer_sees_the_camera_through_forwarded_ports(footage: Path, tmp_path: Path) -> None:
    with (
        network() as place,
        forwarding(place, PORTS),
        service_behind(place, tmp_path, footage, advertise=[place.outside]) as service,
    ):
        assert watched(service) == str(FRAMES)


@pytest.mark.timeout(300)
def test_without_the_address_from_outside_there_is_no_way(footage: Path, tmp_path: Path) -> None:
    with (
        network() as place,
        forwarding(place, PORTS),
        service_behind(place, tmp_path, footage) as service,
    ):
        assert watched(service) == ""


@pytest.mark.timeout(300)
def test_without_any_way_the_service_sends_through_a_relay(footage: Path, tmp_path: Path) -> None:
    with (
        network() as place,
        relaying(tmp_path, asked_at=place.inside, seen_at=place.outside) as relay,
        service_behind(place, tmp_path, footage, ice_servers=[relay.server]) as service,
    ):
        assert watched(service) == str(FRAMES)
        until(relay.carried)


@pytest.mark.timeout(300)
def test_a_viewer_finds_its_relay_in_the_links(footage: Path, tmp_path: Path) -> None:
    with (
        network() as place,
        relaying(tmp_path, asked_at=place.outside, seen_at=place.inside) as relay,
        service_behind(place, tmp_path, footage, ice_servers=[relay.server]) as service,
    ):
        [link] = httpx.options(f"{service.url}/whep/street").headers.get_list("link")
        found = LINK.fullmatch(link)
        assert found is not None, link
        server = {"urls": found[1], "username": found[2], "credential": found[3]}
        assert server == relay.server
        assert watched(service, json.dumps(server)) == str(FRAMES)
        until(relay.carried)
