"""The arrays in Flower's records, read in place. Both APIs carry them in NumPy's own format."""

from __future__ import annotations

import io
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
    head = io.BytesIO(data)
    version = npy.read_magic(head)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, is_fortran, dtype = read(head)
    if dtype.hasobject:
        raise ValueError("an array of objects is not read")
    flat = np.frombuffer(data, dtype, count=int(np.prod(shape, dtype=np.int64)), offset=head.tell())
    return flat.reshape(shape, order="F" if is_fortran else "C")


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


# Elements. Three such pieces fit into a core's cache, and a sum over one stays on its core.
BLOCK = 32_768


def difference_into(row: Array, old: list[Array], new: list[Array]) -> Iterator[slice]:
    """Write the update where it stays, in one pass over a client's arrays, and yield each part once it is there."""
    at = 0
    for before, after in zip(old, new, strict=True):
        end = at + after.size
        if before.flags.c_contiguous and after.flags.c_contiguous:
            flat_before, flat_after = before.reshape(-1), after.reshape(-1)
            for part in blocks_of(after.size):
                here = slice(at + part.start, at + part.stop)
                np.subtract(flat_after[part], flat_before[part], out=row[here])
                yield here
        else:
            np.subtract(after, before, out=row[at:end].reshape(after.shape))
            for part in blocks_of(after.size):
                yield slice(at + part.start, at + part.stop)
        at = end


def blocks_of(size: int) -> Iterator[slice]:
    for start in range(0, size, BLOCK):
        yield slice(start, min(start + BLOCK, size))


def product_of(a: Array, b: Array) -> float:
    """The scalar product of two blocks, on the core that asks."""
    return float(np.einsum("i,i->", a, b))
