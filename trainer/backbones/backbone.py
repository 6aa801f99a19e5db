"""What a backbone is to the rest of the trainer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    import onnx
    from numpy.typing import NDArray

    from detectors.manifest import InputSpec


class Backbone(Protocol):
    """Turns pictures into rows of features.

    Attributes:
        name: for people and the manifest.
        key: of its structure, weights and preparation, for the cache of features.
        input: the picture it takes.
        about: where its weights come from, for people.
        depths: how many features come from each depth; these weigh the same.
    """

    name: str
    key: str
    input: InputSpec
    about: str

    @property
    def depths(self) -> tuple[int, ...]: ...

    def features(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Of pictures uint8 [n,height,width,3] BGR, fitted to ``input``: float32 [n,d]."""

    def graph(self) -> onnx.ModelProto:
        """ONNX from ``image`` float [n,3,height,width], prepared, to ``features`` [n,d]."""


@runtime_checkable
class Tunable(Protocol):
    """A backbone whose own weights can be trained on.

    Attributes:
        model: of Keras, from prepared pictures [n,height,width,3] to features [n,d].
        blocks: names of its layers with weights, bottom first, in blocks.
    """

    model: Any
    blocks: tuple[tuple[str, ...], ...]
