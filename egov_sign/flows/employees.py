"""Employees at a provider's workstation: login with IIN and password, and what their roles allow (R121, R412, R436)."""

from __future__ import annotations

from dataclasses import dataclass

from egov_sign.certs.iin import Iin
from egov_sign.errors import InputError
from egov_sign.flows import passwords
from egov_sign.flows.engine import Outcome, Run, Work
from egov_sign.flows.model import entrance
from egov_sign.flows.refusals import Answer, reason, refused
from egov_sign.flows.registers import Employee
from egov_sign.flows.services import Services
from egov_sign.flows.sessions import Session, open_session
from egov_sign.flows.sessions import resume as resume_session
from egov_sign.verdict import Finding

REALM = "desk"
WORKING_ROLES = frozenset({"registrar", "signer", "head"})
"""Roles that let somebody work at the workstation; a doctor alone does not."""


@dataclass(frozen=True, slots=True)
class Desk:
    """An employee who is logged in.

    Attributes:
        session: the session.
        employee: who it is.
    """

    session: Session
    employee: Employee

    @property
    def token(self) -> str:
        """Proves the session; a secret."""
        return self.session.token

    def may(self, *roles: str) -> bool:
        """Tell whether the employee has one of ``roles``."""
        return bool(set(roles) & set(self.employee.roles))


def masked(employee: Employee) -> str:
    """Return what the journal says of an employee: masked IIN and roles (R436)."""
    return f"{Iin.parse(employee.iin).masked()} {'/'.join(employee.roles)}"


def set_password(work: Work, services: Services, employee: Employee, password: str) -> None:
    """Give an employee a password."""
    passwords.put_credential(work, REALM, employee.iin, passwords.hash_password(services, password))


def log_in(services: Services, provider: str, iin_text: str, password: str) -> Answer[Desk]:
    """Log an employee in (desk process 1 with the condition that the regulation leaves out, D7).

    Refusals: ``EMP_AUTH_FAILED``; ``AUTH_LOCKED``; ``EMP_NO_ROLE`` for somebody who has left, belongs to another
    provider, or has no role that lets them work there.
    """
    started = services.clock.now()
    try:
        iin = Iin.parse(iin_text)
    except InputError:
        iin = None
    fits = passwords.fits(services, REALM, iin, password)
    employee = services.registers.employee(str(iin)) if iin else None
    with services.work() as work:
        run = Run(entrance(services.settings.profile, "desk"), subject=iin)
        reasons = _reasons(work, services, iin, employee if fits else None, provider)
        run.actor = masked(employee) if employee and not reasons else ""
        outcome: Outcome = "refused" if reasons else "ok"
        if run.flow.grounds:
            work.begin(run, "p1", started)
            work.finish(run, outcome, _codes(reasons))
        else:  # the regulation has procedures only, which begin when somebody comes
            work.note("desk.login", "Услугодатель", run, outcome=outcome, codes=_codes(reasons))
        if reasons:
            return refused("p1", reasons)
        assert iin is not None
        assert employee is not None
        passwords.forget_failures(work, REALM, iin)
        return Answer(Desk(open_session(work, services, REALM, iin, run), employee))


def resume(services: Services, provider: str, token: str) -> Answer[Desk]:
    """Return the session that ``token`` proves, if it is one of ``provider``; refusal: ``AUTH_SESSION_EXPIRED``."""
    session = resume_session(services, token, REALM)
    employee = services.registers.employee(str(session.iin)) if session else None
    if session is None or employee is None or not _works_at(employee, provider):
        return refused("", [reason("AUTH_SESSION_EXPIRED")])
    return Answer(Desk(session, employee))


def _reasons(
    work: Work, services: Services, iin: Iin | None, employee: Employee | None, provider: str
) -> list[Finding]:
    if iin is not None and passwords.locked(work, REALM, iin):
        return [reason("AUTH_LOCKED")]
    if employee is None:
        if iin is not None:
            passwords.count_failure(work, services, REALM, iin)
        return [reason("EMP_AUTH_FAILED")]
    return [] if _works_at(employee, provider) else [reason("EMP_NO_ROLE")]


def _works_at(employee: Employee, provider: str) -> bool:
    return employee.active and employee.provider == provider and bool(WORKING_ROLES & set(employee.roles))


def _codes(reasons: list[Finding]) -> list[str]:
    return [finding.code for finding in reasons]
