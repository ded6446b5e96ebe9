"""Departments that send while things break, and remember every word they were given.

One that got no answer, or "not now", sends the same again, to the other gateway, until it has one.
"""

from __future__ import annotations

import itertools
import json
import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import httpx

from scripts.bench_parts.material import lines

SET, FILE = 10, 25
"""Records of a stream and of a file."""
SINGLES = 2
PAUSES = {"single": 0.15, "twin": 0.5, "stream": 1.0, "file": 4.0}
"""Seconds between two of one sender: a load that the machine bears beside the faults."""
AGAIN = 0.25
"""Seconds before the same is sent again."""
ANSWER_SECONDS = 20.0
"""For an answer, before the other gateway is asked."""
ENOUGH = 20
"""Answers kept that nobody should have been given."""
NOT_NOW = (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS)
JSON, NDJSON = "application/json", "application/x-ndjson"

Answer = Mapping[str, Any]
Material = Callable[[int, int], Iterator[bytes]]
"""NDJSON lines of records, from one number on, so many."""


class Abandoned(Exception):
    """The run ends before everything was answered."""


@dataclass
class Told:
    """What clients were told. leaves: by number of the record, all leaves that were named for it.
    promises: those of single records, each with its leaf. sets: those of streams and files, each
    with the leaves of the rows it was given for. counts: answers, by what they were. wrong: answers
    that no fault excuses. calm_since: since then nothing is broken any more; infinite while
    something is."""

    leaves: dict[int, set[str]] = field(default_factory=dict)
    promises: list[Answer] = field(default_factory=list)
    sets: list[tuple[Any, Sequence[str]]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    calm_since: float = math.inf
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, what: str) -> None:
        """One more of these."""
        with self._lock:
            self.counts[what] += 1

    def row(self, number: int, answer: Answer) -> None:
        """The answer to one record, which names its leaf."""
        if answer.get("verdict") in ("accepted", "duplicate") and "leaf" in answer:
            with self._lock:
                self.leaves[number].add(str(answer["leaf"]))
                self.counts[str(answer["verdict"])] += 1
        else:
            self.refuse(f"record {number}", json.dumps(answer, ensure_ascii=False))

    def refuse(self, what: str, text: str) -> None:
        """An answer that should not have been given."""
        with self._lock:
            if len(self.wrong) < ENOUGH:
                self.wrong.append(f"{what}: {text[:300]}")

    def not_now(self, what: str, text: str, *, begun: float) -> None:
        """One got no answer, or was sent away. begun: when it asked; what breaks before it hears of
        it is an excuse."""
        if begun >= self.calm_since:
            self.refuse(f"{what}, with nothing broken", text)

    def unanswered(self) -> list[int]:
        """Numbers of the records of which nobody said anything."""
        return [number for number, leaves in self.leaves.items() if not leaves]


class Sender:
    """One client, which goes from gateway to gateway."""

    def __init__(
        self,
        fronts: Mapping[str, str],
        token: str,
        told: Told,
        abandoned: threading.Event,
        material: Material = lines,
    ) -> None:
        self._lines = material
        self._urls = itertools.cycle(fronts.values())
        self._told = told
        self._abandoned = abandoned
        headers = {"authorization": f"Bearer {token}"}
        self._http = httpx.Client(timeout=ANSWER_SECONDS, headers=headers, trust_env=False)

    def single(self, number: int) -> None:
        """One record, until it is promised."""
        while not self.once(number):
            self._pause()

    def once(self, number: int) -> bool:
        """Send one record once; whether it is promised."""
        body = next(self._lines(number, 1))
        found = self._ask("POST", "/v1/records", content=body, type_=JSON)
        if found is None:
            return False
        answer = found.json()
        self._told.row(number, answer)
        if "promise" in answer:
            self._told.promises.append(answer)
        return True

    def twin(self, number: int) -> None:
        """One record, to both gateways in the same moment: whichever is first, it is one record."""
        with ThreadPoolExecutor(2) as threads:
            for done in [threads.submit(self.single, number) for _ in range(2)]:
                done.result()

    def stream(self, first: int, count: int = SET) -> None:
        """A set as NDJSON, until all of it is answered."""
        body = b"".join(self._lines(first, count))
        while not self._streamed(body, first):
            self._pause()

    def file(self, first: int) -> None:
        """A file, until it is taken; then until every row of it is answered."""
        upload = {"file": (f"{first}.ndjson", b"".join(self._lines(first, FILE)), NDJSON)}
        while (found := self._ask("POST", "/v1/files", files=upload)) is None:
            self._pause()
        path = f"/v1/files/{found.json()['id']}"
        self._told.count("file taken")
        while (answer := self._file_answer(path)) is None:
            self._pause()
        if answer["state"] != "done":
            self._told.refuse(path, json.dumps(answer, ensure_ascii=False))
            return
        self._told.count("file answered")
        sets: list[list[str]] = [[] for _ in answer["promises"]]
        for number, row in enumerate(answer["verdicts"], first):
            self._told.row(number, row)
            if row["verdict"] == "accepted":
                sets[row["promise"]].append(row["leaf"])
        self._told.sets += zip(answer["promises"], sets, strict=True)

    def close(self) -> None:
        """Drop the connections."""
        self._http.close()

    def _pause(self) -> None:
        """Before the same is sent again. Raises Abandoned where nobody waits for it any more."""
        if self._abandoned.wait(AGAIN):
            raise Abandoned

    def _file_answer(self, path: str) -> Answer | None:
        found = self._ask("GET", path)
        if found is None or found.json()["state"] not in ("done", "failed"):
            return None
        answer: Answer = found.json()
        return answer

    def _streamed(self, body: bytes, first: int) -> bool:
        """Whether the answer came whole. What came of it stands, however it ended."""
        headers = {"content-type": NDJSON}
        last: dict[str, Any] = {}
        fresh: list[str] = []
        begun = time.monotonic()
        try:
            with self._http.stream(
                "POST", next(self._urls) + "/v1/records", content=body, headers=headers
            ) as answer:
                if not answer.is_success:
                    answer.read()
                    return self._refused("stream", answer, begun)
                for line in answer.iter_lines():
                    last = json.loads(line)
                    fresh = self._take_line(last, first, fresh)
        except (httpx.TransportError, ValueError) as error:  # cut, perhaps in a line's middle
            self._unheard("stream", error, begun)
            return False
        if "problem" in last:
            self._told.count("not now")
            text = json.dumps(last["problem"], ensure_ascii=False)
            if last["problem"]["status"] not in NOT_NOW:
                self._told.refuse("stream", text)
            else:
                self._told.not_now("stream", text, begun=begun)
        elif fresh:
            self._told.refuse("stream", f"accepted without a promise: {fresh}")
        return "counts" in last

    def _take_line(self, line: Mapping[str, Any], first: int, fresh: list[str]) -> list[str]:
        """One line of a stream's answer. fresh: leaves accepted before it that no promise covers
        yet; those after it are returned."""
        if "verdict" in line:
            self._told.row(first + line["row"] - 1, line)
            return [*fresh, line["leaf"]] if line["verdict"] == "accepted" else fresh
        if "promise" not in line:
            return fresh
        self._told.sets.append((line["promise"], fresh))
        return []

    def _unheard(self, what: str, error: Exception, begun: float) -> None:
        """No answer. That one took too long says something of the machine and nothing else."""
        self._told.count("no answer")
        if not isinstance(error, httpx.TimeoutException):
            self._told.not_now(what, repr(error), begun=begun)

    def _refused(self, what: str, answer: httpx.Response, begun: float) -> bool:
        """Not now, because something is broken; anything else is told at the end."""
        self._told.count("not now")
        text = f"{answer.status_code} {answer.text}"
        if answer.status_code not in NOT_NOW:
            self._told.refuse(what, text)
        else:
            self._told.not_now(what, text, begun=begun)
        return False

    def _ask(
        self, method: str, path: str, *, type_: str | None = None, **options: Any
    ) -> httpx.Response | None:
        """One question to the next gateway; None where it is to be asked again."""
        headers = {} if type_ is None else {"content-type": type_}
        begun = time.monotonic()
        try:
            found = self._http.request(method, next(self._urls) + path, headers=headers, **options)
        except httpx.TransportError as error:
            self._unheard(f"{method} {path}", error, begun)
            return None
        if found.is_success:
            return found
        self._refused(f"{method} {path}", found, begun)
        return None


class Load:
    """All senders, until `stop`."""

    def __init__(self, fronts: Mapping[str, str], token: str, material: Material = lines) -> None:
        self.told = Told()
        self._material = material
        self.abandoned = threading.Event()
        self._fronts = fronts
        self._token = token
        self._next = 0
        self._lock = threading.Lock()
        self._end = threading.Event()
        kinds = ["single"] * SINGLES + ["twin", "stream", "file"]
        self._threads = [
            threading.Thread(target=self._repeat, args=(kind,), name=kind, daemon=True)
            for kind in kinds
        ]

    def start(self) -> None:
        """Begin to send."""
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float) -> bool:
        """Begin nothing new; whether all was answered within so many seconds."""
        self._end.set()
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def abandon(self) -> None:
        """Whoever still waits for an answer waits no longer."""
        self._end.set()
        self.abandoned.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def take(self, count: int) -> int:
        """The number of the first of so many records that nobody sent yet."""
        with self._lock:
            first, self._next = self._next, self._next + count
        self.told.leaves.update({number: set() for number in range(first, first + count)})
        return first

    def _repeat(self, kind: str) -> None:
        sender = Sender(self._fronts, self._token, self.told, self.abandoned, self._material)
        sizes = {"single": 1, "twin": 1, "stream": SET, "file": FILE}
        work: Callable[[int], None] = getattr(sender, kind)
        try:
            while not self._end.wait(PAUSES[kind]):
                work(self.take(sizes[kind]))
        except Abandoned:
            self.told.count("abandoned")
        except Exception as error:  # told at the end, where somebody looks
            self.told.refuse(kind, repr(error))
            raise
        finally:
            sender.close()


def sent(number: int) -> Mapping[str, Any]:
    """The fields of a record as it was sent, of the material that there is without another."""
    fields: Mapping[str, Any] = json.loads(next(lines(number, 1)))["fields"]
    return fields
