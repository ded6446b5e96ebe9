"""What people do while records come in: owners decide about records, firms object in another
province, their cases are decided, and one stays open."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any

from ledger.core.status import Basis
from scripts.bench_parts.acts import decide, officers, release, until
from scripts.bench_parts.book import CheckFailed
from scripts.bench_parts.material import CODE, lines
from scripts.bench_parts.proofs import fetch
from scripts.bench_parts.soak_site import HOME, SoakSite
from scripts.chaos_parts.load import Sender, Told
from scripts.demo_parts.today import PLACES, complete

ACTS = 10
"""Records that their owner withdraws, at each turn."""
OUTCOMES = ("dismiss", "uphold", "uphold", "")
"""How the cases of a turn end; "": one stays open."""
VERDICTS = {"dismiss": "anchored", "uphold": "withdrawn", "": "disputed", "withdraw": "withdrawn"}
BASIS = {"dismiss": Basis.ISSUER_CHECK, "uphold": Basis.OBJECTION_UPHELD}
STATES = {"dismiss": "dismissed", "uphold": "upheld", "": "filed"}
CONTESTED = 1_000_000_000
"""Number of the first record that is objected to."""
FIRM = complete(f"91{PLACES[HOME]}", "MATATAK1")
_FOUND = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """A record that people did something about. how: it ended, as in `VERDICTS`; case: "" without
    one."""

    leaf: str
    how: str
    case: str = ""


def contested(first: int, count: int) -> Iterator[bytes]:
    """Records about a firm of the other province, as NDJSON."""
    for line in lines(first, count):
        record = json.loads(line)
        record["fields"] |= {"CF_XDR_SHXYM": FIRM, "CF_XDR_MC": "合成长跑一号有限公司"}
        yield json.dumps(record, ensure_ascii=False).encode() + b"\n"


def _given(sender: Sender, told: Told, number: int) -> bool:
    """Whether a record is promised now. Raises CheckFailed where it is refused."""
    done = sender.once(number)
    if told.wrong:
        raise CheckFailed(f"a record that people object to: {told.wrong}")
    return done


class People:
    """Those of both provinces."""

    def __init__(self, site: SoakSite) -> None:
        self._site = site
        self._officers = officers(site)
        self._filer = {"authorization": f"Bearer {site.token_of(HOME)}"}

    def withdraw(self, leaves: Mapping[str, int]) -> list[Touched]:
        """Withdraw some of these records; as many decisions on the chain."""
        held = fetch(self._site, leaves, ACTS)
        names = list(leaves)[:: max(1, len(leaves) // ACTS)][:ACTS]
        for one in held:
            decide(self._site, self._officers, one)
        return [Touched(leaf=leaf, how="withdraw") for leaf in names]

    def object_to(self, first: int) -> list[Touched]:
        """Send records, object to each of them and decide. first: number of the first one."""
        told = Told(leaves={first + n: set() for n in range(len(OUTCOMES))})
        never = threading.Event()
        sender = Sender({CODE: self._site.url}, self._site.token, told, never, contested)
        with closing(sender):
            for number in told.leaves:
                until(partial(_given, sender, told, number), f"record {number}")
        return [
            self._case(str(answer["leaf"]), str(answer["recordId"]), how)
            for answer, how in zip(told.promises, OUTCOMES, strict=True)
        ]

    def _case(self, leaf: str, record: str, how: str) -> Touched:
        self.receipt(leaf)
        said = {"record": record, "kind": "objection", "reason": "信息有误", "owner": CODE}
        filed = self._site.http.post(f"{self._site.home}/v1/cases", json=said, headers=self._filer)
        case = str(filed.raise_for_status().json()["case"])
        until(lambda: self.state(CODE, case) == "filed", f"case {case}")
        if how:
            decision: dict[str, Any] = {"act": how, "basis": int(BASIS[how])}
            decision |= {"withdraw": True} if how == "uphold" else {}
            at = f"{self._site.url}/v1/cases/{case}"
            release(self._site, self._officers, at, decision)
        return Touched(leaf=leaf, how=how, case=case)

    def receipt(self, leaf: str) -> bytes:
        """The receipt of a record without what it says, which nothing closes; once it is final."""
        found: list[bytes] = []

        def there() -> bool:
            answer = self._site.http.get(f"{self._site.url}/v1/receipts/{leaf}")
            found[:] = [answer.content] if answer.status_code == _FOUND else []
            return bool(found)

        until(there, f"receipt {leaf}")
        return found[0]

    def state(self, code: str, case: str) -> str:
        """How a case stands in one of the provinces; "" where it is not known."""
        url, token = (
            (self._site.url, self._site.token)
            if code == CODE
            else (self._site.home, self._site.token_of(HOME))
        )
        headers = {"authorization": f"Bearer {token}"}
        answer = self._site.http.get(f"{url}/v1/cases/{case}", headers=headers)
        found: dict[str, Any] = answer.json() if answer.status_code == _FOUND else {}
        return str(found.get("state", ""))
