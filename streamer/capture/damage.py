"""Which pictures can be believed after a loss: none until the next key frame."""


class Damage:
    """Hides the pictures between a loss and the next key frame that came whole.

    What a decoder makes of them looks like pictures: it fills what is missing with what was there before,
    and every later picture builds on it.

    A stream may have no key frame for long, or none that comes whole. After ``patience_s`` its pictures are
    shown as they are, whatever else is lost, until one does: damage heals as the picture is redrawn, and a
    camera that shows nothing for ever is worth less than one that errs.
    """

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._since: float | None = None
        self._before: float | None = None
        self._whole_from = -1

    def restart(self) -> None:
        """A connection begins: its decoder knows nothing of what was before."""
        self._since = None

    def unit(self, pts: int, *, keyframe: bool, damaged: bool, now: float) -> None:
        """An access unit came; told again after it was decoded, when that may have shown more.

        Args:
            pts: of its picture.
            keyframe: decoding can start at it.
            damaged: something of it, or before it, was lost.
            now: monotonic seconds.
        """
        if damaged and self._since is None:
            # A key frame that turns out to be damaged ended nothing.
            self._since = self._before if self._before is not None and pts == self._whole_from else now
        elif keyframe and not damaged and self._since is not None:
            # With B-frames, pictures from before it are still to come.
            self._before, self._since, self._whole_from = self._since, None, pts

    def hides(self, pts: int, now: float) -> bool:
        """Whether the picture at ``pts`` is not to be believed."""
        if self._since is not None:
            return now - self._since < self._patience_s
        return pts < self._whole_from
