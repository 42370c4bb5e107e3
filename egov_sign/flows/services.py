"""What the services run on: one object that brings the store, the clock, trust, keys and settings together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from egov_sign.certs.validator import CertificateValidator
from egov_sign.clock import Clock, SystemClock
from egov_sign.crypto.signer import Signer
from egov_sign.flows.engine import Listener, Work
from egov_sign.flows.registers import Registers
from egov_sign.flows.store import Store
from egov_sign.limits import DEFAULT_LIMITS, Limits


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator may decide; the defaults are what the regulations and good practice ask for.

    Attributes:
        profile: the regulation that new requests follow.
        attempts: failed logins that lock an account.
        lock_time: how long; it then ends by itself (R49).
        session_time: how long a session lasts.
        password_memory_kib: memory that one check of a password takes (Argon2id).
        hold_time: how long a chosen slot is kept for the applicant; the sum of the portal's deadlines (R417).
        clock_tolerance: how far a time in a document may lie in the future.
        employee_certificates: whether a recipient may sign with a certificate of an organisation's employee that
            carries the recipient's IIN (R407).
        free_choices_a_year: how often a person may change the organisation by free choice (R520).
        child_age: below this age a person is attached by a representative (R512).
    """

    profile: str = "astana"
    attempts: int = 5
    lock_time: timedelta = timedelta(minutes=15)
    session_time: timedelta = timedelta(hours=1)
    password_memory_kib: int = 65536
    hold_time: timedelta = timedelta(minutes=35)
    clock_tolerance: timedelta = timedelta(minutes=5)
    employee_certificates: bool = False
    free_choices_a_year: int = 1
    child_age: int = 18


class Relying(Protocol):
    """What it takes to judge signed documents of the services, with or without an installation."""

    @property
    def judge(self) -> CertificateValidator:
        """Judges the certificates of recipients and employees."""

    @property
    def settings(self) -> Settings:
        """What the operator decided."""

    @property
    def limits(self) -> Limits:
        """Sizes."""


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Somebody without an installation, who relies on trust anchors of their own; see :class:`Relying`."""

    judge: CertificateValidator
    settings: Settings = field(default_factory=Settings)
    limits: Limits = DEFAULT_LIMITS


@dataclass
class Services:
    """Everything that the portal, the gateway and the workstations of one installation share.

    Attributes:
        store: where everything is kept.
        judge: judges the certificates of recipients and employees.
        portal_signer: key of the portal's information system; signs the envelopes it sends.
        desk_signers: keys of the providers' information systems by provider code; sign the envelopes they send.
        clock: tells the time.
        settings: what the operator decided.
        limits: sizes.
        listeners: are told of every line of the journal, once it is kept.
        faults: information systems that answer wrongly now, for tests and scenarios: name → kind of fault.
    """

    store: Store
    judge: CertificateValidator
    portal_signer: Signer
    desk_signers: dict[str, Signer] = field(default_factory=dict)
    clock: Clock = field(default_factory=SystemClock)
    settings: Settings = field(default_factory=Settings)
    limits: Limits = DEFAULT_LIMITS
    listeners: list[Listener] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def work(self) -> Iterator[Work]:
        """Begin a unit of work; listeners are told of its events when it has been kept."""
        with self.store.unit() as unit:
            work = Work(unit, self.clock)
            yield work
        for event in work.events:
            for listener in self.listeners:
                listener(event)

    @property
    def registers(self) -> Registers:
        """The registers as they stand now."""
        return Registers(self.store)
