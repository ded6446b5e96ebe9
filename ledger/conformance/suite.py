"""The cases as they lie in `suite/`: `cases.json`, and the files that it names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from ledger.core.errors import ConfigError

__all__ = ["TYPE", "Case", "Suite", "packaged"]

TYPE: Final = "credit-ledger/conformance@1"
CASES: Final = "cases.json"
LIBRARY: Final = "library"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case. file, statement, authorisation, facts: paths in the folder of the suite. verdict,
    now: what must be answered; now None: it is not compared. check, code: what the case is
    about."""

    name: str
    kind: str
    file: Path
    facts: Path
    verdict: str
    reason: Mapping[str, str]
    statement: Path | None = None
    authorisation: Path | None = None
    question: Mapping[str, Any] = field(default_factory=dict)
    now: str | None = None
    check: str | None = None
    code: str | None = None

    @property
    def group(self) -> str:
        """What `--group` selects it by."""
        return self.name.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Suite:
    """All cases of a folder."""

    folder: Path
    cases: tuple[Case, ...]

    @classmethod
    def load(cls, folder: Path) -> Suite:
        """The suite in a folder. Raises ConfigError where it is none, or a file is missing."""
        try:
            document = json.loads((folder / CASES).read_bytes())
            if document["_type"] != TYPE:
                raise ConfigError("conformance", f"{folder / CASES}: not {TYPE}")
            found = tuple(_case(folder, one) for one in document["cases"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            problem = f"{folder / CASES}: {type(error).__name__}: {error}"
            raise ConfigError("conformance", problem) from error
        twice = len({case.name for case in found}) != len(found)
        missing = [path for case in found for path in _paths(case) if not path.is_file()]
        if not found or twice or missing:
            what = missing[0] if missing else "no cases, or a name twice"
            raise ConfigError("conformance", f"{folder}: {what}")
        return cls(folder, found)

    @property
    def groups(self) -> tuple[str, ...]:
        """In the order of the cases."""
        return tuple(dict.fromkeys(case.group for case in self.cases))

    def of(self, groups: Sequence[str]) -> tuple[Case, ...]:
        """The cases of these groups; of all where none is named."""
        return tuple(case for case in self.cases if not groups or case.group in groups)

    def brought(self) -> list[tuple[str, bytes]]:
        """Names and contents of the schema and rules files that can be had."""
        found = sorted((self.folder / LIBRARY).glob("*.json"))
        return [(path.name, path.read_bytes()) for path in found]

    def files(self) -> Iterator[Path]:
        """Every file, from the folder on."""
        found = (path for path in self.folder.rglob("*") if path.is_file())
        yield from sorted(path.relative_to(self.folder) for path in found)


@cache
def packaged() -> Suite:
    """The suite that comes with this software."""
    return Suite.load(Path(str(resources.files(__package__).joinpath("suite"))))


def _case(folder: Path, one: Mapping[str, Any]) -> Case:
    expect, statement, paper = one["expect"], one.get("statement"), one.get("authorisation")
    return Case(
        name=one["name"],
        kind=one["kind"],
        file=folder / one["file"],
        facts=folder / one["facts"],
        statement=None if statement is None else folder / statement,
        authorisation=None if paper is None else folder / paper,
        question=one.get("question", {}),
        verdict=expect["verdict"],
        now=expect.get("now"),
        check=expect.get("check"),
        code=expect.get("code"),
        reason=one["reason"],
    )


def _paths(case: Case) -> list[Path]:
    named = (case.file, case.facts, case.statement, case.authorisation)
    return [path for path in named if path is not None]
