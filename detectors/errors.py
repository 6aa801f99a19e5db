"""What can go wrong with a model."""

from typing import Any


class DetectorError(Exception):
    """Base of every error of a detector; its text is one line for a person."""


class ModelLoadError(DetectorError):
    """The model file is missing, damaged, hostile, or needs what this machine lacks."""


class WrongSize(ModelLoadError):
    """The model does not work with pictures of this size."""


class ProviderMissing(ModelLoadError):
    """The provider that was asked for is not there, or does not start."""


class UnknownFamily(ModelLoadError):
    """No detector family decodes the outputs of this model.

    Attributes:
        trials: how each did that reads them, ``detectors.recognising.trial.Trial``; the best first.
    """

    def __init__(self, text: str, trials: tuple[Any, ...] = ()) -> None:
        super().__init__(text)
        self.trials = trials


class AmbiguousFamily(UnknownFamily):
    """Several families read the outputs of this model, and a trial does not tell which is right."""


class InferenceError(DetectorError):
    """One run of the model failed; the pictures of that run have no detections."""


def one_line(error: BaseException) -> str:
    """What a library says of its failure, on one line of readable length."""
    return " ".join(str(error).split())[:300]
