"""HiveWatch's calls and its files. The file was written by HiveWatch 0.3.1 itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rondo.hivewatch as hivewatch

from .test_importers import Imports

_FILE = Path(__file__).parent / "files" / "hivewatch" / "run-abcd-1234.jsonl"


class Import(Imports):
    def test_a_file_becomes_a_run_with_its_rounds_clients_and_failures(self) -> None:
        for path in (_FILE, _FILE.parent):
            code, said = self.imports("hivewatch", path)
            self.assertEqual(code, 0, said)
        self.assertEqual({fact["run_id"] for fact in self.server.facts}, {"hivewatch-run-abcd-1234"})
        started = self.facts("run_started")
        self.assertEqual(started[0]["config"], {"lr": 0.1, "hf_token": "***", "algorithm": "FedAvg"})
        self.assertEqual(started[1]["config"]["server"], {"city": "Lemont", "gpus": 8})
        rounds = [
            (fact["round"], fact["client_ids"], fact.get("num_clients_expected"))
            for fact in self.facts("round_started")
        ]
        self.assertEqual(rounds[:2], [(0, ["argonne", "uiuc"], None), (1, ["argonne", "uiuc", "late", "broken"], 5)])
        ends = [fact["metrics"]["gradient_norm_dispersion"] for fact in self.facts("round_complete")]
        self.assertEqual(ends[:2], [0, 0])
        # One of two stragglers and the one failure have a name.
        self.assertEqual(self.facts("round_complete")[1]["num_clients_no_reply"], 1)
        self.assertNotIn("num_clients_failed", self.facts("round_complete")[1])
        self.assertEqual(self.facts("client_failed")[0]["reason"], "connection reset")
        self.assertEqual(self.facts("client_no_reply")[0]["client_id"], "late")
        self.assertEqual(self.facts("run_complete")[0]["status"], "complete")
        begun = [fact["at"] for fact in self.facts("round_started")]
        self.assertLess(begun[1], self.facts("client_result")[2]["at"])

    def test_a_result_has_every_number_of_the_update(self) -> None:
        self.imports("hivewatch", _FILE)
        result = self.facts("client_result")[3]
        self.assertEqual(
            {
                name: result[name]
                for name in ("client_id", "round", "sample_count", "train_loss", "duration_ms", "bytes_up")
            },
            {
                "client_id": "uiuc",
                "round": 1,
                "sample_count": 601,
                "train_loss": "NaN",
                "duration_ms": 750,
                "bytes_up": 4096,
            },
        )
        metrics = {"local_accuracy": 0.6, "gradient_norm": 0.25, "my_score": 0.125, "_debug_score": 1, "staleness": 1}
        self.assertEqual(result["metrics"], metrics)
        joined = self.facts("client_joined")[0]
        self.assertEqual(
            joined["labels"], {"city": "Lemont", "country": "US", "lat": "41.7", "lng": "-87.9", "note": "a text"}
        )
        self.assertEqual(joined["dataset_size"], 600)
        load = self.facts("client_heartbeat")[0]["system"]
        self.assertEqual(load, {"cpu_percent": 12.5, "memory_bytes": 512 * 1024 * 1024})

    def test_a_file_that_is_cut_is_imported_up_to_there_and_the_rest_is_named(self) -> None:
        cut = self.root / "cut.jsonl"
        lines = _FILE.read_text("utf-8").splitlines(keepends=True)
        cut.write_text("".join(lines[:8]) + lines[8][:40], "utf-8")
        code, said = self.imports("hivewatch", cut)
        self.assertEqual(code, 1)
        self.assertIn("cut.jsonl:9: is not an event", said)
        self.assertEqual([fact["round"] for fact in self.facts("round_started")], [0, 1])
        self.assertEqual((len(self.facts("round_complete")), self.facts("run_complete")), (1, []))

    def test_a_file_of_another_tool_is_refused(self) -> None:
        other = self.root / "other.jsonl"
        other.write_text('{"loss": 1}\n', "utf-8")
        code, said = self.imports("hivewatch", other)
        self.assertEqual(code, 1)
        self.assertIn("is not the `init` of HiveWatch", said)


class Calls(Imports):
    def start(self, **more: Any) -> hivewatch.HivewatchRun:
        return hivewatch.init(
            run_id="run-1",
            config={"lr": 0.1},
            url=self.server.url,
            api_key="key-for-tests",
            spool_dir=self.root / "calls",
            **more,
        )

    def test_the_calls_of_its_readme_report_a_run(self) -> None:
        self.start(algorithm="FedProx", emitters=[object()], verbose=False)
        hivewatch.set_server_metadata(city="Lemont")
        for number in range(2):
            hivewatch.round_start(number)
            for client in ("a", "b"):
                hivewatch.log_client_update(client_id=client, round=number, local_loss=0.5, num_samples=10, mine=[1])
            hivewatch.log_dropout(number, "c", "battery")
            hivewatch.log_comm_failure(number, "d")
            hivewatch.log_round(
                round=number,
                global_accuracy=0.9,
                global_loss=0.3,
                num_completed=4,
                num_stragglers=2,
                num_failures=1,
                aggregation_time_sec=0.5,
                algorithm_metadata={"mu": 0.01},
            )
            hivewatch.log_checkpoint(number, "/models/x.pt", size=3)
        hivewatch.finish()
        self.assertEqual(self.facts("run_started")[0]["tags"], ["FedProx"])
        self.assertEqual([fact["round"] for fact in self.facts("round_started")], [0, 1])
        self.assertEqual([fact["client_id"] for fact in self.facts("client_joined")], ["a", "b"])
        self.assertEqual(len(self.facts("client_result")), 4)
        self.assertEqual(self.facts("client_failed")[0]["reason"], "unknown")
        end = self.facts("round_complete")[0]
        self.assertEqual((end["global_loss"], end["num_clients_no_reply"]), (0.3, 1))
        # Two of the four that completed were named.
        self.assertEqual(end["num_clients_completed"], 2)
        self.assertEqual(end["metrics"], {"aggregation_time_sec": 0.5, "mu": 0.01})
        self.assertEqual(self.facts("run_complete")[0]["status"], "complete")
        self.assertEqual([fact["value"] for fact in self.facts("metric")], [3, 3])
        said = " ".join(str(fact["message"]) for fact in self.facts("log"))
        for what in ("/models/x.pt", "battery", "emitter object", "mine"):
            self.assertIn(what, said)

    def test_a_run_that_an_exception_ends_is_failed(self) -> None:
        with self.assertRaises(ValueError), self.start():
            raise ValueError("diverged")
        self.assertEqual(self.facts("run_complete")[0]["status"], "failed")

    def test_calls_before_init_say_what_to_do(self) -> None:
        hivewatch._run = None
        with self.assertRaisesRegex(RuntimeError, "init"):
            hivewatch.round_start(1)
