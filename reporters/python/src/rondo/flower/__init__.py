"""Flower, watched: two lines in the server app.

    import rondo.flower

    @app.main()
    def main(grid, context):
        grid, strategy = rondo.flower.observe(grid, FedAvg(), context)
        strategy.start(grid, ...)

Training is never changed, delayed or ended by it: what strategy and grid return and raise is passed on as it is.
"""

from .client_mod import client_mod
from .observe import observe

__all__ = ["client_mod", "observe"]
