"""Tells a Rondo dashboard what a federated-learning server does.

>>> import rondo
>>> with rondo.run(name="cifar10-fedavg", num_rounds=100, config={"lr": 0.1}) as run:  # doctest: +SKIP
...     with run.round(1, ["a", "b"]) as round:
...         round.result("a", 600, train_loss=0.41)
...         round.no_reply("b")
...         round.complete(global_loss=0.4, global_accuracy=0.87)
"""

from .account import Stats
from .models import ModelUpload
from .problems import Problem
from .reading import ReadError, read
from .round import Round
from .run import Run
from .start import run
from .verdict import Command

__all__ = ["Command", "ModelUpload", "Problem", "ReadError", "Round", "Run", "Stats", "read", "run"]
__version__ = "0.1.0"
