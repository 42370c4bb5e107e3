"""Extensions of certificates, CRLs and OCSP messages (RFC 5280, 4.2): reading them, and what is in those we know.

Each decoder takes the contents of an extension's OCTET STRING and raises :class:`egov_sign.errors.InputError`
(``DER_*``) where these are not what the extension's type allows.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from egov_sign.caching import remembered
from egov_sign.certs.extension_ids import KEY_USAGES
from egov_sign.certs.name import Name
from egov_sign.crypto import der
from egov_sign.native import mypyc_attr


class Extension(NamedTuple):
    """One extension, not decoded.

    Attributes:
        critical: whether who does not know it must refuse.
        value: the contents of its OCTET STRING.
    """

    critical: bool
    value: bytes


@mypyc_attr(native_class=False)
class Extensions(dict[str, Extension]):
    """Extensions by dotted object identifier; of one that stands there twice, the first.

    Attributes:
        duplicates: identifiers that stand there more than once (RFC 5280, 4.2 forbids it).
    """

    duplicates: tuple[str, ...] = ()


def read_extensions(sequence: der.Reader) -> Extensions:
    """Read the contents of an ``Extensions`` SEQUENCE.

    Raises:
        InputError: ``DER_*``.
    """
    data = sequence.data
    elements = der.children(data, sequence.position, sequence.end)
    sequence.position = sequence.end
    pairs = [_read_extension(data[begin:stop]) for _, begin, _, stop in elements]
    found = Extensions(pairs)
    if len(found) != len(pairs):
        found.update(reversed(pairs))
        oids = [oid for oid, _ in pairs]
        found.duplicates = tuple(oid for number, oid in enumerate(oids) if oid in oids[:number])
    return found


# OID, critical BOOLEAN that may be absent, OCTET STRING.
_EXTENSION = der.layout("06", "01?", "04")


@remembered
def _read_extension(encoded: bytes) -> tuple[str, Extension]:
    start, stop = der.only(encoded, 0, len(encoded), der.SEQUENCE)
    (_, _, start, stop), *optional, (_, _, value_start, value_stop) = der.structure(encoded, start, stop, _EXTENSION)
    critical = bool(optional) and der.Reader(encoded, optional[0][1]).boolean()
    return der.decode_oid(encoded[start:stop]), Extension(critical, encoded[value_start:value_stop])


class GeneralName(NamedTuple):
    """One GeneralName.

    Attributes:
        kind: number of its choice: 0 otherName, 1 rfc822Name, 2 dNSName, 4 directoryName, 6 URI, 7 iPAddress, 8 OID.
        content: its contents; of a directoryName the DER Name.
    """

    kind: int
    content: bytes

    @property
    def text(self) -> str:
        """The value in words; unreadable octets are replaced."""
        if self.kind == 4:
            return str(Name(self.content))
        if self.kind in {1, 2, 6}:
            return self.content.decode("ascii", "backslashreplace")
        return "#" + self.content.hex()


_CONSTRUCTED_NAMES = frozenset({0, 3, 4, 5})


def read_general_name(reader: der.Reader) -> GeneralName:
    """Take one GeneralName from ``reader``."""
    tag, content = reader.next()
    kind = tag & 0x1F
    if kind > 8 or tag != (der.explicit(kind) if kind in _CONSTRUCTED_NAMES else der.implicit(kind)):
        raise der.error("DER_TAG", "a malformed general name", reader.position)
    if kind == 0:
        fields = der.Reader(content)
        fields.oid()
        fields.take(der.explicit(0))
        fields.finish()
    elif kind == 4:
        Name(content).rdns  # noqa: B018 - a name that cannot be read shows here, not later
    elif kind == 8:
        der.decode_oid(content)
    return GeneralName(kind, content)


def _general_names(sequence: der.Reader) -> tuple[GeneralName, ...]:
    names = []
    while sequence:
        names.append(read_general_name(sequence))
    if not names:
        raise der.error("DER_VALUE", "a list without names", sequence.end)
    return tuple(names)


def _sequence(value: bytes) -> der.Reader:
    return der.Reader(value, *der.only(value, 0, len(value), der.SEQUENCE))


@remembered
def general_names(value: bytes) -> tuple[GeneralName, ...]:
    """Decode GeneralNames (subjectAltName, issuerAltName)."""
    return _general_names(_sequence(value))


@remembered
def key_usage(value: bytes) -> frozenset[str]:
    """Decode keyUsage into the names of its bits, at least one; unknown bits are left out."""
    reader = der.Reader(value)
    bits = reader.named_bits()
    reader.finish()
    if not bits:
        raise der.error("DER_VALUE", "a key usage without a use", 0)
    return frozenset(name for number, name in enumerate(KEY_USAGES) if number in bits)


class BasicConstraints(NamedTuple):
    """basicConstraints: whether the subject is a CA, and how many CAs may follow (``None``: any number)."""

    ca: bool
    path_length: int | None


@remembered
def basic_constraints(value: bytes) -> BasicConstraints:
    """Decode basicConstraints."""
    fields = _sequence(value)
    ca = fields.boolean() if fields.peek() == der.BOOLEAN else False
    length = fields.integer() if fields else None
    fields.finish()
    if length is not None and length < 0:
        raise der.error("DER_VALUE", "a negative path length", 0)
    return BasicConstraints(ca, length)


@remembered
def oids(value: bytes) -> tuple[str, ...]:
    """Decode a SEQUENCE of at least one OBJECT IDENTIFIER (extKeyUsage)."""
    sequence = _sequence(value)
    found = []
    while sequence:
        found.append(sequence.oid())
    if not found:
        raise der.error("DER_VALUE", "a list without identifiers", 0)
    return tuple(found)


@remembered
def certificate_policies(value: bytes) -> tuple[str, ...]:
    """Decode certificatePolicies into the policies; qualifiers are checked for their form and left out.

    Raises:
        InputError: also ``DER_VALUE`` if the list is empty or a policy stands there twice (RFC 5280, 4.2.1.4).
    """
    sequence = _sequence(value)
    found = []
    while sequence:
        information = sequence.enter()
        found.append(information.oid())
        information.maybe_enter(der.SEQUENCE)
        information.finish()
    if not found or len(set(found)) != len(found):
        raise der.error("DER_VALUE", "a policy list that is empty or repeats itself", 0)
    return tuple(found)


@remembered
def policy_mappings(value: bytes) -> tuple[tuple[str, str], ...]:
    """Decode policyMappings into pairs of issuer domain policy and subject domain policy."""
    sequence = _sequence(value)
    pairs = []
    while sequence:
        pair = sequence.enter()
        pairs.append((pair.oid(), pair.oid()))
        pair.finish()
    if not pairs:
        raise der.error("DER_VALUE", "a list without mappings", 0)
    return tuple(pairs)


class PolicyConstraints(NamedTuple):
    """policyConstraints: certificates that may follow before each of the two takes effect; ``None`` if absent."""

    require_explicit: int | None
    inhibit_mapping: int | None


@remembered
def policy_constraints(value: bytes) -> PolicyConstraints:
    """Decode policyConstraints."""
    fields = _sequence(value)
    if not fields:
        raise der.error("DER_VALUE", "policy constraints without contents", 0)
    numbers = [
        fields.integer(der.implicit(number)) if fields.peek() == der.implicit(number) else None for number in (0, 1)
    ]
    fields.finish()
    if any(number is not None and number < 0 for number in numbers):
        raise der.error("DER_VALUE", "a negative number of certificates", 0)
    return PolicyConstraints(*numbers)


def inhibit_any_policy(value: bytes) -> int:
    """Decode inhibitAnyPolicy: the number of certificates that may follow before anyPolicy loses its meaning."""
    reader = der.Reader(value)
    number = reader.integer()
    reader.finish()
    if number < 0:
        raise der.error("DER_VALUE", "a negative number of certificates", 0)
    return number


class NameConstraints(NamedTuple):
    """nameConstraints: the subtrees; ``None`` where the field is absent."""

    permitted: tuple[GeneralName, ...] | None
    excluded: tuple[GeneralName, ...] | None


@remembered
def name_constraints(value: bytes) -> NameConstraints:
    """Decode nameConstraints; minimum must be 0 and maximum absent (RFC 5280, 4.2.1.10)."""
    fields = _sequence(value)
    if not fields:
        raise der.error("DER_VALUE", "name constraints without contents", 0)
    permitted, excluded = (
        _subtrees(fields.enter(der.explicit(number))) if fields.peek() == der.explicit(number) else None
        for number in (0, 1)
    )
    fields.finish()
    return NameConstraints(permitted, excluded)


def _subtrees(sequence: der.Reader) -> tuple[GeneralName, ...]:
    bases = []
    while sequence:
        subtree = sequence.enter()
        bases.append(read_general_name(subtree))
        if subtree.maybe(der.implicit(0)) not in (None, b"\x00") or subtree:
            raise der.error("DER_VALUE", "a subtree with a minimum or maximum", subtree.position)
    if not bases:
        raise der.error("DER_VALUE", "a list without subtrees", 0)
    return tuple(bases)


class AuthorityKeyId(NamedTuple):
    """authorityKeyIdentifier: the issuer's key by its identifier, and by its own issuer and serial number."""

    key_id: bytes | None
    issuers: tuple[GeneralName, ...] | None
    serial: int | None


@remembered
def authority_key_id(value: bytes) -> AuthorityKeyId:
    """Decode authorityKeyIdentifier."""
    fields = _sequence(value)
    key_id = fields.maybe(der.implicit(0))
    names = fields.maybe_enter(der.explicit(1))
    issuers = _general_names(names) if names is not None else None
    serial = fields.integer(der.implicit(2)) if fields else None
    fields.finish()
    return AuthorityKeyId(key_id, issuers, serial)


def subject_key_id(value: bytes) -> bytes:
    """Decode subjectKeyIdentifier."""
    start, stop = der.only(value, 0, len(value), der.OCTET_STRING)
    return value[start:stop]


class DistributionPoint(NamedTuple):
    """One CRL distribution point (also of an issuing distribution point's ``distributionPoint`` field).

    Attributes:
        full_name: the names it has; ``None`` if the field is absent or a relative name stands there.
        relative_name: contents of the RelativeDistinguishedName below the CRL issuer's name; ``None`` if absent.
        reasons: numbers of the reasons it covers; ``None`` means all.
        crl_issuer: who issues the CRL where it is not the certificate's issuer.
    """

    full_name: tuple[GeneralName, ...] | None
    relative_name: bytes | None
    reasons: frozenset[int] | None
    crl_issuer: tuple[GeneralName, ...] | None

    @property
    def urls(self) -> tuple[str, ...]:
        """The addresses among its names, cleaned (see :func:`clean_urls`)."""
        return tuple(url for name in self.full_name or () if name.kind == 6 for url in clean_urls(name.content))


def distribution_point_name(
    reader: der.Reader,
) -> tuple[tuple[GeneralName, ...] | None, bytes | None]:
    """Decode the contents of a DistributionPointName: the full name, or the relative name's contents."""
    full = reader.maybe_enter(der.explicit(0))
    if full is not None:
        names, relative = _general_names(full), None
    else:
        names, relative = None, reader.take(der.explicit(1))
    reader.finish()
    return names, relative


@remembered
def distribution_points(value: bytes) -> tuple[DistributionPoint, ...]:
    """Decode cRLDistributionPoints or freshestCRL."""
    sequence = _sequence(value)
    points = []
    while sequence:
        fields = sequence.enter()
        name = fields.maybe_enter(der.explicit(0))
        full_name, relative = distribution_point_name(name) if name is not None else (None, None)
        reasons = fields.named_bits(der.implicit(1)) if fields.peek() == der.implicit(1) else None
        issuer = fields.maybe_enter(der.explicit(2))
        fields.finish()
        if name is None and issuer is None:
            raise der.error("DER_VALUE", "a distribution point that names nothing", fields.end)
        points.append(
            DistributionPoint(full_name, relative, reasons, _general_names(issuer) if issuer is not None else None)
        )
    if not points:
        raise der.error("DER_VALUE", "a list without distribution points", 0)
    return tuple(points)


@remembered
def authority_info_access(value: bytes) -> tuple[tuple[str, GeneralName], ...]:
    """Decode authorityInfoAccess (RFC 5280, 4.2.2.1) into pairs of access method and location."""
    sequence = _sequence(value)
    pairs = []
    while sequence:
        description = sequence.enter()
        pairs.append((description.oid(), read_general_name(description)))
        description.finish()
    if not pairs:
        raise der.error("DER_VALUE", "a list without access descriptions", 0)
    return tuple(pairs)


def clean_urls(content: bytes) -> tuple[str, ...]:
    r"""Return the addresses in a URI field, usually one.

    Old certificates of the country hold several there, as ``http://a/x.crl\n      URL=http://b/x.crl``.
    """
    text = content.decode("ascii", "backslashreplace")
    parts = re.split(r"(?:^|\s+)URL\s*=\s*", text, flags=re.IGNORECASE)
    return tuple(stripped for part in parts if (stripped := part.strip()))
