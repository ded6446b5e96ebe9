"""What is shown of a file that was judged, and how to judge it without this node."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from typing import Final

from gateway.verifying.desk import Judged
from gateway.web.languages import Code
from gateway.web.verify.files import (
    answer_sheet,
    bundle_sheet,
    history_sheet,
    list_sheet,
    report_sheet,
)
from gateway.web.verify.records import record_sheet, statement_sheet
from gateway.web.verify.sheets import Sheet, Speaker

_OPTIONS: Final[Mapping[str, str]] = {
    **{name: f"--{name}" for name in ("subject", "type", "issuer", "audience", "nonce")},
    "asOf": "--as-of",
    "witnesses": "--witnesses",
}
_SHEETS: Final[Mapping[str, Callable[[Judged, Speaker], Sheet]]] = {
    "credit-ledger/bundle-verdict@1": bundle_sheet,
    "credit-ledger/answer-verdict@1": answer_sheet,
    "credit-ledger/list-verdict@1": list_sheet,
    "credit-ledger/history-verdict@1": history_sheet,
    "credit-ledger/report-verdict@1": report_sheet,
}


def sheet_of(judged: Judged, code: Code) -> Sheet:
    """The sheet, in a language."""
    told, say = judged.told, Speaker(code)
    made = _SHEETS.get(told["_type"])
    if made is None:
        made = statement_sheet if "statement" in told else record_sheet
    return made(judged, say)


def command(name: str, asked: Mapping[str, str], to: str | None = None) -> str:
    """What to run in place of this page. to: the node that has the receipt which a report lacks."""
    file = f"./{name}" if name.startswith("-") else name
    if to is not None:
        check = ["credit-ledger", "report", "check", file, "--network", "network.json", "--to", to]
        return shlex.join(check)
    words = ["credit-ledger", "verify", file, "--network", "network.json"]
    for one, value in asked.items():
        words += [_OPTIONS[one], value]
    return shlex.join(words)
