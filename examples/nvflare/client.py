"""Runs at a site: softmax regression on its part of the breast-cancer data."""

from __future__ import annotations

import numpy as np
import nvflare.client as flare
from nvflare.client.tracking import SummaryWriter
from sklearn.datasets import load_breast_cancer

STEPS, RATE = 20, 0.3


def load(site: str, sites: int = 4):  # type: ignore[no-untyped-def]
    """Non-IID: sites hold the patients in order of one feature, so each sees another range."""
    x, y = load_breast_cancer(return_X_y=True)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    mine = np.array_split(np.argsort(x[:, 0]), sites)[(int(site.rsplit("-", 1)[1]) - 1) % sites]
    return x[mine], y[mine]


def probability(weights: np.ndarray, x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(x @ weights[:-1] + weights[-1], -30, 30)))


def main() -> None:
    flare.init()
    writer = SummaryWriter()
    x, y = load(flare.get_site_name())
    while flare.is_running():
        model = flare.receive()
        weights = np.asarray(model.params["numpy_key"], dtype=np.float64).copy()
        for step in range(STEPS):
            p = probability(weights, x)
            gradient = np.append(x.T @ (p - y), (p - y).sum()) / len(y)
            weights -= RATE * gradient
            if step % 5 == 0:
                loss = float(-np.mean(y * np.log(p + 1e-9) + (1 - y) * np.log(1 - p + 1e-9)))
                writer.add_scalar("local_loss", loss, global_step=model.current_round * STEPS + step)
        p = probability(weights, x)
        metrics = {
            "loss": float(-np.mean(y * np.log(p + 1e-9) + (1 - y) * np.log(1 - p + 1e-9))),
            "accuracy": float(((p > 0.5) == y).mean()),
        }
        flare.send(
            flare.FLModel(
                params={"numpy_key": weights},
                params_type="FULL",
                metrics=metrics,
                meta={"NUM_STEPS_CURRENT_ROUND": len(y)},
            )
        )


if __name__ == "__main__":
    main()
