"""A running dashboard: a run goes out as a file and in again, is diagnosed, and HiveWatch reports into it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import tempfile
import unittest
import uuid
import zipfile
from pathlib import Path
from unittest import mock

import hivewatch
from dashboard import ADDRESS, TOKEN, WHY_NOT, ask, over, rounds_of, until
from test_reading_live import read_key

import rondo
from rondo.cli import main
from rondo.hivewatch import RondoEmitter


@unittest.skipUnless(TOKEN, WHY_NOT)
class Transfer(unittest.TestCase):
    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)
        self.run_id = f"moves-{uuid.uuid4()}"

    def command(self, *arguments: str, key: str | None = None) -> tuple[int, str]:
        said = io.StringIO()
        settings = {"RONDO_API_KEY": key or read_key(), "RONDO_TOKEN": TOKEN}
        with (
            mock.patch.dict(os.environ, settings),
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(said),
        ):
            code = main(list(arguments))
        return code, said.getvalue()

    def report(self) -> None:
        with rondo.run(run_id=self.run_id, name="moves", num_rounds=1) as run, run.round(1, ["a", "b"]) as round:
            round.result("a", 10, train_loss=float("nan"))
            round.client_failed("b", "CUDA out of memory")
            round.complete(global_loss=0.5)
        until(lambda: over("moves"), "run that is over")

    def test_a_run_is_exported_and_is_equal_where_it_is_imported(self) -> None:
        self.report()
        first, second = str(self.folder / "first.zip"), str(self.folder / "second.zip")
        code, said = self.command("export", self.run_id, "-o", first, "--models")
        self.assertEqual(code, 0, said)
        code, said = self.command("import", "rondo", first)
        self.assertEqual(code, 1)
        self.assertIn("is in use here", said)
        copy = f"copy-{self.run_id}"
        code, said = self.command("import", "rondo", first, "--as", copy)
        self.assertEqual(code, 0, said)
        self.assertEqual(self.command("export", copy, "-o", second, "--models")[0], 0)
        with zipfile.ZipFile(first) as one, zipfile.ZipFile(second) as other:
            self.assertIsNone(one.testzip())
            for name in set(one.namelist()) - {"run.json", "manifest.json"}:
                self.assertEqual(one.read(name), other.read(name), name)
        updates = {row["client_id"]: row for row in rondo.read(ADDRESS, read_key()).run(copy).updates()}
        self.assertNotEqual(updates["a"]["train_loss"], updates["a"]["train_loss"])

    def test_a_run_that_failed_is_diagnosed_for_people_and_for_programs(self) -> None:
        self.report()
        code, said = self.command("diagnose", self.run_id)
        self.assertEqual(code, 0, said)
        self.assertIn("> client_error of client b: CUDA out of memory", said)
        code, said = self.command("diagnose", self.run_id, "--json")
        self.assertEqual((code, json.loads(said)["verdict"]), (0, "over"))
        self.assertEqual(self.command("diagnose", "missing")[0], 2)

    def test_hivewatch_itself_reports_through_an_emitter(self) -> None:
        name = f"run-{uuid.uuid4()}"
        with hivewatch.init(run_id=name, algorithm="FedAvg", emitters=[RondoEmitter()], verbose=False) as watch:
            for number in (1, 2):
                watch.round_start(number)
                for client in ("a", "b"):
                    watch.log_client_update(client, round=number, local_loss=1 / number, num_samples=10, mine=0.5)
                watch.log_dropout(number, "c", "battery")
                watch.log_round(number, global_accuracy=0.5, global_loss=0.25, num_selected=3, num_stragglers=1)
        run = until(lambda: over(name), "run that is over")
        self.assertEqual((run["status"], run["framework"], run["run_id"]), ("complete", "hivewatch", name))
        rounds = rounds_of(run)
        self.assertEqual(sorted(rounds), [1, 2])
        for number, each in rounds.items():
            self.assertEqual(
                {who: part["outcome"] for who, part in each["updates"].items()},
                {"a": "complete", "b": "complete", "c": "no_reply"},
            )
            self.assertEqual(each["updates"]["a"]["train_loss"], 1 / number)
            self.assertEqual(each["updates"]["a"]["metrics"]["mine"], 0.5)
            self.assertEqual((each["num_clients_expected"], each["global_loss"]), (3, 0.25))
        self.assertTrue(ask(f"/api/runs/{name}/diagnosis")["findings"])
