"""The arrays in Flower's records, read in place. Both APIs carry them in NumPy's own format."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

Array = NDArray[Any]


def numpy_arrays(record: Any) -> dict[str, Array]:
    """By name, from Flower's `ArrayRecord` or the legacy `Parameters`, neither of which is changed."""
    if hasattr(record, "tensors"):
        return {f"arrays.{i}": view_of(tensor) for i, tensor in enumerate(record.tensors)}
    return {str(name): view_of(array.data) for name, array in record.items()}


def view_of(data: bytes) -> Array:
    """The array inside its serialized form, without a copy. Raises ValueError for an array of objects."""
    start = _start_of(data)
    head = data[:start]
    read = _heads.get(head)
    if read is None:
        if len(_heads) >= MAX_HEADS:
            _heads.clear()
        read = _heads[head] = _read_head(head)
    shape, is_fortran, dtype = read
    flat = np.frombuffer(data, dtype, count=math.prod(shape), offset=start)
    return flat.reshape(shape, order="F" if is_fortran else "C")


# Arrays of one shape and type begin with the same bytes, and NumPy takes tens of microseconds to read them.
MAX_HEADS = 4_096
Head = tuple[tuple[int, ...], bool, "np.dtype[Any]"]
_heads: dict[bytes, Head] = {}


def _start_of(data: bytes) -> int:
    """Where the elements begin: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html."""
    if data[:6] != b"\x93NUMPY" or len(data) < 12:
        raise ValueError("this is not NumPy's format")
    if data[6] == 1:
        return 10 + int.from_bytes(data[8:10], "little")
    return 12 + int.from_bytes(data[8:12], "little")


def _read_head(head: bytes) -> Head:
    stream = io.BytesIO(head)
    version = npy.read_magic(stream)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, is_fortran, dtype = read(stream)
    if dtype.hasobject:
        raise ValueError("an array of objects is not read")
    return shape, is_fortran, dtype


def views_of(record: Any) -> list[Array]:
    """Those of floating point: counters and tokens are no part of a direction."""
    return [array for array in numpy_arrays(record).values() if np.issubdtype(array.dtype, np.floating)]


def shape_of(old: list[Array], new: list[Array]) -> tuple[int, np.dtype[Any]] | None:
    """Length and type of the difference as one vector; None where the two do not have the same arrays."""
    if not new or [array.shape for array in old] != [array.shape for array in new]:
        return None
    dtype = np.result_type(*{array.dtype for array in (*old, *new)})
    # Half precision has neither the range nor the speed for sums of squares.
    dtype = np.promote_types(dtype, np.float32).newbyteorder("=")
    return sum(array.size for array in new), dtype


# Elements that are summed in their own precision; longer sums are made of such sums in double precision.
RUN = 8_192
# A piece and what it is multiplied by stay in a core's cache. Each step of a piece lets go of Python's lock and takes
# it again, between the training's own threads, so pieces are as large as that allows.
BLOCK = 8 * RUN


def flat_of(array: Array) -> Array:
    """The elements in the order of their indices; a copy only where they are stored in another order."""
    return array.reshape(-1)


def block_for(rows: int) -> int:
    """The length of a piece of which so many rows are needed at once."""
    return max(1, 4 * BLOCK // (rows * RUN)) * RUN


def blocks_of(size: int, block: int = BLOCK) -> Iterator[slice]:
    """The places of the pieces of an array."""
    for start in range(0, size, block):
        yield slice(start, min(start + block, size))


def difference(after: Array, before: Array, out: Array) -> None:
    """Write `after - before`, in the precision of `out`."""
    if after.dtype == out.dtype and before.dtype == out.dtype:
        np.subtract(after, before, out=out)
    else:
        np.subtract(after, before, out=out, dtype=out.dtype)


def product_of(a: Array, b: Array) -> float:
    """The scalar product of two blocks. Not by BLAS, which asks other cores for help with long ones."""
    whole = a.size - a.size % RUN
    if whole == 0:
        return float(np.einsum("i,i->", a, b))
    sums = np.einsum("ij,ij->i", a[:whole].reshape(-1, RUN), b[:whole].reshape(-1, RUN))
    total = float(sums.sum(dtype=np.float64))
    return total if whole == a.size else total + float(np.einsum("i,i->", a[whole:], b[whole:]))
