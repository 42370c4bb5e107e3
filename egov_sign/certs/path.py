"""Finding paths from a certificate to a trust anchor.

Issuers are looked for by name, and an issuer is one only if its key verifies the signature. The graph of certificates
may have cycles and exponentially many paths: no name and key stands twice in a path, a path is at most
``limits.path_length`` long, and all paths together cost at most ``limits.path_attempts`` attempts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from enum import Enum

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.name import Name
from egov_sign.certs.trust import TrustStore
from egov_sign.crypto.keys import PublicKey
from egov_sign.errors import InputError
from egov_sign.limits import Limits

CertificatePath = tuple[Certificate, ...]
"""A certificate, its issuer, and so on up to the trust anchor."""


class CertificatePool:
    """Certificates at hand, found by their subject.

    Args:
        certificates: any number in any order.
    """

    def __init__(self, certificates: Iterable[Certificate] = ()) -> None:
        self._by_subject: dict[Name, list[Certificate]] = {}
        for certificate in certificates:
            self.add(certificate)

    def __iter__(self) -> Iterator[Certificate]:
        for certificates in self._by_subject.values():
            yield from certificates

    def add(self, certificate: Certificate) -> None:
        """Put one more certificate in; the same one twice counts once."""
        known = self._by_subject.setdefault(certificate.subject, [])
        if certificate not in known:
            known.append(certificate)

    def find(self, subject: Name) -> Sequence[Certificate]:
        """Return the certificates whose subject is ``subject``."""
        return self._by_subject.get(subject, ())


class Obstacle(Enum):
    """Why a path could not go on, the more telling the later."""

    NO_ISSUER = 1
    TOO_LONG = 2
    SELF_SIGNED = 3
    SIGNATURE = 4
    ATTEMPTS = 5


class Effort:
    """What several searches together may still spend on checks of signatures.

    Args:
        checks: so many.
    """

    def __init__(self, checks: int) -> None:
        self._left = checks

    def spend(self, checks: int = 1) -> bool:
        """Take ``checks`` off what is left, and tell whether there was enough."""
        self._left -= checks
        return self._left >= 0


class PathSearch:
    """One search.

    Args:
        trust: the anchors.
        pools: other certificates at hand.
        at: issuers that are valid at that time are tried first.
        limits: bounds.
        verify: tells whether a certificate's signature is that of a key.
        fetch: finds issuers that are not at hand; is asked last.
        effort: what the certificates of one document share; ``None`` for no bound but that of ``limits``.

    Attributes:
        attempts: signature checks so far.
        obstacles: why paths could not go on: the certificate whose issuer is missing, and the reason.
    """

    def __init__(
        self,
        trust: TrustStore,
        pools: Sequence[CertificatePool],
        *,
        at: datetime,
        limits: Limits,
        verify: Callable[[Certificate, PublicKey], bool],
        fetch: Callable[[Certificate], Sequence[Certificate]],
        effort: Effort | None = None,
    ) -> None:
        self._trust = trust
        self._pools = pools
        self._at = at
        self._limits = limits
        self._verify = verify
        self._fetch = fetch
        self._effort = effort
        self.attempts = 0
        self.obstacles: list[tuple[Certificate, Obstacle]] = []

    def paths(self, certificate: Certificate) -> Iterator[CertificatePath]:
        """Yield the paths from ``certificate`` to trust anchors, the most promising first."""
        return self._extend((certificate,))

    def _extend(self, path: CertificatePath) -> Iterator[CertificatePath]:
        current = path[-1]
        anchors = self._trust.find(current.issuer)
        others = self._issuers(path)
        if not anchors and not others:
            others = [issuer for issuer in self._fetch(current) if issuer.subject == current.issuer]
        went_on = False
        for issuer in (*self._ordered(current, anchors), *self._ordered(current, others)):
            if self.attempts >= self._limits.path_attempts or (self._effort and not self._effort.spend()):
                self.obstacles.append((current, Obstacle.ATTEMPTS))
                return
            self.attempts += 1
            if not self._may_have_signed(issuer, current):
                continue
            went_on = True
            if issuer in anchors:
                yield (*path, issuer)
            elif len(path) + 2 > self._limits.path_length:
                self.obstacles.append((current, Obstacle.TOO_LONG))
            else:
                yield from self._extend((*path, issuer))
        if not went_on:
            self.obstacles.append((current, self._obstacle(current, bool(anchors or others))))

    def _issuers(self, path: CertificatePath) -> list[Certificate]:
        """Return the certificates in the pools that the last of ``path`` may have been issued by."""
        taken = {(one.subject, one.spki) for one in path}
        found = []
        for pool in self._pools:
            for issuer in pool.find(path[-1].issuer):
                key = (issuer.subject, issuer.spki)
                if key not in taken and issuer not in found and self._trust.anchor_of(issuer) is None:
                    found.append(issuer)
        return found

    def _ordered(self, certificate: Certificate, issuers: Sequence[Certificate]) -> Sequence[Certificate]:
        """Put first the issuers whose key is the one that ``certificate`` names, and which are valid at the time."""
        if len(issuers) < 2:
            return issuers
        try:
            wanted = certificate.aki.key_id if certificate.aki else None
        except InputError:
            wanted = None

        def rank(issuer: Certificate) -> tuple[bool, bool]:
            try:
                named = wanted is not None and issuer.ski == wanted
            except InputError:
                named = False
            return not named, not issuer.not_before <= self._at <= issuer.not_after

        return sorted(issuers, key=rank)

    def _may_have_signed(self, issuer: Certificate, certificate: Certificate) -> bool:
        """Tell whether ``issuer`` signed ``certificate``, as far as its key can be read without the rest of the path.

        A key that cannot is given the benefit of the doubt: it may inherit its parameters, or its kind is unknown,
        and either comes out when the path is judged.
        """
        try:
            return self._verify(certificate, issuer.public_key)
        except InputError:
            return True

    def _obstacle(self, certificate: Certificate, had_candidates: bool) -> Obstacle:
        if certificate.is_self_issued and not had_candidates:
            return Obstacle.SELF_SIGNED
        return Obstacle.SIGNATURE if had_candidates else Obstacle.NO_ISSUER
