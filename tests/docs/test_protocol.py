"""docs/protocol.md says what the code does: example bytes, numbered checks, verdicts."""

import json
import re
from pathlib import Path
from typing import Any

from ledger.core.checks import CHECKS
from ledger.core.ranking import EXITS, PRECEDENCE

ROOT = Path(__file__).resolve().parent.parent.parent
TEXT = (ROOT / "docs" / "protocol.md").read_text("utf-8")
EXAMPLES = re.findall(r"```text ([\w.]+)\n(.*?)\n```", TEXT, re.DOTALL)


def worked(name: str) -> str:
    """A value of the worked example, by its dotted name."""
    value: Any = json.loads((ROOT / "tests/vectors/penalty/expected.json").read_text("utf-8"))
    for part in name.split("."):
        value = value[part]
    assert isinstance(value, str)
    return value.rstrip("\n")


def test_example_bytes() -> None:
    assert len(EXAMPLES) == 10, "every example in the text was compared"
    for name, shown in EXAMPLES:
        assert shown == worked(name), name


def test_checks_are_those_of_the_verifier() -> None:
    shown = re.findall(r"^\| (\d+) \| `([\w-]+)` \| (.*) \|$", TEXT, re.MULTILINE)
    assert shown == [(str(check.n), check.id, check.passed["en"]) for check in CHECKS]


def test_verdicts_are_in_the_order_of_precedence() -> None:
    table = TEXT[TEXT.index("| verdict | exit |") : TEXT.index('"Could not check" is')]
    shown = re.findall(r"^\| `([\w-]+)` \| (\d) \|$", table, re.MULTILINE)
    assert shown == [(verdict, str(EXITS[verdict])) for verdict in PRECEDENCE]
