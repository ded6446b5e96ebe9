"""An XLSX file in, beside what reading it alone costs the two well-known readers."""

from __future__ import annotations

import json
import time
from collections import Counter
from multiprocessing import get_context
from pathlib import Path

import openpyxl
from python_calamine import CalamineWorkbook

from scripts.bench_parts.book import Book
from scripts.bench_parts.material import write_workbook
from scripts.bench_parts.site import PATIENCE, Site, TooSlow

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
POLL = 0.05


def measure_xlsx(book: Book, site: Site, rows: int, *, peers: bool) -> None:
    """From the first byte of the upload until the last row is under a final anchor."""
    path = site.folder / "bench.xlsx"
    write_workbook(path, site.take(rows), rows)
    begun = time.monotonic()
    files = {"file": (path.name, path.read_bytes(), XLSX)}
    headers = {"Authorization": f"Bearer {site.token}"}
    answer = site.http.post(f"{site.url}/v1/files", files=files, headers=headers)
    book.check("file taken", answer.status_code == 202, answer.text)  # noqa: PLR2004
    counts = _wait(site, answer.headers["location"], headers)
    final = site.wait_anchored(site.taken)
    book.check("every row of the file accepted", counts == {"accepted": rows}, counts, times=rows)
    book.put("xlsx_rows_per_s", rows, rows / (final - begun))
    if peers:
        for name, read in (("calamine, reading alone", _calamine), ("openpyxl, same", _openpyxl)):
            with get_context("spawn").Pool(1) as pool:
                found, seconds = pool.apply(read, (path,))
            book.check(f"{name.split(',')[0]} read every row", found == rows + 1, found)
            book.peer("xlsx_rows_per_s", name, rows, rows / seconds)


def _wait(site: Site, place: str, headers: dict[str, str]) -> Counter[str]:
    """Verdicts of the finished file. Asks for the log first: the file's answer is long."""
    deadline = time.monotonic() + PATIENCE
    while site.log()["size"] < site.taken and time.monotonic() < deadline:
        time.sleep(POLL)
    while time.monotonic() < deadline:
        found = json.loads(site.http.get(f"{site.url}{place}", headers=headers).content)
        if found["state"] in ("done", "failed"):
            return Counter(row["verdict"] for row in found["verdicts"])
        time.sleep(POLL)
    raise TooSlow("the file")


def _calamine(path: Path) -> tuple[int, float]:
    """Rows with any text, and seconds."""
    begun = time.monotonic()
    sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
    rows = sum(1 for row in sheet.iter_rows() if any(row))
    return rows, time.monotonic() - begun


def _openpyxl(path: Path) -> tuple[int, float]:
    """The same, in its read-only mode."""
    begun = time.monotonic()
    workbook = openpyxl.load_workbook(path, read_only=True)
    rows = sum(1 for row in workbook.worksheets[0].iter_rows(values_only=True) if any(row))
    workbook.close()
    return rows, time.monotonic() - begun
