"""What somebody typed into a form whose session had ended: carried along through the sign-in, so
that the form comes back with it.

Nothing of it is carried out: the page is shown once more, and whoever looks presses its button
again. Nothing is kept here either; it travels in the page of the sign-in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import FormData

PAGE: Final = "form-page"
"""Field of each form of who is signed in: the page on which it stands."""
TO: Final = "form-to"
FILES: Final = "form-files"
PREFIX: Final = "form."
"""Of fields that are carried, in the form of the sign-in."""
MAX_BYTES: Final = 32 << 10
"""Of names and values together: four notes of 2,000 Chinese characters. In the address form of a
browser they are three times as long, which the bound of a body allows."""
MAX_CARRIED: Final = 100
"""Fields."""
MAX_ADDRESS: Final = 2048
NEVER: Final = frozenset({"csrf", "token", "password", "secret", "share", PAGE, TO, FILES, "live"})
"""Fields that are not carried: secrets, and what the page itself sets."""
UPLOADED: Final = frozenset({"draft", "keep"})
"""Fields that name documents which were uploaded before; nobody typed them."""
OF_STRANGERS: Final = ("/login", "/logout", "/firm", "/r/", "/verify", "/audit")
"""Places whose forms need no session; the field `code` there is a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What was typed. page: address of the page with the form. to: path that the form goes to.
    files: whether files were chosen, which have to be chosen again. whole: whether all that was
    typed is here."""

    page: str
    to: str
    fields: tuple[tuple[str, str], ...]
    files: bool
    whole: bool = True

    def hidden(self) -> list[tuple[str, str]]:
        """The fields of the form of the sign-in that hold it."""
        kept = [(PREFIX + name, value) for name, value in self.fields]
        marks = [(FILES, "1")] if self.files else []
        return [(TO, self.to), *marks, *([] if self.whole else [("form-cut", "1")]), *kept]


def carry(to: str, given: Iterable[tuple[str, str]], *, files: bool) -> Carried | None:
    """What of a form is carried; None where there is nothing, or it goes to strangers' places.
    to: path that it was sent to. given: its fields."""
    if to.startswith(OF_STRANGERS) or _own_path(to) != to:
        return None
    given = list(given)
    page = next((value for name, value in given if name == PAGE), to)
    kept: list[tuple[str, str]] = []
    left = MAX_BYTES
    wanted = [(name, value) for name, value in given if name not in NEVER and value]
    for name, value in wanted:
        left -= len(name.encode()) + len(value.encode("utf-8", "replace"))
        if left < 0 or len(kept) >= MAX_CARRIED:
            break
        kept.append((name, value.replace("\r\n", "\n")))
    if not kept and not files:
        return None
    own = _own_path(page)
    return Carried(
        page=to if own == "/" else own,
        to=to,
        fields=tuple(kept),
        files=files,
        whole=len(kept) == len(wanted),
    )


def carried_in(form: FormData) -> Carried | None:
    """What the form of the sign-in carries along; None where that is nothing."""
    texts = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    to = next((value for name, value in texts if name == TO), "")
    page = next((value for name, value in texts if name == "next"), "")
    given = [(name.removeprefix(PREFIX), text) for name, text in texts if name.startswith(PREFIX)]
    found = carry(to, [(PAGE, page), *given], files=FILES in form)
    if found is None or "form-cut" not in form:
        return found
    return Carried(page=found.page, to=to, fields=found.fields, files=found.files, whole=False)


def own_path(path: str) -> str:
    """The path, where it is one of this node; else `/`: nobody is led away from here."""
    ours = path.startswith("/") and not path.startswith(("//", "/\\"))
    clean = all(one.isprintable() for one in path) and "\\" not in path
    if not (ours and clean):
        return "/"
    parts = urlsplit(path)
    return path if not parts.netloc and not parts.scheme else "/"


def _own_path(path: str) -> str:
    return own_path(path) if len(path) <= MAX_ADDRESS else "/"
