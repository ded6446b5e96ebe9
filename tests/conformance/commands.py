"""Verifiers for tests: small programs, right and wrong, that are asked line by line."""

import sys
from pathlib import Path

PARROT = """
import json, os, sys
suite = os.environ["CONFORMANCE_SUITE"]
with open(os.path.join(suite, "cases.json"), encoding="utf-8") as file:
    wanted = {case["name"]: case["expect"] for case in json.load(file)["cases"]}

def answer(asked):
    return {"case": asked["case"], **wanted[asked["case"]]}

def put(text):
    sys.stdout.write(text + "\\n")
    sys.stdout.flush()
"""
"""It knows all answers, and puts what `say` makes of them."""
LOOP = """
for line in sys.stdin:
    say(json.loads(line))
"""
HONEST = "def say(asked):\n    put(json.dumps(answer(asked)))\n"


def program(folder: Path, say: str = HONEST) -> list[str]:
    """A command whose `say` is this."""
    path = folder / "verifier.py"
    path.write_text(PARROT + say + LOOP, encoding="utf-8")
    return [sys.executable, str(path)]
