"""The detectors that are loaded, as they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from detectors.manifest import ModelManifest
    from detectors.policy import Policy


@dataclass(frozen=True, slots=True)
class Model:
    """A detector as it runs.

    Attributes:
        detector: its name in the configuration.
        name: of its model.
        driven: where it runs, and how, in words.
        passed_over: why no better provider runs it; empty if none is better.
    """

    detector: str
    name: str
    driven: str
    passed_over: str


def driven(name: str, manifest: ModelManifest, policy: Policy) -> Model:
    """What a detector is, and how it runs."""
    return Model(name, manifest.name, str(policy), policy.passed_over)
