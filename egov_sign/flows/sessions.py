"""Sessions of recipients and employees: begun by a login, ended by time (R47).

The store keeps the SHA-256 of a session's token; the token itself is with the user alone.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from egov_sign.certs.iin import Iin
from egov_sign.flows.engine import Run, Work
from egov_sign.flows.refusals import Refusal, RefusedError, reason
from egov_sign.flows.services import Services
from egov_sign.flows.store import Data


@dataclass(frozen=True, slots=True)
class Session:
    """A user who is logged in.

    Attributes:
        token: proves it; a secret.
        iin: who it is.
        realm: ``portal`` or ``desk``.
        expires_at: when it ends.
        run: the steps of the login; what follows begins after them.
    """

    token: str
    iin: Iin
    realm: str
    expires_at: datetime
    run: Run


def open_session(work: Work, services: Services, realm: str, iin: Iin, run: Run) -> Session:
    """Begin a session after the login ``run``."""
    session = Session(secrets.token_urlsafe(24), iin, realm, work.now + services.settings.session_time, run)
    data: Data = {
        "iin": str(iin),
        "realm": realm,
        "expires_at": session.expires_at.isoformat(),
        "run": run.to_data(),
    }
    work.unit.put("session", _key(session.token), data)
    return session


def resume(services: Services, token: str, realm: str) -> Session | None:
    """Return the session that ``token`` proves, or ``None`` if it has ended or never was."""
    record = services.store.get("session", _key(token))
    if record is None or record.data["realm"] != realm:
        return None
    expires_at = datetime.fromisoformat(str(record.data["expires_at"]))
    if services.clock.now() >= expires_at:
        return None
    iin = Iin.parse(str(record.data["iin"]))
    run_data = record.data["run"]
    assert isinstance(run_data, dict)
    return Session(token, iin, realm, expires_at, Run.from_data(run_data, subject=iin))


def close_session(work: Work, session: Session) -> None:
    """End a session."""
    work.unit.delete("session", _key(session.token))


def is_open(services: Services, session: Session) -> bool:
    """Tell whether ``session`` has not ended, and is whose it says."""
    found = resume(services, session.token, session.realm)
    return found is not None and found.iin == session.iin


def demand_open(services: Services, session: Session) -> None:
    """Let nobody go on whose ``session`` has ended.

    Raises:
        RefusedError: ``AUTH_SESSION_EXPIRED``.
    """
    if not is_open(services, session):
        raise RefusedError(Refusal("", (reason("AUTH_SESSION_EXPIRED"),)))


def _key(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
