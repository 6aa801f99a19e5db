"""The network as a list of layers, which the training and the export both build from."""

from collections.abc import Iterator
from dataclasses import dataclass

LABELS = ("person", "bicycle", "car", "motorcycle", "bus", "truck", "dog", "cat")
STRIDES = (8, 16, 32)


@dataclass(frozen=True, slots=True)
class Conv:
    """Convolution; `normed` ones are followed by batch normalisation and ReLU, the others have a bias."""

    name: str
    source: str
    width: int
    kernel: int = 3
    stride: int = 1
    normed: bool = True


@dataclass(frozen=True, slots=True)
class Pool:
    """5x5 maximum, stride 1."""

    name: str
    source: str


@dataclass(frozen=True, slots=True)
class Concat:
    """The channels of all sources, side by side."""

    name: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Merge:
    """A finer map plus a coarser one, doubled in size."""

    name: str
    finer: str
    coarser: str


Layer = Conv | Pool | Concat | Merge


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """Widths of the five stages, further convolutions in stages 2 to 5, width of the neck, labels."""

    widths: tuple[int, ...] = (16, 24, 64, 128, 112)
    depths: tuple[int, ...] = (1, 3, 2, 1)
    neck: int = 64
    labels: tuple[str, ...] = LABELS


def layers(spec: NetworkSpec) -> Iterator[Layer]:
    """Every layer after `images`, in the order in which they are computed."""
    yield Conv("stem", "images", spec.widths[0], stride=2)
    source = "stem"
    for level, (width, depth) in enumerate(zip(spec.widths[1:], spec.depths, strict=True), start=2):
        for index in range(depth + 1):
            name = f"c{level}" if index == depth else f"c{level}_{index}"
            yield Conv(name, source, width, stride=2 if index == 0 else 1)
            source = name
    yield from _neck(spec)
    for stride, level in zip(STRIDES, (3, 4, 5), strict=True):
        yield Conv(f"head{stride}", f"p{level}", spec.neck)
        yield Conv(f"cls{stride}", f"head{stride}", len(spec.labels), kernel=1, normed=False)
        yield Conv(f"reg{stride}", f"head{stride}", 4, kernel=1, normed=False)


def _neck(spec: NetworkSpec) -> Iterator[Layer]:
    """Wide context at the coarsest map, then top-down to the finest."""
    yield Pool("pool5", "c5")
    yield Pool("pool9", "pool5")
    yield Concat("context", ("c5", "pool5", "pool9"))
    yield Conv("p5", "context", spec.neck, kernel=1)
    for level in (4, 3):
        yield Conv(f"lateral{level}", f"c{level}", spec.neck, kernel=1)
        yield Merge(f"merge{level}", f"lateral{level}", f"p{level + 1}")
        yield Conv(f"p{level}", f"merge{level}", spec.neck)


def outputs() -> tuple[str, ...]:
    """Names of the output maps: class logits, then log(left, top, right, bottom / stride), fine to coarse."""
    return (*(f"cls{stride}" for stride in STRIDES), *(f"reg{stride}" for stride in STRIDES))
