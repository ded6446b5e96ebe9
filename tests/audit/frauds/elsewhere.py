"""Codes that the book does not plant, and the tests that do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.audit.monitor.codes import MONITOR_CODES

_HERE = "tests/audit"

ELSEWHERE: Final[Mapping[str, Mapping[str, str]]] = {
    "audit replay": {
        "case-too-long": f"{_HERE}/test_openings.py::test_more_steps_than_anybody_takes",
        "checkpoint-version-unknown": (
            f"{_HERE}/test_replay.py::test_what_a_later_version_wrote_is_left_open"
        ),
        "draw-unchecked": (
            f"{_HERE}/test_draws.py::test_a_draw_of_a_later_version_or_of_a_log_that_is_gone"
        ),
        "entry-version-unknown": (
            f"{_HERE}/test_replay.py::test_what_a_later_version_wrote_is_left_open"
        ),
        "list-unchecked": f"{_HERE}/test_lists.py::test_a_list_of_a_newer_format",
        "log-too-large": f"{_HERE}/test_resume.py::test_a_log_that_nobody_could_read_to_its_end",
        "log-too-slow": f"{_HERE}/test_hostile.py::test_it_is_said_first_and_in_words",
        "opening-version-unknown": (
            f"{_HERE}/test_openings.py::test_an_opening_of_a_later_version"
        ),
        "paper-version-unknown": f"{_HERE}/test_queries.py::test_an_answer_of_a_later_version",
        "tiles-unreachable": f"{_HERE}/test_hostile.py::test_a_server_that_means_harm",
        "transaction-missing": (
            f"{_HERE}/test_judgements.py::test_a_node_that_does_not_give_a_transaction"
        ),
    },
    "audit quality": {
        "log-unreadable": f"{_HERE}/test_quality.py::test_a_log_that_cannot_be_read",
        "no-such-period": f"{_HERE}/test_quality.py::test_what_cannot_be_had_is_no_wrong",
        "unreachable": f"{_HERE}/test_quality.py::test_what_cannot_be_had_is_no_wrong",
    },
    "audit promise": {
        "key-not-final": (
            "tests/core/test_verdict_statement.py::test_what_only_looks_like_a_promise"
        ),
        "promise-in-rebuilt": (f"{_HERE}/test_promise.py::test_a_chain_that_is_being_filled_anew"),
        "promise-leaves-unknown": (
            f"{_HERE}/test_promise.py::test_a_file_that_is_none_is_a_wrong_use"
        ),
        "promise-log-closed": f"{_HERE}/test_promise.py::test_a_log_that_was_closed",
        "promise-newer-than-head": (
            f"{_HERE}/test_promise.py::test_what_is_no_promise_of_the_member_accuses_nobody"
        ),
        "promise-not-due": f"{_HERE}/test_promise.py::test_not_due",
        "root-mismatch": (
            f"{_HERE}/test_promise.py::test_tiles_that_are_missing_false_or_elsewhere"
        ),
        "tiles-missing": (
            f"{_HERE}/test_promise.py::test_tiles_that_are_missing_false_or_elsewhere"
        ),
        "tiles-unreachable": (
            f"{_HERE}/test_promise.py::test_tiles_that_are_missing_false_or_elsewhere"
        ),
    },
    "audit monitor": {
        "chain-unreadable": (
            f"{_HERE}/monitor/test_following.py::test_a_chain_that_cannot_be_read_or_halts"
        ),
        "endpoint-down": f"{_HERE}/monitor/test_shown.py::test_gateways_that_are_none",
        "head-went-back": (
            f"{_HERE}/monitor/test_following.py::test_nodes_that_are_behind_make_nothing_forgotten"
        ),
        "key-compromised": (
            f"{_HERE}/monitor/test_following.py::test_a_stolen_key_and_what_it_anchored"
        ),
        "log-closed": (
            f"{_HERE}/monitor/test_following.py::"
            "test_a_log_that_is_closed_and_a_contract_that_is_not_ours"
        ),
        "mirror-behind": (
            f"{_HERE}/monitor/test_shown.py::test_copies_that_are_behind_have_gaps_or_lie"
        ),
        "node-behind": (
            f"{_HERE}/monitor/test_following.py::test_nodes_that_are_down_behind_elsewhere_or_lie"
        ),
        "replay-failed": (
            f"{_HERE}/monitor/test_following.py::test_a_full_replay_that_gives_no_report"
        ),
    },
}
"""By command and code, the test that plants it."""

ALL_IS_WELL: Final = frozenset(
    {
        "promise-met",
        *(code for code, about in MONITOR_CODES.items() if about.severity == "note"),
    }
)
"""Codes that tell of no fault: a promise that was kept, and news."""
