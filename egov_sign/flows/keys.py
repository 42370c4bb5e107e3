"""A recipient's or employee's key from a file, for those who sign here (R36, R37)."""

from __future__ import annotations

from collections.abc import Callable

from egov_sign.crypto.keystore import open_keystore
from egov_sign.crypto.signer import Signer
from egov_sign.errors import InputError, PasswordError
from egov_sign.flows.refusals import Answer, reason, refused


def open_signer(data: bytes, password: Callable[[], bytes | str] | None) -> Answer[Signer]:
    """Return a signer with the first key of a key store that has a certificate.

    Args:
        data: PKCS#12 or PEM.
        password: gives the password; it is neither kept nor shown (R439).

    Refusals: ``SIG_KEY_UNAVAILABLE``.
    """
    try:
        entries = open_keystore(data, password).entries
        for entry in entries:
            if entry.certificate is not None:
                return Answer(entry.signer())
    except (InputError, PasswordError) as error:
        return refused("p5", [reason("SIG_KEY_UNAVAILABLE", error.code)])
    return refused("p5", [reason("SIG_KEY_UNAVAILABLE")])
