"""WHEP, request by request: what is answered, and what is refused with which words."""

from __future__ import annotations

import re
from typing import Final

import httpx
import pytest
from viewers.on_air import ORIGIN, on_air
from viewers.whep_viewer import SDP, TRICKLE, offer_text, viewer

from streamer.api.offers import MOST_BYTES
from streamer.config.tree import HttpConfig, WebRtcConfig

pytestmark = pytest.mark.anyio

PROBLEM: Final = "application/problem+json"
TOKEN: Final = "a-long-secret"
CANDIDATE: Final = "a=candidate:1 1 udp 2113937151 192.0.2.77 40000 typ host"


@pytest.fixture
async def air(footage, tmp_path):
    async with on_air(footage, tmp_path) as air:
        yield air


def require_problem(answer: httpx.Response, status: int) -> str:
    """The words of a refusal, which is a problem document."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM), answer.text
    body = answer.json()
    assert body["status"] == status
    return body["detail"]


async def post(air, offer: str, **headers: str) -> httpx.Response:
    return await air.http.post("/whep/front", content=offer, headers={**SDP, **headers})


async def test_an_offer_is_answered_with_all_that_a_player_needs(footage, tmp_path):
    servers = (
        {"urls": "stun:127.0.0.1:9"},
        {"urls": ["turn:127.0.0.1:9?transport=udp"], "username": "u", "credential": 'p"\\q'},
    )
    async with on_air(footage, tmp_path, WebRtcConfig(ice_servers=servers)) as air:
        options = await air.http.options("/whep/front")
        assert options.status_code == 204
        assert options.headers["accept-post"] == "application/sdp"
    links = [
        '<stun:127.0.0.1:9>; rel="ice-server"',
        '<turn:127.0.0.1:9?transport=udp>; rel="ice-server"; username="u"; credential="p\\"\\\\q"; '
        'credential-type="password"',
    ]
    assert options.headers.get_list("link") == links


async def test_a_session_from_its_offer_to_its_end(air):
    answer = await post(air, await offer_text())
    assert (answer.status_code, answer.headers["content-type"]) == (201, "application/sdp")
    assert answer.headers["accept-patch"] == "application/trickle-ice-sdpfrag"
    address, tag = answer.headers["location"], answer.headers["etag"]
    assert re.fullmatch(r"/whep/front/[\w-]{20,}", address)
    assert "a=sendonly" in answer.text
    assert "H264/90000" in answer.text
    assert "VP8" not in answer.text

    fragment = f"a=mid:0\r\n{CANDIDATE}\r\n"
    for said in ({}, {"If-Match": tag}, {"If-Match": "*"}):
        more = await air.http.patch(address, content=fragment, headers={**TRICKLE, **said})
        assert (more.status_code, more.content, more.headers["etag"]) == (204, b"", tag)
    other = await air.http.patch(address, content=fragment, headers={**TRICKLE, "If-Match": '"x"'})
    require_problem(other, 412)
    restart = await air.http.patch(address, content="a=ice-ufrag:new1\r\na=ice-pwd:new\r\n", headers=TRICKLE)
    assert "new one" in require_problem(restart, 422)
    require_problem(await air.http.patch(address, content=fragment, headers=SDP), 415)
    require_problem(await air.http.patch(address, content="hello", headers=TRICKLE), 400)
    require_problem(await air.http.patch(address, content="a=candidate:1 1 udp", headers=TRICKLE), 400)

    assert (await air.http.delete(address)).status_code == 200
    for method in ("PATCH", "DELETE"):
        require_problem(await air.http.request(method, address, content=fragment, headers=TRICKLE), 404)


async def test_a_session_takes_no_more_addresses_than_a_viewer_has(air):
    answer = await post(air, await offer_text())
    address = answer.headers["location"]
    many = "".join(f"a=candidate:1 1 udp 1 192.0.2.{number} 40000 typ host\r\n" for number in range(50))
    assert (await air.http.patch(address, content=many, headers=TRICKLE)).status_code == 204
    require_problem(await air.http.patch(address, content=many, headers=TRICKLE), 422)
    require_problem(await air.http.patch(address, content=many + many, headers=TRICKLE), 400)


async def test_what_is_no_offer_is_refused(air):
    offer = await offer_text()
    refusals = {
        "hello": 400,
        "": 400,
        "v=0\r\n": 400,
        offer.replace("m=video", "m=audio"): 422,
        offer.replace("H264", "AV1"): 422,
        offer.replace("a=recvonly", "a=sendonly"): 422,
        offer.replace("a=recvonly", "a=inactive"): 422,
        re.sub(r"a=fingerprint.*\r\n", "", offer): 400,
        re.sub(r"a=setup.*\r\n", "", offer): 400,
        re.sub(r"a=ice-pwd.*\r\n", "", offer): 400,
        re.sub(r"a=rtcp-mux\r\n", "", offer): 422,
        re.sub(r"a=mid.*\r\n", "", offer): 400,
        re.sub(r"BUNDLE 0", "BUNDLE 7", offer): 400,
        re.sub(r"a=fmtp:(\d+)", r"a=fmtp:1\1", offer): 400,
        re.sub(r"a=sctp-port:5000", "a=sctp-port:70000", offer): 400,
        offer + "a=ssrc:1 cname:x\r\n" * 1000: 400,
        offer + "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n" * 20: 400,
    }
    assert len(refusals) == 17
    for text, status in refusals.items():
        answer = await post(air, text)
        require_problem(answer, status)
    assert air.viewers.count == 0


async def test_what_is_no_request_of_whep_is_refused(air):
    offer = await offer_text()
    require_problem(await air.http.post("/whep/back", content=offer, headers=SDP), 404)
    require_problem(await air.http.post("/whep/front", content=offer), 415)
    require_problem(
        await air.http.post("/whep/front", content=offer, headers={"Content-Type": "application/json"}), 415
    )
    require_problem(await post(air, "x" * (MOST_BYTES + 1)), 413)
    require_problem(await air.http.post("/whep/front", content=b"\xff\xfe", headers=SDP), 400)
    require_problem(await air.http.post("/whep/front?stream=third", content=offer, headers=SDP), 422)
    require_problem(await air.http.delete("/whep/front/none"), 404)
    session = await air.http.options("/whep/front/none")
    assert (session.status_code, session.content) == (204, b"")
    assert session.headers["allow"] == "DELETE, OPTIONS, PATCH"
    assert session.headers["accept-patch"] == "application/trickle-ice-sdpfrag"
    for method in ("GET", "PUT", "HEAD"):
        answer = await air.http.request(method, "/whep/front")
        assert answer.status_code == 405
        assert "POST" in answer.headers["allow"]
    for method in ("GET", "PUT", "POST"):
        require_problem(await air.http.request(method, "/whep/front/none"), 405)
    assert air.viewers.count == 0


async def test_more_viewers_than_allowed_are_sent_away_for_a_while(footage, tmp_path):
    async with on_air(footage, tmp_path, WebRtcConfig(max_viewers=2)) as air:
        first, second = [await offer_text() for _ in range(2)]
        async with viewer() as someone:
            await someone.join(air.http, "front")
            await someone.watch(1)
            taken = await post(air, first)
            refused = await post(air, second)
            assert "2 watch already" in require_problem(refused, 503)
            assert int(refused.headers["retry-after"]) > 0
            await air.http.delete(taken.headers["location"])
            await air.until(viewers=1)
            assert (await post(air, second)).status_code == 201
            text = air.metrics.exposition().decode()
    assert 'sightline_viewers{camera="front",kind="sub",route="webrtc"} 2.0' in text
    assert 'sightline_viewer_sessions_total{camera="front",kind="sub",route="webrtc"} 3.0' in text
    assert 'sightline_viewers_refused_total{reason="full"}' in text


async def test_only_who_knows_the_token_may_watch(footage, tmp_path):
    async with on_air(footage, tmp_path, http=HttpConfig(token=TOKEN)) as air:
        offer = await offer_text()
        for said in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
            refused = await post(air, offer, **said)
            require_problem(refused, 401)
            assert refused.headers["www-authenticate"] == "Bearer"
            assert TOKEN not in refused.text
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        answer = await post(air, offer, **bearer)
        assert answer.status_code == 201
        address = answer.headers["location"]
        assert TOKEN not in address
        fragment = {"content": CANDIDATE, "headers": TRICKLE}
        require_problem(await air.http.patch(address, **fragment), 401)
        require_problem(await air.http.delete(address), 401)
        assert (await air.http.patch(f"{address}?token={TOKEN}", **fragment)).status_code == 204
        assert (await air.http.delete(address, headers=bearer)).status_code == 200
        asked = await air.http.post(f"/whep/front?token={TOKEN}", content=offer, headers=SDP)
        assert asked.status_code == 201
        assert (await air.http.get("/healthz")).status_code == 200
        for closed in ("/api/cameras", "/watch/front", "/openapi.json"):
            require_problem(await air.http.get(closed), 401)


async def test_pages_of_other_origins_may_watch_where_they_are_allowed(footage, tmp_path):
    allowed, other = {"Origin": "https://example.org"}, {"Origin": "https://example.com"}
    wanted = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type, if-match",
    }
    config = HttpConfig(token=TOKEN, origins=("https://Example.org:443",))
    async with on_air(footage, tmp_path, http=config) as air:
        offer = await offer_text()
        # A browser sends no token before it knows that it may.
        preflight = await air.http.options("/whep/front", headers={**allowed, **wanted})
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == "https://example.org"
        for method in ("POST", "PATCH", "DELETE"):
            assert method in preflight.headers["access-control-allow-methods"]
        refused = await air.http.options("/whep/front", headers={**other, **wanted})
        assert require_problem(refused, 400).endswith("not so: origin")
        assert "access-control-allow-origin" not in refused.headers
        method = {**wanted, "Access-Control-Request-Method": "TRACE"}
        refused = await air.http.options("/whep/front", headers={**allowed, **method})
        # A page has to be able to read why it is refused.
        assert refused.headers["access-control-allow-origin"] == "https://example.org"
        assert require_problem(refused, 400).endswith("not so: method")
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        session = await air.http.options("/whep/front/any", headers={**allowed, **bearer})
        assert (session.status_code, session.headers["allow"]) == (204, "DELETE, OPTIONS, PATCH")
        assert session.headers["access-control-allow-origin"] == "https://example.org"
        assert "Accept-Patch" in session.headers["access-control-expose-headers"]
        answer = await post(air, offer, **allowed, **bearer)
        assert answer.status_code == 201
        assert answer.headers["access-control-allow-origin"] == "https://example.org"
        exposed = answer.headers["access-control-expose-headers"]
        for name in ("Location", "Link", "ETag", "Sightline-UDP-Ports"):
            assert name in exposed
        # A page has to be able to read why it is refused.
        assert "access-control-allow-origin" in (await post(air, offer, **allowed)).headers
        assert "access-control-allow-origin" not in (await post(air, offer, **other, **bearer)).headers


async def test_the_services_own_pages_need_no_leave(air):
    answer = await post(air, await offer_text(), Origin=ORIGIN)
    assert answer.status_code == 201
    assert "access-control-allow-origin" not in answer.headers
    preflight = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    assert (
        "access-control-allow-origin"
        not in (await air.http.options("/whep/front", headers=preflight)).headers
    )


async def test_a_viewer_sees_the_camera(air):
    async with viewer() as someone:
        address = await someone.join(air.http, "front")
        await someone.watch(5)
        assert air.metrics.snapshot("front").viewers == 1
        assert (await air.http.delete(address)).status_code == 200
    await air.until(viewers=0)
    assert air.metrics.snapshot("front").viewers == 0
