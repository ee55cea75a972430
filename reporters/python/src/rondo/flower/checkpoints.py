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

from .updates import numpy_arrays

# https://github.com/huggingface/safetensors, "Format"; what is not here has no name there.
DTYPES = {
    "float64": "F64", "float32": "F32", "float16": "F16", "int64": "I64", "int32": "I32", "int16": "I16", "int8": "I8",
    "uint64": "U64", "uint32": "U32", "uint16": "U16", "uint8": "U8", "bool": "BOOL",
}  # fmt: skip


# Two rounds' models at most wait in memory; when the line is slower than training, checkpoints are left out.
MAX_WAITING = 2


class Checkpoints:
    """Saves the global model of every so many rounds, in a thread of its own."""

    def __init__(self, run: rondo.Run, *, every: int) -> None:
        self._run = run
        self._every = every
        self._last: str | None = None
        self._work: queue.Queue[tuple[int, str, Any] | None] = queue.Queue(MAX_WAITING)
        self._uploads: list[rondo.ModelUpload] = []
        if every > 0:
            self._thread = threading.Thread(target=self._save_all, name="rondo-checkpoints", daemon=True)
            self._thread.start()

    def save(self, round_number: int, arrays: Any, metrics: dict[str, float]) -> str | None:
        """The version under which the model of this round will be saved, or None if it will not be."""
        if self._every <= 0 or round_number % self._every != 0 or not self._has_room():
            return None
        version = f"{self._run.run_id}-r{round_number}"
        try:
            self._work.put_nowait((round_number, version, arrays))
        except queue.Full:
            self._run.log(
                f"no checkpoint of round {round_number}: earlier ones are still on their way", level="warning"
            )
            return None
        return version

    def close(self, timeout: float) -> None:
        if self._every > 0:
            self._work.put(None)
            self._thread.join(timeout)

    def _has_room(self) -> bool:
        self._uploads = [upload for upload in self._uploads if upload.state in ("waiting", "uploading")]
        return len(self._uploads) < MAX_WAITING

    def _save_all(self) -> None:
        while (work := self._work.get()) is not None:
            self._save(*work)

    @guarded
    def _save(self, round_number: int, version: str, arrays: Any) -> None:
        model = safetensors(numpy_arrays(arrays), {"round": str(round_number), "run_id": self._run.run_id})
        self._uploads.append(self._run.save_model(version, model, round=round_number, parent=self._last))
        self._last = version


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
