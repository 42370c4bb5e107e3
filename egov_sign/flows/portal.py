"""The portal (ПЭП): what a recipient does, button by button (R101–R112 and their kin).

A request in five calls::

    session = portal.log_in(iin, password).get()
    request = portal.order(session, "CALL", "AST01").get()
    portal.fill(session, request.id, {"address": "…", "phone": "…", "complaints": "…"}).get()
    portal.submit(session, request.id, signer.certificate).get()      # «отправить запрос»: condition 2
    portal.sign(session, request.id, signer).get()                    # «подписать»: signed, sent, registered
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.iin import Iin
from egov_sign.certs.profile import identify
from egov_sign.crypto.signer import Signer
from egov_sign.docs.soap_async import MessageType
from egov_sign.docs.xmlparse import parse
from egov_sign.errors import ConfigurationError
from egov_sign.flows import (
    accounts,
    catalogue,
    condition2,
    evidence,
    gateway,
    outcomes,
    preparation,
    requests,
    schedule,
    sessions,
    signing,
)
from egov_sign.flows.attachments import AttachedFile, check_file, describe_file
from egov_sign.flows.catalogue import ServiceInfo
from egov_sign.flows.deadlines import service_due
from egov_sign.flows.engine import Run, Work
from egov_sign.flows.envelope import PORTAL, SERVICES, Envelope
from egov_sign.flows.forms import Represented, check_entries, check_form, check_represented
from egov_sign.flows.model import flow
from egov_sign.flows.outcomes import OpenedOutcome
from egov_sign.flows.refusals import Answer, Refusal, reason, refused
from egov_sign.flows.requests import Request, State
from egov_sign.flows.services import Services
from egov_sign.flows.sessions import Session
from egov_sign.messages import Language
from egov_sign.verdict import Finding


@dataclass(frozen=True, slots=True)
class StatusScreen:
    """What the status screen shows: exactly five fields (R39).

    Attributes:
        iin: of the recipient.
        number: of the request; empty until it is registered.
        service: name of the service.
        status: caption of the state.
        due: until when the service is rendered.
    """

    iin: str
    number: str
    service: str
    status: str
    due: datetime | None


@dataclass(frozen=True, slots=True)
class CertificateChoice:
    """A line of the list from which the recipient chooses a certificate (R36)."""

    owner: str
    iin: str
    not_before: datetime
    not_after: datetime
    can_sign: bool
    fingerprint: str


class Portal:
    """The portal of one installation.

    Args:
        services: what it runs on.
    """

    def __init__(self, services: Services) -> None:
        self.services = services

    # Getting in

    def register(self, iin: str, password: str) -> Answer[Iin]:
        """Open an account (process 0); refusals: ``REG_…``, see :func:`egov_sign.flows.accounts.register`."""
        return accounts.register(self.services, iin, password)

    def log_in(self, iin: str, password: str) -> Answer[Session]:
        """Log in (process 1, condition 1); refusals: ``AUTH_…``, process 2."""
        return accounts.log_in(self.services, iin, password)

    def resume(self, token: str) -> Answer[Session]:
        """Return the session that ``token`` proves; refusal: ``AUTH_SESSION_EXPIRED``."""
        session = sessions.resume(self.services, token, accounts.REALM)
        return Answer(session) if session else refused("", [reason("AUTH_SESSION_EXPIRED")])

    def log_out(self, session: Session) -> None:
        """End a session."""
        with self.services.work() as work:
            sessions.close_session(work, session)

    def catalogue(self) -> list[ServiceInfo]:
        """Return the services that can be ordered."""
        return catalogue.catalogue(self.services.settings.profile)

    # Making a request

    def order(
        self,
        session: Session,
        service: str,
        provider: str,
        *,
        on_behalf_of: Represented | None = None,
        profile: str = "",
    ) -> Answer[Request]:
        """«Заказать услугу online»: begin a request (process 3); the form has the IIN of the account (R34).

        Refusals: ``AUTH_SESSION_EXPIRED``; ``FORM_FORMAT`` for an unknown provider or represented person.

        Raises:
            ConfigurationError: ``FLOW_NOT_PROVIDED`` if the regulation has no such service on the portal.
        """
        if expired := self._expired(session):
            return Answer(None, expired)
        chosen = flow(profile or self.services.settings.profile, service, "portal")
        reasons = check_represented(on_behalf_of) if on_behalf_of else []
        if self.services.registers.provider(provider) is None:
            reasons.append(reason("FORM_FORMAT", "provider", field="FIELD_PROVIDER", detail="DETAIL_PROVIDER"))
        if reasons:
            return refused("p3", reasons)
        request_id = str(uuid.uuid4())
        run = Run(
            chosen,
            session.run.step,
            began=dict(session.run.began),
            ended=dict(session.run.ended),
            request=request_id,
            subject=session.iin,
        )
        request = Request(request_id, run, session.iin, provider, represented=on_behalf_of)
        request.form["iin"] = str(session.iin)
        with self.services.work() as work:
            work.begin(run, "p3")
            request.move(work, State.DRAFT)
            request.save(work)
        return Answer(request)

    def fill(self, session: Session, request_id: str, form: Mapping[str, str]) -> Answer[Request]:
        """Fill in fields of the form; whether all is there and right is checked by :meth:`submit`.

        Refusals: ``FORM_IIN_READONLY`` (R34), ``FORM_FORMAT`` for what no draft can hold.
        """
        if expired := self._expired(session):
            return Answer(None, expired)
        with self.services.work() as work:
            request = self._own(work, session, request_id, State.DRAFT)
            if reasons := check_entries(request.service, form):
                return refused("p3", reasons)
            if form.get("iin", request.form["iin"]) != request.form["iin"]:
                return refused("p3", [reason("FORM_IIN_READONLY", "iin")])
            request.form.update(form)
            request.save(work)
        return Answer(request)

    def attach(self, session: Session, request_id: str, name: str, content: bytes, kind: str) -> Answer[AttachedFile]:
        """Attach a file (R33); refusals: ``FORM_ATTACHMENT_TYPE``, ``FORM_ATTACHMENT_SIZE``."""
        if expired := self._expired(session):
            return Answer(None, expired)
        reasons = check_file(name, content, self.services.limits)
        if reasons:
            return refused("p3", reasons)
        with self.services.work() as work:
            request = self._own(work, session, request_id, State.DRAFT)
            file = describe_file(len(request.files) + 1, kind, name, content)
            work.unit.put_document(content)
            request.files.append(file)
            request.save(work)
        return Answer(file)

    def choices(self, certificates: Sequence[bytes]) -> list[CertificateChoice]:
        """Return the list from which the recipient chooses a certificate: owner, validity, purpose (R36)."""
        loaded = [Certificate.load(data) for data in certificates]
        return [
            CertificateChoice(
                who.full_name,
                str(who.iin or ""),
                certificate.not_before,
                certificate.not_after,
                who.can_sign,
                certificate.fingerprint,
            )
            for certificate in loaded
            for who in [identify(certificate)]
        ]

    def submit(self, session: Session, request_id: str, certificate: bytes) -> Answer[Request]:
        """«отправить запрос»: check the form, then the chosen certificate (condition 2); nothing is sent yet (R35).

        Refusals: ``FORM_…`` (the request stays a draft); ``SIG_CERT_…``, ``SIG_IIN_MISMATCH`` (process 4: the request
        is over); ``GBD_…`` if the register of persons cannot confirm the data.

        Raises:
            StoreConflictError: the form was changed while it was being checked.
        """
        if expired := self._expired(session):
            return Answer(None, expired)
        now = self.services.clock.now()
        draft = self._own(None, session, request_id, State.DRAFT)
        reasons = check_form(draft.service, draft.form, session.iin)
        reasons = reasons or preparation.unresolved(self.services.registers, self.services.store, draft)
        if reasons:
            return refused("p3", reasons)
        parties = preparation.parties(self.services, draft)
        if parties.refusal is not None:
            return refused("p3", parties.refusal.reasons)
        check = condition2.check_recipient(self.services, Certificate.load(certificate), session.iin, now)
        with self.services.work() as work:
            request = requests.unchanged(work, draft)
            work.finish(request.run)
            request.certificate = check.certificate.fingerprint
            request.evidence = evidence.keep(work, self.services, check)
            codes = [finding.code for finding in check.reasons]
            if not work.decide(request.run, "c2", codes):
                return self._refuse_signature(work, request, list(check.reasons))
            self._hold_slot(work, request)
            document = preparation.document(work, request, parties.get(), self.services.registers)
            request.prepared = work.unit.put_document(document, ".xml")
            request.move(work, State.READY_TO_SIGN)
            request.save(work)
        return Answer(request)

    def to_sign(self, session: Session, request_id: str) -> bytes:
        """Return the request document that is to be signed, for those who sign elsewhere (:meth:`send_signed`)."""
        return self.services.store.document(self._seen(session, request_id, State.READY_TO_SIGN).prepared)

    def sign(self, session: Session, request_id: str, signer: Signer) -> Answer[Request]:
        """«подписать»: sign the request and send it (process 5); refusals as :meth:`send_signed`."""
        if expired := self._expired(session):
            return Answer(None, expired)
        started = self.services.clock.now()
        signed = signing.sign(self.to_sign(session, request_id), signer)
        return self.send_signed(session, request_id, signed, started=started)

    def send_signed(
        self, session: Session, request_id: str, signed: bytes, *, started: datetime | None = None
    ) -> Answer[Request]:
        """Take the signed request, verify it (R401), send it through the gateway (process 5).

        Refusals: ``SIG_INVALID`` if the signature is wrong, is not over the request that was shown, or is not by the
        certificate of condition 2 (attack 59); ``SIG_…`` if the certificate is no longer good; ``GW_…`` if the
        gateway did not deliver it, which it will try again (:func:`egov_sign.flows.gateway.deliver`).
        """
        if expired := self._expired(session):
            return Answer(None, expired)
        now = self.services.clock.now()
        draft = self._own(None, session, request_id, State.READY_TO_SIGN)
        reasons = self._signature_reasons(draft, signed, now)
        provider = self.services.registers.known_provider(draft.provider)
        with self.services.work() as work:
            request = self._own(work, session, request_id, State.READY_TO_SIGN)
            if reasons:
                work.note(
                    "portal.signature", "ПЭП", request.run, outcome="refused", codes=[found.code for found in reasons]
                )
                return refused("p5", reasons)
            work.begin(request.run, "p5", started or now)
            request.document = work.unit.put_document(signed, ".xml")
            request.move(work, State.SIGNED)
            request.message = str(uuid.uuid4())
            request.due = service_due(request.run.flow, now, provider)
            request.move(work, State.SENT)
            work.finish(request.run, digest=request.document)
            request.save(work)
            envelope = Envelope(
                request.message,
                request.message,
                SERVICES[request.service],
                MessageType.REQUEST,
                now,
                PORTAL,
                provider.code,
                signed,
            )
            gateway.send(work, envelope, self.services.portal_signer, request.id)
        delivery = gateway.deliver_one(self.services, request.message)
        if delivery.reasons:
            return refused("p5", delivery.reasons)
        return Answer(requests.load(self.services.store, request_id))

    def withdraw(self, session: Session, request_id: str) -> Answer[Request]:
        """Take a request back, as long as nobody works on it; the gateway then delivers it no more.

        Raises:
            ConfigurationError: ``REQUEST_STATE`` when it is too late.
        """
        if expired := self._expired(session):
            return Answer(None, expired)
        with self.services.work() as work:
            request = self._own(work, session, request_id, *requests.WITHDRAWABLE)
            request.move(work, State.WITHDRAWN)
            gateway.stop(work, request.message)
            schedule.release(work, request.form.get("slot_id", ""), request.id)
            work.note("portal.withdrawn", "Получатель", request.run)
            request.save(work)
        return Answer(request)

    # Following it

    def cabinet(self, session: Session) -> list[Request]:
        """Return the recipient's own requests, oldest first (R10).

        Raises:
            RefusedError: ``AUTH_SESSION_EXPIRED``.
        """
        sessions.demand_open(self.services, session)
        return requests.load_all(self.services.store, "applicant", str(session.iin))

    def status(self, session: Session, request_id: str, language: Language = "ru") -> StatusScreen:
        """«обновить статус»: return the status screen; never changes anything (R39, R40, R426)."""
        request = self._seen(session, request_id)
        state = request.state if not request.outcome or request.answered else State.IN_PROCESSING
        return StatusScreen(
            str(request.applicant),
            request.number,
            catalogue.name_of(request.service, language),
            state.caption(language),
            request.due,
        )

    def can_view_result(self, session: Session, request_id: str) -> bool:
        """Tell whether the button «просмотр результата» is there: the answer has come to the portal (R41)."""
        return bool(self._seen(session, request_id).answered)

    def open_result(self, session: Session, request_id: str) -> OpenedOutcome:
        """«открыть»: return the certificate or the refusal, verified as of the time it was signed (R42, R402).

        Raises:
            RefusedError: ``AUTH_SESSION_EXPIRED``.
            ConfigurationError: ``RESULT_NOT_READY`` while there is no answer yet; ``PROVIDER_UNKNOWN`` if the registers
                have lost the provider.
        """
        request = self._seen(session, request_id)
        if not request.answered:
            raise ConfigurationError(
                "RESULT_NOT_READY", "the answer has not come yet", where=request.number, hint="look at the status"
            )
        provider = self.services.registers.known_provider(request.provider)
        opened = outcomes.open_outcome(self.services, request, provider)
        with self.services.work() as work:
            codes = [finding.code for finding in opened.reasons]
            outcome = "error" if codes else "ok"
            work.note("portal.opened", "Получатель", request.run, outcome=outcome, codes=codes, digest=request.outcome)
        return opened

    # Inside

    def _expired(self, session: Session) -> Refusal | None:
        if sessions.is_open(self.services, session):
            return None
        return Refusal("", (reason("AUTH_SESSION_EXPIRED"),))

    def _seen(self, session: Session, request_id: str, *states: State) -> Request:
        """Return a request that the session's user looks at; who has logged out sees nothing more (R47)."""
        sessions.demand_open(self.services, session)
        return self._own(None, session, request_id, *states)

    def _own(self, work: Work | None, session: Session, request_id: str, *states: State) -> Request:
        """Return a request of the session's user; another's is as unknown as one that does not exist (R10)."""
        request = requests.load(work.unit if work else self.services.store, request_id)
        if request.applicant != session.iin or request.channel != "portal":
            raise ConfigurationError("REQUEST_UNKNOWN", f"there is no request {request_id!r}")
        if states and request.state not in states:
            raise ConfigurationError(
                "REQUEST_STATE",
                f"the request is {request.state}, not {' or '.join(states)}",
                where=request.number or request.id,
                hint="look at the status of the request",
            )
        return request

    def _refuse_signature(self, work: Work, request: Request, reasons: list[Finding]) -> Answer[Request]:
        """Process 4: the request is over, without a number (R59, R107)."""
        work.pass_through(request.run, "p4", "refused", [finding.code for finding in reasons])
        request.refuse(work, State.REFUSED_EDS, reasons)
        request.save(work)
        return Answer(None, Refusal("p4", tuple(reasons)))

    def _hold_slot(self, work: Work, request: Request) -> None:
        """Keep the chosen slot while the request is on its way; condition 3 decides who gets it (R416, R417)."""
        chosen = schedule.slot(work.unit, request.form["slot_id"]) if request.service == "APPT" else None
        if chosen is not None and chosen.free_for(request.id, work.now):
            schedule.hold(work, chosen, request.id, work.now + self.services.settings.hold_time)

    def _signature_reasons(self, request: Request, signed: bytes, now: datetime) -> list[Finding]:
        opened = signing.open_signed(self.services, signed, "request", now)
        if opened.root is None or opened.certificate is None:
            return list(opened.reasons)
        shown = parse(self.services.store.document(request.prepared))
        if opened.certificate.fingerprint != request.certificate or _canonical(opened.root) != _canonical(shown):
            return [reason("SIG_INVALID")]
        check = condition2.check_recipient(
            self.services, opened.certificate, request.applicant, now, report=opened.certificate_report
        )
        return list(check.reasons)


def _canonical(root: etree._Element) -> bytes:
    return etree.tostring(root, method="c14n", exclusive=True)
