"""All classifiers of one camera: followed objects in, the same with what they are taken for out."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from streamer.classifying.objects import ObjectClassifier
from streamer.classifying.regions import RegionClassifier
from streamer.tracking.tracks import ATTRIBUTES, NOTHING, SUB_LABEL, Refined

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from streamer.batching.classifying import ClassifierQueue
    from streamer.config.classifiers import ClassifierConfig
    from streamer.event import AttributeEvent
    from streamer.frame import Frame
    from streamer.tracking.tracks import Tracks


class Classifiers:
    """The classifiers of one camera.

    A live camera never waits for them: what they say shows with a later frame. A file does, so that every
    frame of it is judged alike however fast the machine is.
    """

    def __init__(
        self,
        camera: str,
        configs: Sequence[ClassifierConfig],
        queues: Mapping[str, ClassifierQueue],
        *,
        waits: bool = False,
    ) -> None:
        """
        Args:
            camera: its name.
            configs: of its classifiers, in the order in which they have a say in the sub-label.
            queues: where their models run, by how the configuration calls them.
            waits: for the answers of each frame.
        """
        self._objects = [
            ObjectClassifier(each, queues[each.model]) for each in configs if each.region is None
        ]
        self._regions = [
            RegionClassifier(camera, each, queues[each.model]) for each in configs if each.region is not None
        ]
        self._waits = waits

    async def refine(self, frame: Frame, tracks: Tracks) -> Tracks:
        """Look at the objects of this frame, and tell what is known of them by now."""
        sent = [future for each in self._objects for future in each.look(frame, tracks)]
        sent += [future for each in self._regions for future in each.look(frame)]
        if self._waits and sent:
            await asyncio.wait(sent)
            # Their callbacks are called in a turn of the loop after them.
            await asyncio.sleep(0)
        return self.known(tracks)

    def changes(self) -> list[AttributeEvent]:
        """What of the picture itself changed since the last time."""
        return [change for each in self._regions for change in each.take()]

    def known(self, tracks: Tracks) -> Tracks:
        """The same with what is known of its objects; those that ended are forgotten."""
        told = [(each.name, each.told()) for each in self._objects]
        found: dict[int, dict[str, str]] = {}
        for name, labels in told:
            for track, label in labels.items():
                found.setdefault(track, {})[name] = label
        refined = {track: Refined(next(iter(of.values())), of) for track, of in found.items()}
        for each in self._objects:
            each.forget(tracks.ended)
        return with_columns(replace(tracks, refined=refined))


def with_columns(tracks: Tracks) -> Tracks:
    """The same with what each object is taken for as columns of its detections."""
    found = tracks.detections
    if found.tracker_id is None or not tracks.refined:
        return tracks
    known = [tracks.refined.get(track, NOTHING) for track in found.tracker_id.tolist()]
    columns = {SUB_LABEL: np.empty(len(known), object), ATTRIBUTES: np.empty(len(known), object)}
    for number, each in enumerate(known):
        columns[SUB_LABEL][number], columns[ATTRIBUTES][number] = each.sub_label, each.attributes
    return replace(tracks, detections=replace(found, data={**found.data, **columns}))
