"""NVIDIA FLARE, watched: one line where the job is made.

    import rondo.nvflare

    recipe = FedAvgRecipe(...)          # or a FedJob
    rondo.nvflare.attach(recipe)

The components run in the server's process of the job, which needs this package, `RONDO_URL` and `RONDO_API_KEY`.
"""

from .attach import attach
from .observer import RondoObserver
from .receiver import RondoReceiver

__all__ = ["RondoObserver", "RondoReceiver", "attach"]
