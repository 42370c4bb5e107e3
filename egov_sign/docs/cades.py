"""CAdES baseline levels (ETSI EN 319 122-1): what is added to a CMS signature so that it outlives its certificate.

====  =====================================================================================================
B-B   signed attributes that name the certificate (:mod:`egov_sign.docs.cms_sign`)
B-T   a time-stamp over the signature value, as an unsigned attribute
B-LT  certificates and revocation information, in the message itself: nothing has to be fetched any more
B-LTA a time-stamp over all of that (:mod:`egov_sign.docs.cades_archive`)
====  =====================================================================================================

Older shapes are read, too: certificates and revocation information in unsigned attributes (CAdES-X-L), and the
country's own way of putting a bare OCSP response where the attribute of RFC 5126 belongs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum

from egov_sign.crypto import der
from egov_sign.crypto.der import Reader
from egov_sign.docs import cms
from egov_sign.docs.cms import SignedData, SignerInfo
from egov_sign.docs.cms_sign import Parts, ocsp_choice, with_unsigned
from egov_sign.docs.evidence import Evidence
from egov_sign.docs.timestamp_client import TimestampSource
from egov_sign.errors import InputError
from egov_sign.limits import DEFAULT_LIMITS, Limits


class Level(StrEnum):
    """How much a signature brings along; by its shape, whatever its validity."""

    CMS = "CMS"
    B_B = "CAdES-B-B"
    B_T = "CAdES-B-T"
    B_LT = "CAdES-B-LT"
    B_LTA = "CAdES-B-LTA"


def add_timestamps(
    message: SignedData, source: TimestampSource, *, only: Callable[[SignerInfo], bool] = lambda signer: True
) -> bytes:
    """Return ``message`` with a signature time-stamp (B-T) on every signature.

    Args:
        message: what is signed.
        source: where time-stamps come from.
        only: tells which signatures get one. Their positions do not: a message is written with its signatures sorted.

    Raises:
        FetchError: there is no time-stamp to be had.
    """
    for position, signer in enumerate(message.signers):
        if only(signer):
            token = source.stamp(signer.signature)
            message = with_unsigned(message, position, [(cms.SIGNATURE_TIMESTAMP, token)])
    return Parts.of(message).encode()


def add_evidence(message: SignedData, evidence: Evidence) -> bytes:
    """Return ``message`` with ``evidence`` in it (B-LT, ETSI EN 319 122-1, 5.4 and 6.3)."""
    parts = Parts.of(message)
    return replace(
        parts,
        certificates=parts.certificates | set(evidence.certificates),
        revocations=parts.revocations | set(evidence.crls) | set(map(ocsp_choice, evidence.ocsps)),
    ).encode()


def evidence_of(message: SignedData, limits: Limits = DEFAULT_LIMITS) -> Evidence:
    """Return what ``message`` brings along: beside its content, in unsigned attributes, and in its time-stamps."""
    found = Evidence(message.certificates, message.crls, message.ocsps)
    tokens: list[bytes] = []
    for signer in message.signers:
        found = found.joined(_in_attributes(signer))
        tokens += (*signer.unsigned.all(cms.SIGNATURE_TIMESTAMP), *signer.unsigned.all(cms.ARCHIVE_TIMESTAMP))
    for token in tokens[: limits.signature_timestamps]:
        try:
            stamped = SignedData.load(token, limits)
        except InputError:
            continue  # reported where it is judged
        found = found.joined(Evidence(stamped.certificates, stamped.crls, stamped.ocsps))
        for stamper in stamped.signers:
            found = found.joined(_in_attributes(stamper))
    return found


def level_of(message: SignedData, signer: SignerInfo) -> Level:
    """Return the level whose shape ``signer`` in ``message`` has."""
    signed = signer.signed or cms.Attributes()
    if cms.SIGNING_CERTIFICATE not in signed and cms.SIGNING_CERTIFICATE_V2 not in signed:
        return Level.CMS
    if cms.SIGNATURE_TIMESTAMP not in signer.unsigned:
        return Level.B_B
    has_revocation = message.crls or message.ocsps or _in_attributes(signer).has_revocation
    if not has_revocation:
        return Level.B_T
    return Level.B_LTA if cms.ARCHIVE_TIMESTAMP in signer.unsigned else Level.B_LT


def _in_attributes(signer: SignerInfo) -> Evidence:
    found = Evidence()
    for value in signer.unsigned.all(cms.CERTIFICATE_VALUES):
        found = found.joined(Evidence(certificates=_sequence_of(value)))
    for value in signer.unsigned.all(cms.REVOCATION_VALUES):
        found = found.joined(_revocation_values(value))
    return found


def _revocation_values(value: bytes) -> Evidence:
    """Read RevocationValues (ETSI EN 319 122-1, A.1.2), or one bare OCSP response; what is neither is passed over."""
    try:
        fields = Reader(value).enter()
        if fields.peek() == der.ENUMERATED:
            return Evidence(ocsps=(value,))
        if fields.peek() == der.SEQUENCE:
            return Evidence(ocsps=(cms.wrap_basic_ocsp(value),))
        lists = fields.maybe_enter(der.explicit(0))
        responses = fields.maybe_enter(der.explicit(1))
        return Evidence(
            crls=() if lists is None else _sequence_of(lists.element()),
            ocsps=() if responses is None else tuple(map(cms.wrap_basic_ocsp, _sequence_of(responses.element()))),
        )
    except InputError:
        return Evidence()


def _sequence_of(value: bytes) -> tuple[bytes, ...]:
    try:
        reader = Reader(value).enter()
        found = []
        while reader:
            found.append(reader.element(der.SEQUENCE))
    except InputError:
        return ()
    return tuple(found)
