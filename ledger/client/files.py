"""Files as departments have them: handed in, waited for, sent back to be corrected."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ledger.client.errors import NotReady
from ledger.client.flows import Flow, Sleep, ask, look
from ledger.client.inputs import Progress, Source
from ledger.client.reading import members
from ledger.client.results import FileAnswer, FileListed
from ledger.client.terms import Terms
from ledger.client.wire import MAX_ANSWER, Answer, Repeat, Request, demand, form, segment

POLL_SECONDS: Final = 0.2
"""Until it is asked the first time; later a little longer each time."""
LONGEST_POLL: Final = 2.0
_OK, _ACCEPTED = 200, 202


def upload(source: Source, type_: str | None, terms: Terms) -> Flow[str]:
    """Hand in a file; its id. It is not sent again where the answer was lost, for it may be there:
    the list of files tells. Twice does no harm, its rows are duplicates then."""
    name, content = read_source(source)
    body, kind = form([("file", (name, content, None))], {"type": type_} if type_ else {})
    request = Request(
        method="POST",
        path="/v1/files",
        headers=(kind,),
        content=body,
        repeat=Repeat.REFUSED,
        slow=True,
    )
    found = yield from ask(request, terms, terms.clock() + terms.slow_timeout)
    return members(demand(found, (_ACCEPTED,)), "file").text("id")


def answer(file: str, terms: Terms, end: float | None = None) -> Flow[FileAnswer]:
    """How far a file is, and at its end the answer to every row. end: until which it is waited
    for, None: it is not."""
    request = Request(
        method="GET", path=f"/v1/files/{segment(file)}", slow=True, max_bytes=MAX_ANSWER
    )
    asked = ask(request, terms) if end is None else look(request, terms, end)
    found = yield from asked
    return FileAnswer.of(members(demand(found), "file"))


def wait(
    file: str, within: float, terms: Terms, progress: Progress | None = None
) -> Flow[FileAnswer]:
    """The answer to a file once it has ended. Raises NotReady where that takes too long."""
    end, pause = terms.clock() + within, POLL_SECONDS
    while True:
        found = yield from answer(file, terms, end)
        if progress is not None:
            progress(found)
        if found.ended:
            return found
        if terms.clock() + pause >= end:
            raise NotReady(file, f"the file is {found.state}", reason=found.state)
        yield Sleep(pause)
        pause = min(LONGEST_POLL, pause * 1.25)


def submit(
    source: Source,
    type_: str | None,
    within: float,
    terms: Terms,
    progress: Progress | None = None,
) -> Flow[FileAnswer]:
    """`upload`, then `wait`."""
    file = yield from upload(source, type_, terms)
    return (yield from wait(file, within, terms, progress))


def report(file: str, within: float, terms: Terms) -> Flow[bytes]:
    """The workbook to correct and send again. Raises NotReady where its making takes too long."""
    end = terms.clock() + within
    path = f"/v1/files/{segment(file)}/report.xlsx"
    request = Request(method="GET", path=path, slow=True, max_bytes=MAX_ANSWER)
    while True:
        found: Answer = demand((yield from look(request, terms, end)), (_OK, _ACCEPTED))
        if found.status == _OK:
            return found.body
        pause = found.retry_after or POLL_SECONDS
        if terms.clock() + pause >= end:
            raise NotReady(found.url, "the workbook is being made", retry_after=pause)
        yield Sleep(pause)


def listed(limit: int, terms: Terms) -> Flow[list[FileListed]]:
    """The files handed in last, the newest first."""
    params = (("limit", str(limit)),)
    found = yield from ask(
        Request(method="GET", path="/v1/files", params=params, max_bytes=MAX_ANSWER), terms
    )
    return [FileListed.of(one) for one in members(demand(found), "files").objects("files")]


def read_source(source: Source) -> tuple[str, bytes]:
    """Name and content. Raises OSError."""
    return (source.name, source.read_bytes()) if isinstance(source, Path) else source
