"""`credit-ledger verify`: exit codes, one JSON document, words for people."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfWriter

from ledger.cli import verify as verify_command
from ledger.core.canonical import encode
from ledger.core.verdict.facts import Question, date_of
from ledger.core.verdict.verdict import Verdict
from ledger.core.verdict.verdicts import VERDICTS
from ledger.records.schema import packaged_files, parse
from ledger.verify import Verifier
from tests.cli.conftest import Cli, write
from tests.support.ledger import OTHER, SUBJECT, make_record
from tests.verify.conftest import Ledger


def _blank() -> bytes:
    """A PDF of one empty page."""
    writer, data = PdfWriter(), BytesIO()
    writer.add_blank_page(100, 100)
    writer.write(data)
    return data.getvalue()


BLANK = _blank()
ROOT = Path(__file__).resolve().parent.parent.parent


def test_a_valid_receipt(ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path) -> None:
    [file] = write(tmp_path, [ledger.beijing.receipt(0)])
    done = cli("verify", file, "--network", network_file, "--json", "--subject", SUBJECT)
    assert done.exit == 0
    told = done.json()
    assert told["_type"] == "credit-ledger/verdict@1"
    assert (told["verdict"], told["usable"], told["authentic"]) == ("valid", True, True)
    assert told["record"]["CF_XDR_SHXYM"] == SUBJECT
    assert told["undisclosed"]
    assert told["network"]["digest"] == ledger.network.file.digest.hex()
    assert done.err == ""


def test_words_for_people(
    ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [file] = write(tmp_path, [ledger.beijing.receipt(0)])
    done = cli("verify", file, "--network", network_file)
    assert done.exit == 0
    assert "MAY BE USED today" in done.out
    assert "Beijing (110000)" in done.out
    assert "合成样例科技有限公司" in done.out
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "zh")
    done = cli("verify", file, "--network", network_file, "--subject", OTHER)
    assert done.exit == 3
    assert "不得使用" in done.out
    assert "真实性" in done.out
    assert OTHER in done.out


def test_a_firm_that_nobody_compared(
    ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Text without `--subject` says so; the exit code stays."""
    [file] = write(tmp_path, [ledger.beijing.receipt(0)])
    common = ["verify", file, "--network", network_file]
    done = cli(*common)
    said = "whom it is about was not compared: give --subject"
    assert (done.exit, said in done.out) == (0, True)
    assert said not in cli(*common, "--subject", SUBJECT).out
    assert said not in cli(*common, "--subject", OTHER).out
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "zh")
    assert "未核对记录是关于谁的：请给出 --subject" in cli(*common).out


def test_as_of_in_words(ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path) -> None:
    [file] = write(tmp_path, [ledger.beijing.receipt(0)])
    day = date.fromisoformat(date_of(ledger.beijing.anchors[0].time)) - timedelta(days=1)
    done = cli("verify", file, "--network", network_file, "--as-of", day)
    assert done.exit == 3
    assert f"DO NOT USE on {day} [not-yet-anchored]" in done.out
    told = cli("verify", file, "--network", network_file, "--as-of", day, "--json").json()
    assert told["asOf"] == day.isoformat()
    assert told["now"] == {"verdict": "valid", "usable": True}


def test_several_receipts_end_with_the_worst(
    ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path
) -> None:
    log = ledger.beijing
    parts = [log.receipt(0), log.receipt(0, bare=True), log.receipt(1), b"{}\n"]
    files = write(tmp_path, parts)
    out = tmp_path / "verdicts.json"
    done = cli("verify", *files, "--network", network_file, "--json", "--out", out)
    assert done.exit == 1
    verdicts = done.json()["verdicts"]
    assert [v["verdict"] for v in verdicts] == ["valid", "anchored", "valid", "malformed"]
    assert [v["file"] for v in verdicts] == [str(file) for file in files]
    assert json.loads(out.read_text("utf-8")) == done.json()
    assert cli("verify", *files[:2], "--network", network_file).exit == 4
    asked = ["--network", network_file, "--subject", OTHER]
    assert cli("verify", *files[:2], *asked).exit == 3
    assert cli("verify", files[0], files[2], "--network", network_file).exit == 0


def test_a_workbook_is_told_to_be_one(
    ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path
) -> None:
    """Beside the verdict, which stays: no receipt."""
    starts = [b"PK\x03\x04 more", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 more"]
    for data, told in ((starts[0], True), (starts[1], True), (b"{}", False), (b"PK", False)):
        (file,) = write(tmp_path, [data])
        done = cli("verify", file, "--network", network_file)
        assert done.exit == 1
        assert ("is a workbook" in done.err and "submit" in done.err) == told
    good = write(tmp_path, [ledger.beijing.receipt(0)])
    assert "workbook" not in cli("verify", *good, "--network", network_file).err


def test_several_receipts_end_in_a_table(
    ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")  # no path is folded
    log = ledger.beijing
    files = write(tmp_path, [log.receipt(0), log.receipt(1, bare=True), b"{}\n"])
    monkeypatch.setenv("COLUMNS", "600")  # so that no path is folded
    done = cli("verify", *files, "--network", network_file)
    table = done.out[done.out.rindex("Summary") :]
    rows = [line.split() for line in table.splitlines() if line.strip().startswith(str(tmp_path))]
    assert [(row[1], row[2]) for row in rows] == [
        ("valid", "0"),
        ("anchored", "4"),
        ("malformed", "1"),
    ]
    counted = "2 of 3 are genuine; by verdict: 1 valid, 1 anchored, 1 malformed"
    assert table.splitlines()[-1].strip() == counted
    assert "Summary" not in cli("verify", files[0], "--network", network_file).out
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "zh")
    told = cli("verify", *files, "--network", network_file).out
    assert "汇总" in told
    assert "共 3 份，真实 2 份；按结论：1 valid，1 anchored，1 malformed" in told


def test_json_has_one_shape_where_it_is_asked_for(
    ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path
) -> None:
    """One object for one receipt; a list for several, or with --all."""
    log = ledger.beijing
    files = write(tmp_path, [log.receipt(0), log.receipt(1)])
    common = ["--network", network_file, "--json"]
    one = cli("verify", files[0], *common).json()
    assert "verdicts" not in one
    out = tmp_path / "out.json"
    listed = cli("verify", files[0], *common, "--all", "--out", out)
    assert (listed.exit, listed.json()) == (0, {"verdicts": [{"file": str(files[0]), **one}]})
    assert json.loads(out.read_bytes()) == listed.json()
    both = cli("verify", *files, *common, "--all").json()
    assert both == cli("verify", *files, *common).json()


def test_a_receipt_that_was_saved_in_another_form_says_so(
    ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = ledger.beijing.receipt(0)
    pretty = json.dumps(json.loads(data), ensure_ascii=False, indent=2).encode()
    saved = [pretty, b"\xef\xbb\xbf" + data, data[:-1] + b"\r\n", data[:-1], data + b"\n"]
    for file in write(tmp_path, saved):
        done = cli("verify", file, "--network", network_file)
        assert done.exit == 1
        assert "was saved anew" in done.out and "Fetch it again" in done.out
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "zh")
    assert "重新获取" in cli("verify", file, "--network", network_file).out
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "en")
    others = [b"", b"{}", b"\xff", b"[" * 5000, pretty.replace(b'"index"', b'"indexes"')]
    for file in write(tmp_path, others):
        assert "was saved anew" not in cli("verify", file, "--network", network_file).out


def test_for_whom_it_was_shown(
    ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path
) -> None:
    [file] = write(tmp_path, [ledger.beijing.receipt(0, bound_to=("demo-bank", "7cQ2"))])
    command = ["verify", file, "--network", network_file]
    assert cli(*command).exit == 4
    assert cli(*command, "--audience", "demo-bank", "--nonce", "7cQ2").exit == 0
    assert cli(*command, "--audience", "demo-bank", "--nonce", "other").exit == 3
    for one in (["--audience", "demo-bank"], ["--nonce", "7cQ2"]):
        done = cli(*command, *one)
        assert done.exit == 2 and "both" in done.err


def test_how_many_witnesses(ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path) -> None:
    log = ledger.beijing
    checkpoint = log.cosigned(1, "120000", "140000")
    [file] = write(tmp_path, [log.receipt(0, checkpoint=checkpoint)])
    command = ["verify", file, "--network", network_file]
    done = cli(*command, "--witnesses", "2")
    assert done.exit == 0
    assert "Tianjin (120000), Shanxi (140000)" in done.out
    assert cli(*command, "--witnesses", "3").exit == 4
    told = cli(*command, "--json").json()
    assert told["witnesses"] == ["120000", "140000"]
    for wrong in ("0", "17", "x"):
        assert cli(*command, "--witnesses", wrong).exit == 2


def test_schemas_that_are_not_packaged(
    ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path
) -> None:
    log = ledger.beijing
    data = next(data for data in packaged_files() if json.loads(data)["name"] == "penalty")
    own = encode(json.loads(data) | {"name": "seal"})
    index = log.put(make_record(log, schema=parse(own)))
    log.anchor()
    ledger.network.anvil.mine()
    [file] = write(tmp_path, [log.receipt(index)])
    command = ["verify", file, "--network", network_file, "--json"]
    assert cli(*command).json()["verdict"] == "undetermined"
    folder = tmp_path / "schemas"
    folder.mkdir()
    (folder / "seal.json").write_bytes(own)
    (folder / "broken.json").write_bytes(b"{}")
    done = cli(*command, "--schemas", folder)
    assert done.json()["verdict"] == "out-of-catalogue"
    assert "broken.json" in done.err
    assert cli(*command, "--schemas", tmp_path / "nowhere").exit == 2
    assert cli(*command, "--schemas", file).exit == 2


def test_every_verdict_in_words(
    ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The headline says whether it may be used, then what the verdict means."""
    [file] = write(tmp_path, [ledger.beijing.receipt(0)])
    real = Verifier.verify
    for name, meaning in VERDICTS.items():

        def verdict(self: Verifier, data: bytes, asked: Question, name: str = name) -> Verdict:
            found = real(self, data, asked)
            return replace(found, standing=replace(found.standing, verdict=name))

        monkeypatch.setattr(Verifier, "verify", verdict)
        done = cli("verify", file, "--network", network_file)
        assert done.exit == meaning.exit
        line = done.out.splitlines()[1]
        assert name == "valid" or (f"[{name}]" in line and meaning.text["en"] in line), line
        starts = {0: "MAY BE USED", 1: "NOT GENUINE", 3: "DO NOT USE", 4: "CANNOT TELL"}
        start = "WEIGH IT YOURSELF" if name == "disputed" else starts[meaning.exit]
        assert line.startswith(start)


def test_hostile_fields_do_not_reach_the_terminal(
    ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path
) -> None:
    log = ledger.beijing
    index = log.put(make_record(log, CF_XDR_MC="[bold]x[/] \x1b[2J\u202e evil"))
    log.anchor()
    ledger.network.anvil.mine()
    [file] = write(tmp_path, [log.receipt(index)])
    done = cli("verify", file, "--network", network_file)
    assert done.exit == 3  # record-invalid: no field may hold what steers
    assert "\x1b[2J" not in done.out and "\u202e" not in done.out
    assert "[bold]x[/]" in done.out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["RECEIPT"],
        ["--network", "NETWORK"],
        ["missing.json", "--network", "NETWORK"],
        ["RECEIPT", "--network", "missing.json"],
        ["RECEIPT", "--network", "RECEIPT"],
        ["RECEIPT", "--network", "NETWORK", "--as-of", "yesterday"],
        ["RECEIPT", "--network", "NETWORK", "--as-of", "2026-13-01"],
        ["RECEIPT", "--network", "NETWORK", "--subject", " "],
        ["RECEIPT", "--network", "NETWORK", "--subject", "00000000000000000x"],
        ["RECEIPT", "--network", "NETWORK", "--rpc", "not a url"],
        ["RECEIPT", "--network", "NETWORK", "--nonsense"],
    ],
)
def test_wrong_usage_is_2(
    ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path, arguments: list[str]
) -> None:
    [file] = write(tmp_path, [ledger.beijing.receipt(0)])
    named = {"RECEIPT": file, "NETWORK": network_file}
    done = cli("verify", *(named.get(argument, argument) for argument in arguments))
    assert (done.exit, done.out) == (2, "")
    assert done.err


def test_the_network_is_never_picked_up_from_the_current_folder(
    ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [file] = write(tmp_path, [ledger.beijing.receipt(0)])
    monkeypatch.chdir(network_file.parent)
    assert cli("verify", file).exit == 2
    monkeypatch.setenv("CREDIT_LEDGER_NETWORK", str(network_file))
    assert cli("verify", file).exit == 0


def test_other_nodes_keep_the_quorum(
    ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [file] = write(tmp_path, [ledger.beijing.receipt(0)])
    url = ledger.network.anvil.url
    two = tmp_path / "two.json"
    two.write_bytes(ledger.network.with_rpc([url, "http://127.0.0.1:1"], 2).encode())
    assert cli("verify", file, "--network", two).exit == 4
    done = cli("verify", file, "--network", two, "--rpc", url)
    assert done.exit == 2
    assert "fewer nodes (1) than the quorum of 2" in done.err
    assert cli("verify", file, "--network", network_file, "--rpc", "http://127.0.0.1:1").exit == 4
    monkeypatch.setenv("CREDIT_LEDGER_RPC", f"{url}, http://127.0.0.1:1")
    done = cli("verify", file, "--network", network_file)
    assert done.exit == 2  # one of two is no quorum
    assert "CREDIT_LEDGER_ENV=development" in done.err
    monkeypatch.setenv("CREDIT_LEDGER_ENV", "development")
    assert cli("verify", file, "--network", network_file).exit == 0


def test_a_code_that_may_be_mistyped_is_pointed_out(
    ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path
) -> None:
    [file] = write(tmp_path, [ledger.beijing.receipt(0)])
    done = cli("verify", file, "--network", network_file, "--subject", SUBJECT[:-1] + "M", "--json")
    assert (done.exit, done.json()["verdict"]) == (3, "other-subject")
    assert "is no valid USCC" in done.err


def test_production_refuses_stand_ins(
    ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [file] = write(tmp_path, [ledger.beijing.receipt(0)])
    monkeypatch.setenv("CREDIT_LEDGER_ENV", "production")
    done = cli("verify", file, "--network", network_file)
    assert done.exit == 2
    assert "31337" in done.err
    half = tmp_path / "half.json"
    urls = [ledger.network.anvil.url, "http://127.0.0.1:1"]
    content = json.loads(ledger.network.with_rpc(urls, 1).encode()) | {"chainId": 5}
    half.write_text(json.dumps(content))
    done = cli("verify", file, "--network", half)
    assert done.exit == 2
    assert "quorum" in done.err


def test_the_clock_can_be_held_in_development(
    ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [file] = write(tmp_path, [ledger.beijing.receipt(0)])
    head = datetime.fromtimestamp(ledger.network.anvil.head_time(), UTC)
    late = head + timedelta(seconds=ledger.network.file.max_head_age + 1)
    monkeypatch.setenv("CREDIT_LEDGER_NOW", late.strftime("%Y-%m-%dT%H:%M:%SZ"))
    done = cli("verify", file, "--network", network_file, "--json")
    assert (done.exit, done.json()["checks"][7]["code"]) == (4, "head-too-old")
    assert "clock is held" in done.err
    monkeypatch.setenv("CREDIT_LEDGER_NOW", f"+{30 * 86_400}")
    done = cli("verify", file, "--network", network_file, "--json")
    assert (done.exit, done.json()["checks"][7]["code"]) == (4, "head-too-old")
    assert "runs 2592000 s ahead" in done.err
    monkeypatch.setenv("CREDIT_LEDGER_NOW", "noon")
    assert cli("verify", file, "--network", network_file).exit == 2
    content = json.loads(ledger.network.file.encode()) | {"chainId": 5}
    network_file.write_text(json.dumps(content))
    monkeypatch.setenv("CREDIT_LEDGER_ENV", "production")
    assert cli("verify", file, "--network", network_file).exit == 2


def test_an_error_that_nobody_expected_is_4(
    ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    [file] = write(tmp_path, [ledger.beijing.receipt(0)])
    with monkeypatch.context() as patch:
        patch.setattr(verify_command, "_document", broken)
        done = cli("verify", file, "--network", network_file)
    assert done.exit == 4
    assert "a bug" in done.err
    monkeypatch.setattr(Verifier, "verify", broken)  # opens no connection
    monkeypatch.setattr(Verifier, "close", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    assert cli("verify", file, "--network", network_file).exit == 130


def test_a_file_that_fails_hides_no_other(
    ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever goes wrong with one of them, each has its verdict and the worst of all counts."""
    data = ledger.beijing.receipt(0)
    moved = data.replace(ledger.network.file.reference.encode(), b"eip155:5:0x" + b"0" * 40)
    files = write(tmp_path, [moved, data.replace(b"receipt@1", b"receipt@2"), data])
    common = ["--network", network_file, "--json"]
    done = cli("verify", *files, *common)
    told = [(found["verdict"], found["usable"]) for found in done.json()["verdicts"]]
    assert told == [("other-network", False), ("undetermined", None), ("valid", True)]
    assert done.exit == 1

    judge = Verifier.verify

    def broken(self: Verifier, found: bytes, question: Question) -> Verdict:
        if found == data:
            raise RuntimeError("a bug")
        return judge(self, found, question)

    monkeypatch.setattr(Verifier, "verify", broken)
    done = cli("verify", *files, *common)
    verdicts = [found["verdict"] for found in done.json()["verdicts"]]
    assert (verdicts, done.exit) == (["other-network", "undetermined", "undetermined"], 1)
    assert "a bug" in done.out
    monkeypatch.setattr(verify_command, "_read", lambda path: path.with_name("gone").read_bytes())
    assert cli("verify", *files, *common).exit == 4


def test_a_name_that_is_no_utf_8(
    ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path
) -> None:
    file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/receipt-\xff.json"))
    file.write_bytes(ledger.beijing.receipt(0))
    out = tmp_path / "out.json"
    common = ["--network", network_file, "--all", "--out", out]
    done = cli("verify", file, *common, "--json")
    [told] = done.json()["verdicts"]
    assert (done.exit, told["verdict"]) == (0, "valid")
    assert told["file"] == f"{tmp_path}/receipt-\ufffd.json"
    assert json.loads(out.read_bytes()) == done.json()
    assert cli("verify", file, *common).exit == 0


def test_a_verdict_that_cannot_be_written_is_no_verdict(
    ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path
) -> None:
    [file] = write(tmp_path, [ledger.beijing.receipt(0)])
    longest = tmp_path / ("v" * 300)
    assert cli("verify", file, "--network", network_file, "--out", longest).exit == 4
    nowhere = cli("verify", file, "--network", network_file, "--out", tmp_path / "no" / "v.json")
    assert nowhere.exit == 2, "before anything is judged"


HEAVY = ("web3", "fastapi", "sqlalchemy", "uvicorn", "pydantic_settings", "starlette", "gateway")


def test_verify_starts_light(ledger: Ledger, network_file: Path, tmp_path: Path) -> None:
    """In a process of its own, under whatever locale: no web server, no database, no web3."""
    [file] = write(tmp_path, [ledger.beijing.receipt(0)])
    code = (
        "import sys; from ledger.cli.main import run\n"
        f"code = run(['verify', {str(file)!r}, '--network', {str(network_file)!r}, '--json'])\n"
        f"assert not [name for name in {HEAVY!r} if name in sys.modules], sys.modules.keys()\n"
        "sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C"},
        capture_output=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["verdict"] == "valid"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", {"zh": "文件是空的", "en": "The file is empty"}),
        (b"hello", {"zh": "这不是第 1 版回执", "en": "This is no receipt of version 1"}),
        (
            b"%PDF-1.4\nhello",
            {"zh": "这份 PDF 已损坏或不完整", "en": "This PDF is damaged or not whole"},
        ),
        (
            BLANK,
            {"zh": "这份 PDF 里没有专项信用报告", "en": "This PDF holds no special credit report"},
        ),
    ],
)
def test_what_is_no_evidence_at_all(
    cli: Cli,
    network_file: Path,
    tmp_path: Path,
    data: bytes,
    said: dict[str, str],
) -> None:
    """One sentence with what to do, and nothing of checks that were not made."""
    path = tmp_path / "file"
    path.write_bytes(data)
    for language, remedy in (("zh", "索取原"), ("en", "Ask for the original")):
        with pytest.MonkeyPatch.context() as changed:
            changed.setenv("CREDIT_LEDGER_LANG", language)
            done = cli("verify", path, "--network", network_file)
        assert done.exit == 1
        words = "".join(done.out.split())
        for one in (said[language], remedy):
            assert one.replace(" ", "") in words
        assert len(done.out.splitlines()) < 8, done.out
        assert "Error" not in done.out
