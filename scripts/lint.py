"""Linters, types and house rules: everything that reads the sources without running them."""

import sys

from scripts.steps import PYTHON, Step, forge, run_steps


def lint_steps() -> list[Step]:
    """What `make lint` runs."""
    return [
        Step("ruff", [PYTHON, "-m", "ruff", "check", "."]),
        Step("ruff format", [PYTHON, "-m", "ruff", "format", "--check", "."]),
        Step("mypy --strict", [PYTHON, "-m", "mypy", "ledger", "gateway", "scripts", "tests"]),
        Step("forge fmt", [forge(), "fmt", "--check"]),
        Step("forge lint", [forge(), "lint"]),
        Step("house rules", [PYTHON, "scripts/house_rules.py"]),
        Step("schemas and rules", [PYTHON, "scripts/schemas.py", "--check"]),
        Step("conformance suite", [PYTHON, "scripts/conformance.py", "--check"]),
        Step("picture of the rooms", [PYTHON, "scripts/architecture.py", "--check"]),
        Step("texts of pages", [PYTHON, "scripts/texts.py", "--check"]),
        Step("files of others", [PYTHON, "scripts/vendor.py", "--check"]),
        Step("API reference", [PYTHON, "scripts/reference.py", "--check"]),
    ]


if __name__ == "__main__":
    sys.exit(run_steps(lint_steps()))
