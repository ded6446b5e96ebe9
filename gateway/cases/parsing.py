"""The JSON of a filing, a step, a decision: every member is looked at, none is taken on trust."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from gateway.cases.interfaces import Filing, Wanted
from gateway.cases.materials import Material
from gateway.cases.sending_back import SentBack
from gateway.cases.stages import NATIONAL
from ledger.core.canonical import parse_day, unhex32
from ledger.core.case import CHANNELS, MAX_BASIS, MAX_NATIONAL_NO, MAX_NOTE
from ledger.core.commitment import CLASSES
from ledger.core.errors import InputError, Malformed
from ledger.records import uscc
from ledger.records.texts import message

_CODE = re.compile(r"[0-9a-z-]{1,32}")
_MAX_VERSION = 2**32 - 2


def filing(value: Mapping[str, Any], docs: Sequence[Material]) -> Filing:
    """What `POST /v1/cases` says. Raises InputError."""
    told = Told(value, "record kind reason owner authority channel nationalNo received")
    return Filing(
        record=told.needed("record", told.digest),
        kind=told.needed("kind", lambda name: told.one_of(name, ("repair", "objection"))),
        reason=told.needed("reason", lambda name: told.text(name, MAX_NOTE)),
        owner=told.matching("owner", _CODE),
        authority=told.code("authority"),
        channel=told.one_of("channel", CHANNELS),
        national_no=told.text("nationalNo", MAX_NATIONAL_NO),
        received=told.day("received"),
        docs=docs,
    )


def step(act: str, value: Mapping[str, Any], docs: Sequence[Material]) -> Wanted:
    """What a further step says; a result of the national platform by its number there."""
    national = act == NATIONAL
    told = Told(value, "note day pushed nationalNo" if national else "note day pushed")
    number = None
    if national:
        number = told.needed("nationalNo", lambda name: told.text(name, MAX_NATIONAL_NO))
    return Wanted(
        act=act,
        national_no=number,
        note=told.text("note", MAX_NOTE) or "",
        day=told.day("day"),
        pushed=told.day("pushed"),
        docs=docs,
    )


def decision(value: Mapping[str, Any], docs: Sequence[Material]) -> Wanted:
    """What is proposed."""
    told = Told(value, "act note day pushed basis class nationalNo toRecord withdraw version")
    return Wanted(
        act=told.needed("act", lambda name: told.text(name, 32)),
        note=told.text("note", MAX_NOTE) or "",
        day=told.day("day"),
        pushed=told.day("pushed"),
        basis=told.number("basis", 1, MAX_BASIS),
        class_=told.one_of("class", CLASSES),
        national_no=told.text("nationalNo", MAX_NATIONAL_NO) or None,
        to_record=told.digest("toRecord"),
        withdraw=told.flag("withdraw"),
        version=told.number("version", 0, _MAX_VERSION),
        docs=docs,
    )


def sent_back(value: Mapping[str, Any]) -> SentBack:
    """Why a proposal is not released, and its number."""
    told = Told(value, "proposal reason")
    return SentBack(
        proposal=told.needed("proposal", lambda name: told.number(name, 1, 2**53)),
        reason=told.needed("reason", lambda name: told.text(name, MAX_NOTE)),
    )


def signature(value: Mapping[str, Any]) -> tuple[int, bytes]:
    """Number of the act and its signature of 65 bytes."""
    told = Told(value, "act signature")
    number = told.needed("act", lambda name: told.number(name, 1, 2**53))
    hexed = told.needed("signature", lambda name: told.matching(name, _SIGNATURE))
    return number, bytes.fromhex(hexed[2:])


_SIGNATURE = re.compile(r"0x[0-9a-f]{130}")


class Told:
    """Members of an object; absent and null are the same. Each raises InputError."""

    def __init__(self, value: Mapping[str, Any], known: str) -> None:
        """known: names of all there may be, apart by blanks."""
        self._value = value
        for name in value:
            if name not in known.split():
                raise fault(str(name)[:64], "无此成员", "there is no such member")

    def needed(self, name: str, take: Any) -> Any:
        """What `take` finds, which must be something."""
        found = take(name)
        if found is None or found == "":
            raise fault(name, "必填", "is needed")
        return found

    def text(self, name: str, most: int) -> str | None:
        """A text of at most so many characters."""
        found = self._value.get(name)
        if found is None:
            return None
        if not isinstance(found, str) or len(found) > most or "\0" in found:
            raise fault(
                name, f"须为不超过 {most} 字的文本", f"is no text of at most {most} characters"
            )
        return found

    def matching(self, name: str, like: re.Pattern[str]) -> str | None:
        """A text that is spelled like this."""
        found = self.text(name, 200)
        if found is not None and not like.fullmatch(found):
            raise fault(name, "格式不符", "is not spelled as it must be")
        return found

    def one_of(self, name: str, known: Sequence[str] | frozenset[str]) -> str | None:
        """One of these words."""
        found = self.text(name, 64)
        if found is not None and found not in known:
            these = ", ".join(sorted(known))
            raise fault(name, f"须为 {these} 之一", f"is one of {these}")
        return found

    def number(self, name: str, least: int, most: int) -> int | None:
        """An integer within these bounds."""
        found = self._value.get(name)
        if found is None:
            return None
        if type(found) is not int or not least <= found <= most:
            raise fault(name, f"须为 {least}–{most} 的整数", f"is no number {least} … {most}")
        return found

    def flag(self, name: str) -> bool:
        """Whether it is true; it is not where it is absent."""
        found = self._value.get(name, False)
        if not isinstance(found, bool):
            raise fault(name, "须为 true 或 false", "is true or false")
        return found

    def digest(self, name: str) -> bytes | None:
        """32 bytes in hex."""
        found = self.text(name, 64)
        try:
            return None if found is None else unhex32(found)
        except Malformed as error:
            raise fault(name, "须为 64 位十六进制", "is not 64 hexadecimal digits") from error

    def day(self, name: str) -> str | None:
        """A day in ISO."""
        found = self.text(name, 10)
        try:
            return None if found is None else parse_day(found).isoformat()
        except Malformed as error:
            raise fault(name, "须为 YYYY-MM-DD", "is no day YYYY-MM-DD") from error

    def code(self, name: str) -> str | None:
        """A good USCC, normalised."""
        found = self.text(name, 64)
        if found is None:
            return None
        code = uscc.normalise(found)
        if (wrong := uscc.check(code)) is not None:
            raise InputError(name, wrong, message(wrong, name))
        return code


def fault(name: str, zh: str, en: str) -> InputError:
    """That a member of what was sent is not what it must be."""
    return InputError(name, "schema-invalid", {"zh": f"{name}：{zh}", "en": f"{name}: {en}"})
