"""What drafting a row costs, judged together with others of its set and by itself, in one run.

    python -m scripts.bench_drafting [--sets 16]

Processor time of one process, without reading lines and without sending drafts to another process.
Sets of 4,096 penalties, the two ways taking turns: of one day, as the other benchmarks send them;
the same with no free text twice; and of a thousand days. Stops where the two ways do not give the
same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any, Final

import orjson

from gateway.base.crypto import ContentKey, Hmac, Vault
from gateway.base.memory import tune_memory
from gateway.base.schema_folder import SchemaFolder
from gateway.base.who import WhoFiles, WhoPaths
from gateway.chain.interfaces import MONTH, MemberFacts, RecordType
from gateway.intake.alike import FEW
from gateway.intake.calendar_file import CalendarFile
from gateway.intake.draft import Drafter
from gateway.intake.drafts import Draft, Terms
from gateway.intake.interfaces import MAX_SET, RowAnswer, RowInput
from gateway.intake.parsing import parse_lines
from ledger.core.keys import Role
from ledger.records import schema
from ledger.records.rules import newest
from scripts.bench_parts.material import CODE, lines

FREE: Final = ("CF_XDR_MC", "CF_FRDB", "CF_WFXW", "CF_SY", "CF_YJ", "CF_NR")
"""Fields of the material that hold a text of the sender's own, besides the document number."""
DAYS: Final = 1000
WAYS: Final = {"by themselves": MAX_SET + 1, "together": FEW}
"""How few rows of a type are judged by themselves."""
KEY: Final = ContentKey(version=1, secret=hashlib.sha256(b"bench").digest())
VAULT: Final = Vault([KEY])

Record = dict[str, Any]


def one_day(record: Record, _number: int) -> None:
    """Leave it as it is."""


def no_text_twice(record: Record, number: int) -> None:
    """Make each free text that of this record alone."""
    for code in FREE:
        record["fields"][code] += f"之{number}"


def many_days(record: Record, number: int) -> None:
    """Give it a day, an end, a fine and a subject type of its own."""
    chance, fields = random.Random(number), record["fields"]  # noqa: S311 - no secret
    decided = date.fromisoformat(fields["CF_JDRQ"]) - timedelta(days=chance.randrange(DAYS))
    fields["CF_JDRQ"] = decided.isoformat()
    fields["CF_YXQ"] = (decided + timedelta(days=chance.choice((365, 366, 730)))).isoformat()
    fields["CF_GSJZQ"] = (decided + timedelta(days=367)).isoformat()
    fields["CF_NR_FK"] = f"{chance.randrange(100, 99_999) / 10_000:.4f}"
    fields["CF_XDR_LB"] = chance.choice(("法人及非法人组织", "法人及非法人组织", "个体工商户"))


MATERIALS: Final[dict[str, Callable[[Record, int], None]]] = {
    "of one day": one_day,
    "no free text twice": no_text_twice,
    "of a thousand days": many_days,
}


def rows(first: int, change: Callable[[Record, int], None]) -> Sequence[RowInput]:
    """A set of the material, from record `first`."""
    records = [orjson.loads(line) for line in lines(first, MAX_SET)]
    for number, record in enumerate(records, first):
        change(record, number)
    return parse_lines(list(map(orjson.dumps, records)), 1)


def terms() -> Terms:
    """Those of a province for which the catalogue has every type that we package."""
    now = int(time.time())
    items = [_item(each.name, each.version, each.sha256) for each in schema.all_schemas()]
    rules = _item(newest().name, newest().version, newest().sha256)
    facts = MemberFacts(
        chain_id=1,
        consortium="0x" + "00" * 20,
        deploy_block_hash="0x" + "00" * 32,
        member=CODE,
        region=CODE,
        roles=Role.PROVINCE,
        active=True,
        logs=(),
        keys=(),
        record_types=tuple(items),
        rules=(rules,),
        log_anchors=(),
        catalogue="0x" + "00" * 20,
        block=1,
        block_hash="0x" + "00" * 32,
        block_time=now,
    )
    return Terms(facts=facts, log_id=bytes(32), at=now)


def _item(name: str, version: int, sha256: str) -> RecordType:
    return RecordType(
        name=name,
        version=version,
        content_hash=sha256,
        since=0,
        until=0,
        visibility=1,
        region="",
        data_class=1,
        granularity=MONTH,
    )


def drafter(few: int) -> Drafter:
    """A drafter whose records are always the same. few: so many of a type are judged alone."""
    return Drafter(
        VAULT,
        Hmac(KEY.secret),
        CalendarFile(None),
        SchemaFolder(None),
        WhoFiles(WhoPaths()),
        few=few,
        random=random.Random(7).randbytes,  # noqa: S311 - records of a benchmark
    )


def opened(drafted: Sequence[Draft | RowAnswer]) -> list[object]:
    """What was sealed in place of what it was sealed to, which is random. Raises SystemExit where
    a row was refused."""
    found: list[object] = []
    for one in drafted:
        if not isinstance(one, Draft):
            raise SystemExit(f"a row of the material was refused: {one}")
        found.append((one.open(VAULT), one._replace(wrapped_key=b"", content=b"")))
    return found


def spent(one: Drafter, given: Sequence[RowInput], now: Terms) -> float:
    """Microseconds of processor time a row."""
    begun = time.process_time()
    one.draft(given, now)
    return 1e6 * (time.process_time() - begun) / len(given)


def measure(change: Callable[[Record, int], None], sets: int) -> dict[str, str]:
    """Both ways, taking turns: the middle of the sets, and the least."""
    now, found = terms(), {name: list[float]() for name in WAYS}
    drafters = {name: drafter(few) for name, few in WAYS.items()}
    given = rows(0, change)
    alone, together = (opened(one.draft(given, now)) for one in drafters.values())
    if alone != together:
        raise SystemExit("the two ways do not give the same records")
    for number in range(1, sets + 1):
        given = rows(number * MAX_SET, change)
        for name, one in drafters.items():
            found[name].append(spent(one, given, now))
    return {
        name: f"{statistics.median(each):.1f} (least {min(each):.1f})"
        for name, each in found.items()
    }


def main() -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--sets", type=int, default=16, help="of each material")
    sets = parser.parse_args().sets
    tune_memory()
    for name, change in MATERIALS.items():
        told = "; ".join(f"{way} {spent}" for way, spent in measure(change, sets).items())
        print(f"bench: {name}: µs a row: {told}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
