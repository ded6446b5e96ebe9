"""What the law says, as the packaged rules file has it."""

from datetime import date

from ledger.records.rules import Row, newest
from scripts.protocol_parts.tables import code, table


def rules() -> str:
    """Every row of the file, in its order."""
    return table(
        (
            "from",
            "families",
            "authority",
            "class",
            "minimum",
            "of an area",
            "maximum (months)",
            "source",
        ),
        [_row(row) for row in newest().rows],
    )


def areas() -> str:
    """Every area of the file, and the law that names it."""
    return table(
        ("area", "title", "a fine of", "laws", "source"),
        [
            (
                code(area.id),
                area.title["zh"],
                "" if area.fine_from is None else f"{area.fine_from} (10,000 yuan) or more",
                ", ".join(area.laws),
                area.source,
            )
            for area in newest().areas
        ],
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
        "" if row.period.area_minimum is None else row.period.area_minimum,
        "open until exit" if row.period.maximum is None else row.period.maximum,
        row.source,
    )
