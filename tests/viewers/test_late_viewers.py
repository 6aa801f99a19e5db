"""Viewers that never arrive, and those that vanish: they are noticed, and nothing of them is kept."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import httpx
import pytest
from system.footage import film
from system.serving import Service, serving, until, write_config
from viewers.whep_viewer import PATIENCE_S, SDP, offer_text

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(400)]
OFFERS: Final = 1000 if os.environ.get("SIGHTLINE_SOAK") else 300
CLIENTS: Final = 20
FAST: Final = "sim://street?seed=5&size=320x180&fps=30&people=1"
"""So many pictures that one who does not connect in time misses some."""
VANISHING: Final = Path(__file__).with_name("vanishing_viewer.py")


@pytest.fixture(scope="module")
def fast_footage(tmp_path_factory):
    return film(tmp_path_factory.mktemp("fast") / "street.mp4", 5, FAST)


@pytest.fixture
def service(fast_footage, tmp_path):
    config = write_config(tmp_path, {"street": {"source": str(fast_footage)}})
    with serving("run", config, folder=tmp_path) as service:
        service.until_state("street", "live")
        yield service


def viewers(service: Service) -> int:
    return service.cameras()["street"]["viewers"]


def post(service: Service, offer: str) -> httpx.Response:
    return httpx.post(f"{service.url}/whep/street", content=offer, headers=SDP, timeout=60)


async def test_who_never_connects_is_forgotten(service):
    offer = await offer_text()
    service.whole()
    assert post(service, "v=0").status_code == 400
    files = service.descriptors()
    answers = [post(service, offer).status_code for _ in range(20)]
    assert answers == [201] * 20
    assert service.descriptors() > files
    until(lambda: viewers(service) == 0)
    until(lambda: service.descriptors() <= files)
    assert service.series("sightline_viewer_units_skipped_total", camera="street") > 0
    assert post(service, offer).status_code == 201
    assert "Traceback" not in service.log, service.log


async def test_who_vanishes_without_a_word_is_noticed(service):
    # A killed process says nothing; only that nobody answers for it any more (RFC 7675).
    process = subprocess.Popen(
        [sys.executable, VANISHING, service.url, "street"], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "watching\n"
        assert viewers(service) == 1
        process.kill()
    until(lambda: viewers(service) == 0)
    assert "Traceback" not in service.log, service.log


async def test_a_flood_of_offers_is_answered_or_sent_away(service, capsys):
    offer = await offer_text()
    service.whole()
    assert post(service, "v=0").status_code == 400
    files, began = service.descriptors(), time.monotonic()
    answers: list[httpx.Response] = []
    done = threading.Event()
    with ThreadPoolExecutor(CLIENTS + 1) as clients:
        asking = clients.submit(_waits_s, service.url, done)
        offering = [clients.submit(_answers, service.url, offer) for _ in range(CLIENTS)]
        answers = [answer for each in offering for answer in each.result()]
        done.set()
        waits_s = sorted(asking.result())
    took_s = time.monotonic() - began
    taken = [each for each in answers if each.status_code == 201]
    refused = [each for each in answers if each.status_code == 503]
    assert len(taken) + len(refused) == OFFERS
    assert taken
    assert all(each.headers["retry-after"] for each in refused)
    with capsys.disabled():
        print(
            f"\n{OFFERS} offers in {took_s:.1f} s, {len(taken)} taken; health answered {len(waits_s)} times,"
            f" median {waits_s[len(waits_s) // 2] * 1000:.0f} ms, longest {waits_s[-1] * 1000:.0f} ms",
            end="",
        )
    until(lambda: viewers(service) == 0)
    until(lambda: service.descriptors() <= files)
    assert "Traceback" not in service.log, service.log


def _answers(url: str, offer: str) -> list[httpx.Response]:
    """To one client's share of all offers."""
    with httpx.Client(base_url=url, timeout=PATIENCE_S, verify=False) as http:
        return [http.post("/whep/street", content=offer, headers=SDP) for _ in range(OFFERS // CLIENTS)]


def _waits_s(url: str, done: threading.Event) -> list[float]:
    """How long the service takes to say that it is well, again and again."""
    waits_s = []
    with httpx.Client(base_url=url, timeout=PATIENCE_S, verify=False) as http:
        while not done.wait(0.01):
            began = time.monotonic()
            assert http.get("/healthz").status_code == 200
            waits_s.append(time.monotonic() - began)
    return waits_s
