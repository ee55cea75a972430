"""The command line, as a user at a terminal sees it."""

from __future__ import annotations

import contextlib
import io
import os
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from rondo.cli import main
from rondo.importers import LeftOut
from rondo.importers.mlflow import read_mlflow
from rondo.importers.mlflow_files import read_meta
from rondo.importers.tensorboard import read_scalars, read_tensorboard
from rondo.importers.tfrecord import crc32c

from .fake_ingest import LiveIngest
from .scene import Scene
from .test_disk import folders_in, say_it_died
from .test_live import LiveTest

DATA = Path(__file__).with_name("files")


class CommandLine(LiveTest):
    def rondo(self, *arguments: str, key: str = "key-for-tests", **environment: str) -> tuple[int, str]:
        """Exit code and everything that was said."""
        said = io.StringIO()
        settings = {"RONDO_SPOOL_DIR": str(self.root), "RONDO_API_KEY": key, **environment}
        others = {name: value for name, value in os.environ.items() if not name.startswith(("RONDO_", "HTTP", "http"))}
        with (
            mock.patch.dict(os.environ, {**others, **settings}, clear=True),
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(said),
        ):
            code = main(list(arguments))
        return code, said.getvalue()


class Check(CommandLine):
    def test_says_that_all_is_well(self) -> None:
        code, said = self.rondo("check", RONDO_URL=self.ingest().url)
        self.assertEqual(code, 0, said)
        for sentence in ("It is Rondo 1.2.3.", "The clocks agree.", "The API key is accepted.", "Reports will arrive."):
            self.assertIn(sentence, said)

    def test_says_what_is_wrong_with_the_key(self) -> None:
        for status, sentence in ((401, "mistyped, revoked or expired"), (403, "needs the scope `ingest`")):
            ingest = self.ingest()
            ingest.fault = lambda seen, status=status: status  # type: ignore[misc]
            code, said = self.rondo("check", RONDO_URL=ingest.url)
            self.assertEqual(code, 1)
            self.assertIn(sentence, said)
            self.assertNotIn("key-for-tests", said)
        self.assertIn("There is no API key", self.rondo("check", key="", RONDO_URL=self.ingest().url)[1])

    def test_says_that_nothing_listens(self) -> None:
        code, said = self.rondo("check", RONDO_URL="http://127.0.0.1:9")
        self.assertEqual(code, 1)
        self.assertIn("Nothing listens on port 9 of 127.0.0.1", said)

    def test_says_that_a_name_is_not_known(self) -> None:
        self.assertIn("cannot be resolved", self.rondo("check", "--url", "http://no-such-host.invalid")[1])

    def test_says_that_an_address_is_none(self) -> None:
        code, said = self.rondo("check", "--url", "localhost:8000")
        self.assertEqual(code, 1)
        self.assertIn("is not an address", said)

    def test_says_that_it_is_not_rondo(self) -> None:
        ingest = self.ingest()
        ingest.get = lambda path: (404, b"not here")  # type: ignore[method-assign]
        self.assertIn("but it is not Rondo", self.rondo("check", RONDO_URL=ingest.url)[1])

    def test_says_that_the_clock_is_wrong(self) -> None:
        ingest = self.ingest()
        ingest.clock_skew_s = 90
        code, said = self.rondo("check", RONDO_URL=ingest.url)
        self.assertEqual(code, 0)
        self.assertRegex(said, r"clock is (89|90|91) s behind the server's")

    def test_says_that_there_is_no_tls(self) -> None:
        url = self.ingest().url.replace("http:", "https:")
        self.assertIn("There is no TLS on that port", self.rondo("check", RONDO_URL=url)[1])

    def test_goes_through_the_proxy_that_the_environment_names_and_says_so(self) -> None:
        ingest = self.ingest()
        with _proxy_to(ingest) as proxy:
            code, said = self.rondo("check", RONDO_URL="http://far.invalid:8000", http_proxy=proxy)
        self.assertEqual(code, 0, said)
        self.assertIn("go through the proxy 127.0.0.1", said)

    def test_says_what_is_waiting(self) -> None:
        scene = Scene(self.root)
        scene.server.fault = lambda seen: "down"
        scene.metrics(1, 2)
        scene.advance(0.1)
        scene.kill()
        self.assertIn("3 events wait", self.rondo("check", RONDO_URL=self.ingest().url)[1])


class Sync(CommandLine):
    def leave(self, url: str) -> Path:
        scene = Scene(self.root, url=url)
        scene.server.fault = lambda seen: "down"
        scene.metrics(1, 2, 3)
        scene.advance(0.1)
        scene.kill()
        [folder] = folders_in(self.root)
        return folder

    def test_delivers_what_a_killed_process_left(self) -> None:
        ingest = self.ingest()
        folder = self.leave(ingest.url)
        say_it_died(folder)
        code, said = self.rondo("sync")
        self.assertEqual((code, ingest.steps), (0, [1, 2, 3]), said)
        self.assertIn("run run-1: 4 events delivered", said)
        self.assertFalse(folder.exists())
        self.assertIn("Nothing is waiting", self.rondo("sync", str(self.root))[1])

    def test_leaves_what_belongs_to_a_running_process(self) -> None:
        ingest = self.ingest()
        self.leave(ingest.url)
        code, said = self.rondo("sync", str(folders_in(self.root)[0]))
        self.assertEqual((code, ingest.steps), (0, []))
        self.assertIn("belongs to a process that is running", said)

    def test_keeps_everything_when_the_server_is_down(self) -> None:
        folder = self.leave("http://127.0.0.1:9")
        say_it_died(folder)
        code, said = self.rondo("sync", "--timeout", "0.1")
        self.assertEqual(code, 1)
        self.assertIn("4 of 4 events are left: http://127.0.0.1:9", said)
        ingest = self.ingest()
        code, said = self.rondo("sync", "--url", ingest.url)
        self.assertEqual((code, ingest.steps), (0, [1, 2, 3]), said)

    def test_does_not_wait_for_a_wrong_key(self) -> None:
        ingest = self.ingest()
        ingest.fault = lambda seen: 401
        say_it_died(self.leave(ingest.url))
        code, said = self.rondo("sync", "--timeout", "5")
        self.assertEqual(code, 1)
        self.assertIn("check RONDO_API_KEY", said)


class Import(CommandLine):
    def test_tensorboard_files_of_both_forms_once(self) -> None:
        ingest = self.ingest()
        for times in (1, 2):
            code, said = self.rondo("import", "tensorboard", str(DATA / "tensorboard"), RONDO_URL=ingest.url)
            self.assertEqual(code, 0, said)
            runs = {fact["run_id"] for fact in ingest.facts}
            self.assertEqual(len(runs), 2, f"imported {times} times")
        new = [fact for fact in ingest.facts if "-new-" in fact["run_id"]]
        half = new[: len(new) // 2]
        self.assertEqual([fact["type"] for fact in half], ["run_started", *["metric"] * 4, "run_complete"])
        loss = [(fact["step"], round(fact["value"], 4)) for fact in half if fact.get("name") == "train/loss"]
        self.assertEqual(loss, [(0, 1.0), (1, 0.5), (2, 0.3333)])
        self.assertEqual([fact["at"] for fact in new[: len(half)]], [fact["at"] for fact in new[len(half) :]])
        old = [fact for fact in ingest.facts if "-old-" in fact["run_id"] and fact["type"] == "metric"]
        self.assertEqual([fact["value"] for fact in old[:6]], [0.5, 0.5, 0.25, 0.75, "NaN", "NaN"])

    def test_what_a_server_that_is_down_did_not_take_is_kept(self) -> None:
        args = ("import", "tensorboard", str(DATA / "tensorboard" / "old"), "--timeout", "0.1")
        code, said = self.rondo(*args, RONDO_URL="http://127.0.0.1:9")
        self.assertEqual(code, 1)
        self.assertIn("8 of 8 events are left", said)
        ingest = self.ingest()
        self.assertEqual(self.rondo("sync", "--url", ingest.url)[0], 0)
        self.assertEqual(len(ingest.facts), 8)

    def test_a_torn_event_file_gives_what_is_whole(self) -> None:
        content = next((DATA / "tensorboard" / "old").iterdir()).read_bytes()
        for cut in range(len(content)):
            torn = self.root / "events.out.tfevents.1"
            torn.write_bytes(content[:cut])
            self.assertLessEqual(len(list(read_scalars(torn, LeftOut()))), 6)
        self.assertEqual(len(list(read_scalars(torn, LeftOut()))), 4)

    def test_the_checksum_is_that_of_the_specification(self) -> None:
        # RFC 3720, B.4.
        self.assertEqual(crc32c(bytes(32)), 0x8A9136AA)
        self.assertEqual(crc32c(bytes(range(32))), 0x46DD794E)

    def test_a_tensor_of_several_numbers_is_no_scalar(self) -> None:
        histogram = _field(1, b"h") + _field(8, b"\x08\x01" + _field(2, _field(2, b"\x08\x03")) + _field(4, bytes(12)))
        event = b"\x09" + struct.pack("<d", 1.0) + _field(5, _field(1, histogram))
        path = self.root / "events.out.tfevents.1"
        path.write_bytes(_record(event))
        self.assertEqual(list(read_scalars(path, LeftOut())), [])

    def test_mlflow_runs(self) -> None:
        self._write_mlflow()
        ingest = self.ingest()
        code, said = self.rondo("import", "mlflow", str(self.root / "mlruns"), RONDO_URL=ingest.url)
        self.assertEqual(code, 1, said)
        self.assertIn("eval/loss: line 3 is not a point", said)
        started, *points, complete = ingest.facts
        self.assertEqual((started["run_id"], started["name"]), ("mlflow-20ab9f92", "it's 5: ok"))
        self.assertEqual(
            (started["config"], started["framework"]),
            ({"lr": "0.1", "opt": "sgd", "mlflow": {"experiment": "Default"}}, "mlflow"),
        )
        self.assertEqual(started["at"], "2023-11-14T22:13:20.000Z")
        seen = [(point["name"], point["step"], point["value"]) for point in points]
        self.assertEqual(seen, [("eval/loss", 0, 1), ("eval/loss", 5, 0.5), ("nan", 0, "NaN"), ("nan", 1, 2)])
        self.assertEqual((complete["status"], complete["at"]), ("failed", "2023-11-14T22:13:30.000Z"))

    def test_mlflow_settings_of_every_writing(self) -> None:
        path = self.root / "meta.yaml"
        path.write_text("a: 'it''s'\nb: \"x\"\nc: null\nd: 5\nlist:\n- x: 1\n")
        self.assertEqual(read_meta(path), {"a": "it's", "b": "x", "c": "", "d": "5", "list": ""})

    def test_an_empty_folder_is_reported(self) -> None:
        for kind in ("tensorboard", "mlflow", "csv"):
            code, said = self.rondo("import", kind, str(self.root))
            self.assertEqual((code, said.strip()), (1, f"There is nothing of {kind} in {self.root}."))
        self.assertEqual([*read_tensorboard(self.root, LeftOut()), *read_mlflow(self.root, LeftOut())], [])

    def _write_mlflow(self) -> None:
        run = self.root / "mlruns" / "0" / "20ab9f92"
        deleted = self.root / "mlruns" / ".trash" / "1"
        for folder in (run / "metrics" / "eval", run / "params", run / "tags", deleted):
            folder.mkdir(parents=True)
        meta = "run_id: 20ab9f92\nrun_name: 'it''s 5: ok'\nstatus: 4\nlifecycle_stage: active\n"
        times = "start_time: 1700000000000\nend_time: 1700000010000\n"
        (run / "meta.yaml").write_text(meta + times)
        (run.parent / "meta.yaml").write_text("experiment_id: '0'\nname: Default\n")
        (deleted / "meta.yaml").write_text("run_id: gone\n")
        (run / "metrics" / "eval" / "loss").write_text("1700000001000 1.0 0\n1700000002000 0.5 5\nbroken\n")
        (run / "metrics" / "nan").write_text("1700000001000 nan\n1700000001000 2\n")
        (run / "params" / "lr").write_text("0.1")
        (run / "params" / "opt").write_text("sgd")


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2, len(content)]) + content


def _record(data: bytes) -> bytes:
    def masked(part: bytes) -> bytes:
        crc = crc32c(part)
        return struct.pack("<I", (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF)

    length = struct.pack("<Q", len(data))
    return length + masked(length) + data + masked(data)


@contextlib.contextmanager
def _proxy_to(ingest: LiveIngest) -> Iterator[str]:
    """Takes a request for any host and brings it to the server, without looking at more than its first line."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=relay, args=(client,), daemon=True).start()

    def relay(client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", ingest.port)) as server:
            back = threading.Thread(target=_pump, args=(server, client), daemon=True)
            back.start()
            while data := client.recv(65_536):
                server.sendall(data.replace(b" http://far.invalid:8000/", b" /"))

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
