"""The global model of a round as safetensors: an 8-byte length, a JSON header, the raw arrays."""

from __future__ import annotations

import json
import queue
import struct
import threading
from typing import Any

import numpy as np

import rondo
from rondo.adapters.guard import guarded

from .arrays import numpy_arrays

# https://github.com/huggingface/safetensors, "Format"; what is not here has no name there.
DTYPES = {
    "float64": "F64", "float32": "F32", "float16": "F16", "int64": "I64", "int32": "I32", "int16": "I16", "int8": "I8",
    "uint64": "U64", "uint32": "U32", "uint16": "U16", "uint8": "U8", "bool": "BOOL",
}  # fmt: skip

# Models of rounds that wait in memory. When the line is slower than training, rounds are skipped, and named.
MAX_WAITING_BYTES = 256 * 1024 * 1024


class Checkpoints:
    """Saves the global model of every so many rounds, and always the last, in a thread of its own."""

    def __init__(self, run: rondo.Run, *, every: int) -> None:
        self._run = run
        self._every = every
        self._parent: str | None = None
        self._work: queue.Queue[tuple[int, str, Any, int] | None] = queue.Queue()
        self._lock = threading.Lock()
        self._queued_bytes = 0
        self._uploads: list[tuple[rondo.ModelUpload, int]] = []
        #: The newest model, as long as it is not saved.
        self._unsaved: tuple[int, Any] | None = None
        if every > 0:
            self._thread = threading.Thread(target=self._save_all, name="rondo-checkpoints", daemon=True)
            self._thread.start()

    def save(self, round_number: int, arrays: Any, metrics: dict[str, float]) -> str | None:
        """The version under which the model of this round will be saved, or None if it will not be."""
        if self._every <= 0:
            return None
        self._unsaved = round_number, arrays
        if round_number % self._every != 0:
            return None
        size = _size_of(arrays)
        if not self._has_room(size):
            message = f"no checkpoint of round {round_number}: earlier ones are still on their way"
            self._run.log(message, level="warning")
            return None
        return self._put(round_number, arrays, size)

    def close(self, timeout: float) -> None:
        """The last model is saved, whichever round made it."""
        if self._every <= 0:
            return
        if self._unsaved is not None:
            round_number, arrays = self._unsaved
            self._put(round_number, arrays, _size_of(arrays))
        self._work.put(None)
        self._thread.join(timeout)

    def _put(self, round_number: int, arrays: Any, size: int) -> str:
        version = f"{self._run.run_id}-r{round_number}"
        self._unsaved = None
        with self._lock:
            self._queued_bytes += size
        self._work.put((round_number, version, arrays, size))
        return version

    def _has_room(self, size: int) -> bool:
        with self._lock:
            self._uploads = [each for each in self._uploads if each[0].state in ("waiting", "uploading")]
            waiting = self._queued_bytes + sum(bytes_ for _, bytes_ in self._uploads)
        # A model above the bound may still wait alone.
        return waiting == 0 or waiting + size <= MAX_WAITING_BYTES

    def _save_all(self) -> None:
        while (work := self._work.get()) is not None:
            self._save(*work)

    @guarded
    def _save(self, round_number: int, version: str, arrays: Any, size: int) -> None:
        try:
            model = safetensors(numpy_arrays(arrays), {"round": str(round_number), "run_id": self._run.run_id})
            upload = self._run.save_model(version, model, round=round_number, parent=self._parent)
            self._parent = version
        finally:
            with self._lock:
                self._queued_bytes -= size
        with self._lock:
            self._uploads.append((upload, size))


def _size_of(arrays: Any) -> int:
    """Bytes, of Flower's `ArrayRecord` or the legacy `Parameters`."""
    if hasattr(arrays, "tensors"):
        return sum(len(tensor) for tensor in arrays.tensors)
    return int(arrays.count_bytes())


def safetensors(arrays: dict[str, Any], metadata: dict[str, str]) -> bytes:
    """The file. Raises ValueError for a dtype that the format has no name for."""
    header: dict[str, Any] = {"__metadata__": metadata}
    at = 0
    for name, array in arrays.items():
        if str(array.dtype) not in DTYPES:
            raise ValueError(f"{name}: safetensors has no dtype {array.dtype}")
        header[name] = {
            "dtype": DTYPES[str(array.dtype)], "shape": list(array.shape), "data_offsets": [at, at + array.nbytes],
        }  # fmt: skip
        at += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    # The format aligns the arrays to 8 bytes.
    text += b" " * (-len(text) % 8)
    little = (np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes() for array in arrays.values())
    return b"".join((struct.pack("<Q", len(text)), text, *little))
