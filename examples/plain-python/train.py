"""Federated averaging in one process, without any framework: what a home-made FL server has to say to Rondo.

python train.py, with RONDO_URL and RONDO_API_KEY set.
"""

from __future__ import annotations

import time

import numpy as np
import rondo
from sklearn.datasets import load_digits

CLIENTS = ["lyon", "oslo", "porto", "riga", "split", "turin", "ulm", "vigo"]
ROUNDS, STEPS, RATE = 30, 10, 0.5


def main() -> None:
    stopped: dict[int, str] = {}
    with rondo.run(
        name="digits, plain Python",
        framework="plain",
        config={"clients": len(CLIENTS), "local_steps": STEPS, "learning_rate": RATE},
        num_rounds=ROUNDS,
        commands_supported=["stop_round"],
        on_command=lambda command: stopped.__setitem__(command.round, command.reason),
    ) as run:
        shards, (x, y) = split()
        weights = np.zeros((65, 10))
        for number in range(1, ROUNDS + 1):
            with run.round(number, CLIENTS) as current:
                updates = []
                for client, (client_x, client_y) in zip(CLIENTS, shards, strict=True):
                    if number in stopped:
                        current.stopped(stopped[number])
                        break
                    began = time.monotonic()
                    update = train(weights, client_x, client_y)
                    time.sleep(0.1)  # As if the client were elsewhere.
                    updates.append((len(client_y), update))
                    current.result(
                        client,
                        len(client_y),
                        train_loss=evaluate(update, client_x, client_y)[0],
                        duration_ms=(time.monotonic() - began) * 1000,
                        update_norm=float(np.linalg.norm(update - weights)),
                    )
                if not updates:
                    continue
                current.aggregating()
                weights = sum(n * update for n, update in updates) / sum(n for n, _ in updates)
                if number not in stopped:
                    loss, accuracy = evaluate(weights, x, y)
                    current.complete(global_loss=loss, global_accuracy=accuracy)
    print(run.stats())


def split() -> tuple[list[tuple[np.ndarray, np.ndarray]], tuple[np.ndarray, np.ndarray]]:
    """Return each client's images and labels, mostly two digits each, and a test set that no client trains on."""
    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    x, y = np.hstack([x[order] / 16, np.ones((len(y), 1))]), y[order]
    held_out, x, y = (x[:360], y[:360]), x[360:], y[360:]
    shards = np.array_split(np.argsort(y, kind="stable"), 2 * len(CLIENTS))
    pairs = [np.concatenate([shards[i], shards[-1 - i]]) for i in range(len(CLIENTS))]
    return [(x[mine], y[mine]) for mine in pairs], held_out


def train(weights: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Softmax regression by gradient descent."""
    for _ in range(STEPS):
        error = probabilities(weights, x)
        error[np.arange(len(y)), y] -= 1
        weights = weights - RATE * x.T @ error / len(y)
    return weights


def evaluate(weights: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Mean cross-entropy in nats, and the share that is right."""
    p = probabilities(weights, x)
    return float(-np.log(p[np.arange(len(y)), y] + 1e-12).mean()), float((p.argmax(axis=1) == y).mean())


def probabilities(weights: np.ndarray, x: np.ndarray) -> np.ndarray:
    z = x @ weights
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


if __name__ == "__main__":
    main()
