"""Addresses of the simulated street: what is understood, and what each mistake is told."""

import pytest

from streamer.capture.street.options import StreetOptions


def test_an_address_without_options_gives_the_defaults() -> None:
    assert StreetOptions.from_url("sim://street") == StreetOptions(0, 15.0, 1280, 720, 6, 1, True)


def test_every_option_is_taken_from_the_address() -> None:
    url = "sim://street?seed=7&fps=12.5&size=640x480&people=9&kinds=3&realtime=0"
    assert StreetOptions.from_url(url) == StreetOptions(7, 12.5, 640, 480, 9, 3, False)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sim://beach", "simulated camera: expected sim://street?OPTIONS, received sim://beach"),
        ("sim://street/a", "simulated camera: expected sim://street?OPTIONS, received sim://street/a"),
        (
            "sim://street?person=3",
            "street option person: expected one of seed, fps, size, people, kinds, realtime, "
            "received person=3",
        ),
        ("sim://street?seed=x", "street option seed: expected a whole number, received 'x'"),
        ("sim://street?seed=", "street option seed: expected a whole number, received ''"),
        ("sim://street?seed=-1", f"street option seed: expected 0 to {2**63 - 1}, received -1"),
        ("sim://street?seed=1&seed=2", "street option seed: expected once, received again with '2'"),
        (
            "sim://street?size=64x64&size=64x64",
            "street option size: expected once, received again with '64x64'",
        ),
        ("sim://street?fps=fast", "street option fps: expected a number such as 15 or 12.5, received 'fast'"),
        ("sim://street?fps=nan", "street option fps: expected a number such as 15 or 12.5, received 'nan'"),
        ("sim://street?fps=0", "street option fps: expected more than 0 and at most 240, received 0"),
        (
            "sim://street?size=720p",
            "street option size: expected WIDTHxHEIGHT such as 1280x720, received '720p'",
        ),
        (
            "sim://street?size=9999x720",
            "street option size: expected sides of 64 to 4096 pixels, received 9999x720",
        ),
        ("sim://street?people=65", "street option people: expected 0 to 64, received 65"),
        ("sim://street?kinds=0", "street option kinds: expected 1 to 4, received 0"),
        ("sim://street?realtime=yes", "street option realtime: expected 0 or 1, received 'yes'"),
        ("sim://street?people=٣", "street option people: expected a whole number, received '٣'"),
    ],
)
def test_a_wrong_option_is_named_with_what_was_expected(url: str, message: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the whole message is compared
        StreetOptions.from_url(url)
    assert str(raised.value) == message
