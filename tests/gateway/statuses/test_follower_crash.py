"""`kill -9` before and after what the follower makes durable; then a start through the same code.
Afterwards every act is obeyed and acknowledged once."""

import pickle
from contextlib import closing
from pathlib import Path
from time import sleep

import pytest

from gateway.base.lease import SECONDS
from tests.gateway.statuses.desk import FIRST, closed, keys_of, open_gateway, position
from tests.gateway.statuses.test_acknowledging import counts, do_act
from tests.support import child
from tests.support.chain import TestNetwork
from tests.support.work import follow

WHEN = ("before", "after")


def killed(network: TestNetwork, folder: Path, crash_at: str | None) -> int:
    folder.mkdir(exist_ok=True)
    (folder / "network.json").write_bytes(network.file.encode())
    keys = pickle.dumps(keys_of(network, FIRST)).hex()
    return child.fork(follow, str(folder), FIRST, keys, crash_at=crash_at)


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("stage", ["follower.applied", "ack.sent"])
def test_killed_and_started_again(
    network: TestNetwork, tmp_path: Path, stage: str, when: str
) -> None:
    do_act(network, 1)
    do_act(network, 2)
    assert killed(network, tmp_path, f"{stage}:{when}") == child.KILLED
    with closing(open_gateway(network, tmp_path, FIRST)) as node:
        applied = (stage, when) != ("follower.applied", "before")
        assert (position(node).count, len(closed(node))) == ((2, 2) if applied else (0, 0))
    assert counts(network) == ([2] if (stage, when) == ("ack.sent", "after") else [])
    sleep(SECONDS)  # the lease of who was killed runs out
    assert killed(network, tmp_path, None) == 0
    assert counts(network) == [2]
    with closing(open_gateway(network, tmp_path, FIRST)) as node:
        assert (position(node).count, len(closed(node))) == (2, 2)
