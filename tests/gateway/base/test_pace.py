"""When the next anchor may be begun, as those who wait for it are told."""

import math
import threading
import time

from gateway.base.pace import Pace


def test_at_once_as_long_as_nothing_is_known() -> None:
    assert Pace().wait(0)


def test_not_before_its_time() -> None:
    pace = Pace()
    pace.begin_from(time.monotonic() + 3600)
    assert not pace.wait(0.01)
    pace.begin_from(time.monotonic() + 0.01)
    assert pace.wait(3600)
    pace.begin_from(math.inf)
    assert not pace.wait(0)


def test_who_waits_is_woken() -> None:
    pace, found = Pace(), list[bool]()
    pace.begin_from(math.inf)
    waiting = threading.Thread(target=lambda: found.append(pace.wait(3600)))
    waiting.start()
    pace.begin_from(-math.inf)
    waiting.join()
    assert found == [True]
