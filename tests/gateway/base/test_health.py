"""The states of a log, from what was seen of it."""

from typing import Any

import pytest

from gateway.base.health import Condition, Health, LogHealth, Seen, judge

LOG, OTHER = bytes(32), bytes([1]) * 32


def seen(**values: Any) -> Seen:
    healthy: dict[str, Any] = {
        "trusted": None,
        "anchored": 5,
        "ours": 7,
        "agrees": True,
        "extends": True,
        "readable": True,
    }
    return Seen(**(healthy | values))


@pytest.mark.parametrize(
    ("values", "condition", "grows"),
    [
        ({}, "open", True),
        ({"anchored": 0, "ours": 0}, "open", True),
        ({"ours": 4, "agrees": False, "extends": False}, "behind", False),
        ({"agrees": False, "extends": False}, "forked", False),
        ({"agrees": False, "extends": False, "readable": False}, "damaged", False),
        ({"trusted": 5}, "closed", True),
        ({"trusted": 0, "extends": False}, "closed", False),
        ({"trusted": 3, "extends": False}, "closed", False),
        ({"trusted": 3, "ours": 4, "extends": False}, "closed", False),
        ({"trusted": 5, "ours": 4, "agrees": False, "extends": False}, "behind", False),
        ({"trusted": 3, "agrees": False, "extends": False}, "forked", False),
    ],
)
def test_states(values: dict[str, object], condition: str, grows: bool) -> None:
    health = judge(seen(**values))
    assert (health.condition, health.grows) == (condition, grows)
    assert (health.fault is None) == (condition in ("open", "closed"))


def test_what_is_missing_is_said() -> None:
    health = judge(seen(anchored=10, ours=5, agrees=False), good=4, good_time=1_700_000_000)
    english, chinese = health.explain()["en"], health.explain()["zh"]
    for part in ("10", "5 to 9", "trustedSize 4", "gateway relog", "2023-11-14T22:13:20Z"):
        assert part in english
    assert "第 5 至 9 条" in chinese
    for condition in Condition:
        assert LogHealth(condition=condition).explain().keys() == {"zh", "en"}


@pytest.mark.parametrize("condition", [Condition.BEHIND, Condition.FORKED, Condition.DAMAGED])
def test_no_vote_is_advised_where_the_last_common_size_is_not_known(condition: Condition) -> None:
    """To close at 0 would take every receipt its worth."""
    health = LogHealth(condition=condition, anchored=9, ours=5)
    texts = health.explain()
    assert "do not vote" in texts["en"]
    assert "请勿投票" in texts["zh"]
    assert not any("trustedSize" in text or "size 0" in text for text in texts.values())
    told = LogHealth(condition=condition, anchored=9, ours=5, good=4).explain()
    assert all("trustedSize 4" in told[lang] for lang in told)
    noted = Health()
    noted.note_damage(LOG, 7)
    found = noted.of(LOG)
    assert found is not None
    assert "do not vote" in found.explain()["en"], "the chain was not asked"


def test_health_is_of_each_log() -> None:
    health = Health()
    assert (health.fault, health.grows(LOG), health.of(LOG)) == (None, True, None)
    health.note(LOG, judge(seen(ours=1, agrees=False, extends=False)))
    health.note(OTHER, judge(seen()))
    assert (health.fault, health.grows(LOG), health.grows(OTHER)) == (
        "log-behind-chain",
        False,
        True,
    )
    health.note(LOG, judge(seen(trusted=1, ours=1, extends=False)))
    assert (health.fault, health.grows(LOG)) == (None, False)
    health.note(LOG, judge(seen(trusted=2, ours=1, agrees=False, extends=False)))
    found = health.of(LOG)
    assert found is not None
    assert (found.fault, health.fault) == ("log-behind-chain", None)


def test_damage_stays_until_the_log_is_closed() -> None:
    health = Health()
    health.note_damage(LOG, 7)
    assert (health.fault, health.grows(LOG)) == ("log-damaged", False)
    health.note(LOG, judge(seen()))
    found = health.of(LOG)
    assert found is not None
    assert (found.fault, found.good) == ("log-damaged", 5)
    health.note(LOG, judge(seen(trusted=5)))
    assert (health.fault, health.grows(LOG)) == (None, False)
