"""Follows the objects of one camera from detections and their times."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors.detections import CLASS_NAME, empty
from streamer.config.tree import StationaryConfig
from streamer.tracking import motion
from streamer.tracking.association import NOBODY, Mask, Rows, Stage, assign
from streamer.tracking.groups import LIVING, group_of
from streamer.tracking.looks import blended, difference, looks
from streamer.tracking.memory import NOT_PARKED, Memory
from streamer.tracking.motion import Columns
from streamer.tracking.objects import UNCONFIRMED, Ints, Objects, started
from streamer.tracking.places import AWAY_S, STANDS_S, at_place, overlaps, parked, settle, shows
from streamer.tracking.standing import BESIDE_S, Standing, keep_apart, wholes
from streamer.tracking.tracks import HITS, PLACE, STANDS, STAYED_S, STRONG, ParkedTrack, Tracks

if TYPE_CHECKING:
    from supervision import Detections

    from detectors.pixels import Pixels
    from streamer.config.tree import TrackerConfig

USUAL: Final = StationaryConfig()

LIMIT: Final = 9.0
"""Surprise from which on a box is another object."""
WEAK_LIMIT: Final = 6.3
"""The same for a weak detection, which is more often none."""
HIDDEN_COST: Final = 4.0
"""Surprise added per second that the object was not seen: the longer, the likelier it is a new one."""
PLACE_COST: Final = 3.0
"""Surprise, at most, of what is seen where a thing stands, however long that was hidden, and in part."""
LOOK_COST: Final = 8.0
"""Surprise of entirely other colours; half of what is best for drawn people, whose clothes differ more."""
SAME_LOOK: Final = 0.1
"""How much the same object's colours differ from sighting to sighting, nine times in ten at most."""
LOOK_EVERY_S: Final = 0.4
"""So often what an object looks like is brought up to date, if nothing is in doubt before."""
FLICKER_S: Final = 0.05
"""What was not confirmed before it went unseen for so long was a flicker."""
RETURN_S: Final = 1.0
"""So long it has to stand at the place of a parked object to be that one: what passes by is gone by then."""
TWICE_IOU: Final = 0.7
"""Two labels of a group for boxes that overlap so much are two names of one object."""
NO_GROUP: Final = -1
LATE_S: Final = 1e-6
"""Rounding error of differences of times."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The detections of a frame, as the tracker needs them; ``groups`` is -1 where one is a second name."""

    boxes: Columns
    strong: Mask
    groups: Ints


class Tracker:
    """Two-stage association in the manner of ByteTrack (Zhang et al., ECCV 2022), by time instead of frames.

    Confident detections are matched first, weak ones only continue what is left, and what is not confirmed
    comes last. Ids are ints from 1, one counter per tracker, and are never used again. An object that was
    parked when it was lost is remembered at its place, and found again there it has its id again.
    """

    def __init__(self, config: TrackerConfig, stationary: StationaryConfig = USUAL) -> None:
        self._config = config
        self._after_s = stationary.after
        self._objects = started(np.empty((0, 4)), np.empty(0, np.int64), 0.0)
        self._memory = Memory(stationary)
        self._time_s: float | None = None
        self._looked_s = -math.inf
        self._last_id = 0
        self._groups: dict[str, int] = {}
        self._living = np.empty(0, np.bool_)

    def update(self, time_s: float, detections: Detections, picture: Pixels | None = None) -> Tracks:
        """Follow the objects into the next frame.

        Args:
            time_s: media time of the frame, seconds; does not fall.
            detections: what was found in it, with ``data["class_name"]``.
            picture: of the frame, where objects may be told apart by their colours.

        Returns:
            The same detections, in the same order, with ``tracker_id``, ``HITS`` and ``STAYED_S``.
        """
        found = self._found(detections)
        dt_s = 0.0 if self._time_s is None else max(time_s - self._time_s, 0.0)
        self._time_s = time_s
        # What doesn't happen in a frame costs nothing in it: most frames of most cameras are empty.
        if len(self._objects.ids):
            owners = self._follow(found, picture, time_s, dt_s)
        else:
            owners = np.full(len(found.boxes), NOBODY, np.intp)
        born = (owners == NOBODY) & found.strong & ~self._pieces(found, owners)
        if born.any():
            owners[born] = len(self._objects.ids) + np.arange(born.sum())
            self._objects = self._objects.joined(started(found.boxes[born], found.groups[born], time_s))
        self._memory.look(found.boxes, dt_s)
        if len(self._memory):
            self._memory.cover(self._objects.take(self._stands() & (self._objects.last_s == time_s)), dt_s)
        self._confirm(found, owners, dt_s)
        objects = self._objects
        ids = np.append(objects.ids, UNCONFIRMED)[owners]
        seen = {
            HITS: np.append(objects.hits, 0)[owners],
            STAYED_S: np.append(objects.last_s - objects.first_s, 0.0)[owners],
            **self._places(found.boxes, owners),
        }
        return self._tracks(time_s, replace(detections, tracker_id=ids, data={**detections.data, **seen}))

    def expire(self, time_s: float) -> Tracks:
        """Give up what was not seen for too long; no frame came.

        Args:
            time_s: media time that it would be now, seconds.
        """
        return self._tracks(time_s, replace(empty(), tracker_id=np.empty(0, np.int64)))

    def recall(self, known: Sequence[ParkedTrack]) -> None:
        """Remember what an earlier tracker of this camera had parked; before the first frame."""
        groups = np.array([self._group(each.label) for each in known], np.int64)
        seen_s = np.array([each.seen_s for each in known])
        objects = started(np.array([each.place for each in known]).reshape(-1, 4), groups, 0.0)
        ids = np.array([each.track for each in known], np.int64)
        before_s = seen_s - self._after_s
        self._last_id = max([self._last_id, *ids.tolist()])
        self._remember(
            replace(
                objects, ids=ids, first_s=before_s, since_s=before_s, last_s=seen_s, there_s=seen_s.copy()
            )
        )

    def parked(self) -> list[ParkedTrack]:
        """What is parked now, seen at present or not."""
        names = {number: name for name, number in self._groups.items()}
        both = self._objects.joined(self._memory.objects)
        both = both.take((both.ids != UNCONFIRMED) & parked(both, self._after_s))
        return [
            ParkedTrack(track, names[group], (place[0], place[1], place[2], place[3]), seen_s)
            for track, group, place, seen_s in zip(
                both.ids.tolist(),
                both.groups.tolist(),
                both.places.tolist(),
                both.last_s.tolist(),
                strict=True,
            )
        ]

    def _follow(self, found: Found, picture: Pixels | None, time_s: float, dt_s: float) -> Rows:
        """Move the objects on, and say which detection is which of them."""
        objects = self._objects
        states = motion.predicted(objects.states, dt_s)
        hidden_s = np.maximum(time_s - dt_s - objects.last_s, 0.0)
        costs = motion.surprise(states, found.boxes) + HIDDEN_COST * hidden_s[:, None]
        costs[objects.groups[:, None] != found.groups[None]] = np.inf
        seen_as = None
        if picture is not None and self._has_to_look(costs, hidden_s, time_s):
            seen_as, self._looked_s = looks(picture, found.boxes), time_s
            costs += np.nan_to_num(LOOK_COST * (difference(objects.looks, seen_as) - SAME_LOOK))
        stands = self._stands()
        if stands.any():
            here = at_place(found.boxes, objects.places[stands]) & np.isfinite(costs[stands])
            costs[stands] = np.where(here, np.minimum(costs[stands], PLACE_COST), costs[stands])
        if stands.any() or len(self._memory):
            things = objects.take(stands).joined(self._memory.things())
            keep_apart(costs, objects, (found.boxes, found.groups), things, self._after_s)
        owners = assign(costs, _stages(objects, found))
        seen = owners != NOBODY
        self._objects = replace(objects, states=states)
        if seen.any():
            rows = owners[seen]
            states[rows] = motion.corrected(states[rows], found.boxes[seen])
            objects.hits[rows] += 1
            objects.last_s[rows] = time_s
            settle(objects, rows, found.boxes[seen], stands | self._parked())
            if seen_as is not None:
                objects.looks[rows] = blended(objects.looks[rows], seen_as[seen])
        return owners

    def _has_to_look(self, costs: Columns, hidden_s: Columns, time_s: float) -> bool:
        """Whether colours can decide something, or nobody of several was looked at lately."""
        if costs.size == 0 or sum(costs.shape) < 3:
            return False
        likely = costs < LIMIT + LOOK_COST * SAME_LOOK
        doubtful = likely.sum(axis=0).max() > 1 or likely.sum(axis=1).max() > 1 or likely[hidden_s > 0].any()
        return bool(doubtful or time_s - self._looked_s >= LOOK_EVERY_S - LATE_S)

    def _found(self, detections: Detections) -> Found:
        count = len(detections)
        confidence = np.ones(count)
        if detections.confidence is not None:
            confidence = detections.confidence.astype(np.float64)
        names = np.asarray(detections.data[CLASS_NAME]).tolist() if count else []
        boxes = detections.xyxy.astype(np.float64)
        groups = np.array([self._group(name) for name in names], np.int64)
        if len(set(names)) > len(set(groups.tolist())):
            groups[_second_names(boxes, confidence, groups, np.array(names))] = NO_GROUP
        strong = detections.data.get(STRONG, confidence >= self._config.high_confidence)
        return Found(boxes, np.asarray(strong) & (groups != NO_GROUP), groups)

    def _group(self, label: str) -> int:
        name = group_of(label)
        if name not in self._groups:
            self._groups[name] = len(self._groups)
            self._living = np.append(self._living, name in LIVING)
        return self._groups[name]

    def _confirm(self, found: Found, owners: Rows, dt_s: float) -> None:
        """Give ids to what was seen often and long enough, and now."""
        ripe = np.flatnonzero(self._ripe() & (self._objects.last_s == self._time_s))
        if len(ripe) and len(self._memory):
            ripe = self._found_again(found, owners, ripe)
        if len(ripe):
            ripe = ripe[~self._doubtful(found, owners, ripe, dt_s)]
        self._objects.ids[ripe] = self._last_id + 1 + np.arange(len(ripe))
        self._last_id += len(ripe)

    def _ripe(self) -> Mask:
        objects, config = self._objects, self._config
        stayed_s = objects.last_s - objects.first_s
        enough = (objects.hits >= config.confirm_hits) & (stayed_s >= config.confirm_s - LATE_S)
        return np.asarray((objects.ids == UNCONFIRMED) & enough)

    def _found_again(self, found: Found, owners: Rows, ripe: Rows) -> Rows:
        """Give remembered objects their ids again; the others of the ripe are returned, as rows.

        What stands at the place of a remembered object, but not for long enough yet, waits.
        """
        objects = self._objects
        boxes = found.boxes[[int(np.flatnonzero(owners == row)[0]) for row in ripe]]
        claimed = self._memory.claims(boxes, objects.groups[ripe], found.boxes)
        claims = claimed != NOT_PARKED
        stayed_s = objects.last_s[ripe] - objects.since_s[ripe]
        back = claims & (stayed_s >= RETURN_S - LATE_S)
        rows = ripe[back]
        if len(rows):
            known = self._memory.recall(claimed[back])
            objects.ids[rows], objects.places[rows] = known.ids, known.places
            objects.first_s[rows], objects.since_s[rows] = known.first_s, known.since_s
        return np.asarray(ripe[~claims])

    def _doubtful(self, found: Found, owners: Rows, ripe: Rows, dt_s: float) -> Mask:
        """Which of the ripe may be a piece of a thing that stands: they wait; bool [R].

        Both were seen side by side for long, and they are two.
        """
        objects, known, stands = self._objects, self._memory.things(), self._stands()
        boxes = np.full((len(objects.ids), 4), np.nan)
        boxes[owners[owners != NOBODY]] = found.boxes[owners != NOBODY]
        standing = Standing(
            places=np.concatenate((objects.places[stands], known.places)),
            groups=np.concatenate((objects.groups[stands], known.groups)),
            seen=np.concatenate((boxes[stands], known.places)),
        )
        doubtful, beside = standing.doubt(boxes[ripe], objects.groups[ripe])
        objects.beside_s[ripe[beside]] += dt_s
        return np.asarray(doubtful & (objects.beside_s[ripe] < BESIDE_S))

    def _parked(self) -> Mask:
        objects = self._objects
        return np.asarray((objects.ids != UNCONFIRMED) & parked(objects, self._after_s))

    def _stands(self) -> Mask:
        """Which objects stand where they are and will not be gone without being seen to go: things."""
        objects = self._objects
        stay = parked(objects, STANDS_S)
        return np.asarray(stay & (objects.ids != UNCONFIRMED) & ~self._living[objects.groups])

    def _places(self, boxes: Columns, owners: Rows) -> dict[str, NDArray[Any]]:
        """Which detections are of things that stand, and where these are."""
        stands, places = np.append(self._stands(), False)[owners], boxes.copy()
        rows = np.flatnonzero(stands)
        if len(rows):
            stands[rows], places[rows] = wholes(boxes[rows], self._objects.places[owners[rows]])
        return {STANDS: stands, PLACE: places}

    def _pieces(self, found: Found, owners: Rows) -> Mask:
        """Which detections are further pieces of a thing that stands and was seen now; bool [M]."""
        loose: Mask = (owners == NOBODY) & found.strong
        if not loose.any():
            return np.asarray(loose)
        stands = self._stands() & (self._objects.last_s == self._time_s)
        if not stands.any():
            return np.zeros_like(loose)
        here = shows(found.boxes[None], self._objects.places[stands][:, None])
        return np.asarray((here & (self._objects.groups[stands][:, None] == found.groups)).any(axis=0))

    def _tracks(self, time_s: float, detections: Detections) -> Tracks:
        ended = self._give_up(time_s)
        here = self._objects.ids[self._parked()].tolist()
        return Tracks(time_s, detections, ended, (*here, *self._memory.parked(self._after_s)))

    def _give_up(self, time_s: float) -> tuple[int, ...]:
        objects = self._objects
        if not len(objects.ids) and not len(self._memory):
            return ()
        # What is ripe and has no id waits at the place of a parked object.
        flicker = (objects.ids == UNCONFIRMED) & ~self._ripe()
        patience_s = np.where(flicker, FLICKER_S, self._config.lost_s)
        lost = time_s - objects.last_s > patience_s + LATE_S
        ended: list[int] = []
        if lost.any():
            away_s = objects.last_s - objects.there_s
            stays = lost & (self._parked() & (away_s == 0) | self._stands() & (away_s <= AWAY_S))
            self._objects = objects.take(~lost)
            self._remember(objects.take(stays))
            gone = objects.ids[lost & ~stays].tolist()
            ended = [each for each in gone if each != UNCONFIRMED]
        return (*ended, *self._memory.forget(time_s))

    def _remember(self, objects: Objects) -> None:
        if len(objects.ids):
            self._memory.add(objects, self._living[objects.groups])


def _stages(objects: Objects, found: Found) -> tuple[Stage, ...]:
    confirmed = objects.ids != UNCONFIRMED
    return (
        Stage(confirmed, found.strong, LIMIT),
        Stage(confirmed, ~found.strong, WEAK_LIMIT),
        Stage(~confirmed, found.strong, LIMIT),
    )


def _second_names(boxes: Columns, confidence: Columns, groups: Ints, names: NDArray[np.str_]) -> Mask:
    """Which boxes are another label of the same group for what a surer box shows, too."""
    iou, _ = overlaps(boxes[:, None], boxes[None])
    rank = np.argsort(np.argsort(-confidence, kind="stable"))
    surer = rank[None] < rank[:, None]
    other = (groups[:, None] == groups[None]) & (names[:, None] != names[None])
    return np.asarray((surer & other & (iou >= TWICE_IOU)).any(axis=1))
