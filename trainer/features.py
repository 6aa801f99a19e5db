"""Features of pictures, computed once: a cache by the content of pictures, and by all that shapes them."""

from __future__ import annotations

import os
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from trainer.backbones.prepared import fitted
from trainer.cores import cores
from trainer.data import picture
from trainer.errors import TrainerError
from trainer.workspace import told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from detectors.manifest import InputSpec
    from trainer.backbones.backbone import Backbone
    from trainer.data.sample import Examined

BATCH: Final = 16
CHUNK: Final = 512
"""Pictures between two writings of the cache: what a kill costs."""
MAX_BYTES: Final = 4 * 2**30
"""Of the rows of other pictures that are kept."""


class FeatureCache:
    """Rows by the digest of their picture, a file for each backbone."""

    def __init__(self, folder: Path, key: str) -> None:
        self._path = folder / f"{key[:32]}.npz"

    def read(self) -> dict[str, NDArray[np.float32]]:
        """All rows; none where there is no cache, or a damaged one."""
        try:
            with np.load(self._path, allow_pickle=False) as file:
                digests, rows = file["digests"], file["rows"]
                return {bytes(digest).hex(): row for digest, row in zip(digests, rows, strict=True)}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return {}

    def write(self, rows: dict[str, NDArray[np.float32]]) -> None:
        """Put these in its place.

        Raises:
            TrainerError: the disk is full, or cannot be written.
        """
        folder = self._path.parent
        digests = np.frombuffer(b"".join(map(bytes.fromhex, rows)), np.uint8).reshape(len(rows), -1)
        with told(self._path):
            folder.mkdir(parents=True, exist_ok=True)
            descriptor, beside = tempfile.mkstemp(prefix=".new-", dir=folder)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    np.savez(file, allow_pickle=False, digests=digests, rows=np.stack(list(rows.values())))
                Path(beside).replace(self._path)
            finally:
                Path(beside).unlink(missing_ok=True)


def features(
    pictures: Sequence[Examined],
    backbone: Backbone,
    cache: FeatureCache | None,
    told_of: Callable[[int, int], None],
) -> NDArray[np.float32]:
    """A row of features for each picture, float32 [n,d], taken from the cache where they are there.

    Args:
        pictures: from a data set.
        backbone: that computes what is not there.
        cache: None computes all and keeps nothing.
        told_of: is called with the number of rows that are there, and of all.

    Raises:
        TrainerError: the disk is full, or a picture has gone.
    """
    known = cache.read() if cache else {}
    wanted = {each.digest: each for each in pictures}
    rows = {digest: known[digest] for digest in wanted if digest in known}
    missing = [each for digest, each in wanted.items() if digest not in rows]
    for start in range(0, len(missing), CHUNK):
        chunk = missing[start : start + CHUNK]
        for batch in _batches(chunk, backbone.input):
            found = backbone.features(np.stack([image for _, image in batch]))
            rows |= {digest: row for (digest, _), row in zip(batch, found, strict=True)}
            told_of(len(rows), len(wanted))
        if cache:
            cache.write(rows | _others(known, rows))
    told_of(len(wanted), len(wanted))
    return np.stack([rows[each.digest] for each in pictures])


def fitted_picture(each: Examined, spec: InputSpec) -> NDArray[np.uint8]:
    """A picture as the backbone takes it.

    Raises:
        TrainerError: it has gone since it was examined.
    """
    try:
        return fitted(picture.read(each.sample)[1], spec)
    except picture.Unusable as error:
        raise TrainerError(f"{each.sample.name}: {error}") from error


def _batches(pictures: Sequence[Examined], spec: InputSpec) -> Iterator[list[tuple[str, NDArray[np.uint8]]]]:
    with ThreadPoolExecutor(cores()) as pool:
        for start in range(0, len(pictures), BATCH):
            batch = pictures[start : start + BATCH]
            images = pool.map(lambda each: fitted_picture(each, spec), batch)
            yield [(each.digest, image) for each, image in zip(batch, images, strict=True)]


def _others(
    known: dict[str, NDArray[np.float32]], rows: dict[str, NDArray[np.float32]]
) -> dict[str, NDArray[np.float32]]:
    """Rows of pictures that are not wanted now, as many as may stay."""
    size = next(iter(rows.values())).nbytes
    others = [(digest, row) for digest, row in known.items() if digest not in rows]
    return dict(others[-(MAX_BYTES // size) :])
