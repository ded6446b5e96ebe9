"""What is attached to a PDF: bounded whatever it is, and the same for every reader."""

from __future__ import annotations

import pytest

from ledger.core.errors import Malformed
from ledger.files.attachments import MAX_NODES, attached
from tests.files.pdfs import PAGES, catalog, one_file, stream, written

OTHER = stream(b'{"other":1}')


def found(data: bytes) -> dict[str, bytes]:
    return dict(attached(data))


def test_one_file() -> None:
    assert found(one_file()) == {"a.json": b"{}"}
    plain = stream(b"{}", filters=b" ")
    assert found(one_file(file=plain)) == {"a.json": b"{}"}


# ---- trees of names


def _wide(levels: int, width: int) -> bytes:
    """Levels of kids that all point to the one node of the next level."""
    objects = {1: catalog(b"/Kids[3 0 R]"), 2: PAGES}
    for number in range(3, 3 + levels):
        objects[number] = b"<</Kids[%b]>>" % (b"%d 0 R " % (number + 1) * width)
    objects[3 + levels] = b"<</Names[]>>"
    return written(objects)


def test_a_tree_whose_branches_are_one_node() -> None:
    """Six levels of 1,002 would be walked for ever: 10^18 visits, and no leaf."""
    with pytest.raises(Malformed, match="twice"):
        found(_wide(6, 1002))


def test_a_tree_of_single_branches() -> None:
    assert found(_wide(6, 1)) == {}
    with pytest.raises(Malformed, match="too deep"):
        found(_wide(9, 1))


@pytest.mark.parametrize(("kids", "refused"), [(MAX_NODES - 1, False), (MAX_NODES, True)])
def test_as_many_nodes_as_a_report_may_have(kids: int, refused: bool) -> None:
    objects = {1: catalog(b"/Kids[%b]" % b"".join(b"%d 0 R " % (3 + n) for n in range(kids)))}
    objects |= {2: PAGES} | {3 + n: b"<</Names[]>>" for n in range(kids)}
    if refused:
        with pytest.raises(Malformed, match="too many"):
            found(written(objects))
    else:
        assert found(written(objects)) == {}


# ---- how an attachment is packed


@pytest.mark.parametrize(
    "filters",
    [
        b"/Filter/ASCII85Decode",
        b"/Filter[/ASCIIHexDecode/FlateDecode]",
        b"/Filter/LZWDecode",
        b"/Filter/RunLengthDecode",
        b"/Filter[/FlateDecode/FlateDecode]",
        b"/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 9>>",
        b"/F(elsewhere.json)",
    ],
)
def test_packed_in_another_way(filters: bytes) -> None:
    with pytest.raises(Malformed, match="packed"):
        found(one_file(file=stream(b"87cURDZ~>", filters=filters)))


# ---- what another reader would take out


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"spec": b"<</F(a.json)/UF(a.json)/EF<</F 3 0 R/UF 5 0 R>>>>"}, "two files"),
        ({"spec": b"<</F(a.json)/EF<</F 3 0 R/DOS 5 0 R>>>>"}, "members"),
        ({"spec": b"<</F(a.json)/EF<</F 3 0 R/Unix 5 0 R>>>>"}, "members"),
        ({"spec": b"<</F(a.json)/UF(b.json)/EF<</F 3 0 R>>>>"}, "names"),
        ({"spec": b"<</F(b.json)/EF<</F 3 0 R>>>>"}, "names"),
        ({"spec": b"<</EF<</F 3 0 R>>>>"}, "names"),
        ({"spec": b"<</F(a.json)/DOS(b.json)/EF<</F 3 0 R>>>>"}, "members"),
        ({"spec": b"<</F(a.json)/EF<</F 3 0 R>>/RF<</F[(b.json)5 0 R]>>>>"}, "members"),
        ({"more": b"/AF[<</F(a.json)/EF<</F 5 0 R>>>>]"}, "beside"),
        ({"pages": b"<</Type/Pages/Kids[]/Count 0/Annots[<</Subtype/FileAttachment"
                   b"/FS<</F(a.json)/EF<</F 5 0 R>>>>>>]>>"}, "beside"),
        ({"other": b"<</Type/Page/AF 6 0 R/EF<</F 3 0 R>>>>"}, "beside"),
        ({"other": stream(b"{}")}, "beside"),
    ],
)  # fmt: skip
def test_what_other_readers_take_for_the_report(changed: dict[str, bytes], problem: str) -> None:
    with pytest.raises(Malformed, match=problem):
        found(one_file(**({"other": OTHER} | changed)))


def test_ours_may_be_named_again() -> None:
    """PDF/A-3 wants each attachment in /AF as well."""
    assert found(one_file(more=b"/AF[4 0 R]")) == {"a.json": b"{}"}
    both = b"<</F(a.json)/UF(a.json)/EF<</F 3 0 R/UF 3 0 R>>/Desc(x)/AFRelationship/Data>>"
    assert found(one_file(spec=both)) == {"a.json": b"{}"}


def test_a_table_for_other_readers() -> None:
    with pytest.raises(Malformed, match="two tables"):
        found(one_file(trailer=b"/XRefStm 9"))
