"""Where cases are made: records go into logs, and once all are in, receipts and facts come out."""

import hashlib
import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.core.ids import record_id
from scripts.conformance_parts import evidence, library
from scripts.conformance_parts import world as w
from scripts.conformance_parts.evidence import Log, Value, jcs
from scripts.conformance_parts.keys import Key, seed

Made = Callable[[], bytes]
REASONS: dict[str, dict[str, dict[str, str]]] = tomllib.loads(
    (Path(__file__).parent / "reasons.toml").read_text("utf-8")
)
"""By group and name."""
SUBJECT = "91910001MAYCNFMQ4X"
OTHER_SUBJECT = "91910001MAYCNFMR2P"
FILLER = "00000000000000000X"
DECIDED = "2026-10-12"
FIRST_SIZE = 3
"""Of the log at its first anchor."""
SHOWN = ("P_NAME", "P_KIND", "P_CODE", "P_DAY")
"""Fields of a presentation in which an order can be wrong."""
FIELDS: dict[str, Value] = {
    "P_NAME": "合成样例一号有限公司",
    "P_KIND": "法人及非法人组织",
    "P_CODE": SUBJECT,
    "P_DOC": "样罚〔2026〕1号",
    "P_CLASS": ["警告", "罚款"],
    "P_FINE": "0.2",
    "P_DAY": DECIDED,
    "P_AUTH": "样市样局",
}


@dataclass(frozen=True)
class Record:
    """A record in a log: its place, its entry, its payload and what can be shown of it."""

    log: Log
    index: int
    entry: dict[str, Any]
    payload: bytes
    shown: Mapping[str, str]

    @property
    def id(self) -> str:
        """Its recordId."""
        commitment = bytes.fromhex(self.entry["commitment"])
        return record_id(bytes.fromhex(self.log.id), commitment).hex()


class Bench:
    """All that is made. Evidence and facts are made at the end, when the logs are whole."""

    def __init__(self) -> None:
        self.log = Log(seed("log").hex(), w.OWNER, w.NOTE)
        """Of few records, which most cases are about."""
        self.many = Log(seed("log of many").hex(), w.OWNER, w.NOTE)
        """Of all others, so that the paths of the first stay short."""
        self.second = Log(seed("second log").hex(), w.OTHER, w.OTHER_NOTE)
        self.bureau = Log(seed("log of the bureau").hex(), w.BUREAU, w.BUREAU_NOTE)
        self.others: list[Callable[[], w.Rows]] = []
        """What gives the anchors of logs that are in worlds of their own."""
        self.worlds: dict[str, Callable[[], w.World]] = {}
        """These worlds by their names."""
        self.cases: list[dict[str, Any]] = []
        self._files: dict[str, Made] = {}
        self._facts: dict[str, tuple[str, Mapping[str, w.Change]]] = {}
        self._told: set[str] = set()
        self._secrets = 0

    # ---- records

    def record(
        self,
        fields: Mapping[str, Value | None] | None = None,
        *,
        schema: str = "sample-penalty@1",
        log: Log | None = None,
        digests: Callable[[list[str]], list[str]] = list,
        entry: Mapping[str, Any] | None = None,
        **payload: Any,
    ) -> Record:
        """A record that is logged. fields: in place of, or beside, those of a penalty (None: left
        out), or all of those of another type. digests: changes `_sd`. entry, payload: members in
        place of their own."""
        into = log or self.many
        is_penalty = schema == "sample-penalty@1"
        said = {**(FIELDS if is_penalty else {}), **(fields or {})}
        values = {name: value for name, value in said.items() if value is not None}
        self._secrets += 1
        secret = seed(f"secret {self._secrets}")
        sd, shown = evidence.disclosures(library.slots(schema), values, secret)
        claims = {
            "_sd": digests(sd),
            "_sd_alg": "sha-256",
            "class": "general" if is_penalty else None,
            "decided": DECIDED,
            "iss": into.owner,
            "log": into.id,
            "rules": library.names("publicity@1"),
            "schema": library.names(schema),
            "until": "2027-10-12" if is_penalty else None,
            "vct": "urn:credit-ledger:record:1",
            **{name.removesuffix("_"): value for name, value in payload.items()},
        }
        said_openly = {"period": claims["decided"][:7], "schema": schema, "timely": "yes"}
        return self.logged(into, jcs(claims), shown, {**said_openly, **(entry or {})})

    def logged(
        self, log: Log, payload: bytes, shown: Mapping[str, str], members: Mapping[str, Any]
    ) -> Record:
        """A record of any payload. members: of its entry, beside or in place of the common ones."""
        entry = {
            "_type": "credit-ledger/entry@1",
            "commitment": hashlib.sha256(payload).hexdigest(),
            "kind": "record",
            "log": log.id,
            "suite": "sha256",
            **members,
        }
        entry = {name: value for name, value in entry.items() if value is not None}
        return Record(log, log.add(jcs(entry)), entry, payload, shown)

    def statement(self, said: Mapping[str, Any], log: Log | None = None, **entry: Any) -> Record:
        """A statement that is logged."""
        into = log or self.many
        return self.logged(into, jcs(dict(said)), {}, {"kind": "statement", **entry})

    # ---- receipts, once the logs are whole

    def anchors(self) -> w.Rows:
        """The first anchor covers three entries of the log, the second all; one of each other."""
        logs = (self.log, self.many, self.second, self.bureau)
        size, many, second, bureau = (len(one.entries) for one in logs)
        return [
            w.anchor(self.log, (0, FIRST_SIZE), w.ANCHOR, 100, w.FIRST),
            w.anchor(self.second, (0, second), w.OTHER_ANCHOR, 110, w.T - w.HOUR),
            w.anchor(self.bureau, (0, bureau), w.BUREAU_ANCHOR, 111, w.T - w.HOUR + 1),
            w.anchor(self.many, (0, many), w.ANCHOR, 120, w.T),
            w.anchor(self.log, (FIRST_SIZE, size), w.ANCHOR, 120, w.T),
        ]

    def anchor_of(self, record: Record) -> dict[str, Any]:
        """The first that covers it."""
        ours = record.log in (self.log, self.many, self.second, self.bureau)
        rows = self.anchors() if ours else [row for made in self.others for row in made()]
        return next(
            one
            for one in rows
            if one["log"] == record.log.id and one["prevSize"] <= record.index < one["size"]
        )

    def value(self, record: Record, **changes: Any) -> dict[str, Any]:
        """A receipt without a presentation. changes: members in place of its own; None: left
        out."""
        first = self.anchor_of(record)
        size = first["size"]
        said = {
            "_type": "credit-ledger/receipt@1",
            "anchor": {
                "block": first["block"],
                "blockHash": first["blockHash"],
                "time": w.instant(first["time"]),
                "tx": first["tx"],
            },
            "checkpoint": record.log.checkpoint(size),
            "entry": record.entry,
            "index": record.index,
            "log": record.log.id,
            "network": w.NETWORK,
            "path": record.log.path(record.index, size),
            "size": size,
            **changes,
        }
        return {name: value for name, value in said.items() if value is not None}

    def receipt(
        self,
        record: Record,
        *,
        show: Sequence[str] | None = None,
        key: Key = w.PRESENT,
        iat: int = w.T + w.HOUR,
        header: Mapping[str, Any] | None = None,
        bound: Mapping[str, Any] | None = None,
        bound_key: Key | None = None,
        bound_iat: int | None = None,
        **changes: Any,
    ) -> bytes:
        """The file of a receipt with a presentation. show: fields, by default the code of the
        subject. header: members of the header in place of its own. bound: claims of a
        binding, None: it has none."""
        names = ["P_CODE"] if show is None else show
        shown = evidence.presentation(
            record.payload, [record.shown[name] for name in names], key, iat, header
        )
        beside: dict[str, Any] = {"presentation": shown}
        if bound is not None:
            claims = {"aud": w.BANK, "iat": bound_iat or iat + 1, "nonce": "n-1", **bound}
            beside["binding"] = evidence.binding(shown, bound_key or key, claims)
        return file(self.value(record, **{**beside, **changes}))

    # ---- cases

    def facts(self, name: str, note: str, base: str = "world", **changes: w.Change) -> str:
        """Facts that differ from a world in these members: each a value, or made of that world."""
        if name in self._facts:
            raise ValueError(f"facts twice: {name}")
        self._facts[name] = (base, {"note": note, **changes})
        return name

    def add(
        self,
        name: str,
        file: Made | str,
        verdict: str,
        *,
        kind: str = "receipt",
        facts: str = "world",
        ask: Mapping[str, Any] | None = None,
        now: str | None = None,
        code: str | None = None,
        check: str | None = None,
        statement: Made | None = None,
        paper: Made | str | None = None,
    ) -> None:
        """A case. file: what makes its evidence, or the name of the case whose evidence it is.
        paper: likewise of its authorisation."""
        expect = {"verdict": verdict, "now": now, "check": check, "code": code}
        case = {
            "name": name,
            "kind": kind,
            "file": self._file(name, kind, file),
            "facts": f"facts/{facts}.json",
            "question": ask,
            "expect": {key: value for key, value in expect.items() if value is not None},
            "reason": self.reason(name),
        }
        if statement is not None:
            case["statement"] = self._file(name, "said", statement)
        if isinstance(paper, str):
            found = (one for one in self.cases if one["name"] == paper)
            case["authorisation"] = next(found)["authorisation"]
        elif paper is not None:
            case["authorisation"] = self._file(name, "paper", paper)
        self.cases.append({key: value for key, value in case.items() if value is not None})

    def reason(self, name: str) -> dict[str, str]:
        """Why a case must have its verdict."""
        group, _, what = name.partition("/")
        self._told.add(name)
        return REASONS[group][what]

    def _file(self, name: str, kind: str, file: Made | str) -> str:
        if isinstance(file, str):
            return next(str(case["file"]) for case in self.cases if case["name"] == file)
        path = f"files/{name}.{_ENDINGS[kind]}"
        self._files[path] = file
        return path

    def files(self) -> dict[str, bytes]:
        """Every file of the suite but its README. Raises ValueError where a reason is nobody's."""
        left = {f"{group}/{what}" for group, whats in REASONS.items() for what in whats}
        if left - self._told:
            raise ValueError(f"reasons of no case: {sorted(left - self._told)}")
        worlds = w.worlds([self.log, self.many, self.second, self.bureau], self.anchors())
        worlds |= {name: made() for name, made in self.worlds.items()}
        found = {path: make() for path, make in self._files.items()}
        found |= {f"library/{name}": data for name, data in library.FILES.items()}
        found |= {f"facts/{name}.json": _json(world) for name, world in worlds.items()}
        for name, (base, changes) in self._facts.items():
            world = worlds[base]
            values = {key: one(world) if callable(one) else one for key, one in changes.items()}
            head = {"_type": world["_type"], "base": f"facts/{base}.json"}
            found[f"facts/{name}.json"] = _json({**head, **values})
        found["cases.json"] = self._cases()
        return found

    def _cases(self) -> bytes:
        """One case a line."""
        lines = ",\n".join(_compact(case) for case in self.cases)
        return f'{{"_type":"credit-ledger/conformance@1","cases":[\n{lines}\n]}}\n'.encode()


_ENDINGS = {
    "receipt": "receipt",
    "statement": "receipt",
    "said": "statement",
    "opening": "opening",
    "request": "http",
    "answer": "answer",
    "paper": "authorisation.opening",
    "bundle": "bundle",
}


def file(value: Mapping[str, Any]) -> bytes:
    """The file of a receipt, canonical."""
    return jcs(dict(value)) + b"\n"


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _json(value: Mapping[str, Any]) -> bytes:
    """One row a line, so that people can read it and a change shows."""
    parts = []
    for name, one in value.items():
        if isinstance(one, list) and one and isinstance(one[0], dict):
            rows = ",\n  ".join(_compact(row) for row in one)
            parts.append(f" {json.dumps(name)}: [\n  {rows}]")
        else:
            parts.append(f" {json.dumps(name)}: {_compact(one)}")
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode()
