"""What can go wrong in a training."""


class TrainerError(Exception):
    """Base of every error of the trainer; its text is one line for a person."""


class DatasetError(TrainerError):
    """The pictures or their labels cannot be trained on."""


class ConversionError(TrainerError):
    """The model cannot become ONNX."""


class Cancelled(TrainerError):
    """Somebody ended the training; what it has done is kept."""


class ExportError(TrainerError):
    """What was written as ONNX does not answer as what was trained."""
