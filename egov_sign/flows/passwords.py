"""Passwords: slow hashes, the same time for users that exist and those that do not, locks that end by themselves.

Attack 63: neither the text nor the time of a failed login tells whether an IIN is registered (R422). So the password
is checked against a hash in every case, once, and failures are counted for every IIN, registered or not.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION

from egov_sign.certs.iin import Iin
from egov_sign.clock import parse_time
from egov_sign.flows.engine import Work
from egov_sign.flows.services import Services
from egov_sign.flows.store import Data

MINIMUM_LENGTH = 8


def is_strong(password: str, iin: str) -> bool:
    """Tell whether ``password`` has eight characters, letters and digits, and not the IIN in it."""
    return (
        len(password) >= MINIMUM_LENGTH
        and any(char.isalpha() for char in password)
        and any(char.isdigit() for char in password)
        and (not iin or iin not in password)
    )


def hash_password(services: Services, password: str) -> str:
    """Return the Argon2id hash with its salt and parameters."""
    return _hasher(services.settings.password_memory_kib).hash(_octets(password))


def fits(services: Services, realm: str, iin: Iin | None, password: str) -> bool:
    """Tell whether ``password`` is that of ``iin`` in ``realm``; takes as long if there is no such user."""
    hasher = _hasher(services.settings.password_memory_kib)
    record = services.store.get("credential", f"{realm}-{iin}") if iin else None
    known = record is not None
    try:
        return hasher.verify(str(record.data["hash"]) if record else _nobody(hasher), _octets(password)) and known
    except (VerificationError, InvalidHashError):
        return False


def put_credential(work: Work, realm: str, iin: str, password_hash: str) -> None:
    """Keep the password hash of ``iin`` in ``realm`` (``portal`` or ``desk``)."""
    work.unit.put("credential", f"{realm}-{iin}", {"hash": password_hash})


def locked(work: Work, realm: str, iin: Iin) -> bool:
    """Tell whether logging in is barred for now."""
    until = _attempts(work, realm, iin).get("locked_until")
    return until is not None and work.now < parse_time(str(until))


def count_failure(work: Work, services: Services, realm: str, iin: Iin) -> None:
    """Count a failed login; enough of them in a row lock it for a while."""
    failed = int(str(_attempts(work, realm, iin).get("failed", 0))) + 1
    entry: Data = {"failed": failed}
    if failed >= services.settings.attempts:
        entry = {"failed": 0, "locked_until": (work.now + services.settings.lock_time).isoformat()}
    work.unit.put("attempts", f"{realm}-{iin}", entry)


def forget_failures(work: Work, realm: str, iin: Iin) -> None:
    """Start counting anew after a login."""
    work.unit.delete("attempts", f"{realm}-{iin}")


def _attempts(work: Work, realm: str, iin: Iin) -> Data:
    record = work.unit.get("attempts", f"{realm}-{iin}")
    return record.data if record else {}


@cache
def _hasher(memory_kib: int) -> PasswordHasher:
    return PasswordHasher(memory_cost=memory_kib)


def _nobody(hasher: PasswordHasher) -> str:
    """Return a hash that no password has; it is written, not computed, since that would take a login's time again."""
    salt, digest = (b64encode(bytes(size)).decode().rstrip("=") for size in (hasher.salt_len, hasher.hash_len))
    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v={ARGON2_VERSION}${costs}${salt}${digest}"


def _octets(password: str) -> bytes:
    """Return ``password`` as it is hashed, whatever came from a terminal or an environment."""
    return password.encode("utf-8", "surrogatepass")
