"""The families of detectors that are understood: one decode a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from detectors.errors import UnknownFamily
from detectors.families.sightline import Sightline
from detectors.families.ultralytics import Ultralytics
from detectors.families.yolox import Yolox

if TYPE_CHECKING:
    from collections.abc import Mapping

    from detectors.families.family import Family, Head, Signature

FAMILIES: Final[Mapping[str, Family]] = {
    "sightline": Sightline(),
    "yolox": Yolox(),
    "ultralytics-v8": Ultralytics(),
}


def recognise(signature: Signature, named: str | None = None) -> tuple[str, Head]:
    """The family of a model and its head.

    Args:
        signature: what the file says about itself.
        named: the only family to consider, where a manifest names it.

    Raises:
        UnknownFamily: no family reads such outputs.
    """
    if named is not None and named not in FAMILIES:
        raise UnknownFamily(f"family: expected one of {', '.join(FAMILIES)}, received {named!r}")
    for name in FAMILIES if named is None else (named,):
        head = FAMILIES[name].recognise(signature)
        if head is not None:
            return name, head
    outputs = ", ".join(f"{name} {_shape(shape)}" for name, shape in list(signature.outputs.items())[:8])
    raise UnknownFamily(
        f"outputs of {named or 'no known family'} on a {signature.width}x{signature.height} input: "
        f"{outputs or 'none'} (known families: {', '.join(FAMILIES)})"
    )


def _shape(shape: tuple[int | None, ...]) -> str:
    return "[" + ",".join("?" if size is None else str(size) for size in shape) + "]"
