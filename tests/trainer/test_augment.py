"""Boxes stay on their objects, whatever is done to the picture."""

import numpy as np
import pytest

from trainer.nano.augment import GREY, Placement, Window, mosaic, paste, single, tint
from trainer.nano.batches import weights
from trainer.nano.dataset import Picture
from trainer.nano.grid import grid

BACK, FRONT = 40, 230


def painted(box: tuple[int, int, int, int] = (60, 40, 140, 120), labelled: bool = True) -> Picture:
    """A dark picture with one bright object."""
    image = np.full((200, 300, 3), BACK, np.uint8)
    image[box[1] : box[3], box[0] : box[2]] = FRONT
    return Picture(
        image, np.array([box], np.float32), np.array([0]), np.array([False]), np.array([True, labelled])
    )


def extent(image: np.ndarray) -> np.ndarray:
    """xyxy of what is brighter than half way between object and background."""
    rows, columns = np.nonzero(image[..., 0] > (BACK + FRONT) / 2)
    return np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])


@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("scale", [(0.5, 0.5), (0.7, 0.55), (1.6, 1.3)])
def test_a_pasted_box_is_where_its_pixels_are(flipped: bool, scale: tuple[float, float]) -> None:
    canvas = np.full((320, 320, 3), GREY, np.uint8)
    window = Window(30, 20, 310, 300)
    part = paste(painted(), Placement(*scale, 32.3, 25.6, flipped), window, canvas)
    [box] = part.boxes
    np.testing.assert_allclose(extent(canvas), box, atol=0.75)
    assert (canvas[:20] == GREY).all()
    assert (canvas[:, :30] == GREY).all()


def test_what_is_cut_away_is_ignored_or_gone() -> None:
    canvas = np.zeros((320, 320, 3), np.uint8)
    whole, left = (
        paste(painted(), Placement(1, 1, 0, 0, False), Window(0, 0, 320, 320), canvas),
        Window(0, 0, 75, 320),
    )
    assert not whole.ignored.any()
    cut = paste(painted(), Placement(1, 1, 0, 0, False), left, canvas)
    np.testing.assert_array_equal(cut.boxes, [[60, 40, 75, 120]])
    assert cut.ignored.all()
    assert len(paste(painted(), Placement(1, 1, 0, 0, False), Window(0, 0, 62, 320), canvas).boxes) == 0


@pytest.mark.parametrize("seed", range(8))
def test_boxes_of_whole_samples_hold_their_objects(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for sample in (mosaic([painted()] * 4, 256, rng), single(painted(), 320, rng)):
        for part in sample.parts:
            window = sample.image[part.window.y1 : part.window.y2, part.window.x1 : part.window.x2, 0].astype(
                float
            )
            for x1, y1, x2, y2 in part.boxes:
                inner = sample.image[int(y1) + 2 : int(y2) - 1, int(x1) + 2 : int(x2) - 1, 0]
                assert inner.size == 0 or inner.min() >= np.quantile(window, 0.5)


def test_a_mosaic_covers_the_sample_with_its_windows() -> None:
    sample = mosaic([painted()] * 4, 256, np.random.default_rng(0))
    assert sum(part.window.width * part.window.height for part in sample.parts) == 256 * 256


def test_only_the_unlabelled_part_is_spared() -> None:
    cells = grid(256)
    pictures = [painted(labelled=False), painted(), painted(), painted()]
    sample = mosaic(pictures, 256, np.random.default_rng(1))
    spared = weights(sample, cells)[:, 1] == 0
    first = sample.parts[0].window
    inside = ((cells.points >= [first.x1, first.y1]) & (cells.points < [first.x2, first.y2])).all(axis=1)
    np.testing.assert_array_equal(spared, inside)


def test_tint_keeps_the_order_of_grey_levels() -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    for seed in range(10):
        tinted = tint(ramp, np.random.default_rng(seed)).astype(int)
        assert (np.diff(tinted[0], axis=0) >= 0).all()
