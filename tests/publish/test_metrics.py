"""Figures: exact counts, exact quantiles of a known window, series with labels."""

import threading
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from streamer.capture.state import SourceState
from streamer.health.verdict import Verdict
from streamer.metrics.camera import WINDOW_S
from streamer.metrics.metrics import Metrics
from streamer.metrics.window import quantile
from streamer.status import Status

SINCE = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def series(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels."""
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_cameras_come_in_the_order_in_which_people_count():
    told = ["10", "2nd", "a10b2", "a9", "camera-1", "camera-2", "camera-10", "gate"]
    metrics = Metrics(Status([]), told)
    assert [each.camera for each in metrics.cameras()] == ["2nd", "10", "a9", "a10b2", *told[4:]]


def test_a_camera_that_was_never_heard_of_is_connecting():
    (camera,) = Metrics(Status([]), ["front"]).cameras()
    assert (camera.camera, camera.state, camera.reason, camera.fps_in) == ("front", "connecting", None, 0.0)
    assert camera.latency_p95_s is None


def test_totals_and_rates_of_the_last_seconds():
    clock = Clock()
    metrics = Metrics(Status([]), ["front"], clock)
    for picture in range(600):
        metrics.received("front")
        if picture % 6:
            metrics.dropped("front", "rate")
        else:
            metrics.detected("front", picture % 4)
            metrics.observe_stage("front", "total", 0.001 * (picture // 6 + 1))
        clock.now += 1 / 30
    camera = metrics.snapshot("front")
    assert (camera.received, camera.detected, dict(camera.dropped)) == (600, 100, {"rate": 500})
    assert camera.fps_in == pytest.approx(30, abs=0.2)
    assert camera.fps_detected == pytest.approx(5, abs=0.2)
    # 20 s passed; only the 50 results of the last 10 s count: 51 .. 100 ms.
    assert camera.latency_p50_s == pytest.approx(0.075)
    assert camera.latency_p95_s == pytest.approx(0.098)
    assert camera.objects == 594 % 4


def test_a_camera_that_stops_comes_to_rest():
    clock = Clock()
    metrics = Metrics(Status([]), ["front"], clock)
    for _ in range(30):
        metrics.received("front")
        clock.now += 0.1
    assert metrics.snapshot("front").fps_in == pytest.approx(10)
    clock.now += WINDOW_S
    assert metrics.snapshot("front").fps_in == 0


def test_the_series_say_the_same():
    metrics = Metrics(Status(["store", "detector default"]), ["front"])
    metrics.changed("front", SourceState("live", None, SINCE))
    metrics.received("front")
    metrics.dropped("front", "busy")
    metrics.detected("front", 3)
    metrics.observe_stage("front", "inference", 0.012)
    metrics.queue_depth("default", 2)
    metrics.batch("default", 4, 0.03)
    metrics.lost("json", "busy")
    metrics.event("front", "person", "start")
    metrics.camera_event("front", "frozen")
    metrics.camera_event("front", "up")
    metrics.camera_event("front", "frozen")
    metrics.changed("front", SourceState("down", "no answer", SINCE))
    metrics.stuck("default", "a run did not return")
    told = series(metrics)
    assert told["sightline_frames_received_total", "front"] == 1
    assert told["sightline_frames_dropped_total", "front", "busy"] == 1
    assert told["sightline_objects_detected_total", "front"] == 3
    assert told["sightline_stage_seconds_bucket", "front", "0.01", "inference"] == 0
    assert told["sightline_stage_seconds_bucket", "front", "0.02", "inference"] == 1
    assert told["sightline_queue_depth", "default"] == 2
    assert told["sightline_batch_frames_sum", "default"] == 4
    assert told["sightline_sink_lost_total", "busy", "json"] == 1
    assert told["sightline_events_total", "front", "person", "start"] == 1
    assert told["sightline_camera_state", "front", "down"] == 1
    assert told["sightline_camera_state", "front", "live"] == 0
    assert told["sightline_camera_interruptions_total", "front"] == 1
    assert told["sightline_camera_events_total", "front", "frozen"] == 2
    assert told["sightline_camera_events_total", "front", "up"] == 1
    assert told["sightline_ready", "detector default"] == 0
    assert told["process_resident_memory_bytes",] > 0
    assert told["process_cpu_seconds_total",] > 0
    assert not [name for name, *_ in told if name.endswith("_created")]


def test_only_cameras_that_tell_a_time_have_an_offset():
    metrics = Metrics(Status([]), ["front", "yard"])
    metrics.clocked("front", 3599.5)
    offsets = [line for line in metrics.exposition().decode().splitlines() if "clock_offset" in line]
    assert offsets[2:] == ['sightline_camera_clock_offset_seconds{camera="front"} 3599.5']
    assert metrics.snapshot("front").clock_offset_s == 3599.5
    assert metrics.snapshot("yard").clock_offset_s is None


def test_what_pictures_are_worth_is_known_only_while_they_come():
    metrics = Metrics(Status([]), ["front"])
    metrics.changed("front", SourceState("live", None, SINCE))
    assert metrics.snapshot("front").picture is None
    metrics.looked("front", Verdict("frozen", "the picture does not change any more", SINCE))
    assert metrics.snapshot("front").picture == "frozen"
    told = series(metrics)
    worths = {name[2]: value for name, value in told.items() if name[0] == "sightline_camera_picture"}
    assert worths == {"fine": 0, "covered": 0, "frozen": 1, "unfocused": 0}
    metrics.changed("front", SourceState("down", "no answer", SINCE))
    assert metrics.snapshot("front").picture is None
    assert series(metrics)["sightline_camera_picture", "front", "frozen"] == 0


def test_viewers_are_counted_by_camera_and_by_how_they_are_sent_to():
    metrics = Metrics(Status([]), ["front", "yard"])
    for route, kind in (("webrtc", "main"), ("webrtc", "main"), ("jpeg", "annotated")):
        metrics.viewer_came("front", route, kind)
    metrics.viewer_went("front", "webrtc", "main")
    metrics.viewer_missed("front", 7)
    metrics.viewer_refused("full")
    told = series(metrics)
    # Labels stand in the order of the alphabet.
    assert told["sightline_viewers", "front", "main", "webrtc"] == 1
    assert told["sightline_viewers", "front", "annotated", "jpeg"] == 1
    assert told["sightline_viewer_sessions_total", "front", "main", "webrtc"] == 2
    assert told["sightline_viewer_units_skipped_total", "front"] == 7
    assert told["sightline_viewers_refused_total", "full"] == 1
    assert (metrics.snapshot("front").viewers, metrics.snapshot("yard").viewers) == (2, 0)


def test_two_services_in_one_process_share_nothing():
    first, second = Metrics(Status([])), Metrics(Status([]))
    first.received("front")
    assert ("sightline_frames_received_total", "front") not in series(second)


def test_threads_lose_no_count():
    metrics = Metrics(Status([]))

    def count() -> None:
        for _ in range(2000):
            metrics.received("front")
            metrics.dropped("front", "busy")

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        metrics.snapshot("front")
    camera = metrics.snapshot("front")
    assert (camera.received, camera.dropped["busy"]) == (8000, 8000)
    assert series(metrics)["sightline_frames_received_total", "front"] == 8000


@given(st.lists(st.floats(0, 10), min_size=1, max_size=50), st.floats(0.01, 1))
def test_a_quantile_is_a_value_with_its_share_at_or_below_it(values, share):
    found = quantile(sorted(values), share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9
    assert sum(value < found for value in values) < share * len(values)


def test_a_part_is_ready_once_all_say_so_and_says_why_not(caplog):
    status = Status(["store", "detector default"])
    assert not status.is_ready
    status.ready("store")
    status.ready("detector default")
    assert status.is_ready
    status.not_ready("detector default", "a run did not return")
    status.not_ready("detector default", "a run did not return")
    assert dict(status.parts()) == {"store": None, "detector default": "a run did not return"}
    assert not status.is_ready
    assert caplog.text.count("not ready: detector default: a run did not return") == 1
    status.ready("detector default")
    assert status.is_ready
