"""A case on pages: filed, gone on with, decided, released; by whom, and by nobody else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from gateway.node import Node
from tests.gateway.cases.desk import DECIDED, send_all, take_in
from tests.gateway.intake.material import OF_BEIJING, new_token
from tests.gateway.web.cases.people import PDF, People, field, links, seen, send, text_of, went
from tests.gateway.web.visitor import Visitor
from tests.support.anvil import Anvil

CLERK = ("submit", "read")
OFFICER = ("submit", "read", "decide")
RELEASER = ("read", "release")


@pytest.fixture(scope="module")
def leaves(node: Node, anvil: Anvil) -> Iterator[str]:
    return iter([leaf.hex() for leaf in take_in(node, anvil, *range(20))])


class Staff(NamedTuple):
    """Who decides: one proposes, another releases."""

    officer: Visitor
    releaser: Visitor


@pytest.fixture(scope="module")
def staff(officer: Visitor, releaser: Visitor) -> Staff:
    return Staff(officer, releaser)


@pytest.fixture(scope="module")
def clerk(people: People) -> Visitor:
    return people.person(*CLERK, name="clerk")


@pytest.fixture(scope="module")
def officer(people: People) -> Visitor:
    return people.person(*OFFICER, name="officer")


@pytest.fixture(scope="module")
def releaser(people: People) -> Visitor:
    return people.person(*RELEASER, name="releaser")


def filed(clerk: Visitor, leaf: str, kind: str = "repair") -> str:
    """The path of a new case."""
    doc = ("缴款凭证.pdf", PDF)
    return went(send(clerk, "/desk/cases/new", doc, record=leaf, kind=kind, reason="已缴清罚款"))


def proposed(officer: Visitor, case: str, **fields: str) -> None:
    doc = ("准予修复决定书.pdf", PDF)
    wanted = {"basis": "2", "class": "severe"} | fields
    assert went(send(officer, f"{case}/decide/grant", doc, **wanted)) == case


def release_path(case: str) -> str:
    return case.replace("/desk/cases/", "/desk/release/cases/")


def test_from_filing_to_the_chain(
    node: Node,
    anvil: Anvil,
    clerk: Visitor,
    staff: Staff,
    leaves: Iterator[str],
) -> None:
    officer, releaser = staff
    leaf = next(leaves)
    assert DECIDED[:4] in seen(clerk, f"/desk/cases/new?record={leaf}")
    case = filed(clerk, leaf)
    text = seen(clerk, case)
    assert "repair filed" in text and "已缴清罚款" in text and "working days left" in text
    assert clerk.get(f"{case}/receipt.pdf").content.startswith(b"%PDF-")
    document = clerk.get(f"{case}/steps/1/documents/0")
    assert document.content == PDF
    assert "attachment" in document.headers["content-disposition"]
    assert went(send(officer, f"{case}/accept", note="材料齐全")) == case
    assert f"{case}/decide/grant" in links(officer.get(case))
    proposed(officer, case)
    assert "You proposed it" in seen(officer, case)
    listed = releaser.get("/desk/release")
    assert release_path(case) in links(listed)
    shown = releaser.get(release_path(case))
    text = text_of(shown)
    assert "Order 36" in text and "severe" in text and "准予修复决定书.pdf" in text
    number = field(shown, "proposal")
    paper = releaser.get(f"{release_path(case)}/documents/0?proposal={number}")
    assert paper.content == PDF
    assert went(releaser.post(release_path(case), {"proposal": number})) == case
    assert "granted" in seen(releaser, case)
    send_all(node, anvil)
    text = seen(clerk, f"{case}/progress")
    assert "repaired" in text and "on the chain" in text
    assert "Decision: 准予修复决定书.pdf" in seen(officer, case)
    assert release_path(case) not in links(releaser.get("/desk/release"))


def test_only_what_one_may_do_is_offered(
    people: People, clerk: Visitor, officer: Visitor, releaser: Visitor, leaves: Iterator[str]
) -> None:
    case = filed(clerk, next(leaves))
    assert f"{case}/withdraw" in links(clerk.get(case))
    assert f"{case}/accept" in links(clerk.get(case)), "of the same department and authority"
    centre = people.centre("submit", "read")
    offered = {one for one in links(centre.get(case)) if one.startswith(f"{case}/")}
    assert f"{case}/accept" in offered and f"{case}/withdraw" not in offered
    reader = people.person("read")
    offered = {one for one in links(reader.get(case)) if one.startswith(f"{case}/")}
    assert offered == {f"{case}/receipt.pdf", f"{case}/steps/1/documents/0"}
    assert f"{case}/decide/grant" not in links(officer.get(case)), "not accepted yet"
    assert officer.get(f"{case}/decide/grant").status_code == 409
    assert reader.get(f"{case}/accept").status_code == 409
    assert send(reader, f"{case}/accept").status_code == 403
    assert releaser.get(release_path(case)).status_code == 200
    assert "Nothing waits here" in seen(releaser, release_path(case))
    other = people.person(*OFFICER, department="另一局", authorities=("91110000600037341L",))
    assert other.get(case).status_code == 404
    assert case not in links(other.get("/desk/cases"))


def test_another_proposal_ends_the_first(
    clerk: Visitor, officer: Visitor, leaves: Iterator[str]
) -> None:
    """It is said before it is done, on the case and on the form; not where none waits, nor of a
    step that replaces nothing."""
    case, words = filed(clerk, next(leaves)), "takes its place"
    send(officer, f"{case}/accept")
    assert words not in seen(officer, case)
    assert words not in seen(officer, f"{case}/decide/refuse")
    proposed(officer, case)
    assert words in seen(officer, case)
    assert words in seen(officer, f"{case}/decide/refuse")
    assert words not in seen(clerk, case), "who decides nothing replaces nothing"


def test_whoever_issued_the_token_of_who_proposed(
    people: People, clerk: Visitor, releaser: Visitor, leaves: Iterator[str]
) -> None:
    """Is told why they may not release it, and who can."""
    head = people.person("admin", name="head")
    made = head.post("/desk/tokens", {"name": "issued", "scopes": "admin"}).text
    shown = re.search("clt_[0-9A-Za-z_-]+", made)
    assert shown, made
    case = filed(clerk, next(leaves))
    issued = Visitor(people.app).sign_in(shown[0])
    send(issued, f"{case}/accept")
    proposed(issued, case)
    page = head.get(release_path(case))
    assert "one was issued by whoever holds the other" in text_of(page)
    assert f'action="{release_path(case)}"' not in page.text
    number = field(page, "proposal")
    refused = head.post(release_path(case), {"proposal": number})
    assert (refused.status_code, "issued-by-party" in refused.text) == (403, True)
    went(releaser.post(release_path(case), {"proposal": number}))


def test_two_persons(
    people: People, clerk: Visitor, officer: Visitor, releaser: Visitor, leaves: Iterator[str]
) -> None:
    case = filed(clerk, next(leaves))
    both = people.person(*OFFICER, "release", name="both")
    send(both, f"{case}/accept")
    proposed(both, case)
    shown = both.get(release_path(case))
    assert "The same person cannot release it" in text_of(shown)
    assert f'action="{release_path(case)}"' not in shown.text
    number = field(shown, "proposal")
    refused = both.post(release_path(case), {"proposal": number})
    assert (refused.status_code, "same-person" in refused.text) == (403, True)
    namesake = people.person(*RELEASER, name="both")
    refused = namesake.post(release_path(case), {"proposal": number})
    assert refused.status_code == 403
    stale = releaser.post(release_path(case), {"proposal": str(int(number) - 1)})
    assert (stale.status_code, "case-moved" in stale.text) == (409, True)
    assert officer.get(release_path(case)).status_code == 403
    went(releaser.post(release_path(case), {"proposal": number}))


def test_sent_back_with_a_reason(
    clerk: Visitor, officer: Visitor, releaser: Visitor, leaves: Iterator[str]
) -> None:
    case = filed(clerk, next(leaves))
    send(officer, f"{case}/accept")
    proposed(officer, case)
    number = field(releaser.get(release_path(case)), "proposal")
    back = f"{release_path(case)}/send-back"
    empty = releaser.post(back, {"proposal": number, "reason": ""})
    assert (empty.status_code, "reason" in empty.text) == (422, True)
    assert officer.post(back, {"proposal": number, "reason": "x"}).status_code == 403
    sent = {"proposal": number, "reason": "决定书缺盖章"}
    assert went(releaser.post(back, sent)) == "/desk/release"
    text = seen(officer, case)
    assert "sent back" in text and "决定书缺盖章" in text
    gone = releaser.post(release_path(case), {"proposal": number})
    assert (gone.status_code, "nothing-proposed" in gone.text) == (409, True)
    proposed(officer, case)
    assert "sent back" not in seen(officer, case)
    again = field(releaser.get(release_path(case)), "proposal")
    went(releaser.post(release_path(case), {"proposal": again}))


def test_asked_for_more_and_withdrawn(
    people: People, clerk: Visitor, officer: Visitor, leaves: Iterator[str]
) -> None:
    case = filed(clerk, next(leaves))
    missing = send(officer, f"{case}/ask-supplement", note="缺信用承诺书")
    assert went(missing) == case
    assert "缺信用承诺书" in seen(clerk, case)
    assert f"{case}/supplement" in links(clerk.get(case))
    elsewhere = people.centre(*OFFICER)
    assert f"{case}/supplement" not in links(elsewhere.get(case)), "its desk did not file it"
    assert "缺信用承诺书" in seen(clerk, f"{case}/supplement"), "what is to be handed in"
    empty = send(clerk, f"{case}/supplement")
    assert (empty.status_code, "an empty supplement" in empty.text) == (422, True)
    went(send(clerk, f"{case}/supplement", ("承诺书.pdf", PDF), note="补上"))
    went(send(clerk, f"{case}/withdraw", note="企业要求"))
    text = seen(clerk, case)
    assert "The case is closed" in text and "taken back" in text
    assert not {f"{case}/withdraw", f"{case}/accept"} & links(clerk.get(case))


def test_declined_with_a_reason(clerk: Visitor, officer: Visitor, leaves: Iterator[str]) -> None:
    case = filed(clerk, next(leaves))
    went(send(officer, f"{case}/decline", note="不属于可修复范围"))
    text = seen(clerk, case)
    assert "declined" in text and "不属于可修复范围" in text


def test_an_objection(
    node: Node,
    anvil: Anvil,
    clerk: Visitor,
    staff: Staff,
    leaves: Iterator[str],
) -> None:
    officer, releaser = staff
    wrong, right = next(leaves), next(leaves)
    case = filed(clerk, wrong, "objection")
    send_all(node, anvil)
    assert "disputed" in seen(clerk, case)
    offered = links(officer.get(case))
    assert f"{case}/decide/uphold" in offered and f"{case}/decide/decline" in offered
    assert f"{case}/decline" not in offered, "its mark goes with it, so two persons decline"
    fields = {"ends": "correct", "toRecord": right, "basis": "7"}
    went(send(officer, f"{case}/decide/uphold", ("核查.pdf", PDF), **fields))
    shown = releaser.get(release_path(case))
    assert right in text_of(shown)
    assert "What the correction changes" in text_of(shown), "the releaser sees what differs"
    went(releaser.post(release_path(case), {"proposal": field(shown, "proposal")}))
    send_all(node, anvil)
    assert "corrected" in seen(clerk, f"{case}/progress")


# ---- what is typed wrong


def test_a_wrong_form_comes_back_as_it_was(clerk: Visitor, leaves: Iterator[str]) -> None:
    """With what was typed, and with the documents, which need not be uploaded again."""
    leaf = next(leaves)
    filled = {"record": leaf, "kind": "objection", "reason": "金额有误", "received": "2099-01-01"}
    docs = (("证明.pdf", PDF), ("程序.pdf", b"MZ program"))
    answer = send(clerk, "/desk/cases/new", *docs, **filled)
    assert (answer.status_code, "document-executable" in answer.text) == (422, True)
    answer = send(clerk, "/desk/cases/new", ("证明.pdf", PDF), **filled)
    assert answer.status_code == 422
    assert "金额有误" in answer.text and "证明.pdf" in answer.text and "received" in answer.text
    draft = field(answer, "draft")
    assert draft
    better = filled | {"received": "", "draft": draft, "keep": "0"}
    case = went(send(clerk, "/desk/cases/new", **better))
    assert "证明.pdf" in seen(clerk, case)
    gone = send(clerk, "/desk/cases/new", **better | {"received": "2099-01-01"})
    assert field(gone, "draft") == "", "the draft ended with the case"


def test_a_session_that_ends_keeps_the_documents(
    people: People, node: Node, leaves: Iterator[str]
) -> None:
    """Those that were uploaded before; where they are gone, it is said that files are missing."""
    token = new_token(node, *CLERK, name="third", department="市监局", authorities=[OF_BEIJING])
    visitor = Visitor(people.app).sign_in(token)
    filled = {"record": next(leaves), "kind": "objection", "reason": "金额有误"}
    late = filled | {"received": "2099-01-01"}
    draft = field(send(visitor, "/desk/cases/new", ("证明.pdf", PDF), **late), "draft")
    stands = f"/desk/cases/new?record={filled['record']}"
    for name, told in ((draft, "证明.pdf"), ("0" * 32, "Files have to be chosen again")):
        form = filled | {"draft": name, "keep": "0", "csrf": visitor.csrf(), "form-page": stands}
        visitor.post("/logout")
        ours = {"Sec-Fetch-Site": "same-origin"}
        login = visitor.request("POST", "/desk/cases/new", data=form, headers=ours)
        assert login.status_code == 401
        hidden = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', login.text)
        signed_in = {"token": token, **dict(hidden)}
        page = visitor.request("POST", "/login", data=signed_in, headers=ours)
        assert "金额有误" in page.text and told in page.text
        assert "<dt><code>draft" not in page.text and "<dt><code>keep" not in page.text
        if name == draft:
            assert field(page, "draft") == draft and "Files have to" not in page.text


def test_a_draft_is_nobody_elses(people: People, clerk: Visitor, leaves: Iterator[str]) -> None:
    filled = {"record": next(leaves), "kind": "repair", "reason": "x"}
    late = filled | {"received": "2099-01-01"}
    draft = field(send(clerk, "/desk/cases/new", ("证明.pdf", PDF), **late), "draft")
    other = people.person(*CLERK)
    case = went(send(other, "/desk/cases/new", **filled, draft=draft, keep="0"))
    assert "证明.pdf" not in seen(other, case)


def test_too_early_says_when(
    node: Node, anvil: Anvil, clerk: Visitor, officer: Visitor, leaves: Iterator[str]
) -> None:
    case = filed(clerk, next(leaves))
    send(officer, f"{case}/accept")
    nothing = send(officer, f"{case}/decide/grant", **{"basis": "", "class": "severe"})
    assert (nothing.status_code, "basis" in nothing.text) == (422, True)
    early = send(
        officer,
        f"{case}/decide/grant",
        ("决定.pdf", PDF),
        **{"basis": "2", "class": "severe", "day": DECIDED},
    )
    assert early.status_code == 409
    assert "Possible from" in text_of(early)
    assert 'value="severe" selected' in early.text


@pytest.mark.parametrize(
    "path",
    [
        "/desk/cases/00",
        f"/desk/cases/{'0' * 64}",
        f"/desk/cases/{'0' * 64}/accept",
        "/desk/cases/x/y",
    ],
)
def test_what_is_not_there(clerk: Visitor, path: str) -> None:
    assert clerk.get(path).status_code == 404


def test_a_form_of_another_site(clerk: Visitor, leaves: Iterator[str]) -> None:
    parts = [("csrf", (None, "x")), ("record", (None, next(leaves)))]
    assert clerk.request("POST", "/desk/cases/new", files=parts).status_code == 403
    foreign = {"Sec-Fetch-Site": "cross-site"}
    parts = [("csrf", (None, clerk.csrf()))]
    answer = clerk.request("POST", "/desk/cases/new", files=parts, headers=foreign)
    assert answer.status_code == 403
    plain = clerk.post("/desk/cases/new", {"record": "x"})
    assert plain.status_code == 415


# ---- lists


def test_lists(people: People, clerk: Visitor, leaves: Iterator[str]) -> None:
    leaf = next(leaves)
    fields = {"record": leaf, "kind": "repair", "reason": "x", "received": "2026-01-05"}
    late = went(send(clerk, "/desk/cases/new", **fields))
    everything = clerk.get("/desk/cases")
    assert late in links(everything)
    assert "样例" in text_of(everything) or "有限公司" in text_of(everything)
    assert late in links(clerk.get("/desk/cases?due=overdue&kind=repair&state=filed&mine=true"))
    assert "overdue" in seen(clerk, "/desk/cases?due=overdue")
    for other in ("kind=objection", "state=granted", "due=soon"):
        assert late not in links(clerk.get(f"/desk/cases?{other}")), other
    elsewhere = people.person(*CLERK, department="另一局", authorities=("91110000600037341L",))
    text = seen(elsewhere, "/desk/cases")
    assert "No cases here" in text and "File a case" in text
    text = seen(elsewhere, "/desk/cases?kind=repair")
    assert "None is as chosen" in text
    submits = people.person("submit")
    assert "it does not read them" in seen(submits, "/desk/cases")
    chinese = people.person(*CLERK, lang="zh")
    assert "已超期" in seen(chinese, "/desk/cases?due=overdue")


def test_many_pages(clerk: Visitor) -> None:
    """Each has a bounded number of lines, and one leads to the other."""
    first = clerk.get("/desk/cases?page=1")
    assert first.text.count("<tr>") <= 21
    assert clerk.get("/desk/cases?page=9999").status_code == 200
    assert clerk.get("/desk/cases?page=0").status_code == 422


def test_finding_one(clerk: Visitor, leaves: Iterator[str]) -> None:
    leaf = next(leaves)
    case = filed(clerk, leaf)
    name = case.rpartition("/")[2]
    find = "/desk/cases/find"
    assert went(clerk.post(find, {"what": name})) == case
    assert went(clerk.post(find, {"what": f"credit-ledger/case@1:{name}:{'0' * 64}"})) == case
    assert went(clerk.post(find, {"what": leaf})) == f"/desk/cases?record={leaf}"
    nothing = clerk.post(find, {"what": "无此文号", "authority": "91110000600037341L"})
    assert "Nothing was found" in text_of(nothing)
    wrong = clerk.post(find, {"what": "x", "authority": "123"})
    assert 'role="alert"' in wrong.text


# ---- without an application


def test_an_own_decision(
    node: Node,
    anvil: Anvil,
    clerk: Visitor,
    staff: Staff,
    leaves: Iterator[str],
) -> None:
    officer, releaser = staff
    leaf = next(leaves)
    page = f"/desk/cases/records/{leaf}"
    record = field_of_record(officer, page)
    page = f"/desk/cases/records/{record}"
    assert page in links(officer.get(f"/desk/records/{leaf}")), "the record leads there"
    assert page not in links(clerk.get(f"/desk/records/{leaf}")), "not who decides nothing"
    assert f"{page}/end" in links(officer.get(page))
    assert not [one for one in links(clerk.get(page)) if one.startswith(f"{page}/")]
    assert clerk.get(f"{page}/end").status_code == 409
    assert send(clerk, f"{page}/end", basis="11").status_code == 403
    went(send(officer, f"{page}/end", ("移出决定.pdf", PDF), basis="11"))
    assert "You proposed it" in seen(officer, page)
    listed = releaser.get("/desk/release")
    where = f"/desk/release/records/{record}"
    assert where in links(listed)
    shown = releaser.get(where)
    assert "exit from a list" in text_of(shown)
    case = went(releaser.post(where, {"proposal": field(shown, "proposal")}))
    send_all(node, anvil)
    assert "ended" in seen(releaser, case)


def field_of_record(officer: Visitor, page: str) -> str:
    """The record id behind a leaf."""
    found = [one for one in links(officer.get(page)) if one.startswith("/desk/cases/records/")]
    return found[0].split("/")[4]
