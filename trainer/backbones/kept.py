"""Weights that lie on this machine: in Keras's own folder, where it puts what it downloads."""

from __future__ import annotations

from pathlib import Path

import keras


def folder() -> Path:
    """Where they are; it need not exist."""
    home = keras.config.keras_home() if hasattr(keras.config, "keras_home") else Path.home() / ".keras"
    return Path(home) / "models"


def weights_of(name: str) -> Path | None:
    """The file of a network without its top; case, dashes and underscores do not matter."""
    wanted = _plain(name)
    files = (each for each in sorted(folder().glob("*.h5")) if "notop" in _plain(each.name))
    return next((each for each in files if wanted in _plain(each.name)), None)


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")
