"""Reads runs back from a dashboard: what was reported, as plain Python objects, pandas or Arrow."""

from .follow import Change
from .http import ReadError
from .matrix import Matrix
from .rows import Row, Rows
from .runs import Model, Reader, StoredRun, read

__all__ = ["Change", "Matrix", "Model", "ReadError", "Reader", "Row", "Rows", "StoredRun", "read"]
