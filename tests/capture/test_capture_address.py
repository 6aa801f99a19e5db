"""Addresses: what libav opens, and that nobody reads a password."""

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from streamer.capture.address import parse, redacted
from streamer.config.tree import CameraConfig
from streamer.errors import ConfigError


def address_of(source: str, username: str | None = None, password: str | None = None):  # type: ignore[no-untyped-def]
    secret = None if password is None else SecretStr(password)
    return parse(CameraConfig(source=source, username=username, password=secret))


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("rtsp://admin:pw@cam.lan:554/live", "rtsp://cam.lan:554/live"),
        ("rtsp://admin:p@ss@cam/live", "rtsp://cam/live"),
        ("rtsp://admin:p#s/s@cam/live", "rtsp://cam/live"),
        ("rtsp://cam/live?user=admin&password=pw", "rtsp://cam/live"),
        (
            "rtsp://cam:554/user=admin_password=pw_channel=1.sdp",
            "rtsp://cam:554/user=***_password=***_channel=1.sdp",
        ),
        ("HTTP://u:pw@[fe80::1]:80/video.mjpg#pw", "HTTP://[fe80::1]:80/video.mjpg"),
        ("sim://street", "sim://street"),
        ("/videos/street@home.mp4", "/videos/street@home.mp4"),
    ],
)
def test_credentials_are_not_shown(source: str, shown: str) -> None:
    assert redacted(source) == shown
    assert "pw" not in shown


@given(st.text(min_size=1).filter(lambda text: text.isprintable()), st.text(min_size=1))
def test_any_password_beside_the_address_arrives_whole_and_stays_secret(username: str, password: str) -> None:
    address = address_of("rtsp://cam.lan:8554/live?x=1", username, password)
    parts = urlsplit(address.opened)
    assert (parts.hostname, parts.port, parts.path, parts.query) == ("cam.lan", 8554, "/live", "x=1")
    assert unquote(parts.username or "") == username
    assert unquote(parts.password or "") == password
    assert address.shown == "rtsp://cam.lan:8554/live"
    assert address.opened not in repr(address)


def test_credentials_in_the_address_stay_as_they_are() -> None:
    address = address_of("rtsp://admin:p%23w@cam/live")
    assert address.opened == "rtsp://admin:p%23w@cam/live"
    assert address.host == "cam"


def test_credentials_beside_the_address_win() -> None:
    assert address_of("rtsp://old:old@cam/live", "new", "a:b").opened == "rtsp://new:a%3Ab@cam/live"


@pytest.mark.parametrize(
    ("source", "scheme", "opened"),
    [
        ("webcam://0", "v4l2", "/dev/video0"),
        ("webcam://", "v4l2", "/dev/video0"),
        ("/dev/video3", "v4l2", "/dev/video3"),
        ("file:///a/b%20c.mp4", "file", "/a/b c.mp4"),
        ("clips/a.mp4", "file", "clips/a.mp4"),
        ("sim://street?seed=1", "sim", "sim://street?seed=1"),
        ("rtsps://cam", "rtsps", "rtsps://cam"),
    ],
)
def test_kinds_of_addresses(source: str, scheme: str, opened: str) -> None:
    address = address_of(source)
    assert (address.scheme, address.opened) == (scheme, opened)


@pytest.mark.parametrize(
    "source",
    ["rtsp://", "rtsp:///live", "http://user:pw@/x", "rtsp://u:sec/ret@cam/live", "rtsp://cam:port/x"],
)
def test_an_address_without_host_is_told_without_its_password(source: str) -> None:
    with pytest.raises(ConfigError) as told:
        address_of(source)
    assert "expected" in str(told.value)
    assert "pw" not in str(told.value)
    assert "sec" not in str(told.value)
    assert "ret" not in str(told.value).replace("expected", "")
