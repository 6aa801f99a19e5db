"""The part of a network that stays: cut off where training begins, and computed once."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.trainer.pictures import drawn
from trainer.backbones.choice import choose
from trainer.backbones.prepared import prepared
from trainer.backbones.viewed import VIEWS
from trainer.feeds import PictureFeed
from trainer.heads import cut_of
from trainer.lowered import CHANGED, Computed, Stored, lower_of, lowered
from trainer.options import BackboneChoice
from trainer.workspace import room

SIDE = 64


def backbone(name: str = "squeezenet") -> Any:
    return choose(BackboneChoice(name, "none", SIDE), Path("/nowhere"))


def pictures() -> NDArray[np.uint8]:
    return np.stack([drawn(kind, number, SIDE) for kind in ("dots", "stripes") for number in range(20)])


def nothing() -> None:
    """Nobody wants it to end."""


@pytest.mark.parametrize("name", ["squeezenet", "mobilenetv3small", "resnet50v2"])
def test_both_parts_together_are_the_whole(name: str) -> None:
    whole = backbone(name)
    pixels = prepared(pictures()[:2], whole.input)
    parts = cut_of(whole, 2)
    np.testing.assert_array_equal(parts.above(parts.below(pixels)), whole.model(pixels))
    # What is trained is above, all of it, and in the same order.
    assert not parts.below.trainable_variables
    above = [each.path for each in parts.above.trainable_variables]
    assert above == [each.path for each in whole.model.trainable_variables] != []


def test_what_is_kept_is_what_would_be_computed(tmp_path: Path) -> None:
    one = backbone()
    below = cut_of(one, 2).below
    feed = PictureFeed(pictures(), one.input, "any-way", VIEWS[4])
    path = tmp_path / "lowered.npy"
    kept, fresh = lowered(feed, below, path, 3, nothing), Computed(feed, lower_of(below))
    assert isinstance(kept, Stored)
    assert [len(version) for version in kept.versions] == [40] * (4 + CHANGED)
    rows = [1, 0, 39]
    for stored, computed in zip(kept.seen(rows), fresh.seen(rows), strict=True):
        np.testing.assert_allclose(stored, computed, atol=1e-4)
    np.testing.assert_allclose(kept.plain(rows), fresh.plain(rows), atol=1e-4)
    assert len({version[0].tobytes() for version in kept.versions}) == 4 + CHANGED
    # Each is one of the versions, by the seed alone, and in time they all come.
    batches = [kept.batch(rows, seed) for seed in range(60)]
    np.testing.assert_array_equal(kept.batch(rows, 0), batches[0])
    assert len({batch[0].tobytes() for batch in batches}) == 4 + CHANGED
    assert {batch[2].tobytes() for batch in batches} == {version[39].tobytes() for version in kept.versions}
    # What an earlier process kept is taken; what it had not come to is computed.
    files = sorted(tmp_path.glob("*.npy"))
    assert len(files) == 4 + CHANGED
    files[-1].unlink()
    written = [file.stat().st_mtime_ns for file in files[:-1]]
    again = lowered(feed, below, path, 3, nothing)
    assert [file.stat().st_mtime_ns for file in files[:-1]] == written
    np.testing.assert_array_equal(again.batch(rows, 5), batches[5])


def test_a_full_disk_is_told_before_anything_is_written(small_disk: Path) -> None:
    with pytest.raises(OSError, match="No space left"):
        room(small_disk / "rows.npy", (100, 2**20), np.uint8)
