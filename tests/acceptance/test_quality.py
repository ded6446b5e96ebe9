"""The figures that members publish are what an independent script counts from the same files."""

import json
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.acceptance.independent import canonical, check_es256, unb64u, uscc
from tests.acceptance.independent_quality import Counter, Row, read
from tests.acceptance.made_files import make
from tests.acceptance.outside import Done, Net, run, today

HEBEI = "130000"
GO_LIVE = date(2024, 1, 1)
"""As `network up` sets it."""
PROVINCES = ["110000", "120000", "130000", "140000"]
UNITS = [uscc(seed, start="11130102MA") for seed in (71, 72)]


@dataclass(frozen=True)
class Sent:
    """What two departments of Hebei sent. months: in which it may have been counted."""

    counter: Counter
    months: list[str]

    def held(self, unit: str) -> list[Row]:
        """The rows of a unit that are on the ledger."""
        return [row for row in self.counter.held.values() if row["CF_CFJGDM"] == unit]

    @property
    def expected(self) -> dict[str, dict[str, Any]]:
        return {unit: line.as_dict() for unit, line in self.counter.lines.items()}


@pytest.fixture(scope="module")
def sent(net: Net, tmp_path_factory: pytest.TempPathFactory) -> Sent:
    folder = tmp_path_factory.mktemp("quality")
    counter, first = Counter(today(), GO_LIVE), today()
    for seed, unit in enumerate(UNITS, 1):
        other = next(one for one in UNITS if one != unit)
        where = ("--config", net.config(HEBEI))
        scope = ("--scope", "submit", "--authority", unit, "--department", f"部门{seed}")
        added = run("gateway", "token", "add", f"quality-{seed}", *scope, *where, "--json")
        assert added.code == 0, added.err
        for at, (name, data) in enumerate(make(seed, unit, other, today(), rows=24)):
            file = folder / f"{seed}-{at}-{name}"
            file.write_bytes(data)
            done = run(
                *("submit", file, "--to", net.urls[HEBEI], "--token", added.json()["token"]),
                "--json",
            )
            assert done.code in (0, 1), done.err
            counter.send(read(name, data), [unit])
    return Sent(counter, sorted({day.isoformat()[:7] for day in (first, today())}))


def quality(net: Net, *arguments: object) -> Done:
    return run("audit", "quality", *arguments, "--network", net.file)


def added_up(rows: list[dict[str, Any]], expected: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The rows of the units, those of two months together, with what is expected of them."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row.get("unit") not in expected:
            continue
        line = found.setdefault(row["unit"], {})
        for name in expected[row["unit"]]:
            value = row[name]
            if isinstance(value, dict):
                held = line.setdefault(name, {})
                for key, count in value.items():
                    held[key] = held.get(key, 0) + count
            else:
                line[name] = line.get(name, 0) + value
    return found


def test_the_published_file(net: Net, sent: Sent) -> None:
    """Signed by the PRESENT key that the node names, in its one spelling."""
    keys = {key["keyId"]: key for key in net.node(HEBEI)["keys"]}
    rows = []
    for month in sent.months:
        answer = net.http.get(f"{net.urls[HEBEI]}/v1/quality/{month}")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/jose"
        header, payload = (json.loads(unb64u(part)) for part in answer.text.split(".")[:2])
        assert header == {"alg": "ES256", "iat": header["iat"], "kid": header["kid"]} | {
            "typ": "credit-ledger-quality+jws"
        }
        assert keys[header["kid"]]["purpose"] == "PRESENT"
        check_es256(answer.text, keys[header["kid"]]["jwk"])
        assert unb64u(answer.text.split(".")[1]) == canonical(payload)
        assert (payload["_type"], payload["member"]) == ("credit-ledger/quality@1", HEBEI)
        assert payload["period"] == month
        rows += payload["rows"]
    assert added_up(rows, sent.expected) == sent.expected


def test_the_table(net: Net, sent: Sent, tmp_path: Path) -> None:
    rows = []
    for month in sent.months:
        done = quality(net, "--month", month, "--by", "authority", "--json")
        assert done.code == 0, done.err
        told = done.json()
        assert [member["member"] for member in told["members"]] == PROVINCES
        assert {member["state"] for member in told["members"]} <= {"provisional", "closed"}
        rows += told["rows"]
        ranks = [row["rank"] for row in told["rows"] if row["rank"]]
        assert ranks == list(range(1, len(ranks) + 1))
    assert added_up(rows, sent.expected) == sent.expected


def test_the_weekly_report(net: Net, sent: Sent, tmp_path: Path) -> None:
    year, week, _ = sent.counter.today.isocalendar()
    out = tmp_path / "week.xlsx"
    arguments = ("--week", f"{year}-W{week:02}", "--by", "authority", "-o", out)
    assert quality(net, *arguments).code == 0
    ranking, refused, sources = openpyxl.load_workbook(out).worksheets
    assert {str(row[2].value) for row in ranking.iter_rows(min_row=2)} >= set(UNITS)
    assert {str(row[1].value) for row in refused.iter_rows(min_row=2)} >= set(UNITS)
    assert [row[0].value for row in sources.iter_rows(min_row=2)] == PROVINCES


@pytest.mark.parametrize(
    "arguments", [[], ["--month", "2026-13"], ["--week", "2026-11"], ["--month", "2026-W01"]]
)
def test_wrong_usage(net: Net, arguments: list[str]) -> None:
    assert quality(net, *arguments).code == 2


def test_a_month_that_nobody_has(net: Net) -> None:
    done = quality(net, "--month", "2020-01", "--json")
    assert done.code == 4
    codes = {finding["code"] for member in done.json()["members"] for finding in member["findings"]}
    assert codes == {"no-such-period"}


def own(net: Net) -> dict[str, str]:
    return {"CREDIT_LEDGER_DIR": str(net.folder)}


def register(folder: Path, rows: list[Row], *columns: str) -> Path:
    file = folder / "register.csv"
    lines = [",".join(columns), *(",".join(row[code] for code in columns) for row in rows)]
    file.write_text("\n".join(lines), "gb18030")
    return file


def reconciled(net: Net, file: Path, *more: object) -> Done:
    where = ("--member", HEBEI, "--network", net.file)
    return run("audit", "reconcile", file, *where, *more, env=own(net))


def test_a_register_and_what_was_kept_back(net: Net, sent: Sent, tmp_path: Path) -> None:
    unit, rows = UNITS[0], sent.held(UNITS[0])
    kept = rows[0] | {"CF_WSH": "样罚〔2026〕从未报送号", "CF_JDRQ": "2026-01-05"}
    columns = ("CF_WSH", "CF_CFJGDM", "CF_XDR_SHXYM", "CF_JDRQ")
    out = tmp_path / "differences.xlsx"
    done = reconciled(net, register(tmp_path, [*rows, kept], *columns), "--json", "-o", out)
    assert done.code == 1, done.err
    (line,) = done.json()["units"]
    late = sent.counter.lines[unit].timely["no"]
    assert line == {"unit": unit, "rows": len(rows) + 1, "held": len(rows), "keptBack": 1} | {
        "notDue": 0,
        "late": late,
        "different": 0,
        "unlisted": 0,
        "unreadable": 0,
        "notYours": 0,
        "repeated": 0,
        "unnumbered": 0,
        "complete": True,
    }
    assert openpyxl.load_workbook(out).worksheets[1].max_row == 1 + 1 + late
    (tmp_path / "told.json").write_text(done.out)
    month = ("--month", sent.months[-1], "--by", "authority")
    table = quality(net, *month, "--reconciled", tmp_path / "told.json", "--json").json()
    rates = {row["unit"]: row["rates"]["keptBack"] for row in table["rows"]}
    share = Decimal(100) / (len(rows) + 1)
    assert rates[unit] == str(share.quantize(Decimal("0.01"), ROUND_HALF_UP))
    assert rates[UNITS[1]] is None


def test_nothing_was_kept_back(net: Net, sent: Sent, tmp_path: Path) -> None:
    in_time = [r for r in sent.held(UNITS[0]) if r["CF_JDRQ"].replace("/", "-") == str(today())]
    file = register(tmp_path, in_time, "CF_WSH", "CF_CFJGDM", "CF_XDR_SHXYM")
    assert reconciled(net, file).code == 0
    assert reconciled(net, file, "--token", "clt_unknown").code == 4
    assert reconciled(net, file, "--rpc", "http://127.0.0.1:1").code == 4


def test_the_list_of_returned_rows(net: Net, sent: Sent, tmp_path: Path) -> None:
    first = sent.held(UNITS[0])[0]
    lines = [
        "国家平台退回清单",
        "决定书文号,机关代码,错误字段,原因",
        f"{first['CF_WSH']},{UNITS[0]},处罚依据,依据不完整",
        f"没有这个文号,{UNITS[0]},,",
    ]
    file, out = tmp_path / "退回.csv", tmp_path / "待更正.xlsx"
    file.write_text("\n".join(lines), "utf-8")
    where = ("--to", net.urls[HEBEI])
    done = run("files", "returns", file, *where, "-o", out, "--json", env=own(net))
    assert done.code == 1, done.err
    assert done.json()["counts"] == {"found": 1, "unknown": 1, "erased": 0, "unreadable": 0}
    sheet = openpyxl.load_workbook(out).worksheets[0]
    head = [cell.value for cell in sheet[1]]
    assert sheet.cell(2, head.index("行政处罚决定书文号") + 1).value == first["CF_WSH"]
    file.write_text("\n".join(lines[:3]), "utf-8")
    assert run("files", "returns", file, *where, env=own(net)).code == 0
