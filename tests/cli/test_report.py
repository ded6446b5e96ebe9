"""`credit-ledger report` against real gateways: made, verified, asked after, shared, objected
to."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import structlog

from ledger.core.errors import EvidenceError, VersionUnknown
from ledger.core.report_content import check_content
from ledger.core.status import Action
from ledger.files import reports
from ledger.files.attachments import attached
from ledger.files.reports import parse_report
from tests.acceptance.independent import uscc
from tests.cli.conftest import Cli, Done
from tests.cli.stub import stub, told
from tests.gateway.intake.material import new_token
from tests.gateway.lists.test_lists import do
from tests.gateway.reports.desk import BANK, BEIJING, HEBEI, TODAY, code_of, penalties
from tests.records.examples import AUTHORITY
from tests.support.peers import Network, start_members


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    folder: Path = tmp_path_factory.mktemp("members")
    with start_members(folder, (BEIJING, HEBEI, BANK)) as found:
        yield found


@pytest.fixture
def subject() -> str:
    return uscc(next(_numbers), start="91110000MA")


_numbers = count(5000)


@pytest.fixture
def network_json(network: Network, tmp_path: Path) -> Path:
    path = tmp_path / "network.json"
    path.write_bytes(network.chain.file.encode())
    return path


class Desk:
    """The centre of Beijing at its command line."""

    def __init__(self, cli: Cli, network: Network, folder: Path) -> None:
        self.cli = cli
        self.url = network[BEIJING].url
        self.folder = folder
        self.token = new_token(network[BEIJING].node, "read", "submit", department=None)

    def __call__(self, *words: object) -> Done:
        return self.cli("report", *words, "--to", self.url, "--token", self.token)

    def make(self, code: str, name: str = "report.pdf") -> Path:
        out = self.folder / name
        done = self("make", code, "--from", "2024-01-01", "--to", TODAY, "-o", out)
        assert done.exit == 0, done.err
        assert done.out.strip() == parse_report(out.read_bytes()).content.number
        return out


@pytest.fixture
def desk(cli: Cli, network: Network, tmp_path: Path) -> Desk:
    return Desk(cli, network, tmp_path)


def test_made_and_verified(desk: Desk, network: Network, subject: str, network_json: Path) -> None:
    ids = penalties(network, subject, 1, 2)
    pdf = desk.make(subject)
    assert pdf.stat().st_mode & 0o077 == 0, "it tells of a firm"
    for words in (("verify",), ("report", "check")):
        done = desk.cli(*words, pdf, "--network", network_json, "--json")
        assert done.exit == 0, done.out
        value = done.json()
        assert (value["verdict"], value["issuer"]) == ("genuine", BEIJING)
        assert [one["record"] for one in value["lines"]] == [one.hex() for one in ids]
    other = uscc(next(_numbers), start="91110000MA")
    for code, exit_ in ((subject, 0), (other, 3)):
        done = desk.cli("verify", pdf, "--network", network_json, "--subject", code)
        assert (done.exit, "another subject" in done.err) == (exit_, exit_ == 3), done.err
    done = desk.cli("verify", pdf, "--network", network_json)
    assert (done.exit, "Genuine" in done.out, "transport" in done.out) == (0, True, True)
    do(network, network[BEIJING], Action.REPAIR, ids[0])
    done = desk.cli("verify", pdf, "--network", network_json)
    assert (done.exit, "changed since" in done.out) == (3, True)


def test_a_flipped_byte(
    desk: Desk,
    network: Network,
    subject: str,
    network_json: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Wherever it is: the file holds the same report, or none."""
    pdf = desk.make(subject)
    whole = pdf.read_bytes()
    refused = []
    # A process for each of five hundred files takes minutes; that it reads the same is tested.
    monkeypatch.setattr(reports, "attached_apart", lambda data: list(attached(data)))
    for at in range(5, len(whole), max(1, len(whole) // 500)):
        data = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
        try:
            file = parse_report(data)
            check_content(file.content, file.opening.statement, file.receipts)
        except EvidenceError:
            refused.append(data)
        except VersionUnknown:  # of a version that does not exist yet, as far as we know
            continue
        else:
            assert file.content == parse_report(whole).content
    assert refused
    for data in refused[:: max(1, len(refused) // 4)]:
        pdf.write_bytes(data)
        done = desk.cli("verify", pdf, "--network", network_json, "--json")
        assert (done.exit, done.json()["verdict"]) == (1, "false")


def test_by_number_and_code(desk: Desk, network: Network, subject: str) -> None:
    """At the one who made it, and by way of another province."""
    pdf = desk.make(subject).read_bytes()
    number, code = parse_report(pdf).content.number, code_of(pdf)
    for url in (desk.url, network[HEBEI].url):
        done = desk.cli("report", "check", number, code, "--to", url, "--json")
        assert (done.exit, done.json()) == (0, {"number": number, "state": "genuine"}), done.err
    done = desk.cli("report", "check", number, "22222222", "--to", desk.url)
    assert (done.exit, "does not know" in done.out) == (1, True)
    penalties(network, subject, 3)
    assert desk.cli("report", "check", number, code, "--to", desk.url).exit == 3


def test_a_token_goes_to_nobody_else(
    desk: Desk, network: Network, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A counter's own node counts by it; the node that is asked instead is not shown it, or it
    would refuse a token that it does not know."""
    pdf = desk.make(subject).read_bytes()
    number, code = parse_report(pdf).content.number, code_of(pdf)
    hebei = new_token(network[HEBEI].node, "read", department=None)
    words = ("report", "check", number, code, "--to", network[HEBEI].url)
    assert desk.cli(*words, "--token", hebei).exit == 0
    monkeypatch.setenv("CREDIT_LEDGER_TOKEN", hebei)
    assert desk.cli(*words).exit == 0
    assert desk.cli("report", "check", number, code, "--to", desk.url).exit == 4


def test_shared_and_withdrawn(desk: Desk, network: Network, subject: str) -> None:
    penalties(network, subject, 4)
    number = parse_report(desk.make(subject).read_bytes()).content.number
    done = desk("share", number, "--scope", "tax,1", "--until", TODAY, "--json")
    assert done.exit == 0, done.err
    told = done.json()
    found = desk("shares", number, "--json").json()["shares"]
    assert [(one["share"], one["scope"], one["state"]) for one in found] == [
        (told["share"], {"fields": ["tax"], "lines": [1]}, "open")
    ]
    assert len(desk("share", number, "--scope", "1", "--until", TODAY).out.strip()) == 8
    assert desk("unshare", number, told["share"]).exit == 0
    assert "withdrawn" in desk("shares", number).out
    assert desk("share", number, "--scope", "2", "--until", TODAY).exit == 1
    assert desk("unshare", number, "0" * 32).exit == 1


def test_listed(desk: Desk, subject: str) -> None:
    number = parse_report(desk.make(subject).read_bytes()).content.number
    value = desk("list", "--limit", "1", "--json").json()
    assert [one["number"] for one in value["reports"]] == [number]
    assert number in desk("list").out


def test_a_line_leads_to_an_objection(desk: Desk, network: Network, subject: str) -> None:
    """At one's own node; at that of another province too, which hands it on."""
    ids = penalties(network, subject, 5, 6)
    pdf = desk.make(subject)
    done = desk("object", pdf, "2", "--reason", "已缴清", "--json")
    assert done.exit == 0, done.err
    case = done.json()["case"]
    told = desk.cli("case", "show", case, "--to", desk.url, "--token", desk.token, "--json")
    assert told.json()["record"] == ids[1].hex()
    assert desk("object", pdf, "3", "--reason", "x").exit == 1
    text = pdf.with_name("x.txt")
    text.write_text("x")
    assert desk("object", text, "1", "--reason", "x").exit == 1


def test_an_objection_tells_the_authority_that_the_report_shows(
    desk: Desk, network: Network, subject: str
) -> None:
    """The node of another province may not be given a record that is not public."""
    penalties(network, subject, 7)
    pdf = desk.make(subject)
    with stub() as node:
        node.on("POST /v1/cases", told({"case": "11" * 32, "deadline": "2026-12-21"}, 201))
        words = ("report", "object", pdf, "1", "--reason", "x", "--to", node.url, "--token", "t")
        assert desk.cli(*words).exit == 0
        assert desk.cli(*words, "--authority", "11110000000000000X").exit == 0
        shown, stated = (request.body for request in node.asked)
    assert AUTHORITY.encode() in shown
    assert b"11110000000000000X" in stated


def test_wrong_usage(desk: Desk, subject: str, tmp_path: Path) -> None:
    out = tmp_path / "x.pdf"
    words = ("report", "make", subject, "--from", "2024-01-01", "-o", out)
    for to in ((), ("--to", TODAY), ("--to", desk.url), ("--to", desk.url, "--to", "2026")):
        assert desk.cli(*words, *to).exit == 2
    number = "110000-20261130-0000010"
    assert desk.cli("report", "check", number).exit == 2
    assert desk.cli("report", "check", number, "22222222").exit == 2
    done = desk.cli(*words, "--to", TODAY, "--to", "http://127.0.0.1:9")
    assert done.exit == 4
    assert desk("make", subject, "--from", TODAY, "--to", "2024-01-01", "-o", out).exit == 1
