"""What a person says about a camera's scene: zones, lines, masks and filters, in shares of the picture."""

from __future__ import annotations

import math
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
    model_validator,
)

from detectors.wording import shown
from streamer.config.polygon import LEAST_SIDE, PicturePoint, Polygon, shares
from streamer.config.section import CONTROL, Duration, Section, Share

EVERY_LABEL: Final = "*"
"""As a key of filters: for the labels that have none of their own."""


def labels_of(value: object) -> object:
    """One label may stand without brackets."""
    return (value,) if isinstance(value, str) else value


def label_on_one_line(label: str) -> str:
    if CONTROL.search(label):
        raise ValueError(f"expected a label on one line, received {label!r}")
    return label


Label: TypeAlias = Annotated[
    str,
    Field(min_length=1, max_length=100, json_schema_extra={"pattern": r"^[^\x00-\x1f]*$"}),
    AfterValidator(label_on_one_line),
]
Labels = Annotated[tuple[Label, ...], BeforeValidator(labels_of)]
Confidence = Annotated[float, Field(ge=0, lt=1)]
"""Of which something can be found that is surer."""


class FilterConfig(Section):
    """What an object of a label has to be like.

    ``min_confidence`` and what follows it decide for each box whether it is followed at all; ``threshold``
    decides by the median confidence over the track whether it becomes an event. Areas are shares of the
    picture, ratios width by height. With ``required_zones`` it becomes an event only once it was in one of
    them.
    """

    min_confidence: Confidence | None = None
    threshold: Confidence | None = None
    min_area: float | None = Field(default=None, ge=0, lt=1)
    max_area: float | None = Field(default=None, gt=0, le=1)
    min_ratio: float | None = Field(default=None, gt=0, le=1000)
    max_ratio: float | None = Field(default=None, gt=0, le=1000)
    required_zones: Labels | None = None

    @model_validator(mode="after")
    def _can_match(self) -> FilterConfig:
        for name in ("area", "ratio"):
            low, high = getattr(self, f"min_{name}"), getattr(self, f"max_{name}")
            if low is not None and high is not None and low > high:
                raise ValueError(
                    f"expected min_{name} at most max_{name}, received {low:g} and {high:g}: nothing matches"
                )
        return self


class MaskConfig(Section):
    """Where nothing is looked for: objects of these labels (none said: all) whose feet, the middle of the
    box's lower edge, are in the polygon are left out."""

    polygon: Polygon
    labels: Labels = ()


class ZoneConfig(Section):
    """An area in which objects are known to be, by the middle of their lower edge.

    An object is inside once it was there for ``inertia``, outside once it was not for as long; it loiters
    after ``loiter`` inside. ``labels`` says whom it counts (none said: everybody), ``filters`` what they have
    to be like in here, over and above the camera's own.
    """

    polygon: Polygon
    labels: Labels = ()
    filters: dict[Label, FilterConfig] = Field(default_factory=dict)
    inertia: Duration = 0.5
    loiter: Duration = 15.0


class LineConfig(Section):
    """A line whose crossings are counted; ``in`` is from the left of the arrow to its right."""

    start: PicturePoint = Field(alias="from")
    end: PicturePoint = Field(alias="to")
    labels: Labels = ()

    @model_validator(mode="after")
    def _has_length(self) -> LineConfig:
        if self.start == self.end:
            raise ValueError("expected a line between two different points, received the same point twice")
        length = math.dist(self.start, self.end)
        if length < LEAST_SIDE:
            raise ValueError(
                f"expected a line of at least {LEAST_SIDE} of the picture, received one of {length:.2g}"
            )
        return self


MOST_TILES: Final = 8
"""Tiles across, and down: each costs a run of the model."""


def tiling(value: object) -> object:
    """``"3x2"`` as three columns and two rows."""
    counts = value.lower().split("x") if isinstance(value, str) else value
    if not isinstance(counts, list | tuple) or len(counts) != 2 or not all(map(_whole, counts)):
        raise ValueError(f"expected COLUMNSxROWS such as 3x2, received {shown(value)}")
    columns, rows = int(counts[0]), int(counts[1])
    if not (1 <= columns <= MOST_TILES and 1 <= rows <= MOST_TILES and columns * rows > 1):
        raise ValueError(
            f"expected 2 to {MOST_TILES**2} tiles, at most {MOST_TILES}x{MOST_TILES}, "
            f"received {columns}x{rows}"
        )
    return columns, rows


def _whole(count: object) -> bool:
    return str(count).strip().isdecimal()


class TilesConfig(Section):
    """The picture in equal tiles, for objects too small for the model in the whole picture.

    ``overlap`` is the share of a tile's sides that it has in common with its neighbour: what is smaller is
    whole in some tile. With ``whole`` the model looks at the whole picture, too, else large objects are lost.
    A frame costs a run of the model for each tile, and one for the whole.
    """

    tiles: Annotated[
        tuple[int, int],
        BeforeValidator(tiling),
        WithJsonSchema({"type": ["string", "array"], "examples": ["3x2"]}),
    ]
    overlap: float = Field(default=0.2, ge=0.05, le=0.5)
    whole: bool = True


RegionBox: TypeAlias = tuple[Share, Share, Share, Share]


def four(value: object) -> tuple[float, ...]:
    return shares(value, 4, "a box [x1, y1, x2, y2]")


def region_box(box: RegionBox) -> RegionBox:
    x1, y1, x2, y2 = box
    if x1 >= x2 or y1 >= y2:
        raise ValueError(f"expected a box x1, y1, x2, y2 with an area, received {list(box)}")
    if min(x2 - x1, y2 - y1) < LEAST_SIDE:
        raise ValueError(
            f"expected a box at least {LEAST_SIDE} of the picture wide and high, received {list(box)}"
        )
    return box


def region_boxes(boxes: tuple[RegionBox, ...]) -> tuple[RegionBox, ...]:
    if not 1 <= len(boxes) <= MOST_TILES**2:
        raise ValueError(f"expected 1 to {MOST_TILES**2} boxes, received {len(boxes)}")
    return boxes


RegionBoxes: TypeAlias = Annotated[
    tuple[Annotated[RegionBox, BeforeValidator(four), AfterValidator(region_box)], ...],
    AfterValidator(region_boxes),
]


def regions_of(value: object) -> object:
    """``"tiles:3x2"`` as a section, one box without brackets as a list of boxes."""
    if isinstance(value, str) and value.startswith("tiles:"):
        return {"tiles": value.removeprefix("tiles:")}
    if isinstance(value, list | tuple) and len(value) == 4 and all(isinstance(n, int | float) for n in value):
        return (value,)
    if value != "full" and not isinstance(value, dict | list | tuple | TilesConfig):
        raise ValueError(
            f"expected full, tiles: COLUMNSxROWS or boxes [x1, y1, x2, y2], received {shown(value)}"
        )
    return value


def _kind(value: object) -> str:
    if isinstance(value, str):
        return "full"
    return "boxes" if isinstance(value, list | tuple) else "tiles"


Regions: TypeAlias = Annotated[
    Annotated[Literal["full"], Tag("full")]
    | Annotated[TilesConfig, Tag("tiles")]
    | Annotated[RegionBoxes, Tag("boxes")],
    Discriminator(_kind),
    BeforeValidator(regions_of),
]
"""Which parts of the picture the model looks at: all of it at once, in tiles, or these boxes (shares)."""
