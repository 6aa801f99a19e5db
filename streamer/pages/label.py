"""Pictures to label, one after the other or many at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from streamer.pages.markup import box

if TYPE_CHECKING:
    from streamer.pages.here import Here
    from streamer.pages.layout import Layout


def build_label(layout: Layout, here: Here, cameras: Sequence[str]) -> None:
    """The page; ``cameras`` are the names of those that there are pictures of."""
    with layout.page(here, "Label", "/label", "label"):
        box("sightline-labels", "", server=here.at("/"), cameras=json.dumps(cameras))
