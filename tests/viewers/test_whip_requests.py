"""What a sender may ask, and the problems that are told of the rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from system.serving import Service, serving, write_config

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}
SECRET = "a-secret-token"
OFFER = "\r\n".join(
    (
        "v=0",
        "o=- 1 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0",
        "m=video 9 UDP/TLS/RTP/SAVPF 96",
        "c=IN IP4 0.0.0.0",
        "a=rtcp-mux",
        "a=mid:0",
        "a=ice-ufrag:abcd",
        "a=ice-pwd:0123456789abcdefghijklmn",
        f"a=fingerprint:sha-256 {':'.join(['AB'] * 32)}",
        "a=setup:actpass",
        "a=sendonly",
        "a=rtpmap:96 H264/90000",
        "a=fmtp:96 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
        "a=ssrc:1234 cname:x",
        "",
    )
)


def audio(offer: str) -> str:
    return offer.replace("m=video", "m=audio").replace("H264/90000", "opus/48000/2")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    cameras = {"phone": {"source": "whip://"}, "street": {"source": "sim://street?fps=2"}}
    with serving("run", write_config(folder, cameras), folder=folder) as service:
        yield service
        assert "Traceback" not in service.log, service.log


@pytest.mark.parametrize(
    ("path", "content", "headers", "status", "detail"),
    [
        ("/whip/nobody", OFFER, SDP, 404, "expected one of phone, street"),
        ("/whip/street", OFFER, SDP, 409, "expected a camera whose source is whip://, received street"),
        ("/whip/phone", OFFER, {"Content-Type": "text/plain"}, 415, "application/sdp"),
        ("/whip/phone", OFFER, {}, 415, "application/sdp"),
        ("/whip/phone", "x" * 70_000, SDP, 413, "at most 65536 bytes"),
        ("/whip/phone", b"\xff\xfe", SDP, 400, "UTF-8"),
        ("/whip/phone", "", SDP, 400, "session description"),
        ("/whip/phone", "hello", SDP, 400, "session description"),
        ("/whip/phone", OFFER[:60], SDP, 400, "session description"),
        ("/whip/phone", OFFER.replace("sendonly", "recvonly"), SDP, 422, "received recvonly"),
        ("/whip/phone", OFFER.replace("sendonly", "inactive"), SDP, 422, "received inactive"),
        ("/whip/phone", OFFER.replace("H264", "AV1"), SDP, 422, "H.264 or VP8"),
        ("/whip/phone", OFFER.replace("42e01f", "640c1f"), SDP, 422, "can be answered"),
        ("/whip/phone", audio(OFFER), SDP, 422, "one video"),
        (
            "/whip/phone",
            OFFER + OFFER[OFFER.index("m=video") :].replace("mid:0", "mid:1"),
            SDP,
            422,
            "one video",
        ),
        ("/whip/phone", OFFER.replace("a=ice-ufrag:abcd\r\n", ""), SDP, 400, "ICE and DTLS"),
        ("/whip/phone?size=1", OFFER, SDP, 422, "expected one of token"),
    ],
)
def test_what_is_wrong_is_told_as_a_problem(
    service: Service, path: str, content: str | bytes, headers: dict[str, str], status: int, detail: str
) -> None:
    answer = httpx.post(service.url + path, content=content, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert detail in answer.json()["detail"]
    assert service.cameras()["phone"]["reason"] == "waiting for a browser: open /send/phone"


def test_a_session_is_opened_added_to_and_ended(service: Service) -> None:
    with httpx.Client(base_url=service.url) as http:
        opened = http.post("/whip/phone", content=OFFER, headers=SDP)
        assert opened.status_code == 201
        assert opened.headers["content-type"].startswith("application/sdp")
        assert "a=recvonly" in opened.text
        assert "H264/90000" in opened.text
        place, tag = opened.headers["location"], opened.headers["etag"]
        occupied = http.post("/whip/phone", content=OFFER, headers=SDP)
        assert (occupied.status_code, occupied.json()["detail"]) == (
            409,
            "another browser sends as phone: stop it there first",
        )
        candidate = "a=ice-ufrag:abcd\r\na=mid:0\r\na=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\n"
        for condition, status in (({}, 204), ({"If-Match": tag}, 204), ({"If-Match": '"x"'}, 412)):
            more = http.patch(place, content=candidate, headers={**FRAGMENT, **condition})
            assert more.status_code == status
        anew = http.patch(place, content="a=ice-ufrag:other\r\n", headers=FRAGMENT)
        assert (anew.status_code, "new one" in anew.json()["detail"]) == (422, True)
        assert http.patch(place, content="?", headers=FRAGMENT).status_code == 400
        assert http.patch(place + "x", content=candidate, headers=FRAGMENT).status_code == 404
        assert http.delete("/whip/street/" + place.rpartition("/")[2]).status_code == 404
        assert http.delete(place).status_code == 200
        assert http.delete(place).status_code == 404
        again = http.post("/whip/phone", content=OFFER, headers=SDP)
        assert again.status_code == 201, "its place is free at once"
        assert http.delete(again.headers["location"]).status_code == 200


def test_what_may_be_asked_for_is_told(service: Service) -> None:
    told = {
        "/whip/phone": ("OPTIONS, POST", "accept-post", "application/sdp"),
        "/whip/phone/any": ("DELETE, OPTIONS, PATCH", "accept-patch", "application/trickle-ice-sdpfrag"),
    }
    for path, (methods, name, media_type) in told.items():
        options = httpx.options(service.url + path)
        assert (options.status_code, options.headers["allow"], options.headers[name]) == (
            204,
            methods,
            media_type,
        )
        refused = httpx.put(service.url + path)
        assert (refused.status_code, refused.headers["allow"]) == (405, methods)
        assert refused.headers["content-type"] == "application/problem+json"


def test_sound_is_left_out(service: Service) -> None:
    both = OFFER + audio(OFFER[OFFER.index("m=video") :]).replace("mid:0", "mid:1")
    opened = httpx.post(f"{service.url}/whip/phone", content=both, headers=SDP)
    assert opened.status_code == 201, opened.text
    _, video, sound = opened.text.split("m=")
    assert ("a=recvonly" in video, "a=inactive" in sound) == (True, True)
    assert httpx.delete(service.url + opened.headers["location"]).status_code == 200


def test_the_page_is_there_for_cameras_that_wait_for_a_browser(service: Service) -> None:
    page = service.get("/send/phone")
    assert (page.status_code, "<h1>phone</h1>" in page.text) == (200, True)
    assert "'self'" in page.headers["content-security-policy"]
    assert service.get("/send/street").status_code == 409
    assert service.get("/send/nobody").status_code == 404


def test_who_does_not_know_the_token_sends_nothing(tmp_path: Path) -> None:
    config = write_config(tmp_path, {"phone": {"source": "whip://"}}, http={"token": SECRET})
    with serving("run", config, folder=tmp_path) as service:
        address = f"{service.url}/whip/phone"
        assert httpx.post(address, content=OFFER, headers=SDP).status_code == 401
        assert httpx.get(f"{service.url}/send/phone").status_code == 401
        assert httpx.get(f"{service.url}/api/cameras").status_code == 401
        for script in ("player.js", "watch.js", "send.js"):
            assert httpx.get(f"{service.url}/{script}").status_code == 200
        assert httpx.get(f"{service.url}/send/phone", params={"token": SECRET}).status_code == 200
        allowed = {**SDP, "Authorization": f"Bearer {SECRET}"}
        assert httpx.post(address, content=OFFER, headers=allowed).status_code == 201
