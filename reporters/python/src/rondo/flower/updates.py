"""How large each client's update was, and which way it points: off the training thread.

The update of a client is the difference between the model it returned and the model it received, flattened to one
vector, in the precision of the model. `update_norm` is its Euclidean norm; `cosine_to_mean` its cosine to the mean of
the round's updates, weighted by sample counts, as FedAvg does (McMahan et al., arXiv 1602.05629, algorithm 1);
`cosine_to_previous` its cosine to the mean of the round before. The mean has a norm and a `cosine_to_previous` as well.
"""

from __future__ import annotations

import math
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rondo.adapters.guard import guarded, quietly

from .arrays import blocks_of, difference_into, product_of, shape_of, views_of

# A round whose updates are larger in total keeps its norms but has no cosines: they need every update in memory.
MAX_ROUND_BYTES = 256 * 1024 * 1024
# Past it, results are reported at once, without their norm.
MAX_WAITING = 256
FIRST_ROWS = 16

Vector = NDArray[Any]
SayMetric = Callable[[str, float, int, str], None]


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

    def __init__(self, say_metric: SayMetric) -> None:
        self._say_metric = say_metric
        self._work: queue.Queue[Callable[[], None] | None] = queue.Queue(MAX_WAITING)
        self._waiting: dict[int, _Once] = {}
        self._rows = _Rows()
        self._previous: tuple[int, Vector, float] | None = None
        self._of_mean: tuple[int, Direction] | None = None
        self._thread = threading.Thread(target=self._run, name="rondo-updates", daemon=True)
        self._thread.start()

    def measure(self, client_id: str, round_number: int, samples: int, before: Any, after: Any, say: Say) -> None:
        """Call `say` with the figures of an update, or with none where there are none."""
        self._later(say, lambda: self._measured(client_id, round_number, samples, before, after))

    def round_aggregated(self, round_number: int) -> None:
        """Report the cosines of the round, after all of its norms."""
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
            once(Direction())

    def _put(self, work: Callable[[], None] | None) -> bool:
        try:
            self._work.put_nowait(work)
        except queue.Full:
            return False
        return True

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            guarded(work)()

    def _measured(self, client_id: str, round_number: int, samples: int, before: Any, after: Any) -> Direction:
        taken = self._rows.take(round_number, before, after, client_id, samples)
        if taken is None:
            return Direction()
        update, parts = taken
        previous = self._before(round_number, update)
        squares = product = 0.0
        for part in parts:
            block = update[part]
            squares += product_of(block, block)
            if previous is not None:
                product += product_of(block, previous[0][part])
        norm = math.sqrt(squares)
        self._rows.norms[client_id] = norm
        return Direction(norm, None if previous is None else _cosine(product, norm * previous[1]))

    def _before(self, round_number: int, update: Vector) -> tuple[Vector, float] | None:
        """The mean of an earlier round and its length, if the update can be compared with it."""
        if self._previous is None or self._previous[0] >= round_number:
            return None
        _, mean, length = self._previous
        return (mean, length) if mean.shape == update.shape and mean.dtype == update.dtype else None

    def _cosines(self, round_number: int) -> None:
        kept = self._rows.of(round_number)
        if kept is None:
            return
        matrix, clients, samples = kept
        shares = (samples / samples.sum()).astype(matrix.dtype)
        mean = np.empty(matrix.shape[1], matrix.dtype)
        previous = self._before(round_number, mean)
        products = np.zeros(len(clients))
        squares = product = 0.0
        # All that is asked of a block while it is in the cache.
        for part in blocks_of(len(mean)):
            rows, block = matrix[:, part], mean[part]
            np.einsum("i,ij->j", shares, rows, out=block)
            products += np.einsum("ij,j->i", rows, block)
            squares += product_of(block, block)
            if previous is not None:
                product += product_of(block, previous[0][part])
        length = math.sqrt(squares)
        if len(clients) > 1:
            for client_id, of_client in zip(clients, products, strict=True):
                cosine = _cosine(float(of_client), self._rows.norms[client_id] * length)
                if cosine is not None:
                    self._say_metric("cosine_to_mean", cosine, round_number, client_id)
        to_previous = None if previous is None else _cosine(product, length * previous[1])
        self._of_mean = round_number, Direction(length, to_previous)
        self._previous = round_number, mean, length


class _Rows:
    """The updates of a round, one below the other; the memory is used again in the next round."""

    def __init__(self) -> None:
        self._matrix: Vector | None = None
        self._round = 0
        self._clients: list[str] = []
        self._samples: list[int] = []
        self._is_too_large = False
        self.norms: dict[str, float] = {}

    def take(
        self, round_number: int, before: Any, after: Any, client_id: str, samples: int
    ) -> tuple[Vector, Iterator[slice]] | None:
        """A vector and its parts, which hold the update once they are yielded; None where the arrays differ."""
        if before is None or after is None:
            return None
        old, new = views_of(before), views_of(after)
        shape = shape_of(old, new)
        if shape is None:
            return None
        if round_number != self._round:
            self._round, self._clients, self._samples, self.norms = round_number, [], [], {}
            self._is_too_large = False
        length, dtype = shape
        row = self._next_row(length, dtype)
        if not self._is_too_large:
            self._clients.append(client_id)
            self._samples.append(max(samples, 1))
        return row, difference_into(row, old, new)

    def of(self, round_number: int) -> tuple[Vector, list[str], NDArray[np.float64]] | None:
        if round_number != self._round or not self._clients or self._is_too_large or self._matrix is None:
            return None
        return self._matrix[: len(self._clients)], self._clients, np.asarray(self._samples, np.float64)

    def _next_row(self, length: int, dtype: np.dtype[Any]) -> Vector:
        count = len(self._clients)
        matrix = self._matrix
        if matrix is None or matrix.shape[1] != length or matrix.dtype != dtype:
            if count > 0:
                # The clients of one round have different models: each has its norm, and there is no mean.
                self._is_too_large = True
                return np.empty(length, dtype)
            matrix = self._matrix = np.empty((self._most(FIRST_ROWS, length, dtype), length), dtype)
        if self._is_too_large or count >= self._most(count + 1, length, dtype):
            self._is_too_large = True
            return np.empty(length, dtype)
        if count >= len(matrix):
            grown = np.empty((self._most(2 * count, length, dtype), length), dtype)
            grown[:count] = matrix
            matrix = self._matrix = grown
        row: Vector = matrix[count]
        return row

    @staticmethod
    def _most(rows: int, length: int, dtype: np.dtype[Any]) -> int:
        return min(rows, MAX_ROUND_BYTES // max(length * dtype.itemsize, 1))


def _cosine(product: float, norms: float) -> float | None:
    """Between -1 and 1; a vector that is zero has none."""
    return max(-1.0, min(1.0, product / norms)) if norms > 0 else None
