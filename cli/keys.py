"""Keys and certificates from the files that a user names."""

from __future__ import annotations

from collections.abc import Callable

from egov_sign.certs.certificate import Certificate
from egov_sign.crypto.keystore import KeyStore, open_keystore
from egov_sign.crypto.signer import KeySigner
from egov_sign.errors import ConfigurationError, EgovSignError
from egov_sign.limits import DEFAULT_LIMITS

from .files import read_input


def read_keystore(file: str, password: Callable[[], str]) -> KeyStore:
    """Read keys and certificates from ``file``; ``password`` is asked only if it is encrypted.

    Raises:
        InputError: the file cannot be read.
        PasswordError: the password is wrong or missing.
    """
    data = read_input(file, DEFAULT_LIMITS.keystore_bytes)
    try:
        return open_keystore(data, password)
    except EgovSignError as error:
        error.where = error.where or file
        raise


def load_signer(file: str, password: Callable[[], str], alias: str | None, algorithm: str | None) -> KeySigner:
    """Return a signer over a key in ``file``.

    Args:
        file: PKCS#12 or PEM with key and certificate.
        password: source of the password.
        alias: which key, where there are several.
        algorithm: name of the signature algorithm; by default the usual one of the key.

    Raises:
        ConfigurationError: there is no such key, or no certificate beside it.
    """
    return read_keystore(file, password).entry(alias).signer(algorithm)


def certificates_in(file: str, password: Callable[[], str]) -> list[tuple[Certificate, bool]]:
    """Return the certificates in ``file``, each with whether its private key lies beside it.

    Raises:
        ConfigurationError: ``CERT_MISSING``.
    """
    store = read_keystore(file, password)
    if not store.certificates:
        raise ConfigurationError("CERT_MISSING", "there is no certificate in this file", where=file)
    with_key = {entry.certificate for entry in store.entries}
    return [(Certificate.load(item), item in with_key) for item in store.certificates]
