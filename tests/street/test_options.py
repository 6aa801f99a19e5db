"""Addresses of the simulated street: what is understood, and what each mistake is told."""

import pytest

from streamer.capture.street.options import Span, StreetOptions


def test_an_address_without_options_gives_the_defaults() -> None:
    assert StreetOptions.from_url("sim://street") == StreetOptions(0, 15.0, 1280, 720, 6, 1, True)


def test_every_option_is_taken_from_the_address() -> None:
    url = "sim://street?seed=7&fps=12.5&size=640x480&people=9&kinds=3&realtime=0"
    assert StreetOptions.from_url(url) == StreetOptions(7, 12.5, 640, 480, 9, 3, False)
    more = "sim://street?parked=2&parked_from=10.5&parked_until=60&crowd=4&night=1&rain=1&mirror=1"
    assert StreetOptions.from_url(more) == StreetOptions(
        parked=2, parked_from=10.5, parked_until=60.0, crowd=4, night=True, rain=True, mirror=True
    )
    trouble = "sim://street?loss=0.01&gop=1&covered=10-20&frozen=30-40.5&blurred=50-60"
    assert StreetOptions.from_url(trouble) == StreetOptions(
        loss=0.01, gop=1.0, covered=Span(10, 20), frozen=Span(30, 40.5), blurred=Span(50, 60)
    )


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sim://beach", "simulated camera: expected sim://street?OPTIONS, received sim://beach"),
        ("sim://street/a", "simulated camera: expected sim://street?OPTIONS, received sim://street/a"),
        (
            "sim://street?person=3",
            "street option person: expected one of seed, fps, size, people, kinds, realtime, parked, "
            "parked_from, parked_until, crowd, night, rain, mirror, loss, gop, covered, frozen, blurred, "
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
        ("sim://street?parked=7", "street option parked: expected 0 to 6, received 7"),
        (
            "sim://street?parked_from=5",
            "street option parked_from: expected a parked car, received parked=0",
        ),
        (
            "sim://street?parked=1&parked_from=9&parked_until=9",
            "street option parked_until: expected more than parked_from=9, received 9",
        ),
        (
            "sim://street?parked=1&parked_from=soon",
            "street option parked_from: expected seconds such as 20 or 12.5, received 'soon'",
        ),
        ("sim://street?crowd=0", "street option crowd: expected 1 to 8, received 0"),
        ("sim://street?night=dark", "street option night: expected 0 or 1, received 'dark'"),
        ("sim://street?loss=1.5", "street option loss: expected 0 to 1, received 1.5"),
        ("sim://street?loss=1%25", "street option loss: expected a share such as 0.01, received '1%'"),
        ("sim://street?gop=0", "street option gop: expected 0.1 to 60, received 0"),
        (
            "sim://street?covered=10",
            "street option covered: expected START-END in seconds such as 10-20, received '10'",
        ),
        (
            "sim://street?frozen=20-10",
            "street option frozen: expected a start before its end, received 20-10",
        ),
        ("sim://street?people=٣", "street option people: expected a whole number, received '٣'"),
    ],
)
def test_a_wrong_option_is_named_with_what_was_expected(url: str, message: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the whole message is compared
        StreetOptions.from_url(url)
    assert str(raised.value) == message
