"""The search for layers that stay float, on networks whose truth is known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.quantizing.float_layers import Trial, cut, search

COUNT = 12


class Network:
    """Each block gains or costs time, and ruins some of the agreement."""

    def __init__(self, gains: list[float], harms: list[float]) -> None:
        self.gains, self.harms = gains, harms
        self.attempts = 0

    def attempt(self, blocks: frozenset[int]) -> Trial:
        self.attempts += 1
        harm = sum(self.harms[number] for number in blocks)
        run_s = 1.0 - sum(self.gains[number] for number in blocks)
        return Trial(blocks, harm, max(0.0, 1 - harm), run_s)

    def best(self, least: float = 0.9) -> Trial:
        return search(len(self.gains), self.attempt, least, lambda _: None)


def test_what_agrees_as_a_whole_is_taken_at_once() -> None:
    network = Network([0.05] * COUNT, [0.001] * COUNT)
    assert network.best().blocks == frozenset(range(COUNT))
    assert network.attempts == 2


def test_blocks_that_ruin_it_stay_float() -> None:
    # As the first convolutions of YOLOX do.
    network = Network([0.05] * COUNT, [0.3, 0.2, *[0.001] * (COUNT - 2)])
    assert network.best().blocks == frozenset(range(2, COUNT))


def test_blocks_that_cost_time_stay_float() -> None:
    network = Network([0.1 if number % 3 == 0 else -0.1 for number in range(COUNT)], [0.0] * COUNT)
    assert network.best().blocks == {0, 3, 6, 9}


def test_where_none_agrees_the_closest_is_told() -> None:
    best = Network([0.05] * COUNT, [0.2 + number / 100 for number in range(COUNT)]).best()
    assert best.blocks == {0}
    assert best.agreement < 0.9


def test_where_none_is_faster_the_fastest_that_agrees_is_told() -> None:
    best = Network([-0.1] * COUNT, [0.0] * COUNT).best()
    assert best.agreement == 1
    assert best.run_s == pytest.approx(1.1)


blocks = st.lists(st.floats(-0.08, 0.08), min_size=1, max_size=COUNT)


@given(blocks, st.data())
def test_what_is_found_agrees_wherever_a_block_does_and_trials_are_few(
    gains: list[float], data: st.DataObject
) -> None:
    count = len(gains)
    harms = data.draw(st.lists(st.floats(0, 0.3), min_size=count, max_size=count))
    network = Network(gains, harms)
    best = network.best()
    assert best.blocks
    if min(harms) <= 0.1:
        assert best.agreement >= 0.9 - 1e-9
    assert network.attempts <= 2 * COUNT


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 12))
def test_blocks_hold_every_node_once_in_order(heavy: list[bool], count: int) -> None:
    nodes = [(str(number), each) for number, each in enumerate(heavy)]
    pieces = cut(nodes, count)
    assert [name for piece in pieces for name in piece] == [name for name, _ in nodes]
    sizes = [sum(heavy[int(name)] for name in piece) for piece in pieces]
    assert max(sizes) - min(sizes) <= 1
