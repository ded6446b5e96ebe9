"""Everything a verifier or an auditor needs: no web server, no database.

    from ledger import AsyncClient, Client, NetworkFile, Verifier

Each name is loaded when it is first used, so that `import ledger` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ledger.chain.network import NetworkFile
    from ledger.client.async_client import AsyncClient
    from ledger.client.client import Client
    from ledger.client.errors import (
        AnswerLost,
        AnswerMalformed,
        ClientError,
        NoAnswer,
        NotAllowed,
        NotFound,
        NotReady,
        Refused,
        Unreachable,
    )
    from ledger.client.events import Began, Reset, StatusChanged
    from ledger.client.terms import Terms
    from ledger.core.verdict.facts import Question
    from ledger.core.verdict.verdict import Verdict
    from ledger.files.judge import judge_file
    from ledger.verify import Verifier, ask

__all__ = [
    "AnswerLost",
    "AnswerMalformed",
    "AsyncClient",
    "Began",
    "Client",
    "ClientError",
    "NetworkFile",
    "NoAnswer",
    "NotAllowed",
    "NotFound",
    "NotReady",
    "Question",
    "Refused",
    "Reset",
    "StatusChanged",
    "Terms",
    "Unreachable",
    "Verdict",
    "Verifier",
    "ask",
    "judge_file",
]

_ERRORS = "ledger.client.errors"
_PLACES = {
    "AnswerLost": _ERRORS,
    "AnswerMalformed": _ERRORS,
    "AsyncClient": "ledger.client.async_client",
    "Began": "ledger.client.events",
    "Client": "ledger.client.client",
    "ClientError": _ERRORS,
    "NetworkFile": "ledger.chain.network",
    "NoAnswer": _ERRORS,
    "NotAllowed": _ERRORS,
    "NotFound": _ERRORS,
    "NotReady": _ERRORS,
    "Question": "ledger.core.verdict.facts",
    "Refused": _ERRORS,
    "Reset": "ledger.client.events",
    "StatusChanged": "ledger.client.events",
    "Terms": "ledger.client.terms",
    "Unreachable": _ERRORS,
    "Verdict": "ledger.core.verdict.verdict",
    "Verifier": "ledger.verify",
    "ask": "ledger.verify",
    "judge_file": "ledger.files.judge",
}


def __getattr__(name: str) -> Any:
    """Load a public name; what it is type checkers have read above."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_PLACES[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
