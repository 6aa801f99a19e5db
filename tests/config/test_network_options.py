"""How live video reaches viewers and who may watch: what is read, and what is told of wrong values."""

from __future__ import annotations

from typing import Final

import pytest

from streamer.config.file import parse
from streamer.errors import ConfigError

A: Final = "cameras:\n  a:\n    source: x\n"
PORTS: Final = "c.yaml:4: webrtc.udp_ports: expected ports like 50000-50100, received"
ADDRESS: Final = "expected an address like 203.0.113.7, received"
SERVER: Final = (
    "c.yaml:4: webrtc.ice_servers.0.urls.0: expected an address like stun:example.org:3478, received"
)
ORIGIN: Final = "c.yaml:4: http.origins.0: expected an origin like https://example.org, received"
TOKEN: Final = (
    "c.yaml:4: http.token: expected at least 8 characters of ASCII without spaces, received a value that is "
    "not shown"
)
LOGIN: Final = (
    "c.yaml:4: webrtc.ice_servers.0: expected username and credential of a TURN server, received none"
)

BAD: Final = {
    "webrtc: {udp_ports: 70000-80000}": f"{PORTS} '70000-80000'",
    "webrtc: {udp_ports: any}": f"{PORTS} 'any'",
    "webrtc: {udp_ports: 0}": f"{PORTS} 0",
    "webrtc: {udp_ports: 50000-}": f"{PORTS} '50000-'",
    "webrtc: {udp_ports: 1.5}": f"{PORTS} 1.5",
    "webrtc: {udp_ports: yes}": f"{PORTS} true",
    "webrtc: {udp_ports: [1, 2]}": f"{PORTS} [1, 2]",
    "webrtc: {udp_ports: 50100-50000}": (
        "c.yaml:4: webrtc.udp_ports: expected the lower port first, received 50100-50000"
    ),
    "webrtc: {advertise: [example.org]}": f"c.yaml:4: webrtc.advertise.0: {ADDRESS} 'example.org'",
    "webrtc: {advertise: [203.0.113.7/24]}": f"c.yaml:4: webrtc.advertise.0: {ADDRESS} '203.0.113.7/24'",
    "webrtc: {advertise: [1.1.1.1, 0.0.0.0]}": f"c.yaml:4: webrtc.advertise.1: {ADDRESS} '0.0.0.0'",
    "webrtc: {advertise: [239.0.0.1]}": f"c.yaml:4: webrtc.advertise.0: {ADDRESS} '239.0.0.1'",
    "webrtc: {advertise: [5]}": f"c.yaml:4: webrtc.advertise.0: {ADDRESS} 5",
    "webrtc: {ice_servers: [{urls: http://x}]}": f"{SERVER} 'http://x'",
    "webrtc: {ice_servers: [{urls: stun:x:99999}]}": f"{SERVER} 'stun:x:99999'",
    "webrtc: {ice_servers: [{urls: 'turn:me:secret5@x:3478'}]}": f"{SERVER} a value that is not shown",
    "webrtc: {ice_servers: [{urls: []}]}": (
        "c.yaml:4: webrtc.ice_servers.0.urls: expected at least 1 item, received []"
    ),
    "webrtc: {ice_servers: [{urls: turn:x}]}": LOGIN,
    "webrtc: {ice_servers: [{urls: turns:x, username: u}]}": LOGIN,
    "webrtc: {ice_servers: [{urls: turn:x, username: u, credential: secrét5}]}": (
        "c.yaml:4: webrtc.ice_servers.0: expected username and credential in printable ASCII, received others"
    ),
    "webrtc: {ice_servers: [{urls: turn:x, credential: [secret5]}]}": (
        "c.yaml:4: webrtc.ice_servers.0.credential: expected text, received a value that is not shown"
    ),
    "webrtc: {max_viewers: 0}": "c.yaml:4: webrtc.max_viewers: expected at least 1, received 0",
    "webrtc: {max_viewers: true}": "c.yaml:4: webrtc.max_viewers: expected a number, received true",
    "webrtc: {bitrate: 0}": "c.yaml:4: webrtc.bitrate: expected more than 0, received 0",
    "webrtc: {port: 1}": (
        "c.yaml:4: webrtc.port: expected one of ice_servers, udp_ports, advertise, max_viewers, bitrate; "
        "received 'port' (did you mean 'udp_ports'?)"
    ),
    "http: {token: secret5}": TOKEN,
    "http: {token: 'secret 5 with spaces'}": TOKEN,
    "http: {token: 'sécrét55'}": TOKEN,
    "http: {token: 12345678}": "c.yaml:4: http.token: expected text, received a value that is not shown",
    "http: {origins: [example.org]}": f"{ORIGIN} 'example.org'",
    "http: {origins: ['*']}": f"{ORIGIN} '*'",
    "http: {origins: [https://example.org/]}": f"{ORIGIN} 'https://example.org/'",
    "http: {origins: ['https://example.org:99999']}": f"{ORIGIN} 'https://example.org:99999'",
    "http: {origins: ['https://u:secret5@x']}": f"{ORIGIN} a value that is not shown",
    "http: {origins: [5]}": "c.yaml:4: http.origins.0: expected text, received 5",
}


@pytest.mark.parametrize("text", BAD)
def test_a_wrong_value_is_told_with_its_line(text):
    with pytest.raises(ConfigError) as caught:
        parse(A + text, "c.yaml", {})
    assert str(caught.value) == BAD[text]
    assert "secret" not in str(caught.value)


def test_what_a_server_behind_a_router_says():
    text = (
        "webrtc:\n  udp_ports: 50000-50100\n  advertise: [203.0.113.7, '2001:DB8::7']\n"
        "  ice_servers: [{urls: [stun:x, 'turn:y:3478?transport=tcp'], username: u, credential: p}]\n"
    )
    config = parse(A + text, "c.yaml", {}).webrtc
    assert config.udp_ports == (50000, 50100)
    assert config.advertise == ("203.0.113.7", "2001:db8::7")
    assert config.ice_servers[0].urls == ("stun:x", "turn:y:3478?transport=tcp")


def test_one_may_stand_for_a_list_and_one_port_for_a_range():
    text = (
        A + "webrtc: {udp_ports: 50000, advertise: 203.0.113.7}\nhttp: {origins: https://Example.org:443}\n"
    )
    config = parse(text, "c.yaml", {})
    assert config.webrtc.udp_ports == (50000, 50000)
    assert config.webrtc.advertise == ("203.0.113.7",)
    # Browsers say origins in lower case, and without the usual port.
    assert config.http.origins == ("https://example.org",)
