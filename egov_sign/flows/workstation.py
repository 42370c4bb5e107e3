"""The provider's workstation (АРМ): employees log in, see what has come in, decide, sign the outcome.

::

    desk = Workstation(services, "AST01")
    session = desk.log_in(iin, password).get()
    for request in desk.inbox(session): …
    outcome = desk.process(session, number, signer).get()
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from egov_sign.crypto.signer import Signer
from egov_sign.docs.soap_async import MessageType
from egov_sign.errors import ConfigurationError
from egov_sign.flows import (
    employees,
    evidence,
    gateway,
    grounds,
    outcomes,
    queries,
    registration,
    requests,
    schedule,
    sessions,
)
from egov_sign.flows.deadlines import due_at
from egov_sign.flows.desk import session_refusal
from egov_sign.flows.employees import Desk
from egov_sign.flows.engine import Work
from egov_sign.flows.envelope import PORTAL, SERVICES, Envelope
from egov_sign.flows.granting import grant
from egov_sign.flows.grounds import Case
from egov_sign.flows.outcomes import Issuer
from egov_sign.flows.refusals import Answer, Refusal, RefusedError, reason, refused
from egov_sign.flows.registers import Attachment, Person, Provider
from egov_sign.flows.requests import Request, State
from egov_sign.flows.services import Services
from egov_sign.verdict import Finding


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of a request.

    Attributes:
        request: as it stands now.
        document: the signed certificate or refusal.
        oral_answer: what the registrar says, by language; empty where the regulation has no oral answer.
        refusal: why the service was refused; ``None`` if it was granted.
    """

    request: Request
    document: bytes
    oral_answer: dict[str, str]
    refusal: Refusal | None = None


class Workstation:
    """The workstation of one provider.

    Args:
        services: what it runs on.
        provider: code of the provider.

    Raises:
        ConfigurationError: ``PROVIDER_UNKNOWN``.
    """

    def __init__(self, services: Services, provider: str) -> None:
        self.services = services
        self.provider: Provider = services.registers.known_provider(provider)

    # Getting in

    def log_in(self, iin: str, password: str) -> Answer[Desk]:
        """Log in an employee (R121, R412); refusals: ``EMP_AUTH_FAILED``, ``EMP_NO_ROLE``, ``AUTH_LOCKED``."""
        return employees.log_in(self.services, self.provider.code, iin, password)

    def resume(self, token: str) -> Answer[Desk]:
        """Return the session that ``token`` proves; refusal: ``AUTH_SESSION_EXPIRED``."""
        return employees.resume(self.services, self.provider.code, token)

    def log_out(self, session: Desk) -> None:
        """End a session."""
        with self.services.work() as work:
            sessions.close_session(work, session.session)

    # What has come in

    def inbox(self, session: Desk) -> list[Request]:
        """Return the registered requests that wait for a decision, those that are due first.

        Raises:
            RefusedError: ``AUTH_SESSION_EXPIRED``, ``EMP_NO_ROLE``.
        """
        if (refusal := session_refusal(self.services, session, self.provider.code)) is not None:
            raise RefusedError(refusal)
        waiting = [
            request
            for state in (State.REGISTERED, State.IN_PROCESSING)
            for request in requests.load_all(self.services.store, "state", f"{self.provider.code} {state}")
        ]
        return sorted(waiting, key=lambda request: (request.due is None, request.due, request.number))

    def process(self, session: Desk, number: str, signer: Signer) -> Answer[Decision]:
        """Check the grounds and issue the outcome: the certificate (process 8) or the refusal (process 7).

        The answer is a :class:`Decision` in both cases: a refused service is a decision, and it is signed. Refusals of
        this call leave the request as it is: ``EMP_NO_ROLE``, ``EMP_CERT_REJECTED`` (the signer may not sign for the
        provider, R408), ``GBD_…`` and ``GW_UNAVAILABLE`` (a register does not answer), ``AUTH_SESSION_EXPIRED``.

        Raises:
            ConfigurationError: ``REQUEST_UNKNOWN``; ``REQUEST_STATE`` if somebody was quicker.
            StoreError: ``STORE_EDITED`` if the store says something else of the request than what was signed.
        """
        if (refusal := session_refusal(self.services, session, self.provider.code)) is not None:
            return Answer(None, refusal)
        draft = self._own(None, number)
        issuer = Issuer(signer, session.employee)
        check, reasons = outcomes.check_issuer(self.services, issuer, self.provider, draft.service, draft.profile)
        if not session.may("signer", "head"):
            reasons.insert(0, reason("EMP_NO_ROLE"))
        if reasons:
            return refused("", reasons)
        registration.demand_signed(self.services, draft)
        person = queries.person(self.services, draft.recipient)
        if person.refusal is not None:
            return Answer(None, person.refusal)
        attached = queries.attachment(self.services, draft.recipient)
        if attached.refusal is not None:
            return Answer(None, attached.refusal)
        with self.services.work() as work:
            request = self._own(work, number)
            request.outcome_evidence = evidence.keep(work, self.services, check)
            decision = self._decide(work, request, issuer, person.get(), attached.value)
        if decision.request.answer_message:
            gateway.deliver_one(self.services, decision.request.answer_message)
        return Answer(decision)

    def overdue(self) -> list[Request]:
        """Return the requests of this provider whose term has passed without an outcome (R49, R418)."""
        now = self.services.clock.now()
        waiting = [
            request
            for state in (State.SENT, State.NOT_DELIVERED, State.REGISTERED, State.IN_PROCESSING)
            for request in requests.load_all(self.services.store, "state", f"{self.provider.code} {state}")
        ]
        return [request for request in waiting if request.due is not None and request.due < now]

    # Inside

    def _decide(
        self, work: Work, request: Request, issuer: Issuer, recipient: Person, attachment: Attachment | None
    ) -> Decision:
        run = request.run
        run.actor = employees.masked(issuer.employee)
        sent = request.entered(State.SENT) or request.entered(State.SIGNED) or work.now
        case = Case(request, self.provider, recipient, attachment, work.unit, work.now, sent, self.services.settings)
        request.move(work, State.IN_PROCESSING)
        reasons = grounds.examine(case)
        condition = run.flow.grounds
        granted_step, refused_step = run.flow.step(condition).next
        if work.decide(run, condition, [finding.code for finding in reasons]):
            work.begin(run, granted_step)
            granted = grant(work, case)
            document = outcomes.issue_result(work, case, issuer, granted)
            decision = Decision(request, document, granted.oral_answer)
        else:
            work.begin(run, refused_step)
            schedule.release(work, request.form.get("slot_id", ""), request.id)
            document = outcomes.issue_refusal(work, case, issuer, condition, reasons)
            refusal = Refusal(refused_step, tuple(reasons), request.number, request.outcome)
            decision = Decision(request, document, {}, refusal)
        self._finish(work, request, reasons)
        if request.channel == "portal":
            self._send_answer(work, request, document)
        request.save(work)
        return decision

    def _finish(self, work: Work, request: Request, reasons: list[Finding]) -> None:
        run = request.run
        step = run.flow.step(run.step)
        start = run.ended.get(step.counted_from, run.began[step.id])
        due = due_at(step, start, self.provider, request.service)
        codes = [finding.code for finding in reasons]
        work.finish(run, "refused" if codes else "ok", codes, due=due, digest=request.outcome)

    def _send_answer(self, work: Work, request: Request, document: bytes) -> None:
        request.answer_message = str(uuid.uuid4())
        envelope = Envelope(
            request.answer_message,
            request.message or request.answer_message,
            SERVICES[request.service],
            MessageType.RESPONSE,
            work.now,
            self.provider.code,
            PORTAL,
            document,
        )
        gateway.send(work, envelope, self.services.desk_signers[self.provider.code], request.id)

    def _own(self, work: Work | None, number: str) -> Request:
        request = requests.load(work.unit if work else self.services.store, number)
        if request.provider != self.provider.code or not request.number:
            raise ConfigurationError("REQUEST_UNKNOWN", f"there is no request {number!r} at {self.provider.code}")
        if request.state not in {State.REGISTERED, State.IN_PROCESSING}:
            raise ConfigurationError("REQUEST_STATE", f"the request is {request.state} already", where=request.number)
        return request
