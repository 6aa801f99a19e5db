"""Secrets of addresses are hidden, and put back only for the place that they belong to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.config.secrecy import MASK, concealed, revealed

addresses = st.from_regex(
    r"(rtsp|http)://([a-z]{1,5}:[a-z@/#]{1,6}@)?[a-z]{1,6}(:[1-9][0-9]{1,3})?/[a-z/]{0,6}(\?(token|channel)=[a-z]{1,5})?",
    fullmatch=True,
)


@given(addresses)
def test_what_was_not_touched_is_as_it_was(address: str) -> None:
    assert revealed(concealed(address), address) == address


@given(addresses, addresses)
def test_another_place_is_told_nothing(one: str, other: str) -> None:
    typed = concealed(one)
    found = revealed(typed, other)
    assert found == typed or concealed(found) == typed


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("rtsp://***@h:554/two", "rtsp://u:p@h:554/two"),
        ("rtsp://***@h:554/one?token=***&channel=2", "rtsp://u:p@h:554/one?token=t&channel=2"),
        ("rtsp://v:q@h:554/one?token=***", "rtsp://v:q@h:554/one?token=t"),
        ("rtsp://***@evil:554/one?token=***", "rtsp://***@evil:554/one?token=***"),
        ("rtsp://***@h:555/one", "rtsp://***@h:555/one"),
        ("rtsp://***@evil/@h:554/one", "rtsp://***@evil/@h:554/one"),
        ("http://***@h:554/one", "http://***@h:554/one"),
        ("rtsp://h:554/other", "rtsp://h:554/other"),
        ("/videos/***.mp4", "/videos/***.mp4"),
    ],
)
def test_only_the_same_place_is_told(typed: str, found: str) -> None:
    assert MASK not in found or found == typed
    assert revealed(typed, "rtsp://u:p@h:554/one?token=t") == found
