"""What looks wrong about subjects and is lawful, as an operator knows from documents.

Codes that fail their check characters (some of an early pilot were issued so)::

{"_type": "credit-ledger/uscc-exceptions@1",
 "exceptions": [{"code": "91350203M0001QKT19",
                 "reason": "试点期间赋码",
                 "source": "厦门市市场监督管理局 2016-03-01 核发的营业执照"}]}

Subjects with several codes or names, because a code was closed or changed, or a name was::

{"_type": "credit-ledger/subjects@1",
 "subjects": [{"codes": ["91…", "91…"],
               "names": ["原名称有限公司", "现名称有限公司"],     optional
               "reason": "迁移后重新赋码",
               "document": "京市监登〔2026〕1号"}]}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ledger.records import uscc
from ledger.records.fold import fold
from ledger.records.members import Members
from ledger.records.operator_file import read_operator_file

__all__ = [
    "NO_SUBJECTS",
    "SameSubject",
    "Subjects",
    "parse_exceptions",
    "parse_subjects",
    "read_exceptions",
    "read_subjects",
]

_EXCEPTIONS = "CREDIT_LEDGER_USCC_EXCEPTIONS_FILE"
_SUBJECTS = "CREDIT_LEDGER_SUBJECTS_FILE"
_EXCEPTIONS_TYPE = "credit-ledger/uscc-exceptions@1"
_SUBJECTS_TYPE = "credit-ledger/subjects@1"
_MAX_FILE = 1 << 24  # an entry takes some 200 bytes
_MAX_ENTRIES = 1 << 16
_SEVERAL = 2
_MAX_OF_ONE = 64  # codes or names of one subject
_MAX_LENGTH = 20
_MAX_NAME = 200


class SameSubject(NamedTuple):
    """One subject: the codes that it has or had, and where any are stated its folded names."""

    codes: tuple[str, ...]
    names: tuple[str, ...]


class Subjects:
    """Subjects with several codes or names."""

    def __init__(self, entries: Iterable[SameSubject] = ()) -> None:
        """entries: no code in two of them."""
        self._entries = tuple(entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[SameSubject]:
        return iter(self._entries)


NO_SUBJECTS = Subjects()
"""Those of an operator who keeps none."""


def read_exceptions(path: Path | None) -> frozenset[str]:
    """The codes in an operator's file, none where there is no file. Raises ConfigError, which
    names the entry and what to do."""
    if path is None:
        return frozenset()
    return read_operator_file(path, _EXCEPTIONS, parse_exceptions, max_bytes=_MAX_FILE)


def read_subjects(path: Path | None) -> Subjects:
    """The subjects in an operator's file, none where there is no file. Raises ConfigError, which
    names the entry and what to do."""
    if path is None:
        return NO_SUBJECTS
    return read_operator_file(path, _SUBJECTS, parse_subjects, max_bytes=_MAX_FILE)


def parse_exceptions(tree: Any) -> frozenset[str]:
    """The codes. tree: the JSON of the file. Raises Malformed."""
    found: dict[str, int] = {}
    for n, item in _items(tree, _EXCEPTIONS_TYPE, "exceptions"):
        entry = Members(f"exceptions, entry {n}", item)
        code = _code(entry, entry.text("code", max_=_MAX_LENGTH))
        entry.text("reason")
        entry.text("source")
        entry.done()
        if uscc.check(code) is None:
            raise entry.fault("code passes its check characters: take the entry out")
        _once(entry, found, code, n)
    return frozenset(found)


def parse_subjects(tree: Any) -> Subjects:
    """The subjects. tree: the JSON of the file. Raises Malformed."""
    taken: dict[str, int] = {}
    entries: list[SameSubject] = []
    for n, item in _items(tree, _SUBJECTS_TYPE, "subjects"):
        entry = Members(f"subjects, entry {n}", item)
        texts = entry.texts("codes", most=_MAX_OF_ONE, max_=_MAX_LENGTH)
        codes = tuple(_code(entry, text) for text in texts)
        names: tuple[str, ...] = ()
        if entry.has("names"):
            names = entry.texts("names", most=_MAX_OF_ONE, max_=_MAX_NAME)
        entry.text("reason")
        entry.text("document")
        entry.done()
        if len(codes) < _SEVERAL and len(names) < _SEVERAL:
            raise entry.fault("has one code and one name at most: add what it had before")
        for code in codes:
            _once(entry, taken, code, n)
        entries.append(SameSubject(codes, tuple(map(fold, names))))
    return Subjects(entries)


def _items(tree: Any, type_: str, name: str) -> Iterator[tuple[int, object]]:
    whole = Members(name, tree)
    if whole.text("_type") != type_:
        raise whole.fault(f"_type is not {type_}")
    items = whole.items(name, most=_MAX_ENTRIES, least=0)
    whole.done()
    return enumerate(items, 1)


def _code(entry: Members, text: str) -> str:
    code = uscc.normalise(text)
    if not uscc.has_shape(code) or code == uscc.FILLER:
        raise entry.fault("a code is no USCC: copy its 18 characters from the certificate")
    entry.what += f" ({code})"
    return code


def _once(entry: Members, found: dict[str, int], code: str, number: int) -> None:
    if code in found:
        raise entry.fault(f"stands in entry {found[code]} too: keep one of the two")
    found[code] = number
