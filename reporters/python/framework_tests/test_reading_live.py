"""Reads reports back from a running dashboard, value by value: plain, as pandas, as Arrow, and live."""

from __future__ import annotations

import json
import math
import threading
import unittest
import uuid
from pathlib import Path
from typing import Any

from dashboard import ADDRESS, TOKEN, WHY_NOT, ask, run_named, until

import rondo
import rondo.reading

LOSSES = {"a": 0.25, "b": math.nan, "c": math.inf}


def read_key() -> str:
    key: str = ask("/api/keys", {"name": f"reader {uuid.uuid4()}", "scopes": ["read"]})["key"]
    return key


def same(left: Any, right: Any) -> bool:
    return bool(left == right) or (left != left and right != right)


@unittest.skipUnless(TOKEN, WHY_NOT)
class ReadBack(unittest.TestCase):
    run_id: str
    reader: rondo.reading.Reader

    @classmethod
    def setUpClass(cls) -> None:
        cls.run_id = f"read-back-{uuid.uuid4()}"
        with rondo.run(run_id=cls.run_id, name="read back", num_rounds=3, config={"lr": 0.5}, tags=["paper"]) as run:
            for number in (1, 2, 3):
                with run.round(number, list(LOSSES)) as round:
                    for client, loss in LOSSES.items():
                        round.result(client, 10, train_loss=loss * number, metrics={"f1": number / 4})
                    round.complete(global_loss=math.nan if number == 2 else 1 / number, global_accuracy=number / 8)
            for step in range(500):
                run.metric("lr", 1 / (step + 1), step=step)
            run.run_complete()
            # A busy machine needs more than the two seconds that leaving the block gives.
            run.close(60)
        cls.reader = rondo.read(ADDRESS, read_key())

    def test_rounds_and_updates_are_what_was_reported(self) -> None:
        run = self.reader.run(self.run_id)
        self.assertEqual(run.row["config"], {"lr": 0.5})
        rounds = run.rounds().to_list()
        self.assertEqual([each["round"] for each in rounds], [1, 2, 3])
        self.assertTrue(all(same(a["global_loss"], b) for a, b in zip(rounds, [1, math.nan, 1 / 3], strict=True)))
        updates = run.updates().to_list()
        self.assertEqual(len(updates), 9)
        for update in updates:
            self.assertTrue(same(update["train_loss"], LOSSES[update["client_id"]] * update["round"]), update)

    def test_pandas_and_arrow_have_the_same_values(self) -> None:
        run = self.reader.run(self.run_id)
        frame = run.updates().to_pandas()
        self.assertEqual(len(frame), 9)
        for row in frame.to_dict("records"):
            self.assertTrue(same(row["train_loss"], LOSSES[row["client_id"]] * row["round"]))
            self.assertEqual(row["metrics.f1"], row["round"] / 4)
        table = run.series("lr").to_arrow()
        self.assertEqual(table.num_rows, 500)
        self.assertEqual(table.column("value").to_pylist(), [1 / (step + 1) for step in range(500)])
        matrix = run.matrix("train_loss").to_pandas()
        self.assertEqual(list(matrix.columns), [1, 2, 3])
        self.assertTrue(math.isinf(matrix.loc["c", 2]))

    def test_runs_are_found_by_tag(self) -> None:
        found = [run["run_id"] for run in self.reader.runs(tag="paper")]
        self.assertIn(self.run_id, found)

    def test_dispersion_is_by_round(self) -> None:
        rows = self.reader.run(self.run_id).dispersion().to_list()
        self.assertEqual([row["round"] for row in rows], [1, 2, 3])

    def test_following_yields_what_is_reported_meanwhile_and_ends_with_the_run(self) -> None:
        run_id = f"followed-{uuid.uuid4()}"
        seen: list[tuple[str, int]] = []

        def follow() -> None:
            for change in self.reader.run(run_id).follow():
                if change.kind == "round":
                    seen.append((change.type, change.data["round"]))

        thread = threading.Thread(target=follow, daemon=True)
        with rondo.run(run_id=run_id, name=run_id, num_rounds=2) as run:
            until(lambda: run_named(run_id), "run to follow")
            thread.start()
            for number in (1, 2):
                with run.round(number, ["a"]) as round:
                    round.result("a", 1, train_loss=1.0)
                    round.complete(global_loss=1.0)
        thread.join(30)
        self.assertFalse(thread.is_alive())
        self.assertEqual({number for _, number in seen}, {1, 2})

    def test_the_notebook_of_the_examples_runs_and_makes_its_figure(self) -> None:
        path = Path(__file__).parents[3] / "examples/notebook/dispersion.ipynb"
        cells = json.loads(path.read_text())["cells"]
        code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        names: dict[str, Any] = {"KEY": read_key(), "URL": ADDRESS}
        exec("import matplotlib; matplotlib.use('Agg')", names)
        for source in code:
            exec(source, names)
        figure = names["figure"]
        self.assertEqual(len(figure.axes), 1)
        self.assertEqual(len(figure.axes[0].lines), 3)


if __name__ == "__main__":
    unittest.main()
