"""How large each client's update was, and how far it points the mean's way: off the training thread.

The update of a client is the difference between what it sent back and what it was sent, flattened to one vector, in the
precision of the model. `update_norm` is its Euclidean norm; `cosine_to_mean` its cosine to the mean of the round's
updates, weighted by sample counts, as FedAvg weighs them (McMahan et al., arXiv 1602.05629, algorithm 1).
"""

from __future__ import annotations

import io
import queue
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rondo.adapters.guard import guarded

# A round whose updates are larger together keeps its norms and gives up its cosines: they need every update at once.
MAX_ROUND_BYTES = 256 * 1024 * 1024
# Past it, results are said at once, without their norm.
MAX_WAITING = 256

Vector = NDArray[Any]
SayMetric = Callable[[str, float, int, str], None]


class UpdateMeter:
    """One thread that measures. Bounded: when it falls behind it measures less, and delays nothing."""

    def __init__(self, say_metric: SayMetric) -> None:
        self._say_metric = say_metric
        self._work: queue.Queue[Callable[[], None] | None] = queue.Queue(MAX_WAITING)
        self._updates: dict[str, tuple[Vector, int]] = {}
        self._bytes = 0
        self._round = 0
        self._thread = threading.Thread(target=self._run, name="rondo-updates", daemon=True)
        self._thread.start()

    def measure(
        self,
        client_id: str,
        round_number: int,
        samples: int,
        before: Any,
        after: Any,
        say: Callable[[float | None], None],
    ) -> None:
        """Calls `say` with the norm, or with None where there is none to be had."""

        def work() -> None:
            update = None
            try:
                update = difference(before, after)
            finally:
                say(None if update is None else float(np.linalg.norm(update)))
            if update is not None:
                self._keep(client_id, round_number, samples, update)

        if not self._put(work):
            say(None)

    def round_aggregated(self, round_number: int) -> None:
        """Says the cosines of the round, once its norms are all done."""
        self._put(lambda: self._cosines(round_number))

    def close(self, timeout: float) -> None:
        """Waits for what is under way."""
        if self._put(None):
            self._thread.join(timeout)

    def _put(self, work: Callable[[], None] | None) -> bool:
        try:
            self._work.put_nowait(work)
        except queue.Full:
            return False
        return True

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            guarded(work)()

    def _keep(self, client_id: str, round_number: int, samples: int, update: Vector) -> None:
        if round_number != self._round:
            self._updates, self._bytes, self._round = {}, 0, round_number
        self._bytes += update.nbytes
        if self._bytes <= MAX_ROUND_BYTES:
            self._updates[client_id] = (update, max(samples, 1))
        else:
            self._updates.clear()

    def _cosines(self, round_number: int) -> None:
        updates, self._updates = self._updates, {}
        if round_number != self._round or len(updates) < 2:
            return
        for client_id, cosine in cosines_to_mean(updates).items():
            self._say_metric("cosine_to_mean", cosine, round_number, client_id)


def difference(before: Any, after: Any) -> Vector | None:
    """The update as one vector; None where the two do not have the same arrays."""
    if before is None or after is None:
        return None
    old, new = _floats(before), _floats(after)
    if [array.shape for array in old] != [array.shape for array in new] or not new:
        return None
    parts = [np.subtract(b, a).reshape(-1) for a, b in zip(old, new, strict=True)]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def cosines_to_mean(updates: dict[str, tuple[Vector, int]]) -> dict[str, float]:
    """Cosine, -1 to 1, of each update to the weighted mean; clients whose update is zero have none."""
    total = sum(samples for _, samples in updates.values())
    first, _ = next(iter(updates.values()))
    mean = np.zeros_like(first)
    for vector, samples in updates.values():
        mean += vector * (samples / total)
    length = float(np.linalg.norm(mean))
    found: dict[str, float] = {}
    for client_id, (vector, _) in updates.items():
        norms = float(np.linalg.norm(vector)) * length
        if norms > 0:
            found[client_id] = max(-1.0, min(1.0, float(vector @ mean) / norms))
    return found


def numpy_arrays(record: Any) -> dict[str, NDArray[Any]]:
    """By name, from Flower's `ArrayRecord` or the legacy `Parameters`, neither of which is touched."""
    if hasattr(record, "tensors"):
        return {f"arrays.{i}": _load(tensor) for i, tensor in enumerate(record.tensors)}
    return {str(name): _load(array.data) for name, array in record.items()}


def _floats(record: Any) -> list[NDArray[Any]]:
    """Counters and tokens are no part of a direction."""
    return [array for array in numpy_arrays(record).values() if np.issubdtype(array.dtype, np.floating)]


def _load(data: bytes) -> NDArray[Any]:
    """Both APIs carry arrays in NumPy's own format."""
    return np.load(io.BytesIO(data), allow_pickle=False)  # type: ignore[no-any-return]
