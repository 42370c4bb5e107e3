"""The one thing a document needs to be signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from egov_sign.crypto.algorithms import SignatureAlgorithm
from egov_sign.crypto.keys import PrivateKey


class Signer(Protocol):
    """Signs bytes with a key it keeps to itself: a file, a token, a remote service."""

    @property
    def certificate(self) -> bytes:
        """The DER certificate of the key."""
        ...

    @property
    def chain(self) -> Sequence[bytes]:
        """The DER certificates of the issuers it knows, nearest first; may be empty."""
        ...

    @property
    def algorithm(self) -> SignatureAlgorithm:
        """What :meth:`sign` uses."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the signature over ``message`` (the message itself, not its digest) in the encoding of X.509."""
        ...


@dataclass(frozen=True, slots=True)
class KeySigner:
    """A :class:`Signer` over a private key in memory."""

    key: PrivateKey
    certificate: bytes
    algorithm: SignatureAlgorithm
    chain: Sequence[bytes] = ()

    def sign(self, message: bytes) -> bytes:
        """Return the signature over ``message``."""
        return self.key.sign(message, self.algorithm)
