"""Figures of every epoch as TensorBoard reads them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Board:
    """A folder of logs with a run for each fold; TensorFlow is not loaded before the first figure."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writers: dict[str, Any] = {}
        self._steps: Counter[str] = Counter()

    def __enter__(self) -> Board:
        return self

    def __exit__(self, *_: object) -> None:
        for writer in self._writers.values():
            writer.close()

    def _scalar(self) -> Any:
        """What ``tf.summary.scalar`` says of a number; it fails where TensorBoard itself is not installed."""
        import tensorflow as tf

        kind = tf.compat.v1.SummaryMetadata(data_class="DATA_CLASS_SCALAR")
        kind.plugin_data.plugin_name = "scalars"
        return kind

    def write(self, run: str, figures: Mapping[str, float]) -> None:
        """Put down the figures of an epoch of one training."""
        import tensorflow as tf

        if run not in self._writers:
            self._writers[run] = tf.summary.create_file_writer(str(self._folder / run.replace(" ", "-")))
        with self._writers[run].as_default(step=self._steps[run]):
            for name, value in figures.items():
                tf.summary.write(name, tf.constant(value, tf.float32), metadata=self._scalar())
        self._steps[run] += 1
