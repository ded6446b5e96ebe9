"""A month that is over: its files never change, and agree with the public logs."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.acceptance.independent import uscc
from tests.acceptance.outside import SECONDS, Done, penalty, run, today

HEBEI = "130000"
UNIT = uscc(90, start="11130102MA")


@dataclass(frozen=True)
class Later:
    """A network some days after the end of the month in which records were sent."""

    file: Path
    url: str
    month: str
    env: dict[str, str]

    def quality(self, *arguments: object) -> Done:
        where = ("--month", self.month, "--network", self.file, "--json")
        return run("audit", "quality", *arguments, *where, env=self.env)

    def get(self) -> httpx.Response:
        return httpx.get(f"{self.url}/v1/quality/{self.month}", timeout=SECONDS)


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Later]:
    folder = tmp_path_factory.mktemp("closed")
    net, lines = folder / "net", folder / "records.ndjson"
    up = ("network", "up", "--dir", net, "--base-port", 0)
    try:
        started = run(*up)
        assert started.code == 0, started.err
        file, month = Path(started.out.strip()), today().isoformat()[:7]
        told = run("network", "status", "--dir", net, "--json").json()["members"]
        url = next(member["endpoint"] for member in told if member["code"] == HEBEI)
        good = [penalty(CF_CFJGDM=UNIT) for _ in range(5)]
        late = [penalty(CF_CFJGDM=UNIT, CF_JDRQ="2026-01-05") for _ in range(2)]
        bad = penalty(CF_CFJGDM=UNIT, CF_SY=None)
        records = [json.dumps(record) for record in [*good, *late, bad]]
        lines.write_text("\n".join(records) + "\n", "utf-8")
        own = {"CREDIT_LEDGER_DIR": str(net)}
        sent = run("submit", lines, "--to", url, "--wait", "--json", env=own)
        assert sent.code == 1, sent.err
        env = {"CREDIT_LEDGER_NOW": f"+{_seconds_until_closed()}"}
        assert run(*up, env=env).code == 0
        yield Later(file, url, month, env)
    finally:
        run("network", "down", "--dir", net)


def _seconds_until_closed() -> int:
    """Until four days after the end of this month: the last promise of it has been kept."""
    now = datetime.now(ZoneInfo("Asia/Shanghai"))
    next_month = (now.replace(day=1, hour=0, minute=0, second=0) + timedelta(days=32)).replace(
        day=1
    )
    return int((next_month + timedelta(days=4) - now).total_seconds())


def test_the_files_are_closed_and_agree_with_the_logs(later: Later) -> None:
    done = later.quality("--by", "authority")
    assert done.code == 0, done.err + done.out
    told = done.json()
    assert {member["state"] for member in told["members"]} == {"closed"}
    (row,) = [row for row in told["rows"] if row["unit"] == UNIT]
    assert (row["received"], row["conforming"]) == (8, 7)
    assert row["timely"] == {"yes": 5, "no": 2, "unknown": 0}
    assert row["rates"]["conforming"] == "87.50"


def test_what_is_closed_never_changes(later: Later) -> None:
    first, digests = later.get(), {m["digest"] for m in later.quality("--no-log").json()["members"]}
    assert "immutable" in first.headers["cache-control"]
    assert later.get().content == first.content
    assert {m["digest"] for m in later.quality("--no-log").json()["members"]} == digests
