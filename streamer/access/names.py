"""What users and tokens may be called, and what their passwords have to be like."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from detectors.wording import shown
from streamer.errors import ConfigError

NAME: Final = re.compile(r"[\w.@+-]{1,64}")
LEAST_PASSWORD: Final = 8
MOST_PASSWORD: Final = 1024
MOST_SHOWN: Final = 100
"""Characters."""


def account_name(text: str) -> str:
    """A name in the form in which it is kept; ConfigError for what is none."""
    name = unicodedata.normalize("NFC", text)
    if not NAME.fullmatch(name):
        received = shown(text) if len(text) <= MOST_SHOWN else f"{len(text)} characters"
        raise ConfigError(f"expected a name of 1 to 64 letters, digits and . _ @ + -, received {received}")
    return name


def key_of(name: str) -> str:
    """What names are compared by; other text than a name may come, of any length."""
    # Some databases take no NUL.
    return unicodedata.normalize("NFC", name[:MOST_SHOWN].replace("\0", "\ufffd")).casefold()


def password_of(text: str) -> str:
    """A password that may be set; ConfigError for others, without a word of what it was."""
    if not LEAST_PASSWORD <= len(text) <= MOST_PASSWORD:
        expected = f"expected a password of {LEAST_PASSWORD} to {MOST_PASSWORD} characters"
        raise ConfigError(f"{expected}, received {len(text)}")
    return text
