"""`rondo diagnose`: what is wrong with a run, how that is known, and what to do. [G13]"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from ..reading import ReadError, read

_MARKS = {"critical": "✗", "warning": "!", "info": "·"}
_EXIT = {"stuck": 1, "attention": 1}


def diagnose(run_id: str, url: str, key: str, *, as_json: bool) -> int:
    """Print a diagnosis; return 1 if the run needs a look, 2 if it cannot be read."""
    try:
        found = read(url, key).run(run_id).diagnosis()
    except ReadError as error:
        print(error, file=sys.stderr)
        return 2
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        print("\n".join(lines(found)))
    return _EXIT.get(str(found["verdict"]), 0)


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the diagnosis as text."""
    yield f"run {found['run_id']}: {found['verdict']} ({found['status']})"
    for finding in found["findings"]:
        yield ""
        yield f"{_MARKS[finding['severity']]} {finding['cause']}: {finding['sentence']}"
        if finding["since"]:
            yield f"    since    {finding['since']}"
        for name, value in finding["evidence"].items():
            yield f"    {name} = {value}"
        for missing in finding["missing_evidence"]:
            yield f"    not known: {missing}"
        for number, action in enumerate(finding["next_actions"], 1):
            yield f"    {number}. {action}"
    if found["total"] > len(found["findings"]):
        yield f"\n… and {found['total'] - len(found['findings'])} more"
    untrusted = found["untrusted"]
    if untrusted["items"]:
        yield ""
        yield untrusted["note"]
        for item in untrusted["items"]:
            where = f" of client {item['client_id']}" if item["client_id"] else ""
            yield f"  > {item['source']}{where}: {item['text']}"
