"""INT8 weights and activations for a float model, calibrated on real pictures."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import onnx

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray


def quantize(
    model: onnx.ModelProto, inputs: Iterable[NDArray[np.float32]], keep_float: Collection[str] = ()
) -> onnx.ModelProto:
    """Static QDQ with u8 activations and s8 weights per channel.

    2-3x faster on dense 3x3 convolutions with ReLU; s8 activations gain 1.3x, dynamic quantisation loses.

    Args:
        model: with one input, float [n,3,height,width].
        inputs: what to calibrate on, some hundred of [1,3,height,width].
        keep_float: names of nodes that stay as they are.
    """
    # A tool that onnxruntime brings along, of a second to import: only who quantises pays for it.
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "float.onnx"), Path(folder, "int8.onnx")
        onnx.save(model, source)
        quantize_static(
            source,
            target,
            _Reader(model.graph.input[0].name, iter(inputs)),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=list(keep_float),
            calibrate_method=CalibrationMethod.MinMax,
        )
        quantized = onnx.load(target)
    quantized.ir_version = model.ir_version
    return quantized


class _Reader:
    """Hands the inputs to onnxruntime one by one, as its CalibrationDataReader asks."""

    def __init__(self, name: str, inputs: Iterator[NDArray[np.float32]]) -> None:
        self._name = name
        self._inputs = inputs

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        image = next(self._inputs, None)
        return None if image is None else {self._name: image}
