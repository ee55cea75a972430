"""Runs the core's tests: standard library only. `--json FILE` writes the counts and the names of failed tests."""

from __future__ import annotations

import argparse
import json
import sys
import unittest
from pathlib import Path

_FOLDER = Path(__file__).parent
# More failures than this are no accident.
_MOST_RETRIED = 3


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--retry", type=int, default=0, choices=(0, 1), help="1: run failed tests a second time")
    parser.add_argument("names", nargs="*", help="such as tests.test_sender; all of them by default")
    options = parser.parse_args()
    names = options.names or [f"tests.{path.stem}" for path in sorted(_FOLDER.glob("test_*.py"))]
    suite = unittest.defaultTestLoader.loadTestsFromNames(names)
    result = unittest.TextTestRunner(verbosity=1).run(suite)
    broken = _broken(result)
    flaky: set[str] = set()
    if options.retry and 0 < len(broken) <= _MOST_RETRIED and not any(map(_is_fixture, broken)):
        again = unittest.defaultTestLoader.loadTestsFromNames(sorted(broken))
        second = unittest.TextTestRunner(verbosity=1).run(again)
        still = _broken(second)
        flaky, broken = broken - still, still
    failed = len(broken)
    passed = max(0, result.testsRun - failed - len(result.skipped))
    if options.json is not None:
        counts = {
            "passed": passed,
            "failed": failed,
            "skipped": len(result.skipped),
            "names": sorted(broken),
            "flaky": sorted(flaky),
        }
        options.json.write_text(json.dumps(counts))
    return 1 if failed else 0


def _broken(result: unittest.TestResult) -> set[str]:
    """The ids of failed tests. A test with several cases fails once, however many of them fail."""
    found = [*result.failures, *result.errors, *((test, "") for test in result.unexpectedSuccesses)]
    return {getattr(test, "test_case", test).id() for test, _ in found}


def _is_fixture(test_id: str) -> bool:
    """Return True if a fixture of a class or module, or an import failed: then no single test can be repeated."""
    return "(" in test_id or test_id.startswith("unittest.")


if __name__ == "__main__":
    sys.exit(main())
