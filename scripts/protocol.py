"""Write what docs/protocol.md has from the code: tables, and example bytes of tests/vectors.

python scripts/protocol.py            write the file
python scripts/protocol.py --check    fail if it does not say what the code does

<!-- made: NAME -->
… <!-- end -->                        a table or list
```text NAME                          an example
"""

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.protocol_parts import audit, bounds, examples, numbers, reasons, rules  # noqa: E402

PAGE = ROOT / "docs" / "protocol.md"
BLOCKS: dict[str, Callable[[], str]] = {
    "bounds": bounds.bounds,
    "contract bounds": bounds.contract_bounds,
    "patterns": bounds.patterns,
    "numbers": numbers.numbers,
    "kinds": numbers.kinds,
    "acts": numbers.acts,
    "slots": numbers.slots,
    "rules": rules.rules,
    "rules id": rules.rules_id,
    "areas": rules.areas,
    "checks": reasons.check_list,
    "verdicts": reasons.verdicts,
    "reasons": reasons.reasons,
    "problems": reasons.problems,
    "evidence problems": reasons.evidence_problems,
    "findings": audit.findings,
    "incomplete": audit.incomplete,
    "promises": audit.promises,
    "monitor": audit.monitor,
}
MADE = re.compile(r"<!-- made: ([\w ]+) -->\n.*?<!-- end -->", re.DOTALL)
EXAMPLE = re.compile(r"```text ([\w.]+)\n(?:.*?\n)??```$", re.DOTALL | re.MULTILINE)


def render(text: str) -> str:
    """The page with every block as the code makes it."""
    shown = examples.examples()
    text = MADE.sub(lambda m: f"<!-- made: {m[1]} -->\n{BLOCKS[m[1]]()}\n<!-- end -->", text)
    return EXAMPLE.sub(lambda m: f"```text {m[1]}\n{shown[m[1]]}\n```", text)


def missing(text: str) -> set[str]:
    """Blocks and examples that the page does not show."""
    wanted = {*BLOCKS, *examples.examples()}
    return wanted - {*MADE.findall(text), *EXAMPLE.findall(text)}


def main() -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description="Tables and examples of docs/protocol.md.")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args().check
    text = PAGE.read_text("utf-8")
    made = render(text)
    if absent := missing(made):
        print(f"not shown: {', '.join(sorted(absent))}")
        return 1
    if check:
        print("as the code has it" if made == text else "run scripts/protocol.py")
        return int(made != text)
    PAGE.write_text(made, "utf-8")
    print("written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
