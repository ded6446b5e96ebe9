"""The folder of a replay that can be stopped and goes on where it was.

    question.json     what was asked: network, block, options, and its SHA-256; written first
    <logId>.journal   what was read of a log, and how far (`journal`); with the beginning of a hash
                      behind the id, what was read where `--mirror` said
    lock              held while a replay is under way

Reading logs is what takes long, so that is kept: in pieces as they come, and every 65,536 entries
how far it came, after all of it is there. The chain is read again each time, and everything is
judged again: that way the report is the same, byte for byte, as of a replay that was never stopped.
The seed of each journal is the question and the log, so what is kept answers no other question.
Whoever can write into the folder can have it say anything: it is refused unless that is us alone.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypeGuard

import orjson

from ledger.audit import disk
from ledger.audit.journal import Journal, all_notes
from ledger.audit.log_reading import Position
from ledger.audit.noted import Noted
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.blocks import Block
from ledger.core import canonical
from ledger.core.errors import EvidenceError, LedgerError
from ledger.core.ids import LogId
from ledger.core.texts import Text

__all__ = [
    "RESUME_PROBLEMS",
    "Asked",
    "CannotResume",
    "Found",
    "Kept",
    "KeptLog",
    "digest_of",
    "open_log",
]

_TYPE: Final = "credit-ledger/audit-resume@1"
_QUESTION: Final = "question.json"
_PART: Final = ".question.json.partial"
_LOCK: Final = "lock"
_JOURNAL: Final = ".journal"
_MARK: Final = 16  # of the hash of a place, in names of files
_LINE: Final = b"\n"
_MOST: Final = 1 << 16
"""Bytes of a question; ours have a thousand."""

RESUME_PROBLEMS: Final[Mapping[str, Text]] = {
    "not-ours": {
        "zh": "该文件夹中有别的文件；请另给一个新的或空的文件夹",
        "en": "there are other files in this folder; name a new or an empty one",
    },
    "in-use": {
        "zh": "另一重放正在使用该文件夹",
        "en": "another replay is using this folder",
    },
    "not-private": {
        "zh": "该文件夹不属于您，或他人可以写入，所存内容因此不可信；"
        "请另给一个，或收回他人的写权限",
        "en": "it is not yours, or others may write into it, so what is kept there cannot be "
        "believed; name another one, or take that right away",
    },
    "damaged": {
        "zh": "其中的 question.json 已损坏，无从得知所存的是什么；请另给一个文件夹，从头重放",
        "en": "its question.json is damaged, so nobody can tell what is kept; begin anew in another"
        " folder",
    },
    "other-version": {
        "zh": "所存内容出自另一版本的软件；请另给一个文件夹，从头重放",
        "en": "another version of this software has kept it; begin anew in another folder",
    },
    "other-question": {
        "zh": "所存的是对另一问题的重放，与本次不同的是",
        "en": "it is kept for another replay, which differs in",
    },
    "other-chain": {
        "zh": "所存重放的区块不在链上（另一条链、链已回退，或节点落后）",
        "en": "the block of the replay that is kept is not on the chain: it is another one, or went"
        " back, or the node is behind",
    },
    "unwritable": {
        "zh": "无法读写",
        "en": "it cannot be read or written",
    },
}
"""Why a replay cannot go on in a folder. Append-only."""
Found = Literal["new", "kept", "damaged"]
"""Of a log: nothing is kept; some is; some was, and is not right from some place on."""


class CannotResume(LedgerError):
    """code: of `RESUME_PROBLEMS`. what: further words, such as the options that differ."""

    def __init__(self, code: str, what: str = "") -> None:
        super().__init__(f"{RESUME_PROBLEMS[code]['en']}: {what}" if what else code)
        self.code = code
        self.what = what

    def __reduce__(self) -> tuple[type[CannotResume], tuple[str, str]]:
        """Processes hand it on."""
        return CannotResume, (self.code, self.what)


class Asked(NamedTuple):
    """Number and hash of the last block of a replay that was begun."""

    number: int
    hash: str


class Kept:
    """Opens the folder, or makes it. Raises CannotResume. Close it.

    options: all that the report depends on besides network and block. told: is told of each log
    (hex) what is kept, and the entry from which it is read.
    """

    def __init__(
        self,
        folder: Path,
        options: Mapping[str, str],
        told: Callable[[str, Found, int], None] = lambda log, found, at: None,
    ) -> None:
        self._folder = folder
        self._options = dict(options)
        self.told = told
        self._seed = b""
        self._lock = -1
        with _in_words(folder):
            folder.mkdir(mode=0o700, exist_ok=True)
            _demand_private(folder)
            self._demand_ours()
            self._lock = _locked(folder / _LOCK)
        try:
            self._question = self._read()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let others use the folder."""
        if self._lock >= 0:
            os.close(self._lock)
        self._lock = -1

    @property
    def asked(self) -> Asked | None:
        """The block of the replay that is kept; None: none was begun."""
        if self._question is None:
            return None
        return Asked(self._question["block"]["number"], self._question["block"]["hash"])

    def begin(self, network: NetworkFile, last: Block) -> None:
        """This is what is asked. Raises CannotResume where something else was."""
        wanted = {
            "_type": _TYPE,
            "block": {"hash": last.hash, "number": last.number},
            "network": {"deployBlockHash": network.deploy_block_hash, "id": network.reference},
            "options": self._options,
            "software": _software(),
        }
        data = canonical.encode(wanted)
        if self._question is None:
            with _in_words(self._folder):
                self._write(data)
            self._question = wanted
        elif self._question["software"] != wanted["software"]:
            raise CannotResume("other-version", str(self._question["software"]))
        elif different := _different(self._question, wanted):
            raise CannotResume("other-question", ", ".join(different))
        self._seed = sha256(data).digest()

    def journal(self, log: LogId, named: str = "") -> tuple[Path, bytes]:
        """Where what is read of a log is kept, and the seed of it. named: URL that was named in
        place of the owner's, as whose what is served there counts; "": none was."""
        seed = sha256(self._seed + log + named.encode()).digest()
        beside = f"-{sha256(named.encode()).hexdigest()[:_MARK]}" if named else ""
        return self._folder / f"{log.hex()}{beside}{_JOURNAL}", seed

    @contextmanager
    def log(self, log: LogId, named: str = "") -> Iterator[KeptLog]:
        """What is kept of a log; as `journal`. Raises CannotResume."""
        with open_log(*self.journal(log, named)) as kept:
            self.told(log.hex(), kept.found, kept.at)
            yield kept

    def all_notes(self, log: LogId, named: str = "") -> Iterator[Noted]:
        """What another process has read of a log, also behind the last position; as `journal`.
        Raises CannotResume."""
        with _in_words(self._folder):
            for payload in all_notes(*self.journal(log, named)):
                yield Noted.decode(payload)

    # ---- the question

    def _demand_ours(self) -> None:
        """Nothing is written into a folder that holds anything else."""
        for path in self._folder.iterdir():
            if path.name not in (_QUESTION, _PART, _LOCK) and path.suffix != _JOURNAL:
                raise CannotResume("not-ours", path.name)

    def _read(self) -> dict[str, Any] | None:
        path = self._folder / _QUESTION
        with _in_words(self._folder):
            if not path.exists():
                return None
            with path.open("rb") as file:
                data = file.read(_MOST + 1)
        asked, _, digest = data.partition(_LINE)
        try:
            found = canonical.parse(asked, max_bytes=_MOST)
        except EvidenceError as error:
            raise CannotResume("damaged") from error
        if digest != _digest(asked) or not _is_question(found):
            raise CannotResume("damaged")
        return found

    def _write(self, data: bytes) -> None:
        """Whole, or not at all."""
        part = self._folder / _PART
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(part, flags, 0o600)
        try:
            disk.write(handle, _LINE.join((data, _digest(data))))
            disk.sync(handle)
        finally:
            os.close(handle)
        disk.replace(part, self._folder / _QUESTION)
        disk.sync_folder(self._folder)


class KeptLog:
    """What is kept of one log. position: how far it was read, None: nothing is kept. at: the entry
    from which on it is to be read."""

    def __init__(self, journal: Journal, folder: Path) -> None:
        self._journal = journal
        self._folder = folder
        told = journal.position
        self.position: dict[str, Any] | None = None if told is None else orjson.loads(told)
        self.at: int = 0 if self.position is None else self.position["at"]
        self.found: Found = "new" if self.position is None else "kept"
        if journal.damaged:
            self.found = "damaged"

    def notes(self) -> Iterator[Noted]:
        """What was read up to there. Raises CannotResume."""
        with _in_words(self._folder):
            for payload in self._journal.notes():
                yield Noted.decode(payload)

    def take(self, noted: Noted) -> None:
        """Keep some more. Raises CannotResume."""
        with _in_words(self._folder):
            self._journal.note(noted.encode())

    def flush(self) -> None:
        """What was read behind the last position can be read by others. Raises CannotResume."""
        with _in_words(self._folder):
            self._journal.flush()

    def keep(self, position: Position) -> None:
        """So far it was read. Raises CannotResume."""
        with _in_words(self._folder):
            self._journal.mark(orjson.dumps(position))


@contextmanager
def open_log(path: Path, seed: bytes) -> Iterator[KeptLog]:
    """A log as `Kept.journal` names it. Raises CannotResume."""
    with _in_words(path.parent):
        journal = Journal(path, seed)
    try:
        yield KeptLog(journal, path.parent)
    finally:
        journal.close()


def digest_of(paths: Sequence[Path]) -> str:
    """What stands in these files, and in all files of these folders, whatever their names; "": in
    none. Raises OSError."""
    if not paths:
        return ""
    found = set()
    for path in paths:
        for file in sorted(path.rglob("[!.]*")) if path.is_dir() else [path]:
            if file.is_file():
                with file.open("rb") as opened:
                    digest = sha256()
                    while piece := opened.read(1 << 20):
                        digest.update(piece)
                    found.add(digest.digest())
    return sha256(b"".join(sorted(found))).hexdigest()


def _demand_private(folder: Path) -> None:
    """Digests tell that something was changed, not that nobody made all of it anew: so nobody else
    may be able to write. Raises CannotResume."""
    found = folder.stat()
    if found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise CannotResume("not-private")


def _digest(question: bytes) -> bytes:
    """What stands in the line behind it."""
    return sha256(question).hexdigest().encode()


def _is_question(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether it has the form."""
    shape = {"_type": str, "block": dict, "network": dict, "options": dict, "software": str}
    if not isinstance(value, dict) or value.keys() != shape.keys() or value["_type"] != _TYPE:
        return False
    if not all(type(value[name]) is kind for name, kind in shape.items()):
        return False
    block = value["block"]
    return type(block.get("number")) is int and type(block.get("hash")) is str


def _software() -> str:
    try:
        return version("credit-record-ledger")
    except PackageNotFoundError:
        return ""


def _locked(path: Path) -> int:
    """The handle of a file that nobody else holds."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        disk.lock(handle)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _different(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """In what two questions differ, by the options of the command."""
    asked = {"--network": "network", "--to": "block"}
    found = [name for name, member in asked.items() if one[member] != other[member]]
    mine, theirs = one["options"], other["options"]
    return found + sorted(
        name for name in mine.keys() | theirs.keys() if mine.get(name) != theirs.get(name)
    )


@contextmanager
def _in_words(folder: Path) -> Iterator[None]:
    try:
        yield
    except BlockingIOError as error:
        raise CannotResume("in-use") from error
    except OSError as error:
        raise CannotResume("unwritable", f"{folder}: {error.strerror}") from error
