"""Which certificates, and which reasons for revocation, a CRL speaks about (RFC 5280, 6.3.3 (b) and (d))."""

from __future__ import annotations

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.crl import Crl
from egov_sign.certs.extensions import DistributionPoint, GeneralName
from egov_sign.certs.name import Name
from egov_sign.certs.reasons import ALL_REASONS
from egov_sign.crypto import der, der_write

_DIRECTORY_NAME = 4
_NOTHING: frozenset[int] = frozenset()


def covered_reasons(crl: Crl, certificate: Certificate) -> frozenset[int]:
    """Return the reasons for which ``crl`` would list ``certificate``; empty if the certificate is out of its scope.

    Every distribution point of the certificate is tried, and then the one that RFC 5280 (6.3.3, last paragraph) adds:
    a list issued by the certificate's issuer, for all reasons, under the issuer's name.
    """
    scope = crl.scope
    if (
        scope is None
        and crl.issuer == certificate.issuer
        and not any(point.crl_issuer for point in certificate.crl_distribution_points)
    ):
        return ALL_REASONS
    if scope is not None and (
        scope.only_attribute or (scope.only_user and certificate.is_ca) or (scope.only_ca and not certificate.is_ca)
    ):
        return _NOTHING
    own = GeneralName(_DIRECTORY_NAME, certificate.issuer.der)
    points = (*certificate.crl_distribution_points, DistributionPoint((own,), None, None, None))
    of_points = [_reasons(point) for point in points if _concerns(crl, point, certificate.issuer)]
    listed = ALL_REASONS if scope is None or scope.reasons is None else scope.reasons
    return _NOTHING.union(*of_points) & listed


def _reasons(point: DistributionPoint) -> frozenset[int]:
    return ALL_REASONS if point.reasons is None else point.reasons & ALL_REASONS


def crl_issuers(certificate: Certificate) -> list[Name]:
    """Return the names under which lists about ``certificate`` may be issued, its own issuer's first."""
    names = [certificate.issuer]
    for point in certificate.crl_distribution_points:
        names += (Name(name.content) for name in point.crl_issuer or () if name.kind == _DIRECTORY_NAME)
    return list(dict.fromkeys(names))


def _concerns(crl: Crl, point: DistributionPoint, issuer: Name) -> bool:
    """Tell whether ``crl`` is one that the distribution point ``point`` of a certificate by ``issuer`` leads to."""
    if point.crl_issuer is not None:
        by_this_issuer = any(
            name.kind == _DIRECTORY_NAME and Name(name.content) == crl.issuer for name in point.crl_issuer
        )
        if not (by_this_issuer and crl.is_indirect):
            return False
    elif crl.issuer != issuer:
        return False
    scope = crl.scope
    if scope is None or (scope.full_name is None and scope.relative_name is None):
        return True
    wanted = _names(scope.full_name, scope.relative_name, crl.issuer)
    if point.full_name is None and point.relative_name is None:
        offered = _names(point.crl_issuer, None, crl.issuer)
    else:
        offered = _names(point.full_name, point.relative_name, crl.issuer)
    return not wanted.isdisjoint(offered)


def _names(full: tuple[GeneralName, ...] | None, relative: bytes | None, crl_issuer: Name) -> set[object]:
    """Return the names of a distribution point in a form that compares; a relative name continues the CRL issuer's."""
    names: set[object] = {Name(name.content) if name.kind == _DIRECTORY_NAME else name for name in full or ()}
    if relative is not None:
        rdns = der.Reader(crl_issuer.der).take(der.SEQUENCE)
        names.add(Name(der_write.sequence(rdns, der_write.tlv(der_write.SET, relative))))
    return names
