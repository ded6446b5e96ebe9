"""The quality files of all provinces: fetched, verified by the chain's keys, ranked.

A file speaks for its member: that what it says is signed and belongs to the period is checked
here; whether it agrees with the public log, in `ledger.audit.quality_log`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from ledger.audit.tiles import is_plain_url
from ledger.chain.contracts.bindings import Consortium
from ledger.chain.contracts.structs import ACTIVE, Key, Member
from ledger.chain.errors import RpcFailure
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.http import Http
from ledger.chain.nodes.quorum import View
from ledger.core.errors import EvidenceError
from ledger.core.ids import sha256
from ledger.core.jws import Jws, parse_statement, verify
from ledger.core.keys import Purpose, Role
from ledger.core.verdict.facts import SHANGHAI_OFFSET
from ledger.records.quality import MAX_DOCUMENT, TYP, Counts, Period, Quality, parse, rate, total

__all__ = [
    "CODES",
    "EXIT_EQUAL",
    "EXIT_UNKNOWN",
    "EXIT_WRONG",
    "LATEST_CLOSING",
    "MAX_AHEAD",
    "MAX_CHARS",
    "By",
    "Fetch",
    "Finding",
    "Ranked",
    "Told",
    "collect",
    "end_of",
    "exit_of",
    "over_http",
    "rank",
    "start_of",
]

EXIT_EQUAL, EXIT_WRONG, EXIT_UNKNOWN = 0, 1, 4
MAX_CHARS = 2 * MAX_DOCUMENT
"""Of a file: base64url makes four characters of three bytes."""
MAX_AHEAD = 300
"""Seconds that a member's clock may be ahead of the chain's."""
LATEST_CLOSING = 86_400
"""Seconds after the end of a period in which its file must be final; a node does it in an hour."""
_TIMEOUT = 60.0
_OK, _NOT_FOUND = 200, 404

By = Literal["member", "authority"]

CODES: Mapping[str, tuple[str, str]] = {
    "no-endpoint": (
        "链上没有该成员可用的服务地址，请联系该成员登记",
        "the chain has no address of this member that can be asked; have the member register one",
    ),
    "unreachable": (
        "无法取得该成员的质量文件，请稍后再试，或联系该成员",
        "the file of this member could not be had; ask again later, or turn to the member",
    ),
    "no-such-period": (
        "该成员称没有此期间的质量文件，请联系该成员",
        "the member says that it has no file of this period; turn to the member",
    ),
    "malformed": (
        "文件不符合格式，或各项合计不一致",
        "the file has not the right form, or its sums do not agree",
    ),
    "key-unknown": (
        "签名所用密钥不是该成员登记的 PRESENT 密钥",
        "it is signed with a key that is no PRESENT key of this member on the chain",
    ),
    "key-not-valid": (
        "签名时该密钥无效、已到期或已被宣布失窃",
        "when it was signed the key was not valid, had ended or was held to be stolen",
    ),
    "signature-invalid": ("签名不正确", "the signature is wrong"),
    "other-file": (
        "文件属于另一成员、另一网络或另一期间",
        "the file is of another member, network or period",
    ),
    "closed-early": (
        "文件自称最终，却是在期间结束前签发的，或签发时间在将来",
        "the file calls itself final but was signed before the period ended, or in the future",
    ),
    "still-open": (
        "期间结束已逾一天，文件仍为暂计，无法与日志核对；请该成员检查其节点",
        "the period ended over a day ago and the file is still provisional, so nothing holds it to"
        " its log; have the member look at its node",
    ),
    "more-than-its-log": (
        "文件所报数量多于该成员公开日志在此期间能有的条目",
        "it claims more than its public log can hold of this period",
    ),
    "less-than-its-log": (
        "公开日志在此期间的条目多于文件所报，或存证晚于承诺",
        "its public log holds more of this period than it tells, or was anchored later than"
        " promised",
    ),
    "log-unreadable": (
        "无法读取该成员的公开日志，未能核对数量",
        "the public log of this member could not be read, so nothing was compared",
    ),
}
"""What is told of a file, in Chinese and English. Append-only."""
_UNKNOWN = frozenset({"no-endpoint", "unreachable", "no-such-period", "log-unreadable"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong with a file, or could not be looked at. evidence: texts and numbers."""

    code: str
    evidence: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def wrong(self) -> bool:
        """False: it could not be checked."""
        return self.code not in _UNKNOWN

    def as_dict(self) -> dict[str, Any]:
        """As `--json` has it."""
        zh, en = CODES[self.code]
        return {
            "code": self.code,
            "evidence": dict(self.evidence),
            "message": {"zh": zh, "en": en},
        }


@dataclass(slots=True, kw_only=True)
class Told:
    """What a member told. quality: None where nothing of it is to be believed. digest: SHA-256 of
    the file, hex, None where there is none; two who read a closed file have the same."""

    member: str
    digest: str | None = None
    quality: Quality | None = None
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A line of the table. rank: None where nothing was received. kept_back: of the department's
    own register (rows kept back, rows compared), where somebody reconciled it."""

    rank: int | None
    member: str
    counts: Counts
    kept_back: tuple[int, int] | None = None

    @property
    def rates(self) -> dict[str, str | None]:
        """In per cent: conforming of what was received, in time of what a limit binds, wrong codes
        of what was received, kept back of the register."""
        counts = self.counts
        yes, no = counts.timely.get("yes", 0), counts.timely.get("no", 0)
        return {
            "conforming": rate(counts.conforming, counts.received),
            "timely": rate(yes, yes + no),
            "wrongCodes": rate(counts.wrong_codes, counts.received),
            "keptBack": rate(*self.kept_back) if self.kept_back else None,
        }

    def as_dict(self) -> dict[str, Any]:
        """As `--json` has it."""
        told = self.counts.as_dict()
        del told["type"]
        told.setdefault("unit", None)
        return {"rank": self.rank, "member": self.member, **told, "rates": self.rates}


Fetch = Callable[[str, str], tuple[int, bytes]]
"""Asks an endpoint for a path: status and body. Raises RpcFailure."""


def over_http(http: Http) -> Fetch:
    """Ask members at their endpoints."""

    def fetch(endpoint: str, path: str) -> tuple[int, bytes]:
        url = f"{endpoint.rstrip('/')}{path}"
        return http.request("GET", url, timeout=_TIMEOUT, max_bytes=MAX_CHARS)

    return fetch


def collect(network: NetworkFile, view: View, period: Period, fetch: Fetch) -> list[Told]:
    """The files of all active provinces, in the order of their codes. Raises CouldNotCheck where
    the chain cannot be read; what a member does wrong stands in its findings."""
    consortium = Consortium(network.consortium, view.call, view.calls)
    provinces = [
        member
        for member in consortium.members()
        if member.status == ACTIVE and member.roles & Role.PROVINCE
    ]
    found = []
    for member in sorted(provinces, key=lambda member: member.code):
        told = Told(member=member.code)
        found.append(told)
        text = _read(member, period, fetch, told)
        if text is not None:
            told.digest = sha256(text.encode()).hex()
            keys = consortium.keys(member.code)
            told.quality = _verified(text, told, _Case(network, view, period, keys))
    return found


def exit_of(found: Sequence[Told]) -> int:
    """1: something is wrong; 4: something could not be checked; 0: neither."""
    findings = [finding for told in found for finding in told.findings]
    if any(finding.wrong for finding in findings):
        return EXIT_WRONG
    return EXIT_UNKNOWN if findings or not found else EXIT_EQUAL


def rank(
    found: Iterable[Told], by: By, kept_back: Mapping[tuple[str, str], tuple[int, int]]
) -> list[Ranked]:
    """The table, the best first: by the share of conforming rows, then those in time, then wrong
    codes. kept_back: by member and unit."""
    lines = [
        Ranked(
            rank=None, member=member, counts=counts, kept_back=_kept(kept_back, by, member, unit)
        )
        for member, unit, counts in _grouped(found, by)
    ]
    lines.sort(key=_order)
    return [
        Ranked(
            rank=place if line.counts.received else None,
            member=line.member,
            counts=line.counts,
            kept_back=line.kept_back,
        )
        for place, line in enumerate(lines, 1)
    ]


def start_of(period: Period) -> int:
    """Unix seconds at which its first day begins in China."""
    midnight = datetime.combine(period.first, datetime.min.time(), UTC)
    return int(midnight.timestamp()) - SHANGHAI_OFFSET


def end_of(period: Period) -> int:
    """Unix seconds at which its last day is over in China."""
    midnight = datetime.combine(period.last + timedelta(days=1), datetime.min.time(), UTC)
    return int(midnight.timestamp()) - SHANGHAI_OFFSET


# ---- private


@dataclass(frozen=True, slots=True)
class _Case:
    """What a file is judged by. keys: all of its member."""

    network: NetworkFile
    view: View
    period: Period
    keys: Sequence[Key]


def _read(member: Member, period: Period, fetch: Fetch, told: Told) -> str | None:
    if not is_plain_url(member.endpoint):
        told.findings.append(Finding(code="no-endpoint"))
        return None
    try:
        status, body = fetch(member.endpoint, f"/v1/quality/{period.name}")
    except RpcFailure:
        told.findings.append(Finding(code="unreachable"))
        return None
    if status != _OK:
        code = "no-such-period" if status == _NOT_FOUND else "unreachable"
        told.findings.append(Finding(code=code, evidence={"status": status}))
        return None
    return body.decode("ascii", "replace")


def _verified(text: str, told: Told, case: _Case) -> Quality | None:
    """What the file says; None, with a finding, where nothing of it is to be believed."""
    try:
        jws = parse_statement(text, TYP, max_chars=MAX_CHARS)
        quality = parse(jws.payload)
    except EvidenceError:
        told.findings.append(Finding(code="malformed"))
        return None
    code = _key_fault(jws, case) or _fault(jws, quality, told.member, case)
    if code is not None:
        told.findings.append(Finding(code=code, evidence={"key": jws.kid.hex()}))
        return None
    return quality


def _key_fault(jws: Jws, case: _Case) -> str | None:
    key = next(
        (key for key in case.keys if key.key_id == jws.kid and key.purpose == Purpose.PRESENT), None
    )
    if key is None:
        return "key-unknown"
    try:
        verify(jws, key.alg, key.public_key)
    except EvidenceError:
        return "signature-invalid"
    return None if key.valid_at(jws.iat) else "key-not-valid"


def _fault(jws: Jws, quality: Quality, member: str, case: _Case) -> str | None:
    ours = (member, case.network.reference, case.period.name)
    if (quality.member, quality.network, quality.period.name) != ours or quality.at != jws.iat:
        return "other-file"
    end, now = end_of(case.period), case.view.block.time
    if quality.provisional:
        return "still-open" if now > end + LATEST_CLOSING else None
    return "closed-early" if jws.iat < end or jws.iat > now + _ahead(case) else None


def _ahead(case: _Case) -> int:
    """Seconds: the head may be as old as the network allows."""
    return MAX_AHEAD + case.network.max_head_age


def _grouped(found: Iterable[Told], by: By) -> Iterable[tuple[str, str, Counts]]:
    for told in found:
        rows = told.quality.rows if told.quality else ()
        if told.quality is not None and by == "member":
            yield told.member, "", total(rows)
        elif by == "authority":
            units: dict[str, list[Counts]] = {}
            for row in rows:
                units.setdefault(row.unit, []).append(row)
            for unit, some in units.items():
                yield told.member, unit, total(some, unit=unit)


def _kept(
    kept_back: Mapping[tuple[str, str], tuple[int, int]], by: By, member: str, unit: str
) -> tuple[int, int] | None:
    """Of a unit, "" where rows name none; of a member all that was reconciled of it."""
    if by == "authority":
        return kept_back.get((member, unit))
    some = [pair for (of, _), pair in kept_back.items() if of == member]
    return (sum(kept for kept, _ in some), sum(rows for _, rows in some)) if some else None


def _order(line: Ranked) -> tuple[Any, ...]:
    """Shares are compared as what they are, not as they are rounded."""
    counts = line.counts
    yes, no = counts.timely.get("yes", 0), counts.timely.get("no", 0)
    received = counts.received
    return (
        not received,
        -_share(counts.conforming, received),
        -_share(yes, yes + no),
        _share(counts.wrong_codes, received),
        line.member,
        counts.unit,
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0
