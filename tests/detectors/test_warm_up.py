"""The policy is measured."""

import time

import pytest
from miniature import LABELS, write, yolox

from detectors.detector import load
from detectors.policy import cores
from detectors.session import SessionOptions


@pytest.fixture
def mini(tmp_path):
    return str(write(yolox(), tmp_path / "mini.onnx", labels=LABELS))


def test_on_a_cpu_a_batch_is_one_picture_and_workers_are_tried(mini, tmp_path):
    detector = load(mini, SessionOptions(provider="cpu"), cache=tmp_path)
    assert detector.policy.workers == cores()
    policy = detector.warm_up()
    assert policy == detector.policy
    assert policy.buckets == (1,)
    assert policy.run_s.keys() == {1}
    assert 0 < policy.run_s[1] < 5
    assert str(policy).startswith(f"cpu, {policy.workers} worker")
    assert str(policy).endswith(" ms")
    assert 1 <= policy.workers <= cores()
    if cores() > 1:
        assert {1, cores()} <= policy.pictures_per_s.keys()
        best = max(policy.pictures_per_s.values())
        assert policy.pictures_per_s[policy.workers] >= 0.8 * best
        assert min(policy.pictures_per_s.values()) > 0


def test_a_number_of_workers_that_was_given_is_kept(mini, tmp_path):
    policy = load(mini, SessionOptions(provider="cpu", workers=7), cache=tmp_path).warm_up()
    assert policy.workers == 7
    assert not policy.pictures_per_s


def test_a_quick_warm_up_only_times_a_run(mini, tmp_path):
    detector = load(mini, SessionOptions(provider="cpu"), cache=tmp_path)
    started = time.monotonic()
    policy = detector.warm_up(quick=True)
    assert time.monotonic() - started < 5
    assert policy.workers == cores()
    assert not policy.pictures_per_s
    assert policy.run_s[1] > 0
