"""Overlap of boxes, against areas counted by hand."""

import numpy as np

from detectors.overlap import overlaps


def test_every_box_with_every_other():
    first = np.array([(0, 0, 4, 4), (10, 10, 12, 12)], np.float32)
    second = np.array([(0, 0, 4, 4), (2, 0, 6, 4), (4, 0, 8, 4), (11, 11, 11, 11)], np.float32)
    expected = [[1, 8 / 24, 0, 0], [0, 0, 0, 0]]
    np.testing.assert_allclose(overlaps(first, second), expected)
    assert overlaps(first, second[:0]).shape == (2, 0)
