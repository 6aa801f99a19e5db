"""Where a page of events ends, as text that callers hand back unread."""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
HEAD: Final = struct.Struct(">Iq")


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last event of a page."""

    started_at: datetime
    id: str

    def encode(self) -> str:
        """Text of A-Z, a-z, 0-9, ``-`` and ``_``."""
        micros = (self.started_at - EPOCH) // timedelta(microseconds=1)
        body = HEAD.pack(0, micros)[4:] + self.id.encode()
        return base64.urlsafe_b64encode(struct.pack(">I", zlib.crc32(body)) + body).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Cursor:
        """Raises ValueError for text that no page ever gave."""
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            checksum, micros = HEAD.unpack_from(raw)
            if checksum != zlib.crc32(raw[4:]):
                raise ValueError("checksum")  # noqa: TRY301  # told in one place, below
            return cls(EPOCH + timedelta(microseconds=micros), raw[HEAD.size :].decode())
        except (ValueError, binascii.Error, struct.error, OverflowError) as error:
            raise ValueError(f"expected a cursor from an earlier page, received {text[:64]!r}") from error
