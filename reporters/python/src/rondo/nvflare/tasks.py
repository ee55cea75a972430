"""Reads NVFLARE's tasks and results, and never changes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from nvflare.apis.fl_constant import ReturnCode
from nvflare.app_common.app_constant import AppConstants
from nvflare.app_common.utils.fl_model_utils import FLModelUtils

from rondo.adapters.guard import quietly

SAMPLES = "NUM_STEPS_CURRENT_ROUND"
# A cross-site evaluation has these tasks; a round that its models carry is the one that made them.
WITHOUT_ROUND = (AppConstants.TASK_VALIDATION, AppConstants.TASK_SUBMIT_MODEL)


class Figures(NamedTuple):
    """The metadata of a result."""

    samples: int
    metrics: Mapping[str, Any]


def figures_of(result: Any) -> Figures:
    """Samples and metrics; nothing where the result is neither a model nor metrics."""
    try:
        model: Any = FLModelUtils.from_shareable(result)
        meta = model.meta or {}
        return Figures(max(int(meta.get(SAMPLES) or 0), 0), model.metrics or {})
    except Exception:
        return Figures(0, {})


def is_good(result: Any) -> bool:
    """A site may end a relay early and still have a good result."""
    return result.get_return_code() in (None, ReturnCode.OK, getattr(ReturnCode, "EARLY_TERMINATION", ReturnCode.OK))


def round_of(task: Any) -> int | None:
    """The round that a task belongs to, as NVFLARE counts; None for a task without one."""
    return round_of_data(task.data, task.name)


def round_of_data(data: Any, task: Any) -> int | None:
    if task in WITHOUT_ROUND:
        return None
    number = header_of(data, AppConstants.CURRENT_ROUND)
    if number is None and data is not None:
        # A site's executor may leave the header out; the server's cookie always returns.
        number = quietly(data.get_cookie, AppConstants.CONTRIBUTION_ROUND)
    return None if number is None else quietly(int, number)


def header_of(data: Any, name: str) -> Any:
    return data.get_header(name) if hasattr(data, "get_header") else None


def owner_of(data: Any) -> str | None:
    """Return the owner of the model that a site validates: a site, or the server by its model's name."""
    owner = header_of(data, AppConstants.MODEL_OWNER)
    if owner is None:
        try:
            owner = (FLModelUtils.from_shareable(data).meta or {}).get(AppConstants.MODEL_OWNER)
        except Exception:
            return None
    return None if owner is None else str(owner)


def argument(args: tuple[Any, ...], kwargs: Mapping[str, Any], name: str, position: int) -> Any:
    """An argument of a call that may give it by name or by position."""
    return kwargs.get(name, args[position] if len(args) > position else None)
