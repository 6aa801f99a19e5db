"""Three real cameras, one of them dead at boot and one that is killed, frozen and restarted."""

import itertools
import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from rtsp.clips import Clip
from rtsp.fixtures import CameraFactory
from system.serving import END_S, Service, serving, until, write_config

LONGEST_GAP_S = 2.0
"""Between two results of a camera that nothing happens to; it detects five times a second."""


def test_what_happens_to_one_camera_touches_no_other(
    rtsp_camera: CameraFactory, street_clip: Clip, tmp_path: Path
) -> None:
    steady, troubled, late = (rtsp_camera(street_clip) for _ in range(3))
    late.kill()
    cameras = {"steady": steady, "troubled": troubled, "late": late}
    config = write_config(
        tmp_path, {name: {"source": each.url, "timeout_s": 1.5} for name, each in cameras.items()}
    )
    with serving("run", config, "--json", "out.jsonl", folder=tmp_path) as service:
        service.until_state("steady", "live")
        service.until_state("troubled", "live")
        assert service.until_state("late", "down")["reason"] == "connection refused"
        # A camera that is down is the camera's trouble: the service works.
        assert service.get("/readyz").status_code == service.get("/healthz").status_code == 200
        assert service.series("sightline_camera_state", camera="late", state="down") == 1
        assert service.series("sightline_camera_state", camera="steady", state="live") == 1

        late.start()
        assert service.until_state("late", "live")["reason"] is None

        troubled.kill()
        assert service.until_state("troubled", "down")["reason"] in ("the stream ended", "connection refused")
        counted_on(service, "steady", 5)
        troubled.start()
        service.until_state("troubled", "live")
        counted_on(service, "troubled", 3)

        troubled.freeze()
        assert service.until_state("troubled", "down")["reason"] == "the stream froze"
        counted_on(service, "steady", 5)
        troubled.thaw()
        service.until_state("troubled", "live")
        counted_on(service, "troubled", 3)

        assert service.states() == dict.fromkeys(cameras, "live")
        assert service.series("sightline_camera_interruptions_total", camera="troubled") == 2
        assert service.series("sightline_camera_interruptions_total", camera="steady") == 0
        assert service.get("/readyz").status_code == 200
        pages_agree(service)
        ended = service.stop(signal.SIGTERM)
        log = service.log
    assert ended.status == 0
    assert ended.took_s < END_S
    assert "Traceback" not in log
    records = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    times_s = [each["pts"] for each in records if each["camera"] == "steady" and "pts" in each]
    assert max(b - a for a, b in itertools.pairwise(times_s)) < LONGEST_GAP_S
    assert {each["camera"] for each in records} == set(cameras)


def counted_on(service: Service, camera: str, results: int) -> None:
    """Waits for that many more results of a camera."""
    before = service.series("sightline_frames_detected_total", camera=camera)
    until(lambda: service.series("sightline_frames_detected_total", camera=camera) >= before + results)


def pages_agree(service: Service) -> None:
    """Small pages one after the other hold what a large one holds, newest first."""
    finished = until(lambda: len(found := ended(service)) >= 4 and found)
    paged = [event for event in service.events(limit=3) if event["ended_at"]]
    ids = [event["id"] for event in paged]
    assert len(set(ids)) == len(ids)
    assert {event["id"] for event in finished} <= set(ids)
    began = [event["started_at"] for event in paged]
    assert began == sorted(began, reverse=True)
    assert all(event["started_at"] <= event["ended_at"] for event in paged)
    of_one = service.events(camera="steady", limit=2)
    assert {event["camera"] for event in of_one} == {"steady"}
    assert service.get("/api/events", camera="nobody").status_code == 404


def ended(service: Service) -> list[dict[str, str]]:
    return [event for event in service.events(limit=500) if event["ended_at"]]


@pytest.mark.parametrize(
    ("query", "status"),
    [({"limit": 0}, 422), ({"limit": 100_000}, 422), ({"cursor": "made-up"}, 400), ({"camera": "A B"}, 422)],
)
def test_the_interface_refuses_wrong_questions_in_words(
    idle: Service, query: dict[str, str | int], status: int
) -> None:
    answer = idle.get("/api/events", **query)
    assert answer.status_code == status
    assert answer.json()["detail"]


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("idle")
    with serving("run", "--source", "sim://street?people=0&fps=1", folder=folder) as service:
        yield service
