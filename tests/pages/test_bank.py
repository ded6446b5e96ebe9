"""A bank asks about a firm with records in several provinces, one of which is away; saves what it
was told, verifies it, and follows the firm. A firm looks at itself by number and code."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO, StringIO
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest
import structlog
from openpyxl import load_workbook
from playwright.sync_api import Page

from ledger.core.bundle import parse_bundle
from ledger.files.reports import parse_report
from tests.gateway.authorisations import desk as papers
from tests.gateway.intake.material import new_token
from tests.gateway.queries.bank import FAMILY, firm, judged, of
from tests.gateway.reports.desk import code_of, made
from tests.pages.looking import NARROW, Looks
from tests.support.peers import Network, start_members
from tests.support.relay import drop_request

BEIJING, TIANJIN, HEBEI, SHANXI, BANK = "110000", "120000", "130000", "140000", "demo-bank"
FIRM, CLEAN = firm(901), firm(902)
SCOPES = ("read", "consent", "product")


@dataclass
class Town:
    """What everybody here works with. paper: number of the firm's authorisation."""

    network: Network
    token: str
    paper: str
    records: list[bytes]

    @property
    def bank(self) -> str:
        """Where the pages of the bank are."""
        return self.network[BANK].url


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    folder: Path = tmp_path_factory.mktemp("town")
    codes = (BEIJING, TIANJIN, HEBEI, SHANXI, BANK)
    with start_members(folder, codes, consent=(BEIJING,)) as network:
        records = [
            *network[BEIJING].file(of(FIRM, 901)),
            *network[TIANJIN].file(of(FIRM, 902, "minor")),
        ]
        regions = [BEIJING, TIANJIN, HEBEI, SHANXI]
        opening = papers.granted(network, BEIJING, subject=FIRM, regions=regions, types=[FAMILY])
        network[SHANXI].relay.on(drop_request())
        token = new_token(network[BANK].node, *SCOPES, department=None, name="Officer 7")
        yield Town(network, token, opening.statement.commitment.hex(), records)


def begin(page: Page, code: str) -> None:
    """The first step."""
    page.goto("/bank")
    page.fill("#code", code)
    page.locator("form.narrow button").click()
    page.wait_for_selector("form[data-live]")


def asked(page: Page, code: str) -> None:
    """Ask, and wait for the answer."""
    begin(page, code)
    page.locator("form[data-live] button").click()
    page.wait_for_selector("#overall")


def shown(look: Looks, page: Page, name: str) -> None:
    """It can be read by everybody, and stands nowhere over the edge of a small screen."""
    look.accessible(page)
    look.picture(page, name)


def test_a_loan(town: Town, look: Looks, tmp_path: Path) -> None:
    page = look.at(town.bank, token=town.token, accept_downloads=True)
    begin(page, FIRM)
    assert page.locator(f'input[value="{town.paper}"]').is_checked(), "the one in force is chosen"
    shown(look, page, "bank-choose-en")
    page.fill("#matter", "loan 7")
    page.locator("form[data-live] button").click()
    page.wait_for_selector("#asking")
    look.picture(page, "bank-asking-en")
    page.wait_for_selector("#overall")
    told = page.locator("#overall").inner_text()
    assert "speak against this firm" in told and "Not all provinces" in told
    assert "Missing" in page.locator(f"#m-{SHANXI}").inner_text()
    assert "Records: 1" in page.locator(f"#m-{TIANJIN}").inner_text()
    assert "No records" in page.locator(f"#m-{HEBEI}").inner_text()
    assert FIRM not in page.url
    shown(look, page, "bank-use-en")

    with page.expect_download() as saved:
        page.get_by_role("button", name="Save the bundle").click()
    path = tmp_path / "bundle.json"
    saved.value.save_as(path)
    verdict = judged(town.network, path.read_bytes())
    assert (verdict.verdict, verdict.problems) == ("adverse", ())
    assert parse_bundle(path.read_bytes()).subject == FIRM

    page.get_by_role("button", name="How it stands today").click()
    page.wait_for_selector("#now")
    assert "unchanged" in page.locator(f"#m-{BEIJING}").inner_text()
    page.locator("#decision select").select_option("declined")
    page.locator("#decision button").click()
    page.wait_for_selector("[role=status]")
    page.locator("#feedback input[name=matter]").fill("loan 7")
    page.locator("#feedback button").click()
    page.wait_for_url("**done=feedback**")

    page.get_by_role("button", name="Follow this firm").click()
    page.wait_for_url("**/bank/watch**")
    assert FIRM in page.locator("main").inner_text()
    follow_one_record(page, town)
    shown(look, page, "bank-watch-en")
    page.goto("/bank/queries")
    assert "loan 7" in page.locator("table").inner_text()
    shown(look, page, "bank-queries-en")


def follow_one_record(page: Page, town: Town) -> None:
    page.fill("input[name=record]", town.records[0].hex())
    page.get_by_role("button", name="Follow this record").click()
    page.wait_for_url("**done=record**")
    assert town.records[0].hex()[:10] in page.locator("main").inner_text()


def test_without_a_script(town: Town, look: Looks) -> None:
    """The answer waits for all, and shows the same; in the other language."""
    page = look.at(town.bank, token=town.token, scripts=False, lang="zh")
    asked(page, FIRM)
    assert "对该企业不利" in page.locator("#overall").inner_text()
    assert "无法连接" in page.locator(f"#m-{SHANXI}").inner_text()
    look.picture(page, "bank-use-zh")


def test_what_one_province_away_means(town: Town, look: Looks) -> None:
    """Nothing against a firm, but one has not answered: not clear. With all there, clear."""
    page = look.at(town.bank, token=town.token)
    asked(page, CLEAN)
    assert "Do not take this for clear" in page.locator("#overall").inner_text()
    shanxi = town.network[SHANXI].relay
    shanxi.clear()
    try:
        asked(page, CLEAN)
        assert "Every province has answered" in page.locator("#overall").inner_text()
    finally:
        shanxi.on(drop_request())


def test_checks_of_many(town: Town, look: Looks, tmp_path: Path) -> None:
    page = look.at(town.bank, token=town.token, accept_downloads=True)
    path = tmp_path / "bidders.csv"
    text = StringIO()
    csv.writer(text).writerows([["统一社会信用代码"], [CLEAN], [FIRM], ["123"]])
    path.write_text(text.getvalue(), "utf-8")
    page.goto("/bank/checks")
    page.set_input_files("input[name=file]", path)
    page.fill("input[name=matter]", "tender 7")
    page.locator("select[name=purpose]").select_option("pre-loan")
    page.get_by_role("button", name="Check them").click()
    page.wait_for_selector("#check:not([hx-get])")
    shown(look, page, "bank-check-en")
    kept = {}
    for name in ("Result as a workbook", "Signed answers with receipts"):
        with page.expect_download() as saved:
            page.get_by_role("button", name=name).click()
        kept[name] = tmp_path / saved.value.suggested_filename
        saved.value.save_as(kept[name])
    sheet = load_workbook(kept["Result as a workbook"])["answers"]
    rows = {row[1]: row[2] for row in sheet.iter_rows(min_row=2, values_only=True)}
    assert rows == {CLEAN: "open", FIRM: "adverse", "123": None}
    with ZipFile(BytesIO(kept["Signed answers with receipts"].read_bytes())) as archive:
        assert sorted(archive.namelist()) == sorted(f"{one}.json" for one in (CLEAN, FIRM))
        assert judged(town.network, archive.read(f"{FIRM}.json")).verdict == "adverse"


PAGES = (
    *("/bank", "/bank/queries", "/bank/checks", "/bank/watch", "/bank/webhooks", "/bank/feedback"),
    *("/bank/authorisations", "/bank/products"),
)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page(town: Town, look: Looks, lang: str) -> None:
    page = look.at(town.bank, token=town.token, lang=lang)
    narrow = look.at(town.bank, token=town.token, lang=lang, width=NARROW)
    paths = [*PAGES, f"/bank/authorisations/{town.paper}"]
    for path in paths:
        name = path.strip("/").replace("/", "-")[:24]
        page.goto(path)
        shown(look, page, f"{name}-{lang}")
        narrow.goto(path)
        look.fits(narrow)
        look.accessible(narrow)
    asked(narrow, FIRM)
    look.fits(narrow)
    shown(look, narrow, f"bank-use-narrow-{lang}")


def test_no_code_in_an_address_or_a_log(town: Town, look: Looks) -> None:
    page = look.at(town.bank, token=town.token)
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    asked(page, FIRM)
    page.goto("/bank/queries")
    page.fill("input[name=code]", FIRM)
    page.locator("main form button").first.click()
    page.wait_for_load_state()
    assert addresses and not [one for one in addresses if FIRM in one]


# ---- a firm


@pytest.fixture(scope="module")
def paper(town: Town) -> tuple[str, str]:
    """Number and code of a report of the firm."""
    with ThreadPoolExecutor(1) as pool:  # the browser has a loop in this thread
        pdf = pool.submit(made, town.network[BEIJING], FIRM).result()
    return parse_report(pdf).content.number, code_of(pdf)


@pytest.mark.parametrize(("lang", "scripts"), [("zh", True), ("en", False)])
def test_a_firm(town: Town, look: Looks, paper: tuple[str, str], lang: str, scripts: bool) -> None:
    """Its records, when and where each can be repaired; who asked, where it names the paper."""
    page = look.at(town.network[BEIJING].url, lang=lang, scripts=scripts)
    narrow = look.at(town.network[BEIJING].url, lang=lang, width=NARROW)
    for each in (page, narrow):
        each.goto("/firm")
        if scripts:
            look.accessible(each)
        look.picture(each, f"firm-{lang}")
        each.fill("#number", paper[0])
        each.fill("#code", paper[1].lower())
        each.locator("form.narrow button").click()
        each.wait_for_selector("#line-1")
        assert paper[1] not in each.url and paper[0] not in each.url
    look.fits(narrow)
    look.accessible(narrow)
    look.picture(narrow, f"firm-view-narrow-{lang}")
    look.picture(page, f"firm-view-{lang}")
    told = page.locator("#line-1").inner_text()
    assert ("工作日" if lang == "zh" else "working days") in told
    page.fill("input[name=authorisation]", town.paper)
    page.locator("form.row button").click()
    page.wait_for_load_state()
    assert BANK in page.locator("main").inner_text()
    page.locator("#line-1 form button").click()
    page.wait_for_selector(".blank")
    assert town.records[0].hex() in page.locator("main").inner_text()
    look.picture(page, f"firm-objection-{lang}")


def test_json_is_what_the_page_shows(town: Town, paper: tuple[str, str]) -> None:
    """The same by the interface, where a program asks."""
    body = {"number": paper[0], "code": paper[1]}
    answer = httpx.post(f"{town.network[BEIJING].url}/v1/report-owners", json=body)
    told = json.loads(answer.text)
    assert told["subject"]["code"] == FIRM and told["authorisation"] is None
