"""Places for viewers: nobody holds more than half of them without coming."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Final

import httpx
import pytest
from viewers.on_air import on_air
from viewers.whep_viewer import SDP, offer_text, viewer

from streamer.config.tree import WebRtcConfig
from streamer.webrtc.places import MOST_ASKING, Places
from streamer.webrtc.refusals import TooMany

ONE, OTHER = "192.0.2.1", "192.0.2.2"
MOST: Final = 10


@pytest.mark.parametrize(("most", "half"), [(2, 1), (3, 2), (10, 5), (100, 50)])
def test_one_address_takes_half_of_all_places_until_it_connects(most: int, half: int) -> None:
    places = Places(most)
    with ExitStack() as taken:
        for number in range(half):
            place = taken.enter_context(places.taken("gate", ONE))
            if number % 2:
                place.answered()
        with pytest.raises(TooMany, match=f"{half} from your address have yet to connect"):
            taken.enter_context(places.taken("gate", ONE))
        for _ in range(most - half):
            taken.enter_context(places.taken("gate", OTHER)).answered()
        with pytest.raises(TooMany, match=f"viewer of gate: {most} watch already .webrtc.max_viewers"):
            taken.enter_context(places.taken("gate", "192.0.2.3"))
    assert places.count == 0


def test_who_connects_makes_room_for_the_next_one_on_the_way() -> None:
    places = Places(MOST)
    with ExitStack() as taken:
        for _ in range(MOST):
            place = taken.enter_context(places.taken("gate", ONE))
            place.answered()
            place.arrived()
        assert (places.count, places.watching("gate"), places.watching("yard")) == (MOST, MOST, 0)


def test_so_many_may_wait_for_an_answer() -> None:
    places = Places(1000)
    with ExitStack() as taken:
        for number in range(MOST_ASKING):
            taken.enter_context(places.taken("gate", f"192.0.2.{number}"))
        with pytest.raises(TooMany, match=f"{MOST_ASKING} ask at this moment"):
            taken.enter_context(places.taken("gate", ONE))
        assert places.count == 0


@pytest.mark.anyio
async def test_offers_that_never_connect_leave_room_for_others(footage: Path, tmp_path: Path) -> None:
    async with on_air(footage, tmp_path, WebRtcConfig(max_viewers=4)) as air:
        offer = await offer_text()
        answers = [await air.http.post("/whep/front", content=offer, headers=SDP) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [201, 201, 503, 503, 503, 503]
        refused = answers[-1]
        assert refused.headers["content-type"] == "application/problem+json"
        assert int(refused.headers["retry-after"]) > 0
        assert "2 from your address have yet to connect" in refused.json()["detail"]
        transport = air.http._transport
        assert isinstance(transport, httpx.ASGITransport)
        elsewhere = httpx.ASGITransport(transport.app, client=(OTHER, 40000))
        async with (
            httpx.AsyncClient(transport=elsewhere, base_url="http://sightline") as http,
            viewer() as one,
            viewer() as another,
        ):
            # Those who connect need no place among those on the way.
            for someone in (one, another):
                await someone.join(http, "front")
                await someone.watch(1)
            full = await http.post("/whep/front", content=offer, headers=SDP)
            pictures = await http.get("/mjpeg/front")
        for answer in (full, pictures):
            assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
            assert int(answer.headers["retry-after"]) > 0
            assert answer.json()["detail"] == (
                "no room for another viewer of front: 4 watch already (webrtc.max_viewers)"
            )
