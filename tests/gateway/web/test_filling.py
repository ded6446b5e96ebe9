"""What was typed, put back into a page."""

from __future__ import annotations

import pytest

from gateway.web.filling import fill

PAGE = """<!doctype html><form method="post" action="/logout">
<input type=hidden name=csrf value=a></form>
<form method="post" action="/other"><input name="note" value=""></form>
<form method="post" action="/act"><input type="hidden" name="case" value="7">
<input id="n" name="n" required value="old">
<input type="password" name="token"><input type="file" name="doc">
<label><input type="radio" name="r" value="a" checked> A</label>
<input type="radio" name="r" value="b">
<input type="checkbox" name="c" value="1" checked><input type="checkbox" name="c" value="2">
<select name="s"><option value="">-</option><option value="x" selected>X</option>
<option>Y</option></select>
<textarea name="t" rows="2">was</textarea></form><textarea name="t">of no form</textarea>"""


def test_each_kind_of_field() -> None:
    fields = [("n", 'n"<&'), ("r", "b"), ("c", "2"), ("s", "x"), ("t", "\na\n</textarea><b>")]
    text, left = fill(PAGE, "/act", [*fields, ("case", "7"), ("gone", "1"), ("case", "8")])
    assert left == [("gone", "1"), ("case", "8")]
    assert '<input id="n" name="n" required value="n&quot;&lt;&amp;">' in text
    assert '<input type="radio" name="r" value="a"> A' in text
    assert '<input type="radio" name="r" value="b" checked>' in text
    assert '<input type="checkbox" name="c" value="2" checked>' in text
    assert '<input type="checkbox" name="c" value="1">' in text
    assert '<option value=""' in text and '<option value="x" selected>X' in text
    assert "\n\na\n&lt;/textarea&gt;&lt;b&gt;</textarea></form>" in text
    assert '<textarea name="t">of no form</textarea>' in text
    assert 'name="case" value="7"' in text, "what is hidden is of the page as it is now"


@pytest.mark.parametrize("name", ["token", "doc", "case", "csrf"])
def test_what_is_never_filled(name: str) -> None:
    text, left = fill(PAGE, "/act", [(name, "evil")])
    assert (text.count("evil"), left) == (0, [(name, "evil")])


def test_the_form_that_is_meant() -> None:
    two = PAGE.replace('value="7"', 'value="6"') + PAGE
    text, _ = fill(two, "/act", [("case", "7"), ("n", "typed")])
    assert text.index("typed") > text.index('value="7"')
    text, left = fill(PAGE, "/nowhere", [("note", "typed")])
    assert ('name="note" value="typed"' in text, left) == (True, [])
    assert fill(PAGE, "/nowhere", [("q", "typed")]) == (PAGE, [("q", "typed")])


def test_lines_of_every_kind() -> None:
    """Where a tag stands does not depend on what ends a line."""
    for end in ("\n", "\r\n", "\u2028\n", "\x0b"):
        form = f'<form method="post" action="/a">{end}<input name="n" value="">{end}</form>'
        page = f"<p>中{end}文</p>{form}"
        text, _ = fill(page, "/a", [("n", "x")])
        assert text == page.replace('value=""', 'value="x"'), repr(end)
