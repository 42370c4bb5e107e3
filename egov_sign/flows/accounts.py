"""Accounts of the portal: registration and login with IIN and password (R101–R104 and their kin)."""

from __future__ import annotations

from egov_sign.certs.iin import Iin
from egov_sign.clock import format_time
from egov_sign.errors import InputError
from egov_sign.flows import passwords, queries
from egov_sign.flows.engine import Run
from egov_sign.flows.model import entrance
from egov_sign.flows.refusals import Answer, reason, refused
from egov_sign.flows.services import Services
from egov_sign.flows.sessions import Session, open_session
from egov_sign.verdict import Finding

REALM = "portal"


def register(services: Services, iin_text: str, password: str) -> Answer[Iin]:
    """Open an account (process 0): the login is the IIN (D13).

    Refusals: ``REG_IIN_FORMAT``, ``REG_IIN_CHECK_DIGIT``, ``REG_WEAK_PASSWORD``, ``REG_NOT_IN_GBDFL``,
    ``REG_ALREADY``, ``GBD_UNAVAILABLE``.
    """
    reasons = [] if passwords.is_strong(password, iin_text) else [reason("REG_WEAK_PASSWORD")]
    iin, wrong = _read(iin_text)
    if iin is None:
        return refused("p0", [*wrong, *reasons])
    found = queries.person(services, iin)
    if found.refusal:
        not_there = [reason("REG_NOT_IN_GBDFL") if f.code == "GBD_NOT_FOUND" else f for f in found.refusal.reasons]
        reasons = [*not_there, *reasons]
    hashed = passwords.hash_password(services, password)
    with services.work() as work:
        run = Run(entrance(services.settings.profile, "portal"), subject=iin)
        if work.unit.get("account", str(iin)):
            reasons.append(reason("REG_ALREADY"))
        work.begin(run, "p0")
        work.finish(run, "refused" if reasons else "ok", [finding.code for finding in reasons])
        if not reasons:
            account = {"iin": str(iin), "registered_at": format_time(work.now)}
            work.unit.put("account", str(iin), dict(account), expect=0)
            passwords.put_credential(work, REALM, str(iin), hashed)
    return refused("p0", reasons) if reasons else Answer(iin)


def log_in(services: Services, iin_text: str, password: str) -> Answer[Session]:
    """Log in (process 1, condition 1); a refusal is process 2.

    Refusals: ``AUTH_FAILED``, ``AUTH_LOCKED``. That nobody is registered under an IIN (``AUTH_NOT_REGISTERED``)
    stands in the journal alone: the user is told ``AUTH_FAILED`` (R422).
    """
    started = services.clock.now()
    iin, _ = _read(iin_text)
    fits = passwords.fits(services, REALM, iin, password)
    with services.work() as work:
        run = Run(entrance(services.settings.profile, "portal"), subject=iin)
        reasons = [reason("AUTH_FAILED")]
        if iin is not None and passwords.locked(work, REALM, iin):
            reasons = [reason("AUTH_LOCKED")]
        elif iin is not None and fits:
            reasons = []
        elif iin is not None:
            passwords.count_failure(work, services, REALM, iin)
            if not work.unit.get("account", str(iin)):
                reasons = [reason("AUTH_NOT_REGISTERED")]
        work.begin(run, "p1", started)
        work.finish(run)
        codes = [finding.code for finding in reasons]
        if not work.decide(run, "c1", codes):
            work.pass_through(run, "p2", "refused", codes)
            return refused("p2", [reason("AUTH_FAILED")] if "AUTH_NOT_REGISTERED" in codes else reasons)
        assert iin is not None
        passwords.forget_failures(work, REALM, iin)
        return Answer(open_session(work, services, REALM, iin, run))


def _read(iin_text: str) -> tuple[Iin | None, list[Finding]]:
    try:
        return Iin.parse(iin_text), []
    except InputError as error:
        code = "REG_IIN_FORMAT" if error.code == "IIN_FORMAT" else "REG_IIN_CHECK_DIGIT"
        return None, [reason(code)]
