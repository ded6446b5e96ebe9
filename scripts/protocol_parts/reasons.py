"""Checks, verdicts and why a check did not pass, read out of `ledger/core`.

Which check gives which code stands in no list: it is where `failed(check, code)` is called. A call
that is understood neither by itself nor by `_TOLD` is an error, so that none is left out.
"""

import ast
from collections.abc import Container, Iterator, Mapping
from functools import cache
from pathlib import Path

from ledger.core.verdict import checks, facts
from ledger.core.verdict.reasons import CODES
from ledger.core.verdict.verdicts import EXITS
from ledger.evidence import problems as of_evidence
from ledger.files.problems import CODES as PROBLEMS
from ledger.files.problems import UNKNOWN
from ledger.records.check_record import DISAGREEMENTS, TEXTS
from scripts.protocol_parts.tables import ROOT, code, source, table

CORE = ROOT / "ledger" / "core"


Pair = tuple[str, str]
"""Check and code."""


def check_list() -> str:
    """Number, id and what it says when it passes."""
    return table(
        ("n", "id", "passes when", "counts for", "optional"),
        [
            (
                check.n,
                code(check.id),
                check.passed["en"],
                "authenticity" if check.authenticity else "use",
                "yes" if check.optional else "",
            )
            for check in (*checks.CHECKS, *checks.OF_STATEMENTS)
        ],
    )


def verdicts() -> str:
    """Every verdict with its exit code, worst first."""
    return table(("verdict", "exit"), [(code(name), exit_) for name, exit_ in EXITS.items()])


def problems() -> str:
    """Codes of files that hold signed statements about receipts."""
    return _problems(PROBLEMS, UNKNOWN)


def evidence_problems() -> str:
    """Codes of archives of evidence."""
    return _problems(of_evidence.CODES, of_evidence.UNKNOWN)


def _problems(codes: Mapping[str, tuple[str, str]], unknown: Container[str]) -> str:
    rows = [
        (code(name), "open" if name in unknown else "against", en)
        for name, (_, en) in codes.items()
    ]
    return table(("code", "is", "meaning"), rows)


def reasons() -> str:
    """Code → check → verdict → exit."""
    order = {check.id: check.n for check in (*checks.CHECKS, *checks.OF_STATEMENTS)}
    by_code: dict[str, set[str]] = {name: set() for name in CODES}
    for check, name in pairs():
        by_code[name].add(check)
    rows = []
    for name, found in by_code.items():
        where = sorted(found, key=order.__getitem__)
        if not where:
            raise SystemExit(f"no check gives the code {name}")
        verdict = CODES[name].verdict
        shown = ", ".join(f"{order[check]} {check}" for check in where)
        rows.append((order[where[0]], code(name), shown, code(verdict), EXITS[verdict]))
    rows.sort(key=lambda row: row[0])
    return table(("code", "check", "verdict", "exit"), [row[1:] for row in rows])


@cache
def pairs() -> frozenset[Pair]:
    """Every check with every code that it can give."""
    return frozenset(pair for path in sorted(CORE.rglob("*.py")) for pair in _of_module(path))


def _of_module(path: Path) -> Iterator[Pair]:
    tree = ast.parse(path.read_text("utf-8"))
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        for call in _calls(function, "failed"):
            yield from _of_call(tree, function, call)


def _of_call(tree: ast.Module, function: ast.FunctionDef, call: ast.Call) -> Iterator[Pair]:
    check, reason = call.args[:2]
    told = _TOLD.get((function.name, ast.unparse(reason)))
    if told is not None:
        yield from told
        return
    names = _texts(tree, function, check)
    found = _texts(tree, function, reason)
    if not names or not found:
        raise SystemExit(f"which check and code: {function.name}: {ast.unparse(call)}")
    yield from ((name, each) for name in names for each in found)


def _texts(tree: ast.Module, function: ast.FunctionDef, node: ast.expr) -> list[str]:
    """What an argument may be: a literal, one assigned in the function, or one that callers give
    for its first parameter."""
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if not isinstance(node, ast.Name):
        return []
    if function.args.args and node.id == function.args.args[0].arg:
        given = [call.args[0] for call in _calls(tree, function.name)]
        return [str(item.value) for item in given if isinstance(item, ast.Constant)]
    return [
        str(item.value.value)
        for item in ast.walk(function)
        if isinstance(item, ast.Assign)
        and ast.unparse(item.targets[0]) == node.id
        and isinstance(item.value, ast.Constant)
        and item.value.value is not None
    ]


def _calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == name:
            yield node


def _unread() -> list[str]:
    """Codes with which reading the chain can end: those of `ledger.chain` and of the verifier."""
    files = [*sorted((ROOT / "ledger" / "chain").rglob("*.py")), ROOT / "ledger" / "verify.py"]
    texts = {
        node.value
        for path in files
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    own = {"status-unreadable"}  # of check 19
    found = [name for name in CODES if name in texts - own]
    found = [name for name in found if CODES[name].verdict == "undetermined"]
    return [*found, "chain-unreadable", "version-unknown"]


def _groups() -> list[Pair]:
    """Comparisons inside the receipt, by group; one group has a code of its own beside."""
    tree = ast.parse(
        next(text for text in map(_text, sorted(CORE.rglob("*.py"))) if "\n_GROUPS = " in text)
    )
    groups = next(
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_GROUPS"
    )
    return [*groups.items(), ("presentation", "slot-mismatch")]


def _text(path: Path) -> str:
    return source(str(path.relative_to(ROOT)))


def _acts() -> list[Pair]:
    names = [*facts.FLAGS, *facts.OUTCOMES]
    return [("status", name.lower()) for name in names if name != "NONE"]


_TOLD: dict[tuple[str, str], list[Pair]] = {
    ("malformed", "error.code or 'malformed'"): [
        ("format", "malformed"),
        ("format", "not-canonical-bytes"),
    ],
    ("newer", "error.code"): [("format", "version-unknown")],
    ("_alone", "code"): _groups(),
    ("chain", "code"): [("chain", name) for name in _unread()],
    ("status", "found[0]"): _acts(),
    ("record", "problem.code"): [("record", name) for name in TEXTS if name not in DISAGREEMENTS],
}
"""Calls whose code is no literal, by function and argument."""
