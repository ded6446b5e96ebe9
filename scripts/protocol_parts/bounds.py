"""Every bound and every regular expression, read out of the modules that hold to them."""

import ast
import importlib
import re
from pathlib import Path
from typing import NamedTuple

from scripts.protocol_parts.tables import ROOT, source, table


class Bound(NamedTuple):
    """A constant of a module, and what it bounds."""

    module: str
    name: str
    what: str
    unit: str


BOUNDS = (
    Bound("ledger.core.receipt", "MAX_RECEIPT", "receipt file", "bytes"),
    Bound("ledger.core.receipt", "MAX_DEPTH", "receipt: levels of objects and lists", ""),
    Bound("ledger.core.receipt", "MAX_PATH", "receipt: `path`", "digests"),
    Bound("ledger.core.status", "MAX_ACTS", "acts of one transaction", ""),
    Bound("ledger.chain.acts", "MAX_HISTORY", "acts on one record that are followed", ""),
    Bound("ledger.chain.acts", "MAX_CORRECTIONS", "corrections of corrections, followed", ""),
    Bound("ledger.core.canonical", "MAX_INTEGER", "integers in JSON", ""),
    Bound("ledger.core.canonical", "MAX_BYTES", "canonical JSON not bounded closer", "bytes"),
    Bound("ledger.core.canonical", "MAX_DEPTH", "the same: levels", ""),
    Bound("ledger.core.canonical", "MAX_INSTANT", "instants (9999-12-31T23:59:59Z)", "s"),
    Bound("ledger.core.versions", "MAX_LEVELS", "levels of what is looked at for a version", ""),
    Bound("ledger.core.entry", "MAX_ENTRY", "entry", "bytes"),
    Bound("ledger.core.tiles", "MAX_BUNDLED", "entry of an entry bundle (uint16)", "bytes"),
    Bound("ledger.core.tiles", "MAX_LEVEL", "level of a tile", ""),
    Bound("ledger.core.tiles", "WIDTH", "hashes of a tile", ""),
    Bound("ledger.core.merkle", "MAX_SIZE", "leaves of a log", ""),
    Bound("ledger.core.commitment", "MAX_SLOTS", "slots: `_sd`, and `fields` of a schema", ""),
    Bound("ledger.core.commitment", "MAX_PAYLOAD", "payload", "bytes"),
    Bound("ledger.core.commitment", "MAX_DISCLOSURE", "one disclosure", "characters"),
    Bound("ledger.core.commitment", "MAX_DISCLOSED", "all disclosures of a record", "characters"),
    Bound("ledger.core.commitment", "SECRET_SIZE", "record secret", "bytes"),
    Bound("ledger.core.commitment", "SALT_SIZE", "salt of a disclosure", "bytes"),
    Bound("ledger.core.presentation", "MAX_PRESENTATION", "presentation", "characters"),
    Bound("ledger.core.presentation", "MAX_BINDING", "binding", "characters"),
    Bound("ledger.core.jws", "MAX_HEADER", "protected header of a JWS", "bytes"),
    Bound("ledger.core.note", "MAX_CHECKPOINT", "checkpoint", "characters"),
    Bound("ledger.core.note", "MAX_WITNESSES", "cosignatures of a checkpoint", "lines"),
    Bound("ledger.core.note", "MAX_VKEY", "verifier key", "characters"),
    Bound("ledger.core.promise", "MAX_PROMISE", "promise: `due` − `issuedAt`", "s"),
    Bound("ledger.core.promise", "MAX_LEAVES", "promise: `count`", "leaves"),
    Bound("ledger.core.statement", "MAX_STATEMENT", "statement", "bytes"),
    Bound("ledger.core.statement", "MAX_DEPTH", "statement: levels of objects and lists", ""),
    Bound("ledger.core.statement", "SALT_SIZE", "salt of a statement or document", "bytes"),
    Bound("ledger.core.docs", "MAX_DOCS", "case, authorisation: `docs`", ""),
    Bound("ledger.core.docs", "MAX_NAME", "the same: `name` of a document", "characters"),
    Bound("ledger.core.case", "MAX_NATIONAL_NO", "case: `nationalNo`", "characters"),
    Bound("ledger.core.case", "MAX_NOTE", "case: `note`", "characters"),
    Bound("ledger.core.case", "MAX_BASIS", "case: `basis` (uint16)", ""),
    Bound("ledger.core.authorisation", "MAX_TYPES", "authorisation: `types`", ""),
    Bound("ledger.core.authorisation", "MAX_REGIONS", "authorisation: `regions`", ""),
    Bound("ledger.core.manifest", "MAX_MANIFEST", "manifest", "bytes"),
    Bound("ledger.core.manifest", "MAX_INPUTS", "manifest: `recordIds`", ""),
    Bound("ledger.core.manifest", "MAX_VERSION", "manifest, input: `version` (uint32)", ""),
    Bound("ledger.core.manifest", "MAX_INPUT", "input of a version, shown alone", "bytes"),
    Bound("ledger.core.manifest", "MAX_INPUT_PATH", "the same: `path`", "digests"),
    Bound("ledger.core.reports", "MAX_VERSION", "outcome: `version` (uint32)", ""),
    Bound("ledger.core.reports", "MAX_MATTER", "feedback: `matter`", "characters"),
    Bound("ledger.core.reports", "MAX_MEASURE", "feedback: `measure`", "characters"),
    Bound("ledger.core.reports", "MAX_RESULT", "feedback: `result`", "characters"),
    Bound("ledger.core.opening", "MAX_OPENING", "opening", "bytes"),
    Bound("ledger.core.opening", "MAX_DEPTH", "opening: levels of objects and lists", ""),
    Bound("ledger.core.opening", "MAX_PATH", "opening: `path` of its promise", "digests"),
    Bound("ledger.core.signed", "MAX_BEHIND", "list, history: `at` − `known`", "s"),
    Bound("ledger.core.signed", "MAX_MISSING", "list, history: `left`, `missing`", ""),
    Bound("ledger.core.day_list", "MAX_FILE", "list file", "bytes"),
    Bound("ledger.core.day_list", "MAX_JWS", "list, part: its JWS", "characters"),
    Bound("ledger.core.day_list", "MAX_ITEMS", "part: `items`", ""),
    Bound("ledger.core.day_list", "MAX_PARTS", "list: `parts`", ""),
    Bound("ledger.core.day_list", "MAX_ENTRIES", "list file: `receipts`", ""),
    Bound("ledger.core.history", "MAX_FILE", "history file", "bytes"),
    Bound("ledger.core.history", "MAX_PAYLOAD", "history: payload of its JWS", "bytes"),
    Bound("ledger.core.history", "MAX_RECORDS", "history: `records`, `receipts`", ""),
    Bound("ledger.core.history", "MAX_OPENINGS", "history: `openings`", ""),
    Bound("ledger.core.history", "MAX_ACTS", "history: `acts` of a record", ""),
    Bound("ledger.core.answer", "MAX_JWS", "answer: its JWS", "characters"),
    Bound("ledger.core.answer", "MAX_ITEMS", "answer: `items`", ""),
    Bound("ledger.core.answer", "MAX_LOGS", "answer: `covers`", ""),
    Bound("ledger.core.answer", "MAX_MORE", "bundle: receipts behind those of the items", ""),
    Bound("ledger.core.report_content", "MAX_CONTENT", "report: its content", "bytes"),
    Bound("ledger.core.report_content", "MAX_FIELDS", "report: `fields`; list of fields", ""),
    Bound("ledger.core.report_content", "MAX_RECORDS", "report: records of all fields", ""),
    Bound("ledger.core.report_content", "MAX_SOURCES", "report: `sources` of a field", ""),
    Bound("ledger.core.report_content", "MAX_NAME", "report: name of the subject", "characters"),
    Bound("ledger.core.report_content", "DRAWN_LENGTH", "report: number, drawn", "characters"),
    Bound("ledger.core.bundle", "MAX_FILE", "bundle", "bytes"),
    Bound("ledger.files.asked", "MAX_GIVEN", "answer by itself, with its receipts", "bytes"),
    Bound("ledger.core.bundle", "MAX_MEMBERS", "bundle: `answers`, `missing`", ""),
    Bound("ledger.core.bundle", "MAX_VERDICTS", "bundle: `verdicts`", ""),
    Bound("ledger.evidence.archive", "MAX_FILE", "evidence", "bytes"),
    Bound("ledger.evidence.archive", "MAX_MEMBERS", "evidence: members", ""),
    Bound("ledger.evidence.archive", "MAX_NAME", "evidence: name of a member", "characters"),
    Bound("ledger.evidence.papers", "MAX_RECEIPTS", "evidence: receipts", ""),
    Bound("ledger.evidence.manifest", "MAX_MANIFEST", "evidence: manifest", "bytes"),
    Bound("ledger.evidence.manifest", "MAX_DAYS", "evidence: `asOf`", "days"),
    Bound("ledger.evidence.judged", "SHOWN_LATE", "evidence: `iat` after the header", "s"),
    Bound("ledger.evidence.header", "MAX_HEADER", "evidence: header", "bytes"),
    Bound("ledger.evidence.account", "MAX_SLOTS", "evidence: places of a contract", ""),
    Bound("ledger.evidence.account", "MAX_NODES", "evidence: nodes of a proof", ""),
    Bound("ledger.evidence.told", "MAX_PLACE", "evidence: transactions of a block", ""),
    Bound("ledger.core.verdict.judging", "CLOCK_SKEW", "two honest clocks differ by", "s"),
    Bound("ledger.records.schema", "MAX_FILE", "schema file", "bytes"),
    Bound("ledger.records.schema_reading", "_MAX_VALUES", "schema: texts of a list", ""),
    Bound("ledger.records.schema_reading", "_MAX_LENGTH", "schema: `max` of a field", "characters"),
    Bound("ledger.records.schema_reading", "_MAX_OPEN_DAYS", "schema: `until.open`", "days"),
    Bound("ledger.records.schema_reading", "_MAX_CASES", "schema: `visibilityIf`, `apart`", ""),
    Bound("ledger.records.rules", "MAX_FILE", "rules file", "bytes"),
    Bound("ledger.records.rules", "_MAX_ROWS", "rules: `rows`", ""),
    Bound("ledger.core.draw", "MAX_FILE", "draw", "bytes"),
    Bound("ledger.core.draw", "MAX_LOGS", "draw: `logs`", ""),
    Bound("ledger.core.draw", "MAX_COUNT", "draw: `count`, `leaves` of a log", ""),
    Bound("ledger.records.rules", "_MAX_FAMILIES", "rules: `families` of a row", ""),
    Bound("ledger.records.rules", "_MAX_KINDS", "rules: `authorities`, and `named` of each", ""),
    Bound("ledger.records.rules", "_MAX_MONTHS", "rules: months", ""),
    Bound("ledger.records.areas", "_MAX_FIELDS", "rules: `basis`, `texts` of an area", ""),
    Bound("ledger.records.areas", "_MAX_TEXTS", "rules: texts of an area, by kind", ""),
    Bound("ledger.records.areas", "_MAX_LENGTH", "rules: text of an area", "characters"),
    Bound("ledger.records.rule_tables", "_MAX_ROWS", "rules: rows of another table", ""),
    Bound("ledger.records.rule_tables", "_MAX_FAMILIES", "rules: `families` of `reportable`", ""),
    Bound("ledger.records.rule_tables", "_MAX_DAYS", "rules: `days` of a stage", ""),
    Bound("ledger.records.rule_tables", "_MAX_NAME", "rules: name of a measure", "characters"),
    Bound("ledger.records.report_fields", "MAX_FILE", "list of fields", "bytes"),
    Bound("ledger.records.report_fields", "_MAX_CODES", "list of fields: `codes`", ""),
    Bound("ledger.records.report_fields", "_MAX_NAMED", "list of fields: `named`", ""),
    Bound("ledger.records.members", "MAX_TEXT", "text of a schema or rules file", "characters"),
    Bound("ledger.records.members", "MAX_VERSION", "`version` of a schema or rules file", ""),
    Bound("ledger.records.values", "MONEY_DIGITS", "amount: digits before the point", ""),
    Bound("ledger.records.values", "MONEY_DECIMALS", "amount: decimals", ""),
    Bound("ledger.records.values", "EARLIEST_YEAR", "first year of a date in a field", ""),
    Bound("ledger.records.erasure", "MAX_CHARS", "certificate of erasure: all of it", "characters"),
    Bound("ledger.records.erasure", "MAX_DOCUMENT", "certificate of erasure: its payload", "bytes"),
    Bound("ledger.records.erasure", "MAX_KEYS", "certificate of erasure: `contentKeys`", ""),
    Bound("ledger.records.erasure", "_MAX_COUNT", "certificate of erasure: a count", ""),
    Bound("ledger.records.erasure", "_MAX_BASIS", "certificate of erasure: `basis`", ""),
    Bound("ledger.records.erasure", "_MAX_BLOCK", "certificate of erasure: `block`", ""),
    Bound("ledger.records.quality", "MAX_DOCUMENT", "quality file: its payload", "bytes"),
    Bound("ledger.records.quality", "MAX_ROWS", "quality file: `rows`", ""),
    Bound("ledger.records.quality", "MAX_CODES", "quality file: `rejected`", ""),
    Bound("ledger.records.quality", "_MAX_COUNT", "quality file: a count", ""),
    Bound("ledger.chain.network", "MAX_BYTES", "network file", "bytes"),
    Bound("ledger.chain.network", "MAX_NODES", "network file: `rpc`, `quorum`", ""),
    Bound("ledger.chain.network", "MAX_MOVES", "network file: `formerly`", ""),
    Bound("ledger.chain.network", "MAX_NAME", "network file: `name`", "characters"),
    Bound("ledger.chain.network", "MAX_DEPTH", "network file: `depth`", "blocks"),
    Bound("ledger.chain.network", "MAX_AGE", "network file: `maxHeadAge`", "s"),
    Bound("ledger.chain.nodes.quorum", "MAX_AHEAD", "head ahead of the local clock", "s"),
    Bound("ledger.chain.nodes.view", "NEAR", "blocks below the head that a node may lack", ""),
    Bound("ledger.verify", "WAIT_SECONDS", "wait for a quorum to reach a claim", "s"),
)
"""What a second implementation must hold to, beside the contracts."""

_FILES = {
    "ledger.records.authorities": ("FILE", "ENTRIES", "NAMES", "SUCCESSORS", "NAME", "LENGTH"),
    "ledger.records.lawful": ("FILE", "ENTRIES", "OF_ONE", "LENGTH", "NAME"),
}
BESIDE = {
    **{
        (module, f"_MAX_{name}"): "files of a node: who is who"
        for module, names in _FILES.items()
        for name in names
    },
    ("ledger.records.calendar", "_MAX_FILE"): "calendar files of a node",
    ("ledger.records.store", "MAX_FILES"): "a folder of schemas and rules",
    ("ledger.records.store", "MAX_FILE"): "the larger of two that are shown",
    ("ledger.records.schema_parts", "_MAX_FOLDED"): "what is remembered, no format",
    ("ledger.records.visibility", "_MAX_TOLD"): "what is remembered, no format",
    ("ledger.records.setting", "_MAX_TOLD"): "lists that a text of intake names",
    ("ledger.records.validate", "_MAX_HEADER"): "what a note of intake repeats",
    ("base/Keys", "_SECP256K1_LENGTH"): "exact, section 4",
}
"""Bounds that no format has, and why."""

CONTRACTS = (
    ("LogAnchor", "_MAX_GROWTH", "leaves that an anchor adds"),
    ("base/Votes", "_MAX_PROPOSAL_LIFE", "`expiresAt` of a proposal ahead, s"),
    ("base/Votes", "_MAX_DATA", "`data` of a proposal, bytes"),
    ("Consortium", "_MAX_ADMITTED_KEYS", "keys of ADMIT"),
    ("base/MemberWrites", "_MAX_KEYS", "keys that a member adds itself"),
    ("base/Keys", "_MAX_KEY_LENGTH", "public key, bytes"),
    ("base/MemberWrites", "_MAX_COMPROMISE_BACK", "`compromisedSince` back by its owner, s"),
    ("base/Recovery", "_RECOVERY_DELAY", "before a recovered key begins, s"),
    ("base/Recovery", "_RECOVERY_DELAY_TAKEN", "the same where GOVERN keys were taken, s"),
    ("base/Recovery", "_MAX_RECOVERY_LATER", "a recovered key's begin after the earliest one, s"),
    ("base/Members", "_MAX_MEMBERS", "members"),
    ("base/Members", "_MAX_PROVINCES", "provinces that are not retired"),
    ("base/Members", "_MAX_ROLE_CHANGES", "changes of a member's roles"),
    ("base/Members", "_MAX_ENDPOINT", "endpoint, bytes"),
    ("base/LogRegistry", "_MAX_LOGS", "logs of a member opened for themselves"),
    ("base/LogRegistry", "_MAX_LOGS_WITH_SUCCESSORS", "logs of a member in all"),
    ("Catalogue", "_MAX_ITEMS", "items of one vote"),
    ("Catalogue", "_MAX_IDS", "items of a region"),
    ("Catalogue", "_MAX_VERSIONS", "versions of a national item"),
    ("Catalogue", "_MAX_SUPPLEMENTS", "versions of an item in another region"),
    ("CaseRegistry", "_MAX_ACTS", "acts of one call, steps of `annulStolen`"),
    ("CaseRegistry", "_MAX_AHEAD", "`deadline` of acts ahead, s"),
    ("CaseRegistry", "_MAX_STORED", "records of one call of `stored`"),
    ("Revocations", "_MAX_ASKED", "authorisations of one call of `revokedAt`"),
    ("Products", "_MAX_LISTED", "versions of one call of `versions`"),
)
"""File under contracts/, constant, and what it bounds."""

PATTERNS = (
    ("ledger.core.receipt", "_NETWORK", "reference of a network"),
    ("ledger.core.ids", "CODE", "code of a member, region, item or role"),
    ("ledger.core.canonical", "_DAY", "day"),
    ("ledger.core.canonical", "_INSTANT", "instant"),
    ("ledger.core.commitment", "TYPE_NAME", "name of a record type"),
    ("ledger.core.commitment", "SCHEMA_ID", "schema of an entry"),
    ("ledger.core.authorisation", "SUBJECT", "subject of a statement"),
    ("ledger.core.authorisation", "REGION", "region of an authorisation or outcome"),
    ("ledger.core.answer", "NONCE", "answer: `nonce`"),
    ("ledger.core.report_content", "FIELD", "report: `field`"),
    ("ledger.core.report_content", "_UNIT", "report: `unit`"),
    ("ledger.core.report_content", "_NUMBER", "report: `number`"),
    ("ledger.core.reports", "AMOUNT", "amount, 万元"),
    ("ledger.core.reports", "MONTH", "month of an outcome"),
    ("ledger.core.commitment", "FILE", "schema and rules of a payload; list and rules of a report"),
    ("ledger.core.commitment", "_FIELD", "field of a disclosure"),
    ("ledger.core.commitment", "_VCT", "vct of a record of any version"),
    ("ledger.core.disclosures", "_SALT", "salt of a disclosure"),
    ("ledger.core.entry", "_PERIOD", "period"),
    ("ledger.core.case", "_USCC", "authority of a case"),
    ("ledger.core.case", "_ROLE", "role of a case"),
    ("ledger.core.versions", "_TYPE", "_type of a format of ours"),
    ("ledger.core.versions", "NAME", "name of an algorithm or suite"),
    ("ledger.core.note", "_BODY", "three lines of a checkpoint"),
    ("ledger.core.note", "_LINE", "signature line"),
    ("ledger.core.note", "_WITNESS", "key name of a witness"),
    ("ledger.core.note", "_VKEY", "verifier key"),
    ("ledger.core.presentation", "_SD_HASH", "sd_hash"),
    ("ledger.core.presentation", "_SHORT_TEXT", "aud and nonce"),
    ("ledger.core.tiles", "_PATH", "path of a tile"),
    ("ledger.core.signed", "REASON", "list, history: a reason"),
    ("ledger.core.day_list", "LIST", "list: its name"),
    ("ledger.core.history", "_SUBJECT", "history: its subject"),
    ("ledger.core.history", "_NOBODY", "history: to, member of an act"),
    ("ledger.records.members", "NAME", "name of a schema, family, rules file, authority kind"),
    ("ledger.records.schema_reading", "_FIELD_CODE", "field of a schema"),
    ("ledger.records.schema_reading", "_AMOUNT", "amount in a schema"),
    ("ledger.records.areas", "_FIELD", "field of an area of rules"),
    ("ledger.records.areas", "_AMOUNT", "amount of a fine in an area of rules"),
    ("ledger.records.rule_tables", "REGION", "region of a row of rules, of a list of fields"),
    ("ledger.records.uscc", "_CHARACTERS", "USCC in a verified record"),
    ("ledger.records.erasure", "_REFERENCE", "certificate of erasure: network"),
    ("ledger.records.erasure", "_ROLE", "certificate of erasure: proposed, released"),
    ("ledger.records.erasure", "_KEY", "certificate of erasure: a content key"),
    ("ledger.records.quality", "_MONTH", "quality file: period, a month"),
    ("ledger.records.quality", "_WEEK", "quality file: period, an ISO week"),
    ("ledger.records.quality", "_UNIT", "quality file: unit"),
    ("ledger.records.quality", "_CODE", "quality file: code in rejected"),
    ("ledger.records.quality", "_REFERENCE", "quality file: network"),
    ("ledger.chain.network", "_ADDRESS", "address"),
    ("ledger.chain.network", "_HASH", "block hash"),
    ("ledger.chain.network", "_REFERENCE", "formerly"),
)
"""Module, name, and what has this form, all of it."""

LOOSE = {
    ("ledger.records.authorities", "_REGION"): "files of a node: who is who",
    ("ledger.core.receipt", "_TEXT_OR_SPACE"): "finds white space of a file saved anew",
    ("ledger.core.disclosures", "_SALTS"): "the salts of a presentation at once",
    ("ledger.core.opening", "_START"): "tells an opening from a receipt",
    ("ledger.core.day_list", "_START"): "tells a list from a receipt",
    ("ledger.core.bundle", "_START"): "tells a bundle from a receipt",
    ("ledger.core.history", "_START"): "tells a history from a receipt",
    ("ledger.core.versions", "_START"): "finds the _type of what may be a newer file",
    ("ledger.records.uscc", "_SHAPE"): "intake only",
    ("ledger.records.values", "_DATE"): "intake: spellings that become YYYY-MM-DD",
    ("ledger.records.values", "_YEAR"): "intake: spellings that become YYYY",
    ("ledger.records.schema_parts", "_BETWEEN"): "intake: several values in one cell of text",
    ("ledger.records.values", "_MONEY"): "intake: spellings that become an amount",
    ("ledger.records.values", "_SCIENTIFIC"): "section 5, in words",
    ("ledger.records.values", "_SEPARATORS"): "intake: parts of a list in one cell",
    ("ledger.records.values", "_COMPACT"): "intake: names what is refused",
    ("ledger.records.characters", "_FIRST_LAST"): "intake: finds characters with two spellings",
    ("ledger.records.forms", "_ORGANISATION"): "intake: spellings of organisation codes",
    ("ledger.records.forms", "_MOMENT"): "intake: spellings of a day and a time",
    ("ledger.records.forms", "_ROUND_SEPARATORS"): "intake: spaces within a date",
    ("ledger.records.persons", "_LIKELY"): "what is shown by name only: a first look",
    ("ledger.records.persons", "_LIKELY_OLD"): "what is shown by name only: a first look",
    ("ledger.records.persons", "_NUMBER"): "what is shown by name only",
    ("ledger.records.persons", "_OLD"): "what is shown by name only",
    ("ledger.records.persons", "_BETWEEN"): "what is shown by name only",
    ("ledger.records.judging", "_YEAR_FORM"): "intake: a year beside a date",
    ("ledger.records.values", "_TURNING"): "section 5, in words: marks that turn the direction",
    ("ledger.records.store", "_NAMED_BY_HASH"): "file names of one folder",
}
"""Patterns that no format has, and why."""

_SOLIDITY = re.compile(r"uint\d+ private constant (_\w+) = ([^;]+);")
_SECONDS = {"days": 86_400}
_LONGEST_PLAIN = 9_999


def bounds() -> str:
    """The bounds of the formats and of reading."""
    return table(
        ("what", "at most", "unit"),
        [(b.what, grouped(value(b.module, b.name)), b.unit) for b in BOUNDS],
    )


def contract_bounds() -> str:
    """The bounds of the contracts."""
    return table(
        ("contract", "what", "at most"),
        [(_deployed(file), what, grouped(solidity(file)[name])) for file, name, what in CONTRACTS],
    )


def patterns() -> str:
    """Every regular expression of the formats; groups have no names here."""
    width = max(len(what) for *_, what in PATTERNS)
    lines = [f"{what:<{width}}  {_plain(value(*place))}" for *place, what in PATTERNS]
    return "\n".join(["```", *lines, "```"])


def value(module: str, name: str) -> object:
    """A constant of a module."""
    return getattr(importlib.import_module(module), name)


def solidity(file: str) -> dict[str, int]:
    """Numeric private constants of a contract."""
    found = _SOLIDITY.findall(source(f"contracts/{file}.sol"))
    return {name: _number(text) for name, text in found}


def defined(module: str) -> set[str]:
    """Names that a module itself assigns."""
    tree = ast.parse(source(f"{module.replace('.', '/')}.py"))
    targets: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.Assign):
            targets |= {ast.unparse(target) for target in node.targets}
        elif isinstance(node, ast.AnnAssign):
            targets.add(ast.unparse(node.target))
    return targets


def modules(*folders: str) -> list[str]:
    """Every module in folders of the ledger."""
    paths = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [_module(path) for path in paths if path.stem != "__init__"]


def grouped(number: object) -> str:
    """A number as people read it; a year, and what is as short, as it is."""
    if not isinstance(number, int | float) or number != int(number):
        raise TypeError(f"{number!r} bounds nothing")
    return f"{int(number):,}" if number > _LONGEST_PLAIN else str(int(number))


def _deployed(file: str) -> str:
    """The contract that a file is part of; every base that has bounds is the Consortium's."""
    return "Consortium" if file.startswith("base/") else file


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def _number(text: str) -> int:
    amount, _, unit = text.partition(" ")
    if unit in _SECONDS:
        return int(amount) * _SECONDS[unit]
    base, _, shift = text.partition(" << ")
    return int(base) << int(shift or 0)


def _plain(pattern: object) -> str:
    if not isinstance(pattern, re.Pattern):
        raise TypeError(f"{pattern!r} is no pattern")
    return re.sub(r"\(\?P<\w+>", "(", str(pattern.pattern)).replace("\n", "\\n")
