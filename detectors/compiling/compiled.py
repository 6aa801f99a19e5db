"""A model as it runs: its compiled graph and its manifest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from detectors.manifest import ModelManifest


@dataclass(frozen=True, slots=True)
class CompiledModel:
    """What a model is and the graph that runs it.

    Attributes:
        manifest: of the model.
        graph: serialised ONNX, see ``graph.compile_graph``.
        whole: whether all of it came from the model file itself; the content of files beside it is in no key.
    """

    manifest: ModelManifest
    graph: bytes
    whole: bool = True
