"""The pictures of the street: the same for the same seed, whoever asks, in whatever order."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from streamer.capture.street.options import StreetOptions
from streamer.capture.street.street import Street, StreetFrame

SMALL = StreetOptions(seed=3, width=480, height=270, people=5, kinds=4)


def fingerprint(frame: StreetFrame) -> str:
    truth = frame.truth
    parts = (frame.image, truth.boxes, truth.identities, truth.kinds, truth.visible)
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()


def test_a_frame_is_a_picture_of_the_size_asked_for() -> None:
    image = Street(SMALL).frame(0).image
    assert image.shape == (270, 480, 3)
    assert image.dtype == np.uint8


def test_frames_depend_on_seed_and_index_alone() -> None:
    street = Street(SMALL)
    in_order = [fingerprint(street.frame(index)) for index in range(40)]
    again = Street(SMALL)
    backwards = {index: fingerprint(again.frame(index)) for index in (39, 7, 23, 0)}
    assert all(in_order[index] == found for index, found in backwards.items())
    assert len(set(in_order)) == 40


def test_frames_are_the_same_in_another_process() -> None:
    program = (
        "from tests.street.test_street import SMALL, fingerprint\n"
        "from streamer.capture.street.street import Street\n"
        "print(fingerprint(Street(SMALL).frame(12)))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == fingerprint(Street(SMALL).frame(12))


def test_seeds_give_different_streets() -> None:
    pictures = [Street(StreetOptions(seed=seed, width=320, height=180)).frame(0).image for seed in range(3)]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert np.abs(pictures[one].astype(int) - pictures[other]).mean() > 10


def test_the_clock_of_the_street_is_seconds_not_frames() -> None:
    slow = Street(StreetOptions(seed=3, fps=5, width=480, height=270)).frame(10)
    fast = Street(StreetOptions(seed=3, fps=30, width=480, height=270)).frame(60)
    np.testing.assert_array_equal(slow.truth.boxes, fast.truth.boxes)


def test_a_street_may_be_empty() -> None:
    truth = Street(StreetOptions(people=0, width=320, height=180)).frame(5).truth
    assert truth.boxes.shape == (0, 4)
    assert truth.boxes.dtype == np.float32
    assert truth.identities.shape == truth.kinds.shape == truth.visible.shape == (0,)


@pytest.mark.parametrize(("width", "height"), [(64, 64), (64, 1024), (2048, 64)])
def test_odd_sizes_are_drawn_too(width: int, height: int) -> None:
    street = Street(StreetOptions(seed=1, width=width, height=height, people=8))
    for index in range(0, 60, 20):
        frame = street.frame(index)
        assert frame.image.shape == (height, width, 3)
        assert (frame.truth.boxes >= 0).all()
        assert (frame.truth.boxes <= [width, height, width, height]).all()


def test_a_negative_index_is_refused() -> None:
    with pytest.raises(ValueError, match="expected an index of at least 0, received -1"):
        Street(SMALL).frame(-1)
