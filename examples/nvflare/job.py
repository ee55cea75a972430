"""Federated logistic regression in the NVIDIA FLARE simulator, watched in Rondo: `python job.py`."""

from __future__ import annotations

import os
import sys
import tempfile

from nvflare.app_common.np.recipes.fedavg import NumpyFedAvgRecipe
from nvflare.recipe import SimEnv

import rondo.nvflare

SITES, ROUNDS, FEATURES = 4, int(os.environ.get("ROUNDS", "5")), 30


def main() -> None:
    recipe = NumpyFedAvgRecipe(
        name=os.environ.get("JOB_NAME", "breast-cancer"),
        min_clients=SITES,
        num_rounds=ROUNDS,
        train_script="client.py",
        model=[0.0] * (FEATURES + 1),
    )
    rondo.nvflare.attach(recipe)
    with tempfile.TemporaryDirectory() as workspace:
        recipe.execute(SimEnv(num_clients=SITES, workspace_root=workspace))


if __name__ == "__main__":
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    sys.exit(main())
