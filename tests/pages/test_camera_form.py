"""What is typed into the form of a camera, as the configuration says it; no browser is needed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.config.overlay import laid_over
from streamer.pages.draft import Draft, by_field
from streamer.pages.naming import suggested, wrong_name
from streamer.pages.scene import Box, box_of, mask_at

OPTIONS: dict[str, Any] = {
    "source": {"main": "rtsp://h/1", "sub": "rtsp://h/2"},
    "username": "viewer",
    "password": "**********",
    "enabled": True,
    "detector": "default",
    "detect": {"enabled": True, "fps": 5.0, "labels": ["person"]},
    "title": "Gate",
}
texts = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=8).map(str.strip)
drafts = st.builds(
    Draft,
    title=texts,
    enabled=st.booleans(),
    main=texts.filter(bool),
    sub=texts,
    username=texts,
    detects=st.booleans(),
    detector=texts,
    fps=st.integers(0, 200).map(str),
)


def merged(options: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in laid_over(options, patch).items() if value is not None}


@given(drafts)
def test_a_patch_makes_of_the_options_what_was_typed(draft: Draft) -> None:
    patch = draft.patch(Draft.of(OPTIONS))
    assert Draft.of(merged(OPTIONS, patch)) == draft
    assert merged(OPTIONS, patch)["detect"]["labels"] == ["person"]


def test_what_was_not_touched_is_not_said() -> None:
    draft = Draft.of(OPTIONS)
    assert draft.patch(draft) == {}
    assert replace(draft, fps="2,5").patch(draft) == {"detect": {"fps": 2.5}}
    assert replace(draft, password="new").patch(draft) == {"password": "new"}
    assert replace(draft, username="").patch(draft) == {"username": None, "password": None}
    assert replace(draft, sub=" ").patch(draft) == {"source": "rtsp://h/1"}


@given(before=drafts, mine=drafts, newer=drafts)
def test_my_changes_over_theirs_leave_what_i_did_not_touch(before: Draft, mine: Draft, newer: Draft) -> None:
    both = mine.over(before, newer)
    touched = mine.changed(before)
    assert both.changed(newer) <= touched
    assert both.changed(mine) & touched == set()


def test_what_is_wrong_stands_at_its_field() -> None:
    refusal = (
        "cameras.gate.detect.fps: expected a number, received 'often'\n"
        "cameras.gate.source.sub: expected at least 1 character, received ''\n"
        "cameras.gate.source: expected a path\n"
        "cameras.gate.zones.porch: lies behind masks\n"
        "the service is starting"
    )
    assert by_field(refusal, "gate") == {
        "fps": "Expected a number, received 'often'.",
        "sub": "Something has to stand here.",
        "main": "Expected a path.",
        "": "Cameras.gate.zones.porch: lies behind masks.\nThe service is starting.",
    }


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("rtsp://viewer:hush@front-door.local:554/stream1", "front-door"),
        ("rtsp://viewer:a@hush@192.168.1.20/stream1", "camera"),
        ("rtsp://[fe80::1]:554/x", "camera"),
        ("http://Küche.lan/video.mjpg", "kuche"),
        ("/dev/video2", "webcam"),
        ("webcam://0", "webcam"),
        ("/videos/Back Yard.mp4", "back-yard"),
        ("file:///videos/hall%20one.mkv", "hall-one"),
        ("sim://street?seed=1", "street-2"),
        ("", "camera"),
    ],
)
def test_names_that_are_suggested(address: str, name: str) -> None:
    assert suggested(address, {"street", "gate"}) == name


@given(address=st.text(max_size=60), taken=st.sets(st.sampled_from(["camera", "camera-2", "webcam"])))
def test_a_suggested_name_can_be_one(address: str, taken: set[str]) -> None:
    assert wrong_name(suggested(address, taken), taken) == ""


shares = st.floats(-0.5, 1.5)


@given(st.tuples(shares, shares, shares, shares))
def test_a_box_in_an_address_lies_within_the_picture(corners: Box) -> None:
    found = box_of(mask_at(corners))
    if found is not None:
        x1, y1, x2, y2 = found
        assert 0 <= x1 < x2 <= 1
        assert 0 <= y1 < y2 <= 1
        assert box_of(mask_at(found)) == pytest.approx(found, abs=1e-4)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1,2",
        "a,b,c,d",
        "0,0,0,0",
        "0.5,0.5,0.4,0.6",
        "nan,0,1,1",
        "0,0,inf,1",
        "2,2,3,3",
        ",,,",
        "<b>,1,2,3",
    ],
)
def test_what_is_no_box_begins_no_mask(text: str) -> None:
    assert box_of(text) is None
