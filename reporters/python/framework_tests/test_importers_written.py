"""Importers, with stores that MLflow and TensorBoard have written themselves, into a real dashboard."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import time
import unittest
import uuid
from pathlib import Path
from typing import Any
from unittest import mock

import mlflow
from dashboard import ADDRESS, WHY_NOT, ask, run_named, series
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.plugins.hparams import summary_v2 as hparams
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from rondo.cli import main


@unittest.skipUnless(ADDRESS, WHY_NOT)
class Written(unittest.TestCase):
    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)

    def points(self, run: dict[str, Any], name: str) -> list[tuple[int, float]]:
        found = series(run, name)
        return list(zip(found["step"], found["value"], strict=True))

    def test_a_store_of_mlflow_in_sqlite(self) -> None:
        mlflow.set_tracking_uri(f"sqlite:///{self.folder}/mlflow.db")
        mlflow.set_experiment(f"hospitals-{uuid.uuid4().hex[:6]}")
        with mlflow.start_run(run_name="parent") as parent:
            mlflow.log_params({"lr": 0.1, "hf_token": "hunter2"})
            for loss in (3.0, 2.0, 1.0):
                mlflow.log_metric("loss", loss)
                time.sleep(0.002)
            with mlflow.start_run(run_name="child", nested=True) as child:
                mlflow.log_metric("acc", float("nan"), step=7)
        self.assertEqual(main(["import", "mlflow", str(self.folder)]), 0)
        run = ask(f"/api/runs/mlflow-{parent.info.run_id}")
        self.assertEqual((run["name"], run["status"], run["config"]["hf_token"]), ("parent", "complete", "***"))
        self.assertEqual(self.points(run, "loss"), [(0, 3), (1, 2), (2, 1)])
        nested = ask(f"/api/runs/mlflow-{child.info.run_id}")
        self.assertIn(f"parent:mlflow-{parent.info.run_id}", nested["tags"])

    def test_logged_models_and_registered_versions_of_either_store_are_named_and_passed_over(self) -> None:
        for uri in (f"sqlite:///{self.folder}/db/mlflow.db", f"file://{self.folder}/files"):
            with self.subTest(uri), mock.patch.dict(os.environ, {"MLFLOW_ALLOW_FILE_STORE": "true"}):
                place = self.folder / ("db" if "db" in uri else "files")
                place.mkdir()
                mlflow.set_tracking_uri(uri)
                # A database alone would put them into the folder of this process.
                mlflow.create_experiment("models", f"file://{place}/artifacts" if "db" in uri else None)
                mlflow.set_experiment("models")
                with mlflow.start_run(run_name="trained") as trained:
                    model = mlflow.initialize_logged_model(name="net")
                    mlflow.log_metric("loss", 0.5, step=1, model_id=model.model_id)
                    mlflow.finalize_logged_model(model.model_id, "READY")
                client = mlflow.MlflowClient()
                client.delete_logged_model(mlflow.create_external_model(name="gone").model_id)
                client.create_registered_model("reg")
                client.create_model_version("reg", f"models:/{model.model_id}", trained.info.run_id)
                said = io.StringIO()
                with contextlib.redirect_stderr(said):
                    code = main(["import", "mlflow", str(place)])
                self.assertEqual(code, 1)
                self.assertIn("1 logged model: net; only runs", said.getvalue())
                self.assertIn("1 registered model version: reg 1; only runs", said.getvalue())
                self.assertIn("2 items are left out", said.getvalue())
                run = ask(f"/api/runs/mlflow-{trained.info.run_id}")
                # What was logged for the model is also in its run.
                self.assertEqual(self.points(run, "loss"), [(1, 0.5)])

    def test_event_files_of_tensorboard(self) -> None:
        name = f"run-{uuid.uuid4().hex[:8]}"
        writer = EventFileWriter(str(self.folder / name))
        start = hparams.hparams_pb({"lr": 0.1, "opt": "sgd"})
        writer.add_event(event_pb2.Event(wall_time=time.time(), step=0, summary=start))
        for step in range(5):
            value = summary_pb2.Summary.Value(tag="loss", simple_value=1 / (step + 1))
            point = event_pb2.Event(wall_time=time.time(), step=step, summary=summary_pb2.Summary(value=[value]))
            writer.add_event(point)
        writer.close()
        self.assertEqual(main(["import", "tensorboard", str(self.folder)]), 0)
        run = run_named(name)
        assert run is not None
        self.assertEqual(ask(f"/api/runs/{run['run_id']}")["config"], {"lr": 0.1, "opt": "sgd"})
        self.assertEqual([step for step, _ in self.points(run, "loss")], [0, 1, 2, 3, 4])
