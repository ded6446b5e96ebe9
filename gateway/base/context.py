"""What every domain of a gateway needs, and no secret: it may be handed to anybody."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Event

import sqlalchemy as sa

from gateway.base.clock import Clock
from gateway.base.health import Health
from gateway.base.pace import Pace
from gateway.base.schema_folder import SchemaFolder
from gateway.base.settings import Settings
from ledger.chain.network import NetworkFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """How threads wake one another.

    promised: set when entries became durable; the integrator then looks. published: set with
    every checkpoint; the anchorer then looks. uploaded: set when a file is complete; its reader
    then looks. asked: set when a workbook to correct is wanted;
    its maker then looks. acts: set when something is to go to the chain about a record. products:
    the same about a product. ruled: set when a file that decides about many records came or was
    released. taken_back: set when an authorisation is to be taken back. looked: set once the chain
    was read, whatever it said.
    """

    promised: Event = field(default_factory=Event)
    published: Event = field(default_factory=Event)
    uploaded: Event = field(default_factory=Event)
    asked: Event = field(default_factory=Event)
    acts: Event = field(default_factory=Event)
    products: Event = field(default_factory=Event)
    ruled: Event = field(default_factory=Event)
    taken_back: Event = field(default_factory=Event)
    looked: Event = field(default_factory=Event)

    def wake_all(self) -> None:
        """Have every thread that waits look at once; it then sees that it shall end."""
        waited = (self.promised, self.published, self.uploaded, self.asked, self.acts, self.ruled)
        for event in (*waited, self.products, self.taken_back):
            event.set()


@dataclass(slots=True, kw_only=True)
class Context:
    """Shared by all threads of one gateway."""

    settings: Settings
    network: NetworkFile
    engine: sa.Engine
    clock: Clock
    signals: Signals = field(default_factory=Signals)
    pace: Pace = field(default_factory=Pace)
    health: Health = field(default_factory=Health)
    schemas: SchemaFolder = field(default_factory=SchemaFolder)
