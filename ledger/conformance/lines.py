"""Another verifier: any command, asked line by line (section 4 of the README of the suite).

It may end, hang, or answer nonsense: then it is stopped, the case has no answer, and it is started
anew for the next one, but not for ever.
"""

from __future__ import annotations

import json
import os
import queue
import shlex
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Final, cast

from ledger.conformance.answers import Answer, NoAnswer
from ledger.conformance.suite import Case, Suite

__all__ = ["DEADLINE", "MAX_LINE", "STARTS", "Command"]

DEADLINE: Final = 30.0
"""Seconds for an answer."""
MAX_LINE: Final = 64 << 10
"""Bytes of an answer."""
STARTS: Final = 8
"""How often it is started anew in a run."""
LAST_WORDS: Final = 3
"""Lines of its standard error that are shown where it fails."""
PATIENCE: Final = 5.0
"""Seconds in which it ends once nothing more is asked."""
_VARIABLE: Final = "CONFORMANCE_SUITE"


class Command:
    """A verifier behind standard input and output."""

    def __init__(
        self, command: str | Sequence[str], suite: Suite, *, deadline: float = DEADLINE
    ) -> None:
        """command: words, or one text, split as a shell would. deadline: seconds for an answer."""
        self._words = shlex.split(command) if isinstance(command, str) else list(command)
        self._folder = suite.folder
        self._deadline = deadline
        self._process: _Process | None = None
        self._starts = 0

    def answer(self, case: Case) -> Answer | NoAnswer:
        """What it says of a case."""
        if self._process is None:
            if self._starts > STARTS:
                return NoAnswer("gone", f"it failed {self._starts} times")
            self._starts += 1
            try:
                self._process = _Process(self._words, self._folder)
            except OSError as error:
                return NoAnswer("broken", str(error))
        found = _read(case, self._process.ask(_line(case), self._deadline))
        if isinstance(found, NoAnswer):
            last = self._process.stop()
            self._process = None
            return NoAnswer(found.code, "; ".join(filter(None, (found.detail, last))))
        return found

    def close(self) -> None:
        """Ask nothing more, and wait for it to end."""
        if self._process is not None:
            self._process.end()
            self._process = None


class _Process:
    """The command while it runs: its lines are read beside, or one that hangs would hang us."""

    def __init__(self, words: Sequence[str], folder: Path) -> None:
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        self._errors: deque[str] = deque(maxlen=LAST_WORDS)
        self._run = subprocess.Popen(  # noqa: S603 - the caller's own command
            list(words),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, _VARIABLE: str(folder)},
            start_new_session=True,
        )
        self._threads = [
            threading.Thread(target=self._hear, args=(self._run.stdout,), daemon=True),
            threading.Thread(target=self._hear_errors, args=(self._run.stderr,), daemon=True),
        ]
        self._told = cast(IO[bytes], self._run.stdin)
        for thread in self._threads:
            thread.start()

    def ask(self, line: bytes, deadline: float) -> bytes | NoAnswer:
        """Its next line."""
        try:
            self._told.write(line)
            self._told.flush()
        except OSError:
            return self._ended()
        try:
            found = self._lines.get(timeout=deadline)
        except queue.Empty:
            return NoAnswer("hung", f"no answer in {deadline:g} s")
        return self._ended() if found is None else found

    def stop(self) -> str:
        """End it, and all that it started; its last words."""
        _kill(self._run)
        return self._over()

    def end(self) -> None:
        """Let it end by itself, or end it."""
        try:
            self._told.close()
            self._run.wait(PATIENCE)
        except (OSError, subprocess.TimeoutExpired):
            _kill(self._run)
        self._over()

    def _ended(self) -> NoAnswer:
        _kill(self._run)
        return NoAnswer("ended", f"exit code {self._run.wait()}")

    def _over(self) -> str:
        self._run.wait()
        for thread in self._threads:
            thread.join(PATIENCE)
        for stream in (self._run.stdin, self._run.stdout, self._run.stderr):
            if stream is not None:
                _close(stream)
        return " | ".join(self._errors)

    def _hear(self, stream: IO[bytes]) -> None:
        while line := stream.readline(MAX_LINE + 1):
            self._lines.put(line)
        self._lines.put(None)

    def _hear_errors(self, stream: IO[bytes]) -> None:
        while line := stream.readline(MAX_LINE):
            self._errors.append(line.decode("utf-8", "replace").strip()[:500])


def _kill(run: subprocess.Popen[bytes]) -> None:
    """End it and its children: it leads a session of its own."""
    try:
        os.killpg(run.pid, signal.SIGKILL)
    except ProcessLookupError:  # it is over
        return


def _close(stream: IO[bytes]) -> None:
    try:
        stream.close()
    except OSError:  # what was still to be written has nobody to read it
        return


def _line(case: Case) -> bytes:
    value = {
        "case": case.name,
        "kind": case.kind,
        "file": str(case.file),
        "statement": None if case.statement is None else str(case.statement),
        "authorisation": None if case.authorisation is None else str(case.authorisation),
        "facts": str(case.facts),
        "question": dict(case.question),
    }
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


def _read(case: Case, line: bytes | NoAnswer) -> Answer | NoAnswer:
    """The answer in a line."""
    if isinstance(line, NoAnswer):
        return line
    value = _object(line)
    if value is None:
        return NoAnswer("garbage", line[:200].decode("utf-8", "replace").strip())
    if value["case"] != case.name:
        return NoAnswer("other-case", str(value["case"])[:200])
    return Answer(value["verdict"], value.get("now"))


def _object(line: bytes) -> dict[str, Any] | None:
    """A line as section 4 has it; None where it is none."""
    if len(line) > MAX_LINE:
        return None
    try:
        value: Any = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not {"case", "verdict"} <= value.keys():
        return None
    said = (value["verdict"], value.get("now"))
    return value if all(one is None or isinstance(one, str) for one in said) else None
