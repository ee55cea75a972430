"""A small real training: softmax regression by gradient descent on a non-IID split of made data. NumPy only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FEATURES, CLASSES = 20, 4
Arrays = list[NDArray[np.float32]]


def partition(index: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The data of one client: it sees mostly two of the classes."""
    rng = np.random.default_rng(index)
    mine = np.array([index % CLASSES, (index + 1) % CLASSES, rng.integers(CLASSES)])
    y = rng.choice(mine, size=40 + 5 * index)
    centers = np.random.default_rng(99).normal(size=(CLASSES, FEATURES))
    return (centers[y] + rng.normal(size=(len(y), FEATURES))).astype(np.float32), y


def initial() -> Arrays:
    return [np.zeros((FEATURES, CLASSES), np.float32), np.zeros(CLASSES, np.float32)]


def evaluate(weights: Arrays, index: int) -> tuple[float, float]:
    x, y = partition(index)
    p = _softmax(x @ weights[0] + weights[1])
    return float(-np.log(p[np.arange(len(y)), y] + 1e-9).mean()), float((p.argmax(1) == y).mean())


def train(weights: Arrays, index: int, steps: int = 5) -> tuple[Arrays, int, float]:
    x, y = partition(index)
    w, b = weights[0].copy(), weights[1].copy()
    for _ in range(steps):
        error = _softmax(x @ w + b)
        error[np.arange(len(y)), y] -= 1
        w -= (0.1 * x.T @ error / len(y)).astype(np.float32)
        b -= (0.1 * error.mean(0)).astype(np.float32)
    return [w, b], len(y), evaluate([w, b], index)[0]


def _softmax(z: NDArray[np.float32]) -> NDArray[np.float32]:
    e = np.exp(z - z.max(1, keepdims=True))
    return np.asarray(e / e.sum(1, keepdims=True), dtype=np.float32)
