"""Imports with exits: each proposes the end of the entry that it names, released once by file."""

import csv
import io
from dataclasses import replace
from typing import Any

import pytest

from gateway.base.context import Signals
from gateway.cases.models import acts
from gateway.files.store import FileStore
from gateway.intake.interfaces import RowInput
from gateway.jobs.services import Jobs
from gateway.node import Node
from ledger.core.status import Outcome
from ledger.records.schema import load
from tests.gateway.anchoring.whole import settle
from tests.gateway.casefiles.bureau import Bureau, Person
from tests.gateway.cases.desk import word
from tests.gateway.intake.material import OF_BEIJING, count
from tests.records.examples import good
from tests.support.anvil import Anvil
