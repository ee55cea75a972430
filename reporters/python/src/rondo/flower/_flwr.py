"""Imports from Flower, wherever the installed version defines them."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

try:
    from flwr.serverapp import Grid
except ImportError:  # before 1.21
    from flwr.server import Grid

try:
    from flwr.app import ArrayRecord, ConfigRecord, Message, MetricRecord
except ImportError:  # before 1.21
    from flwr.common import ArrayRecord, ConfigRecord, Message, MetricRecord

__all__ = ["ArrayRecord", "ConfigRecord", "Grid", "Message", "MetricRecord", "flower_version", "is_legacy"]


def flower_version() -> str:
    """The installed version, of whichever package name it came under."""
    for name in ("flwr", "flwr-nightly"):
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return ""


def is_legacy(strategy: Any) -> bool:
    """Return True for `flwr.server.strategy`; strategies of the Message API have `configure_train`."""
    return hasattr(strategy, "configure_fit") and not hasattr(strategy, "configure_train")
