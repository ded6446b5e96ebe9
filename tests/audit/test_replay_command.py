"""`audit replay` from the command line: what it is asked for, and where it writes."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ledger.audit.report_signature import CODES
from ledger.chain.keys.keyfile import WORK_LIGHT, create, new_secret
from ledger.chain.keys.signers import LocalSigner
from ledger.cli.main import run
from ledger.core.canonical import instant
from ledger.core.keys import Alg, Purpose
from ledger.core.verdict.facts import date_of
from tests.audit.conftest import Ledger
from tests.support.ledger import serve
from tests.support.votes import add_key, compromise, revoke

AUDITOR = "demo-auditor"


@dataclass
class Desk:
    """An auditor with a folder, and the logs at a URL."""

    ledger: Ledger
    folder: Path
    url: str
    monkeypatch: pytest.MonkeyPatch

    def wait(self, seconds: int) -> None:
        """The chain goes on, and our clock with it."""
        self.ledger.network.anvil.mine(3, seconds=seconds)
        self.monkeypatch.setenv("CREDIT_LEDGER_NOW", f"+{3 * seconds + 60}")

    @property
    def network(self) -> Path:
        return self.folder / "network.json"

    def replay(self, *more: str | Path) -> int:
        mirrors = ("--mirror", f"110000={self.url}", "--mirror", f"120000={self.url}")
        asked = ("audit", "replay", "--network", self.network, *mirrors, *more)
        return run([str(one) for one in asked])

    def signature(self, *more: str | Path) -> int:
        asked = ("audit", "signature", *more, "--network", self.network)
        return run([str(one) for one in asked])

    def key(self, signer: LocalSigner, name: str = "present.json") -> list[str | Path]:
        """Options that sign with it."""
        path, password = self.folder / name, self.folder / "password"
        password.write_bytes(b"secret")
        password.chmod(0o600)
        create("PRESENT", path, b"secret", work=WORK_LIGHT, secret=signer._secret)
        return ["--sign", path, "--password-file", password]


@pytest.fixture
def desk(ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "en")
    (tmp_path / "network.json").write_bytes(ledger.network.file.encode())
    with serve(ledger.beijing, ledger.tianjin) as url:
        yield Desk(ledger, tmp_path, url, monkeypatch)


# ---- up to which block


def test_up_to_a_block_or_a_day(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    outs = [desk.folder / f"{n}.json" for n in range(4)]
    assert desk.replay("-o", outs[0]) == 0
    number = json.loads(outs[0].read_bytes())["block"]["number"]
    now = desk.ledger.network.anvil.head_time()
    today = date_of(now)
    desk.monkeypatch.setenv("CREDIT_LEDGER_NOW", instant(now))  # also seconds before midnight
    assert desk.replay("-o", outs[1], "--to", str(number)) == 0
    assert desk.replay("-o", outs[2], "--block", str(number)) == 0
    capsys.readouterr()
    assert desk.replay("-o", outs[3], "--to", today) == 0
    assert "not over" in capsys.readouterr().err
    assert len({out.read_bytes() for out in outs}) == 1


@pytest.mark.parametrize(
    ("to", "code", "words"),
    [
        ("2999-01-01", 4, "has not come"),
        ("2001-01-01", 4, "the network begins on"),
        ("0", 4, "the network begins with block"),
        ("999999999", 4, "is above the final"),
        ("yesterday", 2, "must be the number of a block, or a day"),
        ("2026-02-30", 2, "must be the number of a block, or a day"),
        ("-1", 2, "must be the number of a block, or a day"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    desk: Desk, capsys: pytest.CaptureFixture[str], to: str, code: int, words: str
) -> None:
    assert desk.replay("--to", to) == code
    said = " ".join(capsys.readouterr().err.split())
    assert words in said and "could not be read" not in said


# ---- whom it asks


@pytest.mark.parametrize("processes", ["1", "2"])
def test_in_production_members_may_not_point_inward(desk: Desk, processes: str) -> None:
    """Whoever registers an endpoint says what the auditor's machine asks: nobody on it is."""
    asked: list[str] = []

    def spy(path: str) -> bool:
        asked.append(path)
        return False

    with serve(desk.ledger.beijing, desk.ledger.tianjin, gone=spy) as desk.url:
        desk.monkeypatch.setattr("ledger.cli.audit.production", lambda: True)
        assert desk.replay("--processes", processes) == 4
        assert asked == []
        assert desk.replay("--private-network", "127.0.0.0/8") == 2  # nobody's network
        desk.monkeypatch.setattr("ledger.cli.audit.production", lambda: False)
        assert desk.replay("--processes", processes) == 0
        assert asked != []


# ---- where it writes


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, founded: Ledger) -> Path:
    """A network of which no node answers: what asks it ends with 4."""
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "en")
    path = tmp_path / "network.json"
    path.write_bytes(founded.network.with_rpc(["http://127.0.0.1:1"], 1).encode())
    for name in ("openings", "draws", "kept"):
        (tmp_path / name).mkdir()
    for name in ("list.json", "calendar.json", "password"):
        (tmp_path / name).write_bytes(b"{}")
    (tmp_path / "linked.json").hardlink_to(path)
    return tmp_path


PLACES: dict[str, tuple[str, str]] = {
    "no such folder": ("{}/none/report.json", "there is no such folder"),
    "a folder that takes no files": ("/proc/report.json", "it cannot be written"),
    "a name that is too long": ("{}/" + "x" * 300, "it cannot be written"),
    "a folder": ("{}/openings", "is a directory"),
    "the network file": ("{}/network.json", "a file that the command reads"),
    "the same by another name": ("{}/linked.json", "a file that the command reads"),
    "a list": ("{}/list.json", "a file that the command reads"),
    "the calendar": ("{}/calendar.json", "a file that the command reads"),
    "the password": ("{}/password", "a file that the command reads"),
    "among the openings": ("{}/openings/report.json", "a folder that the command reads"),
    "among the draws": ("{}/draws/report.json", "a folder that the command reads"),
    "in the folder in which it goes on": ("{}/kept/report.json", "a folder that the command reads"),
}


@pytest.mark.parametrize("option", ["--out", "--html"])
@pytest.mark.parametrize("name", PLACES)
def test_a_place_to_which_nothing_can_be_written_is_refused_first(
    nowhere: Path, capsys: pytest.CaptureFixture[str], name: str, option: str
) -> None:
    """Before a node is asked, which would take its time; and nothing is written."""
    place, words = PLACES[name]
    before = {path: path.is_file() and path.read_bytes() for path in nowhere.rglob("*")}
    asked = ["audit", "replay", "--network", f"{nowhere}/network.json", option, place]
    asked += ["--openings", "{}/openings", "--draws", "{}/draws", "--lists", "{}/list.json"]
    asked += ["--calendar", "{}/calendar.json", "--resume", "{}/kept"]
    asked += ["--password-file", "{}/password"]
    assert run([text.replace("{}", str(nowhere)) for text in asked]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert words in said and option in said
    assert {path: path.is_file() and path.read_bytes() for path in nowhere.rglob("*")} == before


def test_two_results_are_two_files(nowhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = str(nowhere / "one.json")
    asked = ["audit", "replay", "--network", str(nowhere / "network.json"), "-o", one]
    assert run([*asked, "--html", f"{nowhere}/openings/../one.json"]) == 2
    assert "must be another file than --out" in " ".join(capsys.readouterr().err.split())
    key = str(nowhere / "list.json")
    assert run([*asked, "--html", f"{one}.sig", "--sign", key]) == 2
    assert "must be another file than --html" in " ".join(capsys.readouterr().err.split())
    assert run([*asked[:-2], "--sign", key]) == 2
    assert "--sign needs --out" in " ".join(capsys.readouterr().err.split())


def test_a_good_place_is_left_alone(nowhere: Path) -> None:
    """Where the chain is not read nothing is written, nor left over."""
    out = nowhere / "report.json"
    out.write_bytes(b"before")
    asked = ["audit", "replay", "--network", str(nowhere / "network.json"), "-o", str(out)]
    assert run(asked) == 4
    assert out.read_bytes() == b"before"
    assert sorted(path.name for path in nowhere.glob(".*")) == []


# ---- going on


def test_it_goes_on_in_a_folder(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    first, again, kept = desk.folder / "1.json", desk.folder / "2.json", desk.folder / "kept"
    assert desk.replay("-o", first, "--resume", kept) == 0
    assert kept.stat().st_mode & 0o777 == 0o700
    capsys.readouterr()
    assert desk.replay("-o", again, "--resume", kept) == 0
    said = capsys.readouterr().err
    assert "goes on, up to block" in said and "goes on at entry 300" in said
    assert first.read_bytes() == again.read_bytes()
    assert desk.replay("--resume", kept, "--gas") == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "it is kept for another replay, which differs in: --gas" in said
    path = next(kept.glob("*.journal"))
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert desk.replay("-o", again, "--resume", kept) == 0
    assert "what was kept is damaged: read again from entry" in capsys.readouterr().err
    assert first.read_bytes() == again.read_bytes()


# ---- who signed


def test_a_report_that_is_signed(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """The report is the same; the same key signs it alike, and anybody checks it."""
    plain, out = desk.folder / "plain.json", desk.folder / "report.json"
    signing = desk.key(desk.ledger.network.keys[AUDITOR, Purpose.PRESENT])
    assert desk.replay("-o", plain) == 0
    assert desk.replay("-o", out, *signing) == 0
    made = (desk.folder / "report.json.sig").read_bytes()
    assert out.read_bytes() == plain.read_bytes()
    assert desk.replay("-o", out, *signing, "--member", AUDITOR) == 0
    assert (desk.folder / "report.json.sig").read_bytes() == made
    capsys.readouterr()
    assert desk.signature(out) == 0
    assert AUDITOR in capsys.readouterr().out
    assert desk.signature(plain, f"{out}.sig") == 0
    assert desk.signature(out, "--json") == 0
    told = json.loads(capsys.readouterr().out.partition("\n{")[2].join(["{", ""]))
    assert (told["code"], told["member"]) == (None, AUDITOR)


def test_every_flipped_bit_of_a_signature_fails(desk: Desk) -> None:
    out = desk.folder / "report.json"
    signing = desk.key(desk.ledger.network.keys[AUDITOR, Purpose.PRESENT])
    assert desk.replay("-o", out, *signing) == 0
    path = desk.folder / "report.json.sig"
    made = path.read_bytes()
    for at in range(0, len(made), 37):
        path.write_bytes(made[:at] + bytes([made[at] ^ 1]) + made[at + 1 :])
        assert desk.signature(out) in (1, 4), at
    path.write_bytes(made)
    assert desk.signature(out) == 0


def told(desk: Desk, capsys: pytest.CaptureFixture[str], *more: str | Path) -> tuple[int, str]:
    """How the check of a signature ends, and with which code."""
    capsys.readouterr()
    code = desk.signature(*more, "--json")
    found = json.loads(capsys.readouterr().out)["code"]
    assert found in CODES
    return code, found


def test_what_does_not_hold(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    network, anvil = desk.ledger.network, desk.ledger.network.anvil
    out, signature = desk.folder / "report.json", desk.folder / "report.json.sig"
    signer = network.keys[AUDITOR, Purpose.PRESENT]
    assert desk.replay("-o", out, *desk.key(signer)) == 0
    later = desk.folder / "later.json"
    anvil.mine()
    assert desk.replay("-o", later) == 0
    assert told(desk, capsys, later, signature) == (1, "other-report")
    text = signature.read_text()
    signature.write_text(text.replace("eyJ", "eyK", 1))
    assert told(desk, capsys, out) == (1, "malformed")
    signature.write_text(text[:-8] + ("A" * 8))
    assert told(desk, capsys, out) == (1, "signature-invalid")
    signature.write_text(text)
    compromise(network, signer.key_id, anvil.head_time())
    anvil.mine()
    assert told(desk, capsys, out) == (4, "key-disputed")


def test_a_key_that_has_ended_since(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """It was rotated: the report of before is signed as it was; one of a block behind it is not."""
    network = desk.ledger.network
    out = desk.folder / "report.json"
    signer = network.keys[AUDITOR, Purpose.PRESENT]
    signing = desk.key(signer)
    assert desk.replay("-o", out, *signing) == 0
    revoke(network, AUDITOR, signer.key_id)
    desk.wait(60)
    capsys.readouterr()
    assert desk.signature(out) == 0
    assert desk.replay("-o", desk.folder / "later.json", *signing) == 1
    assert "no PRESENT key, valid now" in " ".join(capsys.readouterr().err.split())
    assert not (desk.folder / "later.json").exists()


@pytest.mark.parametrize("member", ["110000", "demo-bank", None])
def test_nobody_else_signs(
    desk: Desk, capsys: pytest.CaptureFixture[str], member: str | None
) -> None:
    """Neither a member of another role, nor a stranger: it is told before the logs are read."""
    keys = desk.ledger.network.keys
    stranger = LocalSigner(Alg.P256, new_secret())
    signer = stranger if member is None else keys[member, Purpose.PRESENT]
    out = desk.folder / "report.json"
    assert desk.replay("-o", out, *desk.key(signer)) == 1
    assert "AUDITOR" in capsys.readouterr().err
    assert not out.exists()


def test_a_key_of_another_purpose_signs_nothing(desk: Desk) -> None:
    path = desk.folder / "request.json"
    create("REQUEST", path, b"secret", work=WORK_LIGHT)
    assert desk.replay("-o", desk.folder / "report.json", "--sign", path) == 1


def test_a_new_key_signs_a_report_of_before(desk: Desk) -> None:
    """Its window began after the block: it signs what it replays now."""
    network = desk.ledger.network
    number = desk.ledger.replay().document["block"]["number"]
    signer = LocalSigner(Alg.P256, new_secret())
    add_key(network, AUDITOR, Purpose.PRESENT, signer)
    desk.wait(60)
    out = desk.folder / "report.json"
    assert desk.replay("-o", out, "--to", str(number), *desk.key(signer)) == 0
    assert desk.signature(out) == 0
