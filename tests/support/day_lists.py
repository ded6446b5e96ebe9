"""Lists of a day made by hand on a real chain, to be wrong in one thing at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from ledger.core import receipt as receipts
from ledger.core.commitment import Header, commit
from ledger.core.day_list import (
    LIST_TYP,
    PART_TYP,
    DayList,
    Missing,
    Part,
    encode_file,
)
from ledger.core.entry import period, record_entry
from ledger.core.ids import sha256
from ledger.core.jws import sign_statement
from ledger.core.keys import Purpose
from ledger.core.signed import Item, Left
from ledger.records.publicity import rules_id
from ledger.records.schema import load
from tests.support.ledger import SUBJECT, MemberLog, Record

LIST = "abnormal-list"


def abnormal(n: int = 1, **changes: object) -> dict[str, Any]:
    """Fields of an entry in a list of abnormal operations; None removes one."""
    fields: dict[str, Any] = {
        "YC_XDR_MC": "合成样例科技有限公司",
        "YC_XDR_LB": "法人及非法人组织",
        "YC_XDR_SHXYM": SUBJECT,
        "YC_WSH": f"异列〔2026〕{n}号",
        "YC_MC": "经营异常名录",
        "YC_SY": "通过登记的住所无法联系",
        "YC_YJ": "《市场主体登记管理条例》",
        "YC_JDRQ": "2026-05-01",
        "YC_JG": "北京市样例区市场监督管理局",
        "YC_JGDM": "11120101MA0E6ABXXJ",
        "YC_LYDW": "北京市样例区市场监督管理局",
        "YC_LYDWDM": "11120101MA0E6ABXXJ",
    }
    return {key: value for key, value in (fields | changes).items() if value is not None}


def left_list(n: int = 1, **changes: object) -> dict[str, Any]:
    """Fields of an exit from it, of entry number n."""
    fields: dict[str, Any] = {
        "YM_XDR_MC": "合成样例科技有限公司",
        "YM_XDR_LB": "法人及非法人组织",
        "YM_XDR_SHXYM": SUBJECT,
        "YM_WSH": f"异移〔2026〕{n}号",
        "YM_LRWSH": f"异列〔2026〕{n}号",
        "YM_MC": "经营异常名录",
        "YM_SY": "已可取得联系",
        "YM_YJ": "《市场主体登记管理条例》",
        "YM_LRRQ": "2026-05-01",
        "YM_JDRQ": "2026-06-01",
        "YM_JG": "北京市样例区市场监督管理局",
        "YM_JGDM": "11120101MA0E6ABXXJ",
        "YM_LYDW": "北京市样例区市场监督管理局",
        "YM_LYDWDM": "11120101MA0E6ABXXJ",
    }
    return {key: value for key, value in (fields | changes).items() if value is not None}


def listed(log: MemberLog, n: int = 1, **changes: object) -> int:
    """Put an entry into a log; its index. It is anchored with what comes next."""
    schema, fields = load(LIST), abnormal(n, **changes)
    decided = date.fromisoformat(fields["YC_JDRQ"])
    end = fields.get("YC_GSJZQ")
    header = Header(
        class_=None,
        decided=decided,
        iss=log.member,
        log=log.log_id,
        rules=rules_id(),
        schema=f"{schema.id}:{schema.sha256}",
        until=date.fromisoformat(end) if end else None,
    )
    secret = hashlib.sha256(f"list {log.member}{len(log.entries)}".encode()).digest()
    made = commit(schema.slots, fields, secret, header)
    entry = record_entry(
        commitment=made.digest,
        log=log.log_id,
        period=period(decided),
        schema=schema.id,
        timely="unknown",
    )
    return log.put(Record(entry=entry, commitment=made))


def part_of(log: MemberLog, texts: Sequence[bytes], day: date, **changes: Any) -> Part:
    """What a member says of these receipts."""
    now = log.network.anvil.head_time()
    items = tuple(Item.of(receipts.parse(text).leaf, text) for text in texts)
    made = Part(
        iss=log.member,
        list=LIST,
        day=day,
        network=log.network.file.reference,
        at=now,
        known=now,
        start=0,
        until=len(items),
        last=True,
        items=items,
        left=(),
    )
    return replace(made, **changes)


def left(reason: str, count: int) -> Left:
    return Left(reason=reason, count=count)


def sign_part(log: MemberLog, part: Part, purpose: Purpose = Purpose.PRESENT) -> str:
    """Its JWS, by a key of the owner of the log."""
    return _sign(log, PART_TYP, part.encode(), part.at, purpose)


def make_list(
    log: MemberLog,
    parts: Sequence[str],
    day: date,
    missing: Sequence[tuple[str, str]] = (),
    **changes: Any,
) -> DayList:
    """What the member says that merges."""
    made = DayList(
        iss=log.member,
        list=LIST,
        day=day,
        network=log.network.file.reference,
        at=log.network.anvil.head_time(),
        missing=tuple(Missing(member=member, reason=reason) for member, reason in missing),
        parts=tuple(sha256(part.encode()) for part in parts),
    )
    return replace(made, **changes)


def file_of(log: MemberLog, made: DayList, parts: Sequence[str], texts: Sequence[bytes]) -> bytes:
    """The file, signed by the member that merges."""
    jws = _sign(log, LIST_TYP, made.encode(), made.at, Purpose.PRESENT)
    return encode_file(jws, parts, [text.decode() for text in texts])


def _sign(log: MemberLog, typ: str, payload: bytes, at: int, purpose: Purpose) -> str:
    key = log.key(purpose)
    return sign_statement(typ, payload, sign=key.sign, kid=key.key_id, alg=key.alg, iat=at)
