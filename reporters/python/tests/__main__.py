"""Runs the core's tests: standard library only. `--json FILE` writes the counts."""

from __future__ import annotations

import argparse
import json
import sys
import unittest
from pathlib import Path

_FOLDER = Path(__file__).parent


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests")
    parser.add_argument("--json", type=Path)
    parser.add_argument("names", nargs="*", help="such as tests.test_sender; all of them by default")
    options = parser.parse_args()
    names = options.names or [f"tests.{path.stem}" for path in sorted(_FOLDER.glob("test_*.py"))]
    suite = unittest.defaultTestLoader.loadTestsFromNames(names)
    result = unittest.TextTestRunner(verbosity=1).run(suite)
    # A test with several cases fails once, whatever many of them fail.
    broken = {str(getattr(test, "test_case", test)) for test, _ in [*result.failures, *result.errors]}
    failed = len(broken) + len(result.unexpectedSuccesses)
    passed = max(0, result.testsRun - failed - len(result.skipped))
    if options.json is not None:
        options.json.write_text(json.dumps({"passed": passed, "failed": failed, "skipped": len(result.skipped)}))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
