"""Cases before a browser, in four provinces: a repair from filing to four acknowledgements, by two
persons where two are needed; with and without scripts, in both languages, wide and narrow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.pages.desks import BEIJING, CODES, HEBEI, TIANJIN, Desks, four
from tests.pages.looking import NARROW, Looks


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desks]:
    with four(tmp_path_factory.mktemp("desks") / "network") as found:
        yield found


def clerk(desks: Desks, code: str) -> str:
    return desks.token(code, "张窗口", "submit", "read")


def officer(desks: Desks, code: str) -> str:
    return desks.token(code, "李经办", "submit", "read", "decide")


def releaser(desks: Desks, code: str) -> str:
    return desks.token(code, "王复核", "read", "release")


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def file_at(page: Page, desks: Desks, record: str, kind: str = "repair") -> str:
    """File a case; the path of its page."""
    page.goto(f"/desk/cases/new?record={record}&kind={kind}")
    page.fill("#reason", "已履行全部义务，申请信用修复")
    page.set_input_files("input[name=doc]", desks.paper("缴款凭证"))
    press(page, "File the case")
    page.wait_for_url(lambda url: "/desk/cases/" in url and not url.endswith("/new"))
    return "/desk/cases/" + page.url.rpartition("/")[2]


def until_there(page: Page, path: str) -> None:
    """A case comes from another province within seconds."""
    for _ in range(600):
        answer = page.goto(path)
        if answer is not None and answer.ok:
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"{path} did not come")


def decide(page: Page, desks: Desks, case: str) -> None:
    """Accept a repair and propose to grant it."""
    page.goto(case)
    page.get_by_role("button", name="Accept", exact=True).click()
    press(page, "Accept")
    page.get_by_role("button", name="Propose to grant the repair").click()
    page.select_option("#class", "general")
    page.set_input_files("input[name=doc]", desks.paper("准予修复决定书"))
    press(page, "Propose to grant the repair")
    page.get_by_text("You proposed it").wait_for()


def release(page: Page, case: str) -> None:
    """By the second person."""
    page.goto("/desk/release")
    page.locator(f"a[href$='{case.rpartition('/')[2]}']").click()
    page.get_by_text("What exactly is released").wait_for()
    press(page, "Release: repair granted")
    page.wait_for_url(lambda url: url.endswith(case))


def test_a_repair_of_another_province(desks: Desks, look: Looks) -> None:
    """Hebei files, Tianjin decides with two persons, four provinces carry it out; what moves is
    seen without loading a page again."""
    (record,) = desks.penalties(TIANJIN, HEBEI)
    counter = look.at(desks.url(HEBEI), token=clerk(desks, HEBEI))
    case = file_at(counter, desks, record)
    assert "Tianjin" in counter.inner_text("main")
    tianjin = look.at(desks.url(TIANJIN), token=officer(desks, TIANJIN))
    until_there(tianjin, case)
    look.picture(tianjin, "case-filed-en")
    decide(tianjin, desks, case)
    second = look.at(desks.url(TIANJIN), token=releaser(desks, TIANJIN))
    release(second, case)
    done = second.locator("#live").get_by_text("All provinces have carried it out.")
    done.wait_for(timeout=600_000)
    assert second.locator("#live .provinces li").count() == len(CODES)
    assert second.locator("#live").get_by_text("carried out", exact=True).count() == len(CODES)
    look.picture(second, "case-done-en")
    look.accessible(second)
    counter.goto(case)
    counter.locator("#live").get_by_text("repaired").wait_for(timeout=600_000)
    text = counter.inner_text("main").lower()
    assert "repair granted" in text and "received by tianjin" in text
    with counter.expect_download() as receipt:
        counter.get_by_role("link", name="Receipt for the firm (PDF)").click()
    assert receipt.value.path().read_bytes().startswith(b"%PDF")
    elsewhere = look.at(desks.url(BEIJING), token=clerk(desks, BEIJING))
    assert elsewhere.goto(case).status == 404, "no party of it"  # type: ignore[union-attr]
    elsewhere.goto("/desk/worklists/acknowledgements")
    elsewhere.locator("#behind").get_by_text("none", exact=True).nth(3).wait_for(timeout=600_000)


def test_without_scripts(desks: Desks, look: Looks) -> None:
    """All of it, with nothing but links and forms."""
    (record,) = desks.penalties(TIANJIN, TIANJIN)
    counter = look.at(desks.url(TIANJIN), token=clerk(desks, TIANJIN), scripts=False)
    case = file_at(counter, desks, record)
    person = look.at(desks.url(TIANJIN), token=officer(desks, TIANJIN), scripts=False)
    decide(person, desks, case)
    second = look.at(desks.url(TIANJIN), token=releaser(desks, TIANJIN), scripts=False)
    release(second, case)
    for _ in range(600):
        second.get_by_role("link", name="Look again").or_(
            second.get_by_text("All provinces have carried it out.")
        ).first.click()
        if second.get_by_text("All provinces have carried it out.").count():
            break
        second.wait_for_timeout(500)
    assert "repaired" in second.inner_text("#live")


def test_what_is_wrong_loses_nothing(desks: Desks, look: Looks) -> None:
    """A form that is refused has what was typed, and the documents."""
    (record,) = desks.penalties(TIANJIN, TIANJIN)
    page = look.at(desks.url(TIANJIN), token=clerk(desks, TIANJIN))
    page.goto(f"/desk/cases/new?record={record}")
    page.fill("#reason", "金额有误")
    page.fill("#received", "2099-01-01")
    page.set_input_files("input[name=doc]", desks.paper("证明"))
    press(page, "File the case")
    page.get_by_role("alert").wait_for()
    assert page.input_value("#reason") == "金额有误"
    assert page.get_by_text("证明.pdf").count() == 1
    look.picture(page, "case-wrong-en")
    look.accessible(page)
    page.fill("#received", "")
    press(page, "File the case")
    page.get_by_role("link", name="证明.pdf").wait_for()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_report_is_handed_out_once(desks: Desks, look: Looks, scripts: bool) -> None:
    token = desks.token(TIANJIN, "赵报告", "read")
    page = look.at(desks.url(TIANJIN), token=token, scripts=scripts)
    page.goto("/desk/reports")
    page.check("input[name=identity]")
    page.check("input[name=wish]")
    page.fill("#code", "91110000600037341L")
    press(page, "Make the report")
    page.get_by_role("heading", name="The report is made").wait_for()
    assert page.locator("code.code").inner_text().strip().isalnum()
    with page.expect_download() as report:
        page.locator("#report").click()
    assert report.value.path().read_bytes().startswith(b"%PDF")
    assert report.value.suggested_filename.endswith(".pdf")
    look.picture(page, f"report-made-{scripts}")
    page.get_by_role("link", name="Share parts of it").click()
    page.locator("input[name=fields]").first.check()
    press(page, "Make the share")
    page.get_by_text("The code of the share").wait_for()
    if scripts:
        page.reload()
        assert page.get_by_text("The code of the share").count() == 0
        assert page.get_by_role("button", name="Withdraw").count() == 1, "it made no other one"
    press(page, "Withdraw")
    page.get_by_text("taken back", exact=True).wait_for()


def test_a_token_is_issued_once(desks: Desks, look: Looks) -> None:
    """However often the button is pressed, and the page loaded again."""
    boss = desks.token(TIANJIN, "主任", "admin")
    page = look.at(desks.url(TIANJIN), token=boss)
    page.goto("/desk/tokens")
    page.fill("#name", "新来的")
    page.check("input[value=read]")
    page.get_by_role("button", name="Issue the token").dblclick()
    page.locator("code.secret").wait_for()
    page.reload()
    assert page.locator("code.secret").count() == 0
    assert page.get_by_role("cell", name="新来的").count() == 1


def test_every_page(desks: Desks, look: Looks) -> None:
    """In both languages, wide and narrow: accessible, and nothing stands out."""
    boss = desks.token(TIANJIN, "局长", "admin")
    records = desks.penalties(TIANJIN, TIANJIN, 2)
    page = look.at(desks.url(TIANJIN), token=boss)
    objection = file_at(page, desks, records[0], "objection")
    repair = file_at(page, desks, records[1])
    page.goto(f"{repair}/accept")
    press(page, "Accept")
    page.goto(f"{repair}/decide/grant")
    page.select_option("#class", "general")
    page.set_input_files("input[name=doc]", desks.paper("决定书"))
    press(page, "Propose to grant the repair")
    page.get_by_text("You proposed it").wait_for()
    name = repair.rpartition("/")[2]
    page.goto("/desk/tokens")
    number = page.locator("a[href$='/revoke']").first.get_attribute("href")
    paths = {
        "cases": "/desk/cases",
        "cases-none": "/desk/cases?state=dismissed",
        "new": "/desk/cases/new",
        "new-record": f"/desk/cases/new?record={records[0]}&kind=objection",
        "objection": objection,
        "repair": repair,
        "progress": f"{objection}/progress",
        "ask": f"{objection}/ask-supplement",
        "uphold": f"{objection}/decide/uphold",
        "grant": f"{repair}/decide/grant",
        "own": f"/desk/cases/records/{records[0]}",
        "own-correct": f"/desk/cases/records/{records[0]}/correct",
        "release": "/desk/release",
        "release-one": f"/desk/release/cases/{name}",
        "worklists": "/desk/worklists",
        "due": "/desk/worklists/due",
        "acknowledgements": "/desk/worklists/acknowledgements",
        "returns": "/desk/worklists/returns",
        "reports": "/desk/reports",
        "tokens": "/desk/tokens",
        "revoke": str(number),
    }
    for lang in ("zh", "en"):
        wide = look.at(desks.url(TIANJIN), token=boss, lang=lang)
        narrow = look.at(desks.url(TIANJIN), token=boss, lang=lang, width=NARROW)
        for named, path in paths.items():
            for seen, width in ((wide, "wide"), (narrow, "narrow")):
                answer = seen.goto(path)
                assert answer is not None and answer.ok, (path, answer and answer.status)
                look.accessible(seen)
                look.fits(seen)
                look.picture(seen, f"desk-{named}-{lang}-{width}")
