"""A camera, pictures labelled by keyboard, a classifier that is promoted, seen in events, and rolled back."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from playwright.sync_api import Page, expect
from system.chromium import Chromium, chromium
from system.serving import Service, serving, until, write_config

__all__ = ["chromium"]

COURIER, NEIGHBOUR = "courier", "neighbour"
KEYS = {COURIER: "1", NEIGHBOUR: "2"}
LABELLED = 60
SEEN = 40
VEST = 0.02
"""A courier of the street wears a vest, whose yellow is so much of a crop that shows them well, at least."""
BARE = 0.0002
LEAST_PX = 80


@pytest.mark.soak
@pytest.mark.skipif(
    not os.environ.get("SIGHTLINE_SOAK"),
    reason="trains twice; tests/pages/test_train.py and test_label.py are its short form",
)
def test_the_whole_loop(tmp_path: Path, chromium: Chromium) -> None:
    camera = {"source": "sim://street?seed=3&people=8&kinds=2", "collect": {}}
    with serving("run", write_config(tmp_path, {"gate": camera}), folder=tmp_path) as service:
        for name in KEYS:
            httpx.post(f"{service.url}/api/classes", json={"name": name})
        until(lambda: service.get("/api/samples").json()["total"] > 2 * LABELLED, 240)
        with chromium.page(f"{service.url}/label") as page:
            said = label_by_keyboard(page, service)
        assert min(list(said.values()).count(name) for name in KEYS) >= 15
        assert trained(service, name="walkers")["said"].startswith("walkers@1 serves now")
        change = {"classifiers": [{"model": "walkers", "on": ["person"]}]}
        etag = service.get("/api/cameras/gate/options").headers["etag"]
        answer = httpx.patch(
            f"{service.url}/api/cameras/gate", json=change, headers={"If-Match": etag}, timeout=120
        )
        assert answer.status_code == 200, answer.text
        right, seen = judged(service)
        print(f"{right} of {seen} events carry the right sub_label")
        assert right / seen >= 0.9
        assert service.series("sightline_frames_dropped_total", camera="gate", reason="error") == 0
        trained(service, name="walkers", seed=1, promote="always")
        with chromium.page(f"{service.url}/models") as page:
            expect(page.locator(".model h2")).to_contain_text("version 2 serves")
            page.get_by_role("button", name="Roll back").click()
            expect(page.locator(".model h2")).to_contain_text("version 1 serves")
        assert service.get("/api/models/walkers").json()["serving"] == "1"
        assert judged(service)[1] == SEEN


def label_by_keyboard(page: Page, service: Service) -> dict[str, str]:
    """Say of pictures what they show, those that show nothing clear aside."""
    said: dict[str, str] = {}
    page.wait_for_function("document.querySelector('sightline-labels')?.here")
    page.locator(".stage").focus()
    while len(said) < LABELLED:
        here = page.evaluate("document.querySelector('sightline-labels').here.id")
        kind = truth(service.get(f"/api/samples/{here}/crop.jpg").content)
        page.keyboard.press(KEYS[kind] if kind else "s")
        if kind:
            said[here] = kind
    expect(page.locator(".progress")).to_have_text(re.compile(f"^{LABELLED} done"))
    expect(page.locator("sightline-labels:not([data-unsaved])")).to_have_count(1, timeout=60_000)
    kept = service.get("/api/samples", labelled="true", limit=500).json()["items"]
    assert {each["id"]: each["human_label"] for each in kept} == said
    return said


def truth(crop: bytes) -> str | None:
    """Who a crop shows; None where that is not clear."""
    image = cv2.imdecode(np.frombuffer(crop, np.uint8), cv2.IMREAD_COLOR)
    if image.shape[0] < LEAST_PX:
        return None
    image = cv2.cvtColor(image, cv2.COLOR_BGR2HSV)
    vest = cv2.inRange(image, np.array([25, 150, 150]), np.array([38, 255, 255])).mean() / 255
    return COURIER if vest >= VEST else NEIGHBOUR if vest <= BARE else None


def trained(service: Service, **wish: Any) -> dict[str, Any]:
    """A training, once it is done."""
    asked = httpx.post(f"{service.url}/api/trainings", json={"labels": [*KEYS], **wish}, timeout=60)
    place = f"/api/trainings/{asked.json()['id']}"

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = service.get(place).json()
        return None if found["state"] in ("queued", "running") else found

    found = until(look, 300)
    assert found is not None
    assert found["state"] == "done", found["said"]
    return found


def judged(service: Service) -> tuple[int, int]:
    """Of the next events that end and show clearly whom: how many say so, and how many there are."""
    began = service.events(limit=1)[0]["started_at"].replace("+", "%2B")
    looked: dict[str, bool] = {}

    def look() -> bool:
        for each in service.events(state="ended", **{"from": began}):
            if each["id"] in looked or each["sub_label"] is None:
                continue
            kind = truth(service.get(f"/api/events/{each['id']}/crop.jpg").content)
            if kind is not None and len(looked) < SEEN:
                looked[each["id"]] = kind == each["sub_label"]
        return len(looked) == SEEN

    until(look, 300)
    return sum(looked.values()), len(looked)
