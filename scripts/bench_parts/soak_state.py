"""What a soak has done so far, in a file that outlives the run."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from scripts.bench_parts.soak_killed import Killed
from scripts.bench_parts.soak_people import Touched
from scripts.bench_parts.soak_report import Chunk, Mark


@dataclass
class State:
    """reserved, contested: numbers of records handed out, from 0 and from `CONTESTED` on. open:
    first number and count of those handed out of which not every answer was kept; they are sent
    again. parts: size at which each commit went on. touched: records that people did something
    about."""

    reserved: int = 0
    contested: int = 0
    open: list[tuple[int, int]] = field(default_factory=list)
    parts: dict[str, int] = field(default_factory=dict)
    chunks: list[Chunk] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    touched: list[Touched] = field(default_factory=list)
    killed: Killed | None = None

    @classmethod
    def load(cls, path: Path) -> State:
        """As saved; empty where nothing was."""
        if not path.exists():
            return cls()
        held = json.loads(path.read_bytes())
        return cls(
            reserved=held["reserved"],
            contested=held["contested"],
            open=[(first, count) for first, count in held["open"]],
            parts=held["parts"],
            chunks=[Chunk(**item) for item in held["chunks"]],
            marks=[Mark(**item) for item in held["marks"]],
            touched=[Touched(**item) for item in held["touched"]],
            killed=None if held["killed"] is None else Killed(**held["killed"]),
        )

    def save(self, path: Path) -> None:
        """Whole, or not at all."""
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(self), indent=1), "utf-8")
        fresh.replace(path)
