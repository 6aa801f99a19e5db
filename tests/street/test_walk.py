"""The crowd over hours: who comes, who goes, and that nobody comes back or jumps."""

import numpy as np
import pytest

from streamer.capture.street.layout import layout_of
from streamer.capture.street.options import StreetOptions
from streamer.capture.street.view import view_of
from streamer.capture.street.walk import Crowd, Life


def crowd(options: StreetOptions) -> Crowd:
    return Crowd(options, view_of(options), layout_of(options))


def lives_of(options: StreetOptions, seconds: int) -> list[Life]:
    people = crowd(options)
    found = {walker.life.identity: walker.life for now in range(seconds) for walker in people.at(float(now))}
    return list(found.values())


def test_identities_are_never_reused_in_hours() -> None:
    options = StreetOptions(seed=2, people=5, kinds=3)
    people = crowd(options)
    gone: set[int] = set()
    before: dict[int, Life] = {}
    for now in range(2 * 3600):
        present = {walker.life.identity: walker.life for walker in people.at(float(now))}
        assert len(present) == options.people
        assert not gone & present.keys()
        assert all(before[identity] is life for identity, life in present.items() if identity in before)
        gone |= before.keys() - present.keys()
        before = present
    assert len(gone) > 1000


def test_nobody_jumps() -> None:
    people = crowd(StreetOptions(seed=8, people=8))
    before: dict[int, tuple[float, float]] = {}
    for step in range(1, 3000):
        present = {walker.life.identity: (walker.x_m, walker.z_m) for walker in people.at(step / 30)}
        for identity in present.keys() & before.keys():
            moved = np.hypot(*np.subtract(present[identity], before[identity]))
            assert moved < 2.0 / 30
        before = present


@pytest.mark.parametrize("size", [(1280, 720), (640, 480), (480, 848)])
@pytest.mark.parametrize("seed", range(4))
def test_people_come_and_go_outside_the_picture(seed: int, size: tuple[int, int]) -> None:
    options = StreetOptions(seed=seed, width=size[0], height=size[1], people=6)
    view = view_of(options)
    for life in lives_of(options, 120):
        ends = life.path[[0, -1]]
        heads = np.stack([ends[:, 0], np.full(2, 1.9), ends[:, 1]], axis=1)
        for x, y, away in view.project(heads):
            half = 0.4 * view.focal_px / max(away, 0.1)
            assert away < 1 or x < -half or x > view.width + half or y > view.height


def test_all_kinds_are_met() -> None:
    kinds = [life.kind for life in lives_of(StreetOptions(seed=1, people=6, kinds=4), 200)]
    assert set(kinds) == {0, 1, 2, 3}


def test_people_walk_in_all_directions() -> None:
    people = crowd(StreetOptions(seed=6, people=12))
    headings = np.array([walker.heading for now in range(200) for walker in people.at(float(now))])
    quarters = np.histogram(np.mod(headings + np.pi / 4, 2 * np.pi), bins=4, range=(0, 2 * np.pi))[0]
    assert (quarters > 0.02 * len(headings)).all()
