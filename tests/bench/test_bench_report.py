"""From samples to figures: the arithmetic of the report."""

import io

import pytest
from rich.console import Console

from streamer.bench.benchmark import Benchmark
from streamer.bench.figures import Report, Target
from streamer.bench.report import report, stray
from streamer.bench.rounds import Measured
from streamer.bench.samples import Parts, Watch, Work
from streamer.bench.table import notes, table


def measured(*, by_hand: bool = True) -> Measured:
    """Three rounds on two cores; the machine is half as fast in the second."""
    watch = Watch(2.0, 1.0, [60, 60, 60, 54], [0.010] * 220 + [0.030] * 14)
    slow = Watch(2.0, 3.9, [30, 30, 30, 15], [0.1] * 105)
    return Measured(
        limit=[Parts(100, 0.1 * s, 0.1 * s, 0.8 * s, 0.008, 0.0) for s in (1, 2, 1)],
        file=[Work(100, 0.625 * s, 1.25 * s) for s in (1, 2, 1)],
        file_by_hand=[Work(100, 1.0 * s, 2.0 * s) for s in (1, 2, 1)] if by_hand else [],
        cameras=[watch] * 3,
        cameras_by_hand=[slow] * 3 if by_hand else [],
        calm_camera=[Watch(2.0, 0.310, [10], [0.01] * 10)] * 3,
        decoding_alone=[Work(60, 2.0, 0.200)] * 3,
        model_alone=[Work(10, 2.0, 0.090)] * 3,
        start_s=[1.0, 3.0, 1.2],
        start_by_hand_s=[0.2, 0.3, 0.2] if by_hand else [],
    )


def ratios(of: Measured) -> dict[str, tuple[float | None, float | None, bool | None]]:
    return {figure.key: (figure.ours, figure.by_hand, figure.met) for figure in report(of, cores=2).ratios}


def test_ratios_are_of_the_same_round_and_medians_over_rounds() -> None:
    figures = ratios(measured())
    # The limit is 100 frames in half a second on two cores; drift of the second round cancels out.
    assert figures["file_speed"] == (pytest.approx(0.8), pytest.approx(0.5), False)
    assert figures["file_thrift"] == (pytest.approx(0.8), pytest.approx(0.5), None)
    assert figures["start_s"] == (1.2, 0.2, True)


def test_live_cameras_are_judged_by_their_rate_their_slowest_and_their_lateness() -> None:
    figures = ratios(measured())
    assert figures["live_share"] == (pytest.approx(234 / 240), pytest.approx(105 / 240), False)
    assert figures["live_slowest"] == (pytest.approx(0.9), pytest.approx(0.25), False)
    # 14 of 234 are more than a twentieth: the late ones are the 95th percentile.
    assert figures["live_p95"] == (pytest.approx(0.030 / 0.008), pytest.approx(0.1 / 0.008), False)


def test_a_calm_camera_is_charged_for_what_is_neither_decoding_nor_the_model() -> None:
    ours, by_hand, met = ratios(measured())["calm_cpu"]
    assert ours == pytest.approx((0.310 - 0.090) / 0.200)
    assert by_hand is None
    assert met


def test_a_camera_without_any_result_is_infinitely_late() -> None:
    silent = measured()
    silent.cameras = [Watch(2.0, 0.1, [0, 0, 0, 0], [])] * 3
    figures = ratios(silent)
    assert figures["live_p95"][0] == float("inf")
    assert figures["live_p95"][2] is False
    assert figures["live_slowest"][0] == 0


@pytest.mark.parametrize(
    ("sense", "value", "met"), [(">=", 0.9, True), (">=", 0.89, False), ("<=", 2.1, False)]
)
def test_a_target_is_met_from_its_bound_on(sense: str, value: float, met: bool) -> None:
    assert Target(sense, 0.9 if sense == ">=" else 2.0).met(value) is met


def shown(of: Report, **about: object) -> str:
    facts = {
        "source": "s",
        "model": "m",
        "family": "f",
        "by_hand": True,
        "cores": 2,
        "rounds": 3,
        "others": 0.0,
        "stray": 0.0,
    }
    benchmark = Benchmark(**{**facts, **about}, report=of)
    out = io.StringIO()
    console = Console(file=out, width=100)
    console.print(table(of))
    for note in notes(benchmark):
        console.print(note, highlight=False)
    return out.getvalue()


def test_the_table_says_target_and_verdict() -> None:
    text = shown(report(measured(), cores=2))
    line = next(line for line in text.splitlines() if "frames/s, of the limit" in line)
    assert line.split()[-6:] == ["1.00", "0.50", "0.80", ">=", "0.90", "missed"]
    assert "other programs" not in text


def test_a_limit_of_more_than_one_thread_is_said() -> None:
    burning = measured()
    burning.limit = [Parts(100, 0.1, 0.1, 0.8, 0.008, 0.25)] * 3
    assert stray(burning.limit) == pytest.approx(0.25)
    assert "other threads used 25%" in shown(report(burning, cores=2), stray=stray(burning.limit))
    assert "other threads" not in shown(report(measured(), cores=2))


def test_a_family_without_a_loop_by_hand_and_a_busy_machine_are_said() -> None:
    text = shown(report(measured(by_hand=False), cores=2), by_hand=False, others=1.3)
    assert "nobody wrote a decode for the family f" in text
    assert "other programs used 1.3 cores" in text
