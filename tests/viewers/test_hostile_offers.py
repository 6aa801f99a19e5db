"""Offers and fragments that were tampered with: refused or answered, and never kept."""

from __future__ import annotations

import asyncio
import os
import re
from typing import Final

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from system.serving import descriptors
from viewers.on_air import on_air
from viewers.whep_viewer import SDP, TRICKLE, offer_text

pytestmark = pytest.mark.anyio

ANSWERS: Final = frozenset({201, 400, 413, 422})
EXAMPLES: Final = 400 if os.environ.get("SIGHTLINE_SOAK") else 100
DIGEST: Final = ":".join(f"{number:02X}" for number in range(32))
CHROME: Final = """v=0
o=- 4215775240449105457 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1 2
a=extmap-allow-mixed
a=msid-semantic: WMS
m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103
c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
a=candidate:1467250027 1 udp 2122260223 192.0.2.10 46243 typ host generation 0 network-id 1
a=candidate:1467250027 1 tcp 1518280447 192.0.2.10 9 typ host tcptype active generation 0
a=candidate:3 1 udp 1 6c1a2b70-0000-4000-8000-000000000000.local 40000 typ host
a=ice-ufrag:4ZcD
a=ice-pwd:2/1muCWoOi3uLifh0NuRHlgk
a=ice-options:trickle
a=fingerprint:sha-256 DIGEST
a=setup:actpass
a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid
a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
a=recvonly
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 nack pli
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
a=rtpmap:102 H264/90000
a=rtcp-fb:102 nack
a=rtcp-fb:102 nack pli
a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
a=rtpmap:103 rtx/90000
a=fmtp:103 apt=102
m=audio 9 UDP/TLS/RTP/SAVPF 111
c=IN IP4 0.0.0.0
a=ice-ufrag:4ZcD
a=ice-pwd:2/1muCWoOi3uLifh0NuRHlgk
a=fingerprint:sha-256 DIGEST
a=setup:actpass
a=mid:1
a=recvonly
a=rtcp-mux
a=rtpmap:111 opus/48000/2
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=ice-ufrag:4ZcD
a=ice-pwd:2/1muCWoOi3uLifh0NuRHlgk
a=fingerprint:sha-256 DIGEST
a=setup:actpass
a=mid:2
a=sctp-port:5000
a=max-message-size:262144
""".replace("DIGEST", DIGEST).replace("\n", "\r\n")
FRAGMENT: Final = (
    "a=ice-ufrag:4ZcD\r\na=ice-pwd:2/1muCWoOi3uLifh0NuRHlgk\r\nm=video 9 RTP/AVP 0\r\na=mid:0\r\n"
    "a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw\r\n"
    "a=candidate:3471623853 1 udp 2122194687 198.51.100.2 61765 typ srflx raddr 192.0.2.1 rport 1\r\n"
    "a=end-of-candidates\r\n"
)
SPICE: Final = [
    "",
    "0",
    "-1",
    "65536",
    "99999999999999999999",
    "*",
    ":",
    "=",
    "a=",
    "m=",
    "ü",
    "\0",
    "video",
    " ",
]


@st.composite
def tampered(draw: st.DrawFn, text: str) -> str:
    """A text with some lines gone, doubled, moved, or changed within."""
    lines = text.splitlines()
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["drop", "double", "move", "word", "cut", "noise"])):
            case "drop" if len(lines) > 1:
                del lines[at]
            case "double":
                lines.insert(draw(st.integers(0, len(lines))), lines[at])
            case "move":
                lines.insert(draw(st.integers(0, len(lines) - 1)), lines.pop(at))
            case "word":
                words = re.split(r"([ :=;/])", lines[at])
                words[draw(st.integers(0, len(words) - 1))] = draw(
                    st.sampled_from(SPICE) | st.text(max_size=9)
                )
                lines[at] = "".join(words)
            case "cut":
                lines[at] = lines[at][: draw(st.integers(0, len(lines[at])))]
            case "noise":
                lines.insert(at, draw(st.text(max_size=40)))
    return draw(st.sampled_from(["\r\n", "\n"])).join(lines) + "\r\n"


CHECKS: Final = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
async def air(footage, tmp_path_factory):
    async with on_air(footage, tmp_path_factory.mktemp("air")) as air:
        yield air


@pytest.mark.timeout(600)
@CHECKS
@given(offer=tampered(CHROME))
async def test_a_tampered_offer_is_refused_or_answered_and_not_kept(air, offer):
    failed: list[dict[str, object]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: failed.append(context))
    answer = await air.http.post("/whep/front", content=offer.encode("utf-8", "replace"), headers=SDP)
    assert answer.status_code in ANSWERS, answer.text
    if answer.status_code == 201:
        assert (await air.http.delete(answer.headers["location"])).status_code == 200
    await air.until(viewers=0)
    assert not failed, failed


async def test_an_offer_as_browsers_make_it_is_answered(air):
    answer = await air.http.post("/whep/front", content=CHROME, headers=SDP)
    assert answer.status_code == 201, answer.text
    assert answer.text.count("m=") == 3
    assert (await air.http.delete(answer.headers["location"])).status_code == 200


@pytest.mark.timeout(600)
@CHECKS
@given(fragment=tampered(FRAGMENT))
async def test_a_tampered_fragment_is_refused_or_taken(air, fragment):
    failed: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failed.append(context))
    offer = CHROME.replace("4ZcD", "4ZcE") if "4ZcD" not in fragment else CHROME
    answer = await air.http.post("/whep/front", content=offer, headers=SDP)
    assert answer.status_code == 201, answer.text
    address = answer.headers["location"]
    more = await air.http.patch(address, content=fragment.encode("utf-8", "replace"), headers=TRICKLE)
    assert more.status_code in (204, 400, 422), more.text
    assert (await air.http.delete(address)).status_code == 200
    await air.until(viewers=0)
    assert not failed, failed


async def test_nothing_of_all_that_is_left(air):
    answer = await air.http.post("/whep/front", content=await offer_text(), headers=SDP)
    assert answer.status_code == 201
    assert (await air.http.delete(answer.headers["location"])).status_code == 200
    await air.until(viewers=0)
    with anyio.fail_after(60):
        # What fills a stream goes on for some seconds after its last viewer.
        while len(air.tasks()) > air.first_tasks + 1 or descriptors(os.getpid()) > air.first_files:
            await anyio.sleep(0.05)
