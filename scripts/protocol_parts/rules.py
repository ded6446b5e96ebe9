"""What the law says, as the packaged rules file has it."""

from datetime import date

from ledger.records.rules import Row, newest
from scripts.protocol_parts.tables import code, table


def rules() -> str:
    """Every row of the file, in its order."""
    return table(
        ("from", "families", "authority", "class", "minimum", "maximum (months)", "source"),
        [_row(row) for row in newest().rows],
    )


def rules_id() -> str:
    """Name, version and SHA-256."""
    return code(newest().id)


def _row(row: Row) -> tuple[object, ...]:
    return (
        "ever" if row.since == date.min else row.since.isoformat(),
        "every" if row.families is None else ", ".join(row.families),
        row.authority or "any",
        row.class_ or "all",
        row.period.minimum,
        "open until exit" if row.period.maximum is None else row.period.maximum,
        row.source,
    )
