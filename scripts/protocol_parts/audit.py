"""What an audit can find, out of `ledger/audit/codes.py`."""

from ledger.audit.codes import CODES
from ledger.audit.incomplete_codes import INCOMPLETE
from ledger.audit.monitor.codes import MONITOR_CODES
from ledger.audit.promise_codes import PROMISES
from scripts.protocol_parts.tables import code, table


def findings() -> str:
    """Code, severity, and what it says."""
    rows = [(code(name), of.severity, of.message["en"]) for name, of in CODES.items()]
    return table(("code", "severity", "what is so"), rows)


def incomplete() -> str:
    """Why a report is incomplete."""
    rows = [(code(name), text["en"]) for name, text in INCOMPLETE.items()]
    return table(("code", "what could not be looked at"), rows)


def promises() -> str:
    """What can come of a promise."""
    rows = [(code(name), of.outcome, of.message["en"]) for name, of in PROMISES.items()]
    return table(("code", "outcome", "what is so"), rows)


def monitor() -> str:
    """What a monitor tells beside findings."""
    rows = [(code(name), of.severity, of.message["en"]) for name, of in MONITOR_CODES.items()]
    return table(("code", "severity", "what is so"), rows)
