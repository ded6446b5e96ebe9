"""A process that wants the lease of a database, and says on its output whenever it holds it or not.

python -m tests.gateway.base.lease_holder URL SECONDS
"""

import sys
import time

import structlog

from gateway.base import lease as module
from gateway.base.db import open_engine
from gateway.base.lease import Lease

if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())  # stdout is ours
    url, seconds = sys.argv[1:]
    module.SECONDS, module.RENEW = float(seconds), 0.05
    lease, said = Lease(open_engine(url)), None
    while True:
        if (holds := lease.take()) != said:
            print("holds" if holds else "waits", flush=True)
            said = holds
        time.sleep(0.01)
