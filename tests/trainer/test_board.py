"""Figures of epochs as TensorBoard reads them; it need not be installed."""

from pathlib import Path

import tensorflow as tf

from trainer.board import Board


def test_each_training_has_its_figures(tmp_path: Path) -> None:
    with Board(tmp_path) as board:
        board.write("fold 1 of 2", {"loss": 0.5, "val_accuracy": 0.75})
        board.write("final model", {"loss": 1.0})
        board.write("fold 1 of 2", {"loss": 0.25})
    assert {each.name for each in tmp_path.iterdir()} == {"fold-1-of-2", "final-model"}
    [file] = (tmp_path / "fold-1-of-2").iterdir()
    events = [tf.compat.v1.Event.FromString(each.numpy()) for each in tf.data.TFRecordDataset(str(file))]
    written = [(event.step, value) for event in events for value in event.summary.value]
    found = [(step, value.tag, float(tf.make_ndarray(value.tensor))) for step, value in written]
    assert found == [(0, "loss", 0.5), (0, "val_accuracy", 0.75), (1, "loss", 0.25)]
    assert {value.metadata.plugin_data.plugin_name for _, value in written[:2]} == {"scalars"}
