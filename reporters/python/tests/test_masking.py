"""Secrets and log lines."""

from __future__ import annotations

import json
import unittest
from pathlib import Path
from typing import Any

from rondo import masking
from rondo.log_text import readable
from rondo.masking import Masking

from .scene import SceneTest

_FIXTURE: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "protocol/fixtures/masking.json").read_text(encoding="utf-8")
)


class TheSharedRule(unittest.TestCase):
    def test_r32_the_lists_are_the_shared_ones(self) -> None:
        self.assertEqual(sorted(masking.LAST_WORDS), _FIXTURE["last_words"])
        self.assertEqual(sorted(" ".join(pair) for pair in masking.LAST_PAIRS), _FIXTURE["last_pairs"])
        self.assertEqual(sorted(masking.VOCABULARY), _FIXTURE["vocabulary"])

    def test_r32_keys(self) -> None:
        self.assertEqual([key for key in _FIXTURE["secret_keys"] if not Masking().is_secret(key)], [])
        self.assertEqual([key for key in _FIXTURE["plain_keys"] if Masking().is_secret(key)], [])

    def test_r32_texts_and_values(self) -> None:
        for given, expected in [*_FIXTURE["texts"], *_FIXTURE["values"]]:
            with self.subTest(given):
                self.assertEqual(Masking().mask(given), expected)

    def test_r32_widened_and_off(self) -> None:
        self.assertEqual(Masking(more_keys=["my-pin"]).mask({"MY_PIN": 1, "pin": 2}), {"MY_PIN": "***", "pin": 2})
        self.assertEqual(Masking(is_on=False).mask({"password": "x"}), {"password": "x"})


class Reported(SceneTest):
    def test_r32_a_secret_reaches_neither_the_disk_nor_the_server(self) -> None:
        scene = self.scene(config={"password": "hunter2", "url": "http://u:hunter2@h/", "use_cls_token": "yes"})
        scene.reporter.say("log", {"level": "info", "message": "from http://u:hunter2@h/"})
        scene.reporter.write_turn()
        on_disk = "".join(path.read_text("utf-8") for path in self.root.rglob("*.log"))
        self.assertIn("use_cls_token", on_disk)
        self.assertNotIn("hunter2", on_disk)
        scene.advance(1)
        self.assertEqual(scene.server.facts[0]["config"]["password"], "***")
        self.assertNotIn("hunter2", json.dumps(scene.server.facts))

    def test_r33_log_lines_are_readable(self) -> None:
        scene = self.scene()
        bar = "".join(f"\r{percent:3}% {'#' * percent}" for percent in range(101))
        for message in ("\x1b[1;31mfailed\x1b[0m", "  1%\r 50%\r100%\r\nnext\r\n", bar):
            scene.reporter.say("log", {"level": "info", "message": message})
        scene.advance(1)
        shown = [fact["message"] for fact in scene.server.facts if fact["type"] == "log"]
        self.assertEqual(shown, ["failed", "100%\nnext\n", f"100% {'#' * 100}"])

    def test_r33_other_codes(self) -> None:
        self.assertEqual(
            readable("\x1b]8;;http://a\x07link\x1b]8;;\x07 \x1b[2K\x1b[?25lx\x1b(B\x1b[38;5;9my"), "link xy"
        )
