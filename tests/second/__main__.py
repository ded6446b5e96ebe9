"""Answer cases line by line: `python -m tests.second`."""

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from tests.second import facts, kinds, question, shelf

LINE = 65_536


def _answer(raw: dict[str, Any], suite: Path, had: shelf.Shelf) -> kinds.Answer:
    judge = kinds.KINDS.get(raw["kind"])
    if judge is None:
        return None, None
    named, said, held = (raw.get(name) for name in ("facts", "statement", "authorisation"))
    case = kinds.Case(
        file=Path(raw["file"]),
        statement=None if said is None else Path(said),
        authorisation=None if held is None else Path(held),
        world=None if named is None else facts.read(Path(named), suite),
        question=question.of_object(raw.get("question") or {}),
        shelf=had,
    )
    return judge(case)


def answer(line: bytes, suite: Path, had: shelf.Shelf) -> dict[str, Any]:
    """Answer one line; what this program did not foresee is no fault of the evidence."""
    name: Any = None
    try:
        raw = json.loads(line)
        name = raw["case"]
        verdict, now = _answer(raw, suite, had)
    except Exception:
        traceback.print_exc()
        verdict, now = None, None
        if name is not None:
            verdict = "undetermined"
    found = {"case": name, "verdict": verdict}
    return found if now is None else {**found, "now": now}


def serve(source: BinaryIO, target: TextIO) -> None:
    """Answer each line of a source, in order."""
    suite = Path(os.environ.get("CONFORMANCE_SUITE", "."))
    had = shelf.of_folder(suite / "library")
    while line := source.readline(LINE + 1):
        if len(line) > LINE:
            while line and not line.endswith(b"\n"):
                line = source.readline(LINE)
        print(json.dumps(answer(line, suite, had)), file=target, flush=True)


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout)
