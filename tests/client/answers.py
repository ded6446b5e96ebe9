"""What a gateway answers, by the routes that the client knows; and every call of the client."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

LEAF, CASE = "ab" * 32, "cd" * 32
ROW: dict[str, Any] = {
    "row": None,
    "sheet": None,
    "verdict": "accepted",
    "field": None,
    "code": None,
    "message": None,
    "errors": [],
    "notes": [],
    "leaf": LEAF,
    "recordId": "ef" * 32,
    "promise": {"_type": "credit-ledger/promise@1", "log": "01" * 32},
    "changed": [],
    "something-new": {"later": True},
}
NODE = {
    "code": "110000",
    "name": "北京市",
    "version": "0.1.0",
    "network": "eip155:31337:0x" + "c0" * 20,
    "logs": [
        {
            "log": "01" * 32,
            "url": "http://127.0.0.1/logs/01",
            "vkey": "x",
            "size": 5,
            "anchoredSize": 5,
            "promisedSize": 5,
        }
    ],
}
FILE = {"id": "0f" * 16, "state": "done", "file": "x.csv", "rows": 0, "counts": {}, "verdicts": []}
STATUS = {
    "record": LEAF,
    "flags": ["disputed"],
    "outcome": "none",
    "version": 1,
    "recordedAt": "2026-11-30T00:00:00Z",
    "effectiveAt": "2026-11-30T00:00:00Z",
    "correctedBy": None,
    "closed": False,
}
STAGE = {"name": "accept", "deadline": "2026-12-07", "overdue": False}
SHOWN = {
    "case": CASE,
    "record": LEAF,
    "kind": "repair",
    "owner": "120000",
    "filer": "130000",
    "state": "filed",
    "stage": STAGE,
    "steps": [
        {"step": 1, "act": "file", "iss": "130000", "day": "2026-11-30", "commitment": "01" * 32}
    ],
    "acts": [],
    "awaited": ["140000"],
}
LISTED = {name: SHOWN[name] for name in ("case", "record", "kind", "state", "stage")}

Call = Callable[[Any], Any]
CALLS: Mapping[str, tuple[str, Any, Call]] = {
    "node": ("GET /v1/node", NODE, lambda c: c.node()),
    "submit": ("POST /v1/records", ROW, lambda c: c.records.submit({"type": "penalty"})),
    "find": (
        "GET /v1/records?document=%E6%A0%B71%E5%8F%B7&authority=11110105MA700000XC",
        {"items": [{"record": LEAF, "leaf": LEAF}], "more": False},
        lambda c: c.records.find("样1号", "11110105MA700000XC"),
    ),
    "show": (f"GET /v1/records/{LEAF}", {"leaf": LEAF}, lambda c: c.records.show(LEAF)),
    "status": (f"GET /v1/records/{LEAF}/status", STATUS, lambda c: c.records.status(LEAF)),
    "upload": ("POST /v1/files", {"id": "0f"}, lambda c: c.files.upload(("x.csv", b"a\n"))),
    "answer": ("GET /v1/files/0f", FILE, lambda c: c.files.answer("0f")),
    "files": (
        "GET /v1/files?limit=7",
        {
            "files": [
                {
                    "id": "0f",
                    "file": "x.csv",
                    "state": "done",
                    "created": "2026-11-30T00:00:00Z",
                    "rows": 1,
                    "counts": {"accepted": 1},
                }
            ]
        },
        lambda c: c.files.listed(limit=7),
    ),
    "file a case": (
        "POST /v1/cases",
        {"case": CASE, "step": 1, "deadline": "2026-12-07"},
        lambda c: c.cases.file(LEAF, "repair", "已缴清", docs=[("a.pdf", b"%PDF-1.7")]),
    ),
    "step": (
        f"POST /v1/cases/{CASE}/supplement",
        {"case": CASE, "step": 2},
        lambda c: c.cases.step(CASE, "supplement", note="更多"),
    ),
    "case": (f"GET /v1/cases/{CASE}", SHOWN, lambda c: c.cases.show(CASE)),
    "cases": (
        "GET /v1/cases?overdue=true&mine=true&state=filed",
        {"cases": [LISTED | {"proposed": None}], "more": True},
        lambda c: c.cases.listed(state="filed", overdue=True, mine=True),
    ),
    "lists": (
        "GET /v1/lists",
        [{"list": "abnormal-list", "exit": "abnormal-list-exit", "title": {"zh": "名录"}}],
        lambda c: c.lists.names(),
    ),
    "verify": (
        "POST /v1/verify?subject=91110000600037341L&witnesses=2",
        {"verdict": "valid"},
        lambda c: c.verify(b"{}", subject="91110000600037341L", witnesses=2),
    ),
}
"""By name: what is sent, what a gateway answers, and the call."""
CREATED = {"file a case": 201, "submit": 201, "upload": 202}
"""Statuses of those that are not 200."""
UNSAFE = ("file a case", "step")
"""What must never be done twice by itself."""
ONCE = (*UNSAFE, "upload")
"""What is not sent again where it may have been taken."""
