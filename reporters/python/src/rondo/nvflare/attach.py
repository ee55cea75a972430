"""`attach`: the components into a job, whatever the job is made with."""

from __future__ import annotations

from typing import Any

from .observer import RondoObserver
from .receiver import RondoReceiver


def attach(
    job: Any, *, name: str | None = None, url: str | None = None, loss: str | None = None, accuracy: str | None = None
) -> None:
    """Adds the observer and the receiver to the server of a `FedJob` or of a recipe.

    Parameters
    ----------
    job : FedJob or Recipe
        What is to be watched.
    name, url, loss, accuracy : str, optional
        As of `RondoObserver`.

    Raises
    ------
    TypeError
        If it is neither.
    """
    # Recipes kept their job in `job` up to 2.8 and in `_job` from 2.9.
    for candidate in (job, getattr(job, "job", None), getattr(job, "_job", None)):
        if candidate is not None and hasattr(candidate, "to_server"):
            candidate.to_server(RondoObserver(name, url, loss, accuracy), id="rondo")
            candidate.to_server(RondoReceiver(name, url), id="rondo_receiver")
            return
    raise TypeError(f"{type(job).__name__} is neither a FedJob nor a recipe")
