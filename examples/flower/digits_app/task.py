"""Handwritten digits, split so that every client sees mostly two of the ten; softmax regression by gradient descent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits

Weights = list[NDArray[np.float64]]
FEATURES, CLASSES = 64, 10


def load(partition: int, partitions: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """One client's images (n, 64) in 0..1 and labels (n,), by sorted label shards as in McMahan et al., section 3."""
    x, y, _, _ = _split()
    shards = np.array_split(np.argsort(y, kind="stable"), 2 * partitions)
    mine = np.concatenate([shards[partition], shards[2 * partitions - 1 - partition]])
    return x[mine], y[mine]


def load_held_out() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    _, _, x, y = _split()
    return x, y


def initial_weights() -> Weights:
    return [np.zeros((FEATURES, CLASSES)), np.zeros(CLASSES)]


def train(weights: Weights, x: NDArray[np.float64], y: NDArray[np.int64], steps: int, rate: float) -> tuple[Weights, float]:
    """The new weights, and the loss under them on the same data."""
    w, b = (each.copy() for each in weights)
    for _ in range(steps):
        error = _softmax(x @ w + b)
        error[np.arange(len(y)), y] -= 1
        w -= rate * x.T @ error / len(y)
        b -= rate * error.mean(axis=0)
    return [w, b], evaluate([w, b], x, y)[0]


def evaluate(weights: Weights, x: NDArray[np.float64], y: NDArray[np.int64]) -> tuple[float, float]:
    """Mean cross-entropy in nats, and the share that is right."""
    p = _softmax(x @ weights[0] + weights[1])
    return float(-np.log(p[np.arange(len(y)), y] + 1e-12).mean()), float((p.argmax(axis=1) == y).mean())


def _split() -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    x, y = x[order] / 16.0, y[order]
    return x[360:], y[360:], x[:360], y[:360]


def _softmax(z: NDArray[np.float64]) -> NDArray[np.float64]:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
