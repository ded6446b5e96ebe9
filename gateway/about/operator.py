"""The operator's port: `/metrics` in threads of its own, however busy the public server is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.registry import Collector

from gateway.base.metrics import REGISTRY
from gateway.base.settings import HttpSettings
from ledger.core.errors import ConfigError

_log = structlog.get_logger(__name__)


@contextmanager
def operator_port(settings: HttpSettings, collector: Collector) -> Iterator[int | None]:
    """Serve it within the block; yields its port, None where the settings name none. Raises
    ConfigError where it cannot listen."""
    if settings.operator_port is None:
        yield None
        return
    try:
        server, thread = start_http_server(
            settings.operator_port, settings.operator_host, together(collector)
        )
    except OSError as error:
        place = f"{settings.operator_host}:{settings.operator_port}"
        raise ConfigError("http.operator_port", f"{place}: {error.strerror}") from error
    port = server.server_port
    _log.info("operator.listening", host=settings.operator_host, port=port)
    try:
        yield port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def together(collector: Collector) -> CollectorRegistry:
    """The figures of this process and those that are read when somebody asks."""
    registry = CollectorRegistry()
    registry.register(REGISTRY)
    registry.register(collector)
    return registry
