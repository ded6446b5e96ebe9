"""`/verify` and `/r/…` in a browser: files that are dropped, chosen and photographed."""

from __future__ import annotations

import base64
import random
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
import segno
import structlog
from PIL import Image, ImageDraw
from playwright.sync_api import FilePayload, Page, expect
from pypdf import PdfReader

from gateway.verifying import desk
from ledger.core.status import Action
from ledger.files.reports import parse_report
from tests.gateway.web.verify import papers
from tests.gateway.web.verify.papers import BANK, BEIJING, TIANJIN
from tests.pages.looking import NARROW, PATIENCE, Looks
from tests.support.peers import Network, start_members

expect.set_options(timeout=PATIENCE)
KEY = "A" * 43
PRINTED = "120000-20261201-SC9MRRF45HM"
SEED = 42
"""Of a page whose code is not found in the picture as a whole, at any size."""

DROP = """([name, type, data]) => {
  const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], name, { type }));
  const form = document.querySelector("form[data-verify]");
  for (const kind of ["dragenter", "dragover", "drop"])
    form.dispatchEvent(
      new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true }));
}"""
CAMERA = """(picture) => {
  navigator.mediaDevices.getUserMedia = async () => {
    const image = new Image();
    image.src = picture;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [640, 480];
    const context = canvas.getContext("2d");
    setInterval(() => {
      context.fillStyle = "#fff";
      context.fillRect(0, 0, 640, 480);
      context.drawImage(image, 120, 40, 400, 400);
    }, 50);
    return canvas.captureStream(20);
  };
}"""


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    folder: Path = tmp_path_factory.mktemp("members")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk, "SAVED", 1e6)  # all these tests are one stranger
        with start_members(folder, (BEIJING, TIANJIN, BANK)) as found:
            yield found


@pytest.fixture(autouse=True)
def chain_of_today(network: Network) -> None:
    network.keep_time()


def url(network: Network, member: str = BEIJING) -> str:
    return network[member].url


def file(data: bytes, name: str = "receipt.json", kind: str = "application/json") -> FilePayload:
    return {"name": name, "mimeType": kind, "buffer": data}


def picture_of(text: str) -> bytes:
    found = BytesIO()
    segno.make_qr(text, error="m").save(found, kind="png", scale=6, border=4)
    return found.getvalue()


def send(page: Page, data: bytes, name: str = "receipt.json") -> None:
    """By the form, as a person sends it."""
    page.goto("/verify")
    page.set_input_files("#file", file(data, name))
    page.locator("form.drop .actions button").click()
    page.locator(".answer").wait_for()


def drop(page: Page, data: bytes, name: str, kind: str) -> None:
    page.goto("/verify")
    page.locator("[data-with-script]").first.wait_for()
    page.evaluate(DROP, [name, kind, base64.b64encode(data).decode()])


def tone(page: Page) -> str | None:
    page.locator(".answer").wait_for()
    return page.locator(".answer").get_attribute("data-tone")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_in_both_languages(network: Network, look: Looks, lang: str) -> None:
    """For everybody's eyes, on a telephone too."""
    firm = papers.new_firm()
    receipt = papers.receipt(network, firm)
    files = {
        "receipt": receipt,
        "bundle": papers.bundle(network, firm),
        "report": papers.report(network, firm),
    }
    page, narrow = look.at(url(network), lang=lang), look.at(url(network), lang=lang, width=NARROW)
    page.goto("/verify")
    look.accessible(page)
    look.picture(page, f"verify-{lang}")
    narrow.goto("/verify")
    look.fits(narrow)
    look.accessible(narrow)
    look.picture(narrow, f"verify-{lang}-narrow")
    for name, data in files.items():
        send(page, data, f"{name}.json")
        look.accessible(page)
        look.picture(page, f"verify-{name}-{lang}")
        narrow.goto(page.url)
        look.fits(narrow)
        look.accessible(narrow)
        look.picture(narrow, f"verify-{name}-{lang}-narrow")


def test_dropped(network: Network, look: Looks) -> None:
    """One that is valid, one that was altered, one whose record was repaired."""
    data, repaired = (papers.receipt(network, papers.new_firm()) for _ in range(2))
    papers.done(network, repaired, Action.REPAIR)
    page = look.at(url(network))
    drop(page, data, "receipt.json", "application/json")
    assert tone(page) == "good"
    expect(page.locator(".answer")).to_be_focused()
    expect(page).to_have_title(re.compile("It may be used .* receipt.json · Verify"))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the command").click()
    expect(page.locator("#said")).to_have_text("Copied")
    assert "/verify/" in page.url, "it can be left and found again"
    page.reload()
    assert tone(page) == "good"
    drop(page, papers.altered(data), "receipt.json", "application/json")
    assert tone(page) == "bad"
    drop(page, repaired, "receipt.json", "application/json")
    assert tone(page) == "bad"
    expect(page.locator(".timeline")).to_contain_text("credit repaired")
    look.picture(page, "verify-repaired-en")
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="As PDF").click()
    assert downloaded.value.path().read_bytes().startswith(b"%PDF-")


def test_what_is_no_file_of_ours(network: Network, look: Looks) -> None:
    """The form comes back with the reason, and takes the next one."""
    page = look.at(url(network))
    drop(page, b"a,b\n1,2\n", "table.csv", "text/csv")
    expect(page.get_by_text("This is none of the files")).to_be_visible()
    look.accessible(page)
    page.set_input_files("#file", file(papers.receipt(network, papers.new_firm())))
    page.locator("form.drop .actions button").click()
    assert tone(page) == "good"


def test_without_a_script(network: Network, look: Looks) -> None:
    firm = papers.new_firm()
    page = look.at(url(network), scripts=False)
    page.goto("/verify")
    expect(page.get_by_text("needs a script")).to_be_visible()
    page.locator("form.drop summary").click()
    page.fill("input[name=subject]", firm)
    page.set_input_files("#file", file(papers.receipt(network, firm)))
    page.locator("form.drop .actions button").click()
    assert tone(page) == "good"
    page.goto("/verify")
    page.set_input_files("#file", file(picture_of("x"), "qr.png", "image/png"))
    page.locator("form.drop .actions button").click()
    expect(page.get_by_role("alert").first).to_contain_text("This is a picture")


# ---- QR codes


def link_of(network: Network, pdf: bytes, base: str) -> str:
    return f"{base}/r/{parse_report(pdf).content.number}#{KEY}"


def test_a_photograph_of_a_code(network: Network, look: Looks) -> None:
    """Of this node it leads to the report; of another host nowhere by itself."""
    pdf = papers.report(network, papers.new_firm())
    number = parse_report(pdf).content.number
    page = look.at(url(network))
    drop(page, picture_of(link_of(network, pdf, url(network))), "qr.png", "image/png")
    page.wait_for_url(f"**/r/{number}#{KEY}")
    expect(page.locator("#problem")).to_contain_text("the key in the QR code is another")
    drop(page, picture_of(link_of(network, pdf, "https://evil.example")), "qr.png", "image/png")
    shown = page.locator("[data-say=other-host]")
    expect(shown).to_contain_text("evil.example")
    assert "/verify" in page.url
    look.accessible(page)
    look.picture(page, "verify-other-host-en")
    shown.get_by_role("link").click()
    page.wait_for_url(f"**/r/{number}#{KEY}")
    drop(page, picture_of("https://evil.example/pay"), "qr.png", "image/png")
    expect(page.locator("[data-say=other-code]")).to_contain_text("https://evil.example/pay")
    blank = BytesIO()
    segno.make_qr("x").save(blank, kind="png", scale=1, dark="#fff", light="#fff")
    drop(page, blank.getvalue(), "blank.png", "image/png")
    expect(page.locator("[data-say=no-code]")).to_be_visible()
    drop(page, b"no picture", "broken.png", "image/png")
    expect(page.locator("[data-say=no-picture]")).to_be_visible()


def test_a_photograph_of_a_whole_page(network: Network, look: Looks) -> None:
    """Turned, grey, full of text and boxes, the code a tenth of its width."""
    page = look.at(url(network))
    drop(page, photograph(f"https://a.example/r/{PRINTED}#{KEY}"), "page.jpg", "image/jpeg")
    shown = page.locator("[data-say=other-host]")
    expect(shown).to_contain_text("a.example")
    expect(shown).to_contain_text(PRINTED)


def photograph(text: str) -> bytes:
    """As a telephone takes one of a report on paper."""
    made = Image.new("RGB", (1190, 1684), "white")
    draw, letters = ImageDraw.Draw(made), random.Random(SEED)
    for n in range(52 * 3):
        line = "".join(letters.choice("BE8%W#M&Q@") for _ in range(18))
        draw.text((108 + n % 3 * 270, 330 + n // 3 * 25), line, fill="black", font_size=15)
    for x, y in ((150, 1200), (800, 1250), (300, 1450), (900, 1500)):
        for inset, colour in ((0, "black"), (14, "white"), (28, "black")):
            draw.rectangle((x + inset, y + inset, x + 98 - inset, y + 98 - inset), fill=colour)
    code = BytesIO()
    segno.make_qr(text, error="m").save(code, kind="png", scale=4, border=0)
    made.paste(Image.open(code).convert("RGB").resize((170, 170)), (880, 110))
    turned = made.rotate(8, expand=True, fillcolor=(90, 90, 90))
    found = BytesIO()
    turned.point(lambda value: int(value * 0.7) + 20).save(found, "JPEG", quality=60)
    return found.getvalue()


def test_the_camera(network: Network, look: Looks) -> None:
    pdf = papers.report(network, papers.new_firm())
    page = look.at(url(network))
    page.goto("/verify")
    picture = base64.b64encode(picture_of(link_of(network, pdf, url(network)))).decode()
    page.evaluate(CAMERA, f"data:image/png;base64,{picture}")
    page.get_by_role("button", name="Scan with the camera").click()
    page.wait_for_url("**/r/*")


def test_a_camera_that_is_refused(network: Network, look: Looks) -> None:
    page = look.at(url(network))
    page.goto("/verify")
    page.evaluate("() => { navigator.mediaDevices.getUserMedia = async () => Promise.reject() }")
    page.get_by_role("button", name="Scan with the camera").click()
    expect(page.locator("[data-say=no-camera]")).to_be_visible()


# ---- the page of a report


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_of_a_report(network: Network, look: Looks, lang: str) -> None:
    """Unsealed by the key of its own QR; at another node it says where to go, and keeps the key."""
    firm = papers.new_firm()
    papers.receipt(network, firm)
    pdf = papers.report(network, firm)
    page = look.at(url(network), lang=lang)
    drop(page, code_of(pdf), "photograph.png", "image/png")
    page.wait_for_url("**/r/*")
    path = page.url.removeprefix(url(network))
    expect(page.locator("#report")).to_contain_text(firm)
    issuer = {"zh": "北京（110000）", "en": "Beijing (110000)"}[lang]
    expect(page.locator("#report")).to_contain_text(issuer)
    expect(page.locator("#problem")).to_contain_text({"zh": "真实：", "en": "Genuine: "}[lang])
    look.accessible(page)
    look.picture(page, f"report-{lang}")
    narrow = look.at(url(network), lang=lang, width=NARROW)
    narrow.goto(path)
    expect(narrow.locator("#report")).to_contain_text(firm)
    look.fits(narrow)
    look.picture(narrow, f"report-{lang}-narrow")
    there = look.at(url(network, TIANJIN), lang=lang)
    there.goto(path)
    link = there.locator("[data-elsewhere]")
    expect(link).to_have_attribute("href", network[BEIJING].relay.url + path)
    look.accessible(there)


def code_of(pdf: bytes) -> bytes:
    """A picture of the QR code on the first page."""
    (image, *_) = PdfReader(BytesIO(pdf)).pages[0].images
    assert image.image is not None
    found = BytesIO()
    image.image.convert("RGB").resize((600, 600), 0).save(found, "PNG")
    return found.getvalue()
