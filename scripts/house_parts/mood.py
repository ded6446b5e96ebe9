"""One mood for docstrings: a function is told what to do, not described as doing it."""

import ast
from collections.abc import Iterator

VERBS = frozenset(
    "Adds Appends Asks Builds Checks Closes Commits Computes Counts Creates Deletes Does Drops Ends"
    " Fills Finds Forgets Gets Gives Hands Keeps Lists Loads Looks Makes Mints Opens Parses Polls"
    " Prints Proposes Puts Raises Reads Refuses Registers Remembers Removes Replays Returns Runs"
    " Says Sends Serves Shows Splits Starts Stops Stores Submits Takes Tells Tries Turns Updates"
    " Verifies Waits Writes Yields".split()
)
"""Forms that are no plural of ours, so whatever begins with them describes."""


def descriptive(path: str, tree: ast.AST) -> Iterator[str]:
    """Functions whose docstring begins with a verb in the third person."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            words = (ast.get_docstring(node) or "").replace(",", " ").split()
            if words and words[0] in VERBS:
                yield f"{path}:{node.lineno}: {node.name}: say what to do, not {words[0]!r}"
