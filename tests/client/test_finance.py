"""What finance asks of a gateway, by both clients, from its beginning to its end: two provinces, a
bureau and a bank with real gateways on one chain, once for all of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import structlog

from gateway.base.policy import SCOPES
from ledger import (
    NotAllowed,
    NotFound,
    NotReady,
    Refused,
    Terms,
    Verifier,
    ask,
    judge_file,
)
from ledger.client.inputs import Feedback, Subject
from ledger.core.errors import InputError
from ledger.core.status import Action
from tests.acceptance.independent import uscc
from tests.client.conftest import Make
from tests.client.either import client_of
from tests.docs.test_client_pages import EXAMPLES, FINANCE
from tests.gateway.authorisations import desk
from tests.gateway.cases.desk import PDF
from tests.gateway.intake.material import new_token
from tests.gateway.products import workshop
from tests.gateway.queries.test_checks import MEASURE
from tests.support.peers import Member, Network, row, start_members
from tests.support.relay import drop_request

BEIJING, TIANJIN, BUREAU, BANK = "110000", "120000", "demo-bureau", "demo-bank"
HEBEI, SHANXI = "130000", "140000"
PATIENT = Terms(first_pause=0.1, longest_pause=2.0)
FAMILY = "penalty"
_numbers = count(7000)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    folder = tmp_path_factory.mktemp("finance")
    codes = (BEIJING, TIANJIN, BUREAU, BANK)
    with start_members(folder, codes, consent=(BEIJING,), makers=(BUREAU,)) as found:
        yield found


@pytest.fixture(autouse=True)
def chain_of_today(network: Network) -> None:
    network.keep_time()


@pytest.fixture
def at(make: Make, network: Network) -> Callable[..., Any]:
    """A client at a member's gateway, by a token of its own with all scopes, or with some."""

    def made(code: str, *scopes: str) -> Any:
        token = new_token(network[code].node, *(scopes or SCOPES), department=None)
        return make(network[code].url, token=token, terms=PATIENT)

    return made


@pytest.fixture
def verifier(network: Network) -> Iterator[Verifier]:
    made = Verifier(network.chain.file, wait=0)
    yield made
    made.close()


@pytest.fixture
def firm() -> str:
    """A firm that no other test knows."""
    return uscc(next(_numbers), start="91110000MA")


def filed(member: Member, firm: str, class_: str = "severe") -> bytes:
    """A penalty of a firm, anchored; its record id."""
    [record] = member.file(row(next(_numbers), class_, CF_XDR_SHXYM=firm))
    return record


def refusal(call: Callable[[], object], kind: type[Refused] = Refused) -> str:
    with pytest.raises(kind) as caught:
        call()
    assert caught.value.remedy["zh"] and caught.value.remedy["en"]
    return caught.value.code


# ---- a question


def test_one_subject(at: Any, network: Network, verifier: Verifier, firm: str) -> None:
    """Each province by itself, who gave no answer, and a bundle that the chain alone proves."""
    bank = at(BANK, "read")
    records = {code: filed(network[code], firm).hex() for code in (BEIJING, TIANJIN)}
    found = bank.use(firm, "pre-loan", types=[FAMILY], matter=firm)
    assert (found.subject, found.overall) == (firm, "adverse")
    assert found.answered == {BEIJING: 1, TIANJIN: 1}
    assert found.missing.keys() == {HEBEI, SHANXI} and found.queries.keys() == records.keys()
    assert {one.issuer: one.record for one in found.records} == records
    assert {(one.verdict, one.adverse) for one in found.records} == {("valid", True)}
    assert judge_file(verifier, found.data, ask()).verdict == "adverse"
    altered = found.data.replace(b'"adverse"', b'"clear"')
    assert judge_file(verifier, altered, ask()).exit == 1
    kept = bank.uses.show(found.id)
    assert (kept.data, kept.id, kept.overall) == (found.data, found.id, "adverse")
    bank.uses.decide(found.id, "declined")
    [line] = bank.uses.find(code=firm).uses
    assert (line.id, line.matter, line.decision, line.kept) == (found.id, firm, "declined", True)
    assert bank.uses.find(code=firm, overall="clear").uses == ()
    today = network[BANK].node.ctx.clock.today()
    assert found.id in [one.id for one in bank.uses.log(today, today)]
    assert at(BEIJING).uses.usage(today, today).unrelated == ()


def test_a_province_that_is_down(at: Any, network: Network, firm: str) -> None:
    filed(network[BEIJING], firm)
    network[TIANJIN].relay.on(drop_request())
    try:
        found = at(BANK).use(firm, "pre-loan", types=[FAMILY])
    finally:
        network[TIANJIN].relay.clear()
    assert found.answered == {BEIJING: 1} and TIANJIN in found.missing
    states = {(one.member, one.state) for one in found.completeness}
    assert {(BEIJING, "stated"), (TIANJIN, "missing")} <= states


def test_what_is_not_asked(at: Any, make: Make, network: Network, firm: str) -> None:
    """Each refusal is the error of its kind, with its code, and what to do in both languages."""
    bank = at(BANK)
    mistyped = firm[:-1] + ("0" if firm[-1] != "0" else "1")
    assert refusal(lambda: bank.use(mistyped, "pre-loan")) == "subject-invalid"
    assert refusal(lambda: bank.use(firm, "fun")) == "schema-invalid"
    unknown = refusal(lambda: bank.use(firm, "pre-loan", authorisation="22" * 32))
    assert unknown == "authorisation-unknown"
    assert refusal(lambda: bank.uses.show("0" * 32), NotFound) == "not-found"
    consent = at(BANK, "consent")
    assert refusal(lambda: consent.use(firm, "pre-loan"), NotAllowed) == "scope-missing"
    stranger = make(network[BANK].url)
    assert refusal(lambda: stranger.use(firm, "pre-loan"), NotAllowed) == "token-missing"


# ---- authorisations


def test_an_authorisation_from_its_making_to_its_end(at: Any, network: Network, firm: str) -> None:
    counter, bank = at(BEIJING, "consent"), at(BANK, "read", "consent")
    filed(network[BEIJING], firm, "minor")
    today = network[BANK].node.ctx.clock.today()

    def grant(**changes: Any) -> Any:
        said: dict[str, Any] = {
            "types": [FAMILY],
            "regions": [BEIJING],
            "purpose": "pre-loan",
            "first": today,
            "last": today + timedelta(days=30),
            "docs": [("授权书.pdf", PDF)],
            "key": f"loan-{firm}",
        }
        return counter.authorisations.grant(firm, BANK, **(said | changes))

    name = grant()
    assert grant() == name, "by its key it is one"
    assert refusal(lambda: grant(docs=[], key=None)) == "document-required"
    assert refusal(lambda: grant(last=today + timedelta(days=5))) == "idempotency-differs"
    shown = counter.authorisations.show(name)
    assert (shown.role, shown.grantee, shown.state) == ("granted", BANK, "in-force")
    assert counter.authorisations.document(name, 0) == PDF
    assert refusal(lambda: bank.authorisations.show(name), NotFound) == "not-found"

    taken = bank.authorisations.take(counter.authorisations.opening(name))
    assert (taken.authorisation, taken.role, taken.subject) == (name, "held", firm)
    [held] = bank.authorisations.listed(subject=firm).authorisations
    assert held.authorisation == name
    assert refusal(lambda: bank.authorisations.take(b"{}"))
    assert refusal(lambda: bank.authorisations.document(name, 0), NotFound) == "not-found"
    given = bank.use(firm, "pre-loan", types=[FAMILY], authorisation=name)
    assert given.answered[BEIJING] == 1 and not bank.use(firm, "pre-loan").answered[BEIJING]
    other = refusal(lambda: bank.use(firm, "post-loan", authorisation=name))
    assert other == "authorisation-other-purpose"
    [query] = counter.authorisations.queries(name).queries
    assert (query.member, query.records, query.purpose) == (BANK, 1, "pre-loan")

    assert refusal(lambda: bank.authorisations.revoke(name), NotAllowed) == "not-the-custodian"
    assert counter.authorisations.revoke(name).state == "revoking"
    desk.send_all(network[BEIJING])
    assert counter.authorisations.revoke(name, within=60).state == "revoked"
    network[BANK].anvil.mine(8)
    ended = refusal(lambda: bank.use(firm, "pre-loan", authorisation=name))
    assert ended == "authorisation-revoked"


# ---- many


def test_many_and_what_was_done(at: Any, network: Network, firm: str) -> None:
    """In their order over several requests; one that cannot be asked about holds up no other."""
    beijing = at(BEIJING)
    filed(network[TIANJIN], firm)
    table = f"统一社会信用代码,授权编号\n{firm},\n{firm[:-1]}?,\n{firm},{'22' * 32}\n".encode()
    subjects = beijing.checks.read(("bidders.csv", table))
    assert subjects[0] == Subject(code=firm, row=2)
    assert (subjects[2].row, subjects[2].authorisation) == (4, "22" * 32)
    found = list(beijing.checks.each([*subjects, firm], "bidding", types=[FAMILY], matter="7"))
    assert [one.n for one in found] == [0, 1, 2, 3]
    codes = [None, "subject-invalid", "authorisation-unknown", None]
    assert [one.code for one in found] == codes and found[1].message["zh"]
    assert [one.overall for one in found] == ["adverse", None, None, "adverse"]
    assert beijing.uses.show(found[0].use).subject == firm
    with pytest.raises(Refused):
        list(beijing.checks.each([firm], "fun"))

    today = network[BEIJING].node.ctx.clock.today()
    good = Feedback(query=found[0].queries[TIANJIN], day=today, measure=MEASURE, matter="某工程")
    bad = Feedback(query="00" * 32, day=today, matter="7", measure="x")
    told = beijing.checks.feedback([good, bad])
    assert [one.n for one in told] == [0, 1]
    assert told[0].statement and not told[0].errors
    assert told[1].statement is None and told[1].errors[0]["code"]
    rows = f"QUERY,DAY,MATTER,MEASURE,RESULT\n{good.query},{today},某工程,{MEASURE},\n".encode()
    [read] = beijing.checks.read_feedback(("feedback.csv", rows))
    assert (read.query, read.day, read.measure, read.row) == (good.query, f"{today}", MEASURE, 2)


# ---- products


def test_a_product_and_what_became_of_it(at: Any, network: Network, firm: str) -> None:
    bureau, bank = at(BUREAU, "product"), at(BANK, "product")
    record = filed(network[TIANJIN], firm).hex()
    product = bureau.products.register("model", b"how it is made", title="评分")
    made = bureau.products.publish(product, b"scores", [record])
    assert (made.version, made.inputs, made.new) == (1, 1, True)
    assert not bureau.products.publish(product, b"scores", [record]).new, "twice is once"
    assert bureau.products.show(product).in_flight
    workshop.send_all(network[BUREAU])
    shown = bureau.products.wait(product, within=60)
    assert [(one.action, one.state) for one in shown.acts] == [
        ("register", "recorded"),
        ("publish", "recorded"),
    ]
    assert (shown.title, shown.kind, shown.versions[0].inputs) == ("评分", "model", 1)
    assert product in [one.product for one in bureau.products.listed().products]
    bureau.products.hand(product, 1, BANK)

    manifest = bureau.products.manifest(product, 1)
    assert refusal(lambda: bank.products.status(product, member=BUREAU)) == "manifest-missing"
    assert refusal(lambda: bank.products.take(manifest[:-2] + b"0}", BUREAU))
    assert bank.products.take(manifest, BUREAU).new
    status = bank.products.status(product, member=BUREAU)
    assert (status.version, status.inputs, status.stale, status.causes) == (1, 1, False, ())
    assert record.encode() in bureau.products.prove(product, 1, record)
    workshop.act(network, TIANJIN, bytes.fromhex(record), Action.REPAIR)
    workshop.follow(network[BANK], network[BUREAU])
    status = bank.products.status(product, member=BUREAU)
    assert status.stale and "repaired" in status.causes[0].causes
    assert bureau.products.inputs(product, 1).records[record] == status.causes[0].causes
    lineage = bureau.products.lineage(record)
    assert lineage.stale and [(one.product, one.users) for one in lineage.products] == [
        (product, (BANK,))
    ]
    bureau.products.retire(product)
    workshop.send_all(network[BUREAU])
    assert bureau.products.wait(product).retired_at
    assert refusal(lambda: bureau.products.publish(product, b"more", [record]))
    assert refusal(at(BANK, "read").products.listed, NotAllowed) == "scope-missing"


def test_outcomes(at: Any, network: Network) -> None:
    bank = at(BANK)
    month = f"{network[BANK].node.ctx.clock.today():%Y-%m}"
    households = next(_numbers)
    table = "月份,地区,产品,版本,户数,授信金额(万元),贷款金额(万元)\n"
    table += f"{month},{TIANJIN},,,{households},1200.5,800\n{month},999999,,,9,1,1\n"
    told = bank.outcomes.report(("outcomes.csv", table.encode()))
    assert [one.state for one in told.rows][1] == "wrong" and told.rows[1].errors[0]["remedy"]
    assert told.rows[0].commitment and not told.all_taken
    again = bank.outcomes.report(("outcomes.csv", table.encode()))
    assert again.counts["known"] == 1
    [item] = bank.outcomes.listed(month).items
    assert item["households"] == households
    assert refusal(lambda: bank.outcomes.report(("x.csv", b"a,b\n1,2\n"))) == "outcomes-header"
    sums = at(TIANJIN).outcomes
    assert isinstance(sums.sums(month, month, by=["region"]), list)
    assert refusal(lambda: sums.sums("2010-01", month)) == "months-too-many"


# ---- reports


def test_a_report(at: Any, network: Network, verifier: Verifier, firm: str) -> None:
    """By number and code at the gateway of a bank, which did not make it."""
    beijing, bank = at(BEIJING), at(BANK)
    record = filed(network[BEIJING], firm).hex()
    today = network[BEIJING].node.ctx.clock.today()
    ids = [one.id for one in beijing.reports.fields()]
    made = beijing.reports.make(firm, today - timedelta(days=700), today)
    assert made.number in [one.number for one in beijing.reports.listed().reports]
    assert beijing.reports.opening(made.number).startswith(b'{"_type":')

    assert bank.reports.check(made.number, made.code) == "genuine"
    read = bank.reports.read(made.number, made.code)
    assert (read.code, read.issuer, read.state, read.whole) == (firm, BEIJING, "genuine", True)
    [line] = read.lines
    assert line.record == record and line.field in ids
    assert verifier.verify(line.receipt, ask(subject=firm)).verdict == "valid"

    until = today + timedelta(days=9)
    given = beijing.reports.share(made.number, lines=[1], until=until)
    shown = bank.reports.open_share(made.number, given.code)
    assert not shown.whole and [one.line for one in shown.lines] == [1]
    [share] = beijing.reports.shares(made.number)
    assert (share.share, share.lines, share.opened) == (given.share, (1,), 1)
    beijing.reports.unshare(made.number, given.share)
    assert refusal(lambda: beijing.reports.open_share(made.number, given.code)) == "share-unknown"

    filed_case = beijing.reports.object_to(made.pdf, 1, "已缴清", docs=[("a.pdf", PDF)])
    assert beijing.cases.show(filed_case.case).record == record
    with pytest.raises(InputError, match="line-unknown"):
        beijing.reports.object_to(made.pdf, 2, "已缴清")


def test_codes_are_tried_three_times(at: Any, network: Network, firm: str) -> None:
    """A wrong one is no error, and is counted; when the next may be tried is told at once."""
    today = network[BEIJING].node.ctx.clock.today()
    beijing = at(BEIJING)
    made = beijing.reports.make(firm, today, today)
    assert beijing.reports.check(made.number, "AAAAAAAA") == "unknown"
    assert refusal(lambda: beijing.reports.read(made.number, "AAAAAAAA")) == "report-unknown"
    assert beijing.reports.check(made.number, "AAAAAAAA") == "unknown"
    with pytest.raises(NotReady) as caught:
        beijing.reports.check(made.number, made.code)
    assert (caught.value.status, caught.value.reason) == (429, "report-tries")
    assert caught.value.retry_after is not None and caught.value.retry_after > 60


# ---- what is followed


def test_what_is_followed(at: Any, network: Network, firm: str) -> None:
    """An authority needs no authorisation for it; a bank does."""
    office = at(BEIJING)
    record = filed(network[TIANJIN], firm).hex()
    assert office.followed.follow_record(record) == record
    name = office.followed.follow_subject(firm, "regulation", types=[FAMILY])
    assert office.followed.follow_subject(firm, "regulation", types=[FAMILY]) == name
    assert record in [one.record for one in office.followed.records()]
    [one] = [one for one in office.followed.subjects() if one.subject == name]
    assert (one.code, one.purpose, one.records) == (firm, "regulation", None)
    assert isinstance(office.followed.subject(name).records, tuple)
    assert isinstance(office.followed.latest(), list)
    office.followed.unfollow_record(record)
    office.followed.unfollow_subject(name)
    assert refusal(lambda: office.followed.unfollow_record(record), NotFound) == "not-found"
    assert refusal(lambda: office.followed.follow_subject("x", "regulation")) == "schema-invalid"
    assert (
        refusal(lambda: at(BANK).followed.follow_subject(firm, "post-loan"), NotAllowed)
        == "authorisation-missing"
    )


# ---- the page


PORTS = {"8546": BEIJING, "8550": BUREAU, "8551": BANK}
SUBJECT = "91120101MA4J79434X"


@contextmanager
def at_work(step: Callable[[], object]) -> Iterator[None]:
    """What a node does by itself, again and again. Each block is a second ahead, so there are no
    more than are needed."""
    ended = threading.Event()

    def work() -> None:
        while not ended.wait(0.05):
            step()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


Run = Callable[..., list[str]]


@pytest.fixture
def run(network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Run:
    """Runs an example of the page in a folder of its own; the lines that it prints."""
    monkeypatch.chdir(tmp_path)
    Path("network.json").write_bytes(network.chain.file.encode())
    for name, code in (("token", BANK), ("desk-token", BEIJING), ("maker-token", BUREAU)):
        Path(name).write_text(new_token(network[code].node, *SCOPES, department=None))

    def ran(number: int, dots: str = "") -> list[str]:
        text = EXAMPLES[FINANCE[number]].replace('"…"', f'"{dots}"')
        for port, code in PORTS.items():
            text = text.replace(f"http://127.0.0.1:{port}", network[code].url)
        capsys.readouterr()
        exec(compile(text, f"example {number}", "exec"), {"__name__": "__main__"})
        out: str = capsys.readouterr().out
        return out.splitlines()

    return ran


def test_the_page_asks_about_a_firm(run: Run, network: Network) -> None:
    filed(network[TIANJIN], SUBJECT)
    printed = run(0)
    assert printed[0].startswith("adverse {") and printed[-1] == "adverse"
    assert "120000 penalty@1 valid True" in printed


def test_the_page_grants_and_revokes(run: Run, network: Network) -> None:
    beijing = network[BEIJING]
    filed(beijing, SUBJECT, "minor")
    Path("授权书.pdf").write_bytes(PDF)
    [granted] = run(1)
    assert granted.endswith(" in-force")
    with at_work(partial(desk.send_all, beijing)):
        printed = run(2)
    assert "in-force" in printed[0] and "'110000': 1" in printed[1] and printed[2] == "revoked"


def test_the_page_checks_many(run: Run, network: Network, firm: str) -> None:
    filed(network[TIANJIN], firm)
    Path("bidders.csv").write_text(f"统一社会信用代码\n{firm}\n{firm[:-1]}?\n", "utf-8")
    first, second, told = run(3, MEASURE)
    assert first.startswith(f"{firm} adverse") and "subject-invalid" in second
    assert len(told) > 64 and "code" not in told


def test_the_page_makes_and_uses_a_product(run: Run, network: Network, firm: str) -> None:
    record, bureau = filed(network[TIANJIN], firm).hex(), network[BUREAU]
    for name in ("method.pdf", "scores.csv"):
        Path(name).write_bytes(name.encode())
    with at_work(partial(workshop.send_all, bureau)):
        acts, lineage = run(4, record)
    assert acts == "[('register', 'recorded'), ('publish', 'recorded')]"
    assert "('demo-bank',)" in lineage
    month = f"{bureau.node.ctx.clock.today():%Y-%m}"
    head = "period,region,product,version,households,granted,lent\n"
    Path("outcomes.csv").write_text(f"{head}{month},{BEIJING},,,40,5000,3200\n")
    status, outcomes = run(5)
    assert status == "False []" and outcomes.startswith("{'new': 1,")


def test_the_page_checks_a_report(run: Run, network: Network, firm: str) -> None:
    filed(network[BEIJING], firm)
    today = network[BEIJING].node.ctx.clock.today()
    with client_of("blocking", network[BEIJING].url, token=Path("desk-token").read_text()) as desk_:
        made = desk_.reports.make(firm, today - timedelta(days=700), today)
    Path("report.txt").write_text(f"{made.number} {made.code}")
    Path("report.pdf").write_bytes(made.pdf)
    assert run(6) == ["genuine", "1 penalty@1 valid", "genuine"]
