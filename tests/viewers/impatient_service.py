"""``sightline``, which gives up sooner those who do not answer, so that tests need not await half a minute.

python impatient_service.py ARGUMENTS..
"""

import sys
from pathlib import Path
from typing import Final

import aioice.ice

from streamer.cli import main
from streamer.webrtc import link

IMPATIENT: Final = (sys.executable, Path(__file__))
CONNECT_S: Final = 6.0
"""In place of 15: whoever is there connects within one."""
CONSENT_INTERVAL_S: Final = 1
"""In place of 5: a peer is gone that did not answer six times (RFC 7675)."""


def hurry() -> None:
    link.CONNECT_S = CONNECT_S  # type: ignore[misc]
    aioice.ice.CONSENT_INTERVAL = CONSENT_INTERVAL_S


if __name__ == "__main__":
    hurry()
    main()
