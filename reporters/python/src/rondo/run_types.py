"""Types of the arguments of a run's methods."""

from __future__ import annotations

from datetime import datetime
from typing import Any

#: Any number: Python's, or a scalar of NumPy, PyTorch, JAX and the like.
Number = Any
At = datetime | str | None
