"""The extension that limits what a CRL speaks about (RFC 5280, 5.2.5)."""

from __future__ import annotations

from dataclasses import dataclass

from egov_sign.certs import extensions as ext
from egov_sign.crypto import der
from egov_sign.errors import InputError


@dataclass(frozen=True, slots=True)
class IssuingDistributionPoint:
    """The scope of a CRL.

    Attributes:
        full_name: the names of the distribution point; ``None`` if there is none or a relative name stands there.
        relative_name: contents of the name relative to the CRL issuer's; ``None`` if absent.
        only_user: it lists only certificates of end entities.
        only_ca: it lists only certificates of CAs.
        only_attribute: it lists only attribute certificates.
        reasons: numbers of the reasons it covers; ``None`` means all.
        indirect: it may list certificates of other issuers.
    """

    full_name: tuple[ext.GeneralName, ...] | None = None
    relative_name: bytes | None = None
    only_user: bool = False
    only_ca: bool = False
    only_attribute: bool = False
    reasons: frozenset[int] | None = None
    indirect: bool = False


def read_issuing_point(value: bytes) -> IssuingDistributionPoint:
    """Read the contents of the extension issuingDistributionPoint.

    Raises:
        InputError: ``DER_*``.
    """
    outer = der.Reader(value)
    fields = outer.enter()
    outer.finish()
    name = fields.maybe_enter(der.explicit(0))
    full_name, relative_name = ext.distribution_point_name(name) if name is not None else (None, None)
    only_user, only_ca = _flag(fields, 1), _flag(fields, 2)
    reasons = fields.named_bits(der.implicit(3)) if fields.peek() == der.implicit(3) else None
    indirect, only_attribute = _flag(fields, 4), _flag(fields, 5)
    fields.finish()
    if only_user + only_ca + only_attribute > 1:
        raise InputError("DER_VALUE", "a scope that excludes itself")
    return IssuingDistributionPoint(full_name, relative_name, only_user, only_ca, only_attribute, reasons, indirect)


def _flag(fields: der.Reader, number: int) -> bool:
    tag = der.implicit(number)
    return fields.boolean(tag) if fields.peek() == tag else False
