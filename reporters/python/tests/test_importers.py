"""Importers: one test for each example of the field, and for its family."""

from __future__ import annotations

import contextlib
import io
import os
import sqlite3
import struct
from pathlib import Path
from typing import Any
from unittest import mock

from rondo.cli import main
from rondo.importers import LeftOut, csv_files

from .fake_ingest import LiveIngest
from .test_cli import _field, _record
from .test_live import LiveTest


class Imports(LiveTest):
    def setUp(self) -> None:
        super().setUp()
        self.server: LiveIngest = self.ingest()

    def imports(self, kind: str, path: Path) -> tuple[int, str]:
        said = io.StringIO()
        settings = {"RONDO_SPOOL_DIR": str(self.root / "spool"), "RONDO_API_KEY": "key-for-tests"}
        with (
            mock.patch.dict(os.environ, {**settings, "RONDO_URL": self.server.url}),
            contextlib.redirect_stderr(said),
            contextlib.redirect_stdout(said),
        ):
            code = main(["import", kind, str(path)])
        return code, said.getvalue()

    def facts(self, fact_type: str) -> list[dict[str, Any]]:
        return [fact for fact in self.server.facts if fact["type"] == fact_type]

    def points(self, name: str) -> list[tuple[int, float]]:
        return [(fact["step"], fact["value"]) for fact in self.facts("metric") if fact["name"] == name]


_SCHEMA = """
CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE runs (run_uuid TEXT PRIMARY KEY, name TEXT, experiment_id INTEGER, status TEXT, start_time BIGINT,
  end_time BIGINT, lifecycle_stage TEXT);
CREATE TABLE metrics (key TEXT, value DOUBLE, timestamp BIGINT, run_uuid TEXT, step BIGINT, is_nan BOOLEAN);
CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT);
CREATE TABLE tags (key TEXT, value TEXT, run_uuid TEXT);
CREATE TABLE model_versions (name TEXT, version INTEGER, run_id TEXT);
INSERT INTO experiments VALUES (1, 'hospitals');
INSERT INTO runs VALUES ('aaa', 'parent', 1, 'FINISHED', 1700000000000, 1700000010000, 'active');
INSERT INTO runs VALUES ('bbb', 'child', 1, 'FAILED', 1700000001000, NULL, 'active');
INSERT INTO runs VALUES ('ccc', 'gone', 1, 'FINISHED', 1700000001000, NULL, 'deleted');
INSERT INTO tags VALUES ('mlflow.parentRunId', 'aaa', 'bbb'), ('team', 'red', 'bbb');
INSERT INTO params VALUES ('lr', '0.1', 'aaa'), ('hf_token', 'hunter2', 'aaa');
INSERT INTO metrics VALUES ('loss', 3, 1700000001000, 'aaa', 0, 0), ('loss', 2, 1700000002000, 'aaa', 0, 0),
  ('loss', 1, 1700000003000, 'aaa', 0, 0), ('acc', 0.5, 1700000001000, 'aaa', 7, 0),
  ('acc', 0, 1700000002000, 'aaa', 8, 1), ('acc', 1.7976931348623157e308, 1700000003000, 'aaa', 9, 0);
"""


class Mlflow(Imports):
    def store(self, more: str = "") -> Path:
        path = self.root / "mlflow.db"
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.executescript(_SCHEMA + more)
        return path

    def test_the_sqlite_store_is_imported_mlflow_20616(self) -> None:
        path = self.store()
        for where in (path, self.root):
            code, said = self.imports("mlflow", where)
            self.assertEqual(code, 0, said)
        parent, child = self.facts("run_started")[:2]
        self.assertEqual([parent["imported"], child["imported"]], [True, True])
        self.assertEqual(
            (parent["run_id"], parent["name"], parent["at"]), ("mlflow-aaa", "parent", "2023-11-14T22:13:20.000Z")
        )
        self.assertEqual(parent["config"], {"lr": "0.1", "hf_token": "***", "mlflow": {"experiment": "hospitals"}})
        self.assertEqual(child["tags"], ["imported", "experiment:hospitals", "parent:mlflow-aaa", "team:red"])
        self.assertEqual(self.points("acc")[:3], [(7, 0.5), (8, "NaN"), (9, "Infinity")])
        self.assertEqual([fact["status"] for fact in self.facts("run_complete")[:2]], ["complete", "failed"])
        self.assertEqual({fact["run_id"] for fact in self.server.facts}, {"mlflow-aaa", "mlflow-bbb"})

    def test_three_points_without_a_step_are_three_points_mlflow_2419(self) -> None:
        self.imports("mlflow", self.store())
        self.assertEqual(self.points("loss"), [(0, 3), (1, 2), (2, 1)])

    def test_registered_versions_are_named_and_passed_over_mlflow_3954(self) -> None:
        path = self.store("INSERT INTO model_versions VALUES ('m', 1, 'aaa'), ('m', 2, 'aaa');")
        code, said = self.imports("mlflow", path)
        self.assertEqual(code, 1)
        self.assertIn("2 registered model versions: m 1, m 2; only runs are imported", said)
        self.assertEqual(len(self.facts("run_started")), 2)

    def test_the_logged_models_of_mlflow_3_are_named_and_passed_over_mlflow_3954(self) -> None:
        table = "CREATE TABLE logged_models (model_id TEXT, name TEXT, lifecycle_stage TEXT);"
        rows = ", ".join(f"('m-{number}', 'net-{number}', 'active')" for number in range(10, 35))
        gone = "('m-9', 'gone', 'deleted')"
        code, said = self.imports("mlflow", self.store(f"{table} INSERT INTO logged_models VALUES {rows}, {gone};"))
        self.assertEqual(code, 1)
        self.assertIn("25 logged models: net-10, net-11, ", said)
        self.assertIn("net-29 and 5 more; only runs are imported", said)
        self.assertNotIn("gone", said)
        self.assertEqual(len(self.facts("run_started")), 2)

    def test_oddities_of_a_file_store_are_named_and_the_rest_is_imported_mlflow_3954(self) -> None:
        store = self.root / "mlruns"
        files = {
            "1/meta.yaml": "experiment_id: '1'\nname: hospitals\n",
            "1/tags/mlflow.experimentKind": "x",
            "1/good/meta.yaml": "run_id: good\nexperiment_id: '1'\nstatus: 3\nstart_time: 1700000000000\n",
            "1/good/metrics/loss": "1700000001000 3 0\n1700000002000 2 0\n1700000003000 1 0\n",
            "1/good/tags/mlflow.parentRunId": "other",
            "1/good/artifacts/model/meta.yaml": "run_id: good\n",
            "1/torn/metrics/loss": "1700000001000 1 0\n",
            "1/empty/meta.yaml": "",
            "1/empty/params/lr": "1",
            "models/m/meta.yaml": "name: m\n",
            "models/m/version-1/meta.yaml": "name: m\nversion: 1\nrun_id: good\ncurrent_stage: None\n",
            "1/models/m-1/meta.yaml": "model_id: m-1\nname: net\nsource_run_id: good\n",
            "1/models/m-1/metrics/loss": "1700000001000 3 0\n",
            "1/models/m-2/meta.yaml": "model_id: m-2\nname: gone\nlifecycle_stage: deleted\n",
            "1/good/inputs/d/meta.yaml": "destination_id: good\nsource_id: d\n",
            "1/good/outputs/m-1/meta.yaml": "destination_id: m-1\nsource_id: good\n",
        }
        for name, text in files.items():
            (store / name).parent.mkdir(parents=True, exist_ok=True)
            (store / name).write_text(text, "utf-8")
        code, said = self.imports("mlflow", store)
        self.assertEqual(code, 1)
        self.assertEqual([fact["run_id"] for fact in self.facts("run_started")], ["mlflow-good"])
        self.assertEqual(self.facts("run_started")[0]["tags"][1:], ["experiment:hospitals", "parent:mlflow-other"])
        self.assertEqual(self.points("loss"), [(0, 3), (1, 2), (2, 1)])
        for what in (
            "torn: it looks like a run and has no meta.yaml",
            "empty/meta.yaml: it does not name",
            "1 registered model version: m 1",
            "1 logged model: net",
        ):
            self.assertIn(what, said)
        self.assertIn("4 items are left out", said)

    def test_what_is_no_database_is_named(self) -> None:
        (self.root / "x.db").write_bytes(b"SQLite format 3\0" + bytes(100))
        code, said = self.imports("mlflow", self.root / "x.db")
        self.assertEqual(code, 1)
        self.assertIn("left out", said)


def _scalar(step: int, value: float, wall_time: float = 1_700_000_000.0, tag: bytes = b"loss") -> bytes:
    summary = _field(1, _field(1, tag) + b"\x15" + struct.pack("<f", value))
    return _record(_head(step, wall_time) + _field(5, summary))


def _head(step: int, wall_time: float) -> bytes:
    number, rest = b"", step
    while rest > 127:
        number += bytes([rest & 127 | 128])
        rest >>= 7
    return b"\x09" + struct.pack("<d", wall_time) + b"\x10" + number + bytes([rest])


def _restart(step: int, wall_time: float) -> bytes:
    return _record(_head(step, wall_time) + _field(7, b"\x08\x01"))


class Tensorboard(Imports):
    def write(self, name: str, *records: bytes) -> Path:
        path = self.root / "logs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(records))
        return self.root / "logs"

    def test_one_flipped_byte_in_record_500_of_1000_costs_that_record_tensorboard_5116(self) -> None:
        records = [_scalar(step, step / 8) for step in range(1_000)]
        start, size = sum(len(record) for record in records[:500]), len(records[500])
        for place in (0, 9, 14, size - 6, size - 2):
            content = bytearray(b"".join(records))
            content[start + place] ^= 1
            self.server.facts.clear()
            folder = self.write(f"{place}/events.out.tfevents.1", bytes(content))
            code, said = self.imports("tensorboard", folder / str(place))
            self.assertEqual(code, 1)
            self.assertIn(f"the record at byte {start} is damaged", said)
            self.assertEqual([step for step, _ in self.points("loss")], [*range(500), *range(501, 1_000)])

    def test_a_resumed_run_voids_what_was_after_its_step(self) -> None:
        self.write("events.out.tfevents.1", *[_scalar(step, 1.0) for step in range(6)])
        again = 1_700_000_100.0
        folder = self.write("events.out.tfevents.2", _restart(3, again), _scalar(3, 2.0, again), _scalar(4, 2.0, again))
        self.assertEqual(self.imports("tensorboard", folder)[0], 0)
        self.assertEqual(self.points("loss"), [(0, 1), (1, 1), (2, 1), (3, 2), (4, 2)])

    def test_hyper_parameters_are_in_the_config_of_the_run(self) -> None:
        def entry(key: bytes, value: bytes) -> bytes:
            return _field(1, _field(1, key) + _field(2, value))

        values = (
            entry(b"lr", b"\x11" + struct.pack("<d", 0.1))
            + entry(b"opt", _field(3, b"sgd"))
            + entry(b"aug", b"\x20\x01")
        )
        plugin = _field(1, b"hparams") + _field(2, _field(3, values))
        summary = _field(1, _field(1, b"_hparams_/session_start_info") + _field(9, _field(1, plugin)))
        start = _record(_head(0, 1_700_000_000.0) + _field(5, summary))
        self.write("run/events.out.tfevents.1", _scalar(1, 1.0))
        # As PyTorch does: a folder of its own inside that of the run.
        folder = self.write("run/1700000000.5/events.out.tfevents.2", start, _scalar(0, 0.5, tag=b"best"))
        self.assertEqual(self.imports("tensorboard", folder)[0], 0)
        [started] = self.facts("run_started")
        self.assertEqual((started["name"], started["config"]), ("run", {"lr": 0.1, "opt": "sgd", "aug": True}))
        self.assertEqual((self.points("loss"), self.points("best")), ([(1, 1)], [(0, 0.5)]))

    def test_the_identity_does_not_depend_on_the_folder(self) -> None:
        folder = self.write("a/run/events.out.tfevents.1", _scalar(1, 1.0))
        before = os.getcwd()
        self.addCleanup(os.chdir, before)
        for where, path in ((before, folder), (str(folder), Path(".")), (str(folder / "a"), Path("run"))):
            os.chdir(where)
            self.assertEqual(self.imports("tensorboard", path)[0], 0)
        self.assertEqual(len({fact["run_id"] for fact in self.server.facts}), 1)


class Csv(Imports):
    def write(self, name: str, text: str) -> Path:
        path = self.root / "csv" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def test_one_point_a_row_aim_3133(self) -> None:
        path = self.write("points.csv", "run,step,name,value,client_id\na,0,loss,1.5,\na,1,loss,nan,\nb,0,loss,2,c1\n")
        for _ in range(2):
            code, said = self.imports("csv", path)
            self.assertEqual(code, 0, said)
        self.assertEqual([fact["name"] for fact in self.facts("run_started")[:2]], ["a", "b"])
        self.assertEqual(len({fact["run_id"] for fact in self.server.facts}), 2)
        self.assertEqual(self.points("loss")[:3], [(0, 1.5), (1, "NaN"), (0, 2)])
        self.assertEqual(self.facts("metric")[2]["client_id"], "c1")

    def test_one_step_a_row_and_a_folder_of_files(self) -> None:
        self.write("x/progress.csv", "step;loss;acc;time\n0;1;0,5x;1700000000\n1;0.5;;1700000001\n")
        self.write("y/progress.csv", "\ufeffround,loss\n1,3\n2,2\n")
        code, said = self.imports("csv", self.root / "csv")
        self.assertEqual(code, 1)
        self.assertIn("1 values of acc are not numbers, the first in line 2", said)
        self.assertEqual([fact["name"] for fact in self.facts("run_started")], ["x/progress", "y/progress"])
        self.assertEqual(self.facts("metric")[1]["at"], "2023-11-14T22:13:21.000Z")
        self.assertEqual([fact.get("round") for fact in self.facts("metric")], [None, None, 1, 2])

    def test_bad_lines_are_named_and_the_rest_is_imported(self) -> None:
        path = self.write("p.csv", "step,name,value\n0,loss,1\n1,loss\nx,loss,3\n3,loss,4\n-1,loss,5\n")
        code, said = self.imports("csv", path)
        self.assertEqual(code, 1)
        self.assertEqual(self.points("loss"), [(0, 1), (3, 4)])
        for what in ("line 3 does not have 3 cells", "line 4: step is 'x'", "line 6: step is '-1'"):
            self.assertIn(what, said)

    def test_runs_that_alternate_keep_their_rows_and_their_line_numbers(self) -> None:
        text = 'run,step,name,value\na,0,"lo\nss",1\nb,0,loss,2\r\na,1,"lo\nss",3\nb,x,loss,4\nb,1,loss,5\n'
        path = self.root / "mixed.csv"
        path.write_bytes(text.encode())
        code, said = self.imports("csv", path)
        self.assertEqual(code, 1)
        self.assertIn("line 7: step is 'x'", said)
        values: dict[str, list[tuple[int, float]]] = {fact["run_id"]: [] for fact in self.facts("run_started")}
        for fact in self.facts("metric"):
            values[fact["run_id"]].append((fact["step"], fact["value"]))
        self.assertEqual(sorted(values.values()), [[(0, 1), (1, 3)], [(0, 2), (1, 5)]])

    def test_a_row_is_read_twice_however_many_runs_a_file_has(self) -> None:
        for by in (1, 7):
            rows = [f"r{(n // by) % 50},{n},loss,{n}" for n in range(350)]
            path = self.write(f"runs-{by}.csv", "run,step,name,value\n" + "\n".join(rows) + "\n")
            with mock.patch.object(csv_files, "_cells", wraps=csv_files._cells) as cells:
                read = [fact for run in csv_files.read_csv(path, LeftOut()) for fact in run.facts()]
            self.assertEqual(sum(1 for fact in read if fact[0] == "metric"), 350)
            self.assertLessEqual(cells.call_count, 2 * 350)

    def test_a_file_that_is_no_history_is_named(self) -> None:
        self.write("a.csv", "who,what\nme,you\n")
        self.write("b.csv", "step,loss\n0,1\n")
        code, said = self.imports("csv", self.root / "csv")
        self.assertEqual((code, self.points("loss")), (1, [(0, 1)]))
        self.assertIn("a.csv: its first line has neither", said)

    def test_w_and_b_offline_runs_get_an_honest_message_aim_3133(self) -> None:
        code, said = self.imports("wandb", self.root)
        self.assertEqual(code, 2)
        self.assertIn("rondo import csv run.csv", said)
