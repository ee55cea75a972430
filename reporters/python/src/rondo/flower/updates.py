"""How large each client's update was, and which way it points: off the training thread.

The update of a client is the difference between the model it returned and the model it received, flattened to one
vector, in the precision of the model. `update_norm` is its Euclidean norm; `cosine_to_mean` its cosine to the mean of
the round's updates, weighted by sample counts, as FedAvg does (McMahan et al., arXiv 1602.05629, algorithm 1);
`cosine_to_previous` its cosine to the mean of the round before. The mean has a norm and a `cosine_to_previous` as well.
"""

from __future__ import annotations

import math
import os
import queue
import sys
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rondo.adapters.guard import guarded, quietly

from .arrays import BLOCK, block_for, blocks_of, difference, flat_of, product_of, shape_of, views_of

# A round whose updates are larger in total keeps its norms but has no cosines: they need every model in memory.
MAX_ROUND_BYTES = 256 * 1024 * 1024
# Past it, results are reported at once, without their norm.
MAX_WAITING = 256
# A tenth of a core where the training uses all of them, and all that it leaves elsewhere.
NICE = 10

Vector = NDArray[Any]
SayMetric = Callable[[str, float, int, str], None]
#: Names a value that is not there, and why: continues "it …". [R30]
LeftOut = Callable[[str, str], None]


class Direction(NamedTuple):
    """The figures of one update, or of the mean of a round."""

    norm: float | None = None
    cosine_to_previous: float | None = None


NOTHING = Direction()
Say = Callable[[Direction], None]


class _Once:
    """A fact that waits for its figures; at the end of the run it is reported without them."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._lock = threading.Lock()
        self.is_said = False

    def __call__(self, direction: Direction) -> None:
        with self._lock:
            if self.is_said:
                return
            self.is_said = True
        quietly(self._say, direction)


class UpdateMeter:
    """One measuring thread. Bounded: when it cannot keep up it measures less, and delays nothing."""

    def __init__(self, say_metric: SayMetric, left_out: LeftOut = lambda name, reason: None) -> None:
        self._say_metric = say_metric
        self._left_out = left_out
        self._work: queue.Queue[Callable[[], None] | None] = queue.Queue(MAX_WAITING)
        self._waiting: dict[int, _Once] = {}
        self._kept = _Kept()
        self._previous: tuple[int, Vector, float] | None = None
        self._of_mean: tuple[int, Direction] | None = None
        self._thread = threading.Thread(target=self._run, name="rondo-updates", daemon=True)
        self._thread.start()

    def measure(self, client_id: str, round_number: int, samples: int, before: Any, after: Any, say: Say) -> None:
        """Call `say` with the figures of an update, or with none where there are none."""
        self._later(say, lambda: self._measured(client_id, round_number, samples, before, after))

    def round_is_in(self, round_number: int) -> None:
        """Report the cosines of the round, whose results are all here, after its norms."""
        self._put(lambda: self._cosines(round_number))

    def of_mean(self, round_number: int, say: Say) -> None:
        """Call `say` with the figures of the round's mean update, after its cosines."""

        def direction() -> Direction:
            known = self._of_mean
            return known[1] if known is not None and known[0] == round_number else Direction()

        self._later(say, direction)

    def close(self, timeout: float) -> None:
        """Wait for running measurements. An update that is not measured by then is reported without its figures."""
        if self._put(None):
            self._thread.join(timeout)
        for say in list(self._waiting.values()):
            quietly(self._left_out, "update_norm", "was not measured by the end of the run")
            say(Direction())

    def _later(self, say: Say, find: Callable[[], Direction]) -> None:
        once = _Once(say)

        def work() -> None:
            try:
                once(Direction() if once.is_said else quietly(find) or Direction())
            finally:
                self._waiting.pop(id(once), None)

        self._waiting[id(once)] = once
        if not self._put(work):
            self._waiting.pop(id(once), None)
            quietly(self._left_out, "update_norm", f"was not measured: {MAX_WAITING} measurements were waiting already")
            once(Direction())

    def _put(self, work: Callable[[], None] | None) -> bool:
        try:
            self._work.put_nowait(work)
        except queue.Full:
            return False
        return True

    def _run(self) -> None:
        _give_way()
        while (work := self._work.get()) is not None:
            guarded(work)()

    def _measured(self, client_id: str, round_number: int, samples: int, before: Any, after: Any) -> Direction:
        update = _update_of(before, after)
        if update is None:
            return Direction()
        previous = self._before(round_number, update)
        scratch = np.empty(min(BLOCK, update.length), update.dtype)
        squares = product = 0.0
        at = 0
        for old, new in zip(update.old, update.new, strict=True):
            for part in blocks_of(new.size):
                block = scratch[: part.stop - part.start]
                difference(new[part], old[part], block)
                squares += product_of(block, block)
                if previous is not None:
                    product += product_of(block, previous[0][at + part.start : at + part.stop])
            at += new.size
        norm = math.sqrt(squares)
        self._kept.add(round_number, _Part(client_id, max(samples, 1), norm, update))
        return Direction(norm, None if previous is None else _cosine(product, norm * previous[1]))

    def _before(self, round_number: int, update: Update) -> tuple[Vector, float] | None:
        """The mean of an earlier round and its length, if the update can be compared with it."""
        if self._previous is None or self._previous[0] >= round_number:
            return None
        _, mean, length = self._previous
        return (mean, length) if mean.size == update.length and mean.dtype == update.dtype else None

    def _cosines(self, round_number: int) -> None:
        parts = self._kept.take(round_number)
        if self._kept.is_too_large:
            most = MAX_ROUND_BYTES // 1024**2
            self._left_out("cosine_to_mean", f"was not measured: the models of a round are more than {most} MiB")
        if not parts:
            return
        first = parts[0].update
        total = sum(part.samples for part in parts)
        shares = np.array([part.samples / total for part in parts], first.dtype)
        mean = np.empty(first.length, first.dtype)
        previous = self._before(round_number, first)
        products = np.zeros(len(parts))
        longest = block_for(len(parts))
        rows = np.empty((len(parts), min(longest, first.length)), first.dtype)
        squares = product = 0.0
        at = 0
        # Each piece is asked for everything while it is in the cache, and no update is ever written down whole.
        for number, array in enumerate(first.new):
            for part in blocks_of(array.size, longest):
                size = part.stop - part.start
                here, block = rows[:, :size], mean[at + part.start : at + part.stop]
                for row, (_, _, _, update) in zip(here, parts, strict=True):
                    difference(update.new[number][part], update.old[number][part], row)
                np.einsum("i,ij->j", shares, here, out=block)
                products += np.einsum("ij,j->i", here, block)
                squares += product_of(block, block)
                if previous is not None:
                    product += product_of(block, previous[0][at + part.start : at + part.stop])
            at += array.size
        length = math.sqrt(squares)
        if len(parts) > 1:
            for each, of_client in zip(parts, products, strict=True):
                cosine = _cosine(float(of_client), each.norm * length)
                if cosine is not None:
                    self._say_metric("cosine_to_mean", cosine, round_number, each.client_id)
        to_previous = None if previous is None else _cosine(product, length * previous[1])
        self._of_mean = round_number, Direction(length, to_previous)
        self._previous = round_number, mean, length


def _give_way() -> None:
    """Let the training's threads have the cores first: this thread measures in what they leave."""
    if sys.platform == "linux":
        try:
            own = threading.get_native_id()
            os.setpriority(os.PRIO_PROCESS, own, os.getpriority(os.PRIO_PROCESS, own) + NICE)
        except OSError:
            pass  # A sandbox may forbid it.


class Update(NamedTuple):
    """The model that a client received and the one that it returned, as flat arrays that are read in place."""

    old: list[Vector]
    new: list[Vector]
    length: int
    dtype: np.dtype[Any]

    @property
    def size(self) -> int:
        """Bytes that stay in memory for it: the framework needs the model that all clients received anyway."""
        return sum(array.nbytes for array in self.new)


def _update_of(before: Any, after: Any) -> Update | None:
    """None where there is nothing to compare."""
    if before is None or after is None:
        return None
    old, new = views_of(before), views_of(after)
    shape = shape_of(old, new)
    return None if shape is None else Update([flat_of(each) for each in old], [flat_of(each) for each in new], *shape)


class _Part(NamedTuple):
    client_id: str
    samples: int
    norm: float
    update: Update


class _Kept:
    """The updates of one round, until its mean is known. Bounded: past the bound the round has no mean."""

    def __init__(self) -> None:
        self._round = 0
        self._parts: list[_Part] = []
        self._bytes = 0
        self._has_mean = True
        self.is_too_large = False

    def add(self, round_number: int, part: _Part) -> None:
        if round_number != self._round:
            self._round, self._parts, self._bytes, self._has_mean = round_number, [], 0, True
            self.is_too_large = False
        shapes = [(each.size, part.update.dtype) for each in part.update.new]
        first = self._parts[0].update if self._parts else part.update
        # The clients of one round may have different models: each has its norm, and there is no mean.
        self._has_mean = self._has_mean and shapes == [(each.size, first.dtype) for each in first.new]
        self._bytes += part.update.size
        self.is_too_large = self._bytes > MAX_ROUND_BYTES
        self._has_mean = self._has_mean and not self.is_too_large
        self._parts = [*self._parts, part] if self._has_mean else []

    def take(self, round_number: int) -> list[_Part]:
        """The updates of this round, which are not kept any longer."""
        parts = self._parts if round_number == self._round and self._has_mean else []
        self._parts, self._bytes = [], 0
        return parts


def _cosine(product: float, norms: float) -> float | None:
    """Between -1 and 1; a vector that is zero has none."""
    return max(-1.0, min(1.0, product / norms)) if norms > 0 else None
