"""Second opinions: signxml on XML signatures, pyHanko on CMS signatures, pyhanko-certvalidator on certificate paths.

A peer is asked only what it can answer: signxml whether the one signature of a document is right with the certificate
that it carries, pyHanko whether a signature over the content in its message is, pyhanko-certvalidator whether a path
holds at the same time with the same certificates and revocation information. Its answer becomes a finding of the
report: a note where both agree or the peer cannot say, a warning that names who says what where they do not. The
verdict never changes; a disagreement is for a person to look at.

Disagreements that are known, in which we follow the standards: signxml keeps comments for an empty URI and leaves out
what stands beside the root.
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.evidence import evidence_in
from egov_sign.certs.validator import CertificateValidator
from egov_sign.clock import parse_time
from egov_sign.docs.acceptance import CertificateJudge
from egov_sign.docs.cms import SignedData
from egov_sign.docs.evidence import read_certificates
from egov_sign.docs.formats import Format, recognise
from egov_sign.docs.keyinfo import read_key_info
from egov_sign.docs.refusal import Refusal
from egov_sign.docs.xmldsig import find_signatures, read_signature
from egov_sign.docs.xmlparse import parse
from egov_sign.errors import ConfigurationError
from egov_sign.limits import DEFAULT_LIMITS
from egov_sign.verdict import Indication, Report, SubIndication

_ABOUT_THE_BYTES = {SubIndication.FORMAT_FAILURE, SubIndication.HASH_FAILURE, SubIndication.SIG_CRYPTO_FAILURE}
_SIGNXML, _PYHANKO, _CERTVALIDATOR = "signxml", "pyHanko", "pyhanko-certvalidator"


class _SilentError(Exception):
    """The peer cannot say anything about this document."""


def cross_check(data: bytes, report: Report, judge: CertificateJudge | None, at: datetime) -> None:
    """Add what the peers say about the document ``data`` to our ``report`` on it.

    Args:
        data: the document.
        report: our verdict, not changed but for notes and warnings.
        judge: what certificates were judged by; its anchors and intermediates are given to the peer.
        at: the validation time.

    Raises:
        ConfigurationError: ``CROSSCHECK_EXTRA`` if the peers are not installed.
    """
    try:
        import pyhanko.sign  # noqa: F401, PLC0415 - an extra, and slow to import
        import pyhanko_certvalidator  # noqa: F401, PLC0415
        import signxml  # noqa: F401, PLC0415
    except ImportError as error:
        raise ConfigurationError(
            "CROSSCHECK_EXTRA",
            "the peers are not installed",
            hint="in a checkout of egov-sign: pip install '.[crosscheck]'",
        ) from error
    brought = list(_brought(data))
    signatures = [child for child in report.children if child.subject == "signature"]
    kind = recognise(data)
    for position, signature in enumerate(signatures):
        right = not any(finding.sub_indication in _ABOUT_THE_BYTES for finding in signature.findings)
        if kind is Format.XML:
            _compare(_SIGNXML, signature, right, partial(_ask_signxml, data, brought, alone=len(signatures) == 1))
        if kind is Format.CMS:
            _compare(_PYHANKO, signature, right, partial(_ask_pyhanko, data, position))
        for path in signature.children:
            if path.subject == "certificate" and path.indication is not Indication.INDETERMINATE:
                good = path.indication is Indication.VALID
                _compare(_CERTVALIDATOR, path, good, partial(_ask_certvalidator, path, brought, judge, at))


def _compare(peer: str, report: Report, ours: bool, ask: Callable[[], bool]) -> None:
    try:
        theirs = ask()
    except Exception as error:  # a peer that breaks off has no opinion
        report.note("CROSS_CHECK_SILENT", peer=peer, reason=str(error) or type(error).__name__)
        return
    if theirs == ours:
        report.note("CROSS_CHECK_AGREES", peer=peer)
    else:
        report.warn("CROSS_CHECK_DISAGREES", peer=peer, theirs=_word(theirs), ours=_word(ours))


def _word(good: bool) -> str:
    return "VALID" if good else "INVALID"


def _ask_signxml(data: bytes, brought: list[Certificate], *, alone: bool) -> bool:
    """Return whether signxml finds the only signature of ``data`` right with one of the certificates it carries."""
    from signxml import SignatureConfiguration, XMLVerifier  # noqa: PLC0415
    from signxml.exceptions import InvalidDigest, InvalidSignature  # noqa: PLC0415

    if not alone:
        raise _SilentError("it sees one signature of several")
    if not brought:
        raise _SilentError("the document carries no certificate")
    references = len(parse(data).findall(".//{*}SignedInfo/{*}Reference")) or 1
    configuration = SignatureConfiguration(expect_references=references, verification_time=brought[0].not_before)
    pem = ssl.DER_cert_to_PEM_cert(brought[0].der)
    try:
        XMLVerifier().verify(data, x509_cert=pem, id_attribute="Id", expect_config=configuration)
    except (InvalidDigest, InvalidSignature):
        return False
    return True


def _ask_pyhanko(data: bytes, position: int) -> bool:
    """Return whether pyHanko finds the signature at ``position`` right over the content in the message ``data``."""
    from asn1crypto import cms  # noqa: PLC0415
    from pyhanko.sign.validation.generic_cms import validate_sig_integrity  # noqa: PLC0415

    message = cms.ContentInfo.load(data if data[:1] == b"\x30" else SignedData.load(data).encoded)["content"]
    signer, content = message["signer_infos"][position], message["encap_content_info"]["content"]
    if not content:
        raise _SilentError("the content is not in the message")
    digest = signer["digest_algorithm"]["algorithm"].native
    if digest not in hashlib.algorithms_available:
        raise _SilentError(f"it does not know the digest {digest}")
    named = [one.chosen for one in message["certificates"] if _is_named(signer["sid"].chosen, one.chosen)]
    if not named:
        raise _SilentError("the message does not carry the certificate")
    kind = message["encap_content_info"]["content_type"].native
    return all(validate_sig_integrity(signer, named[0], kind, hashlib.new(digest, bytes(content)).digest()))


def _is_named(identifier: Any, certificate: Any) -> bool:  # noqa: ANN401 - of asn1crypto, which has no types
    """Tell whether ``identifier``, of a signer, is that of ``certificate``."""
    if isinstance(identifier.native, bytes):
        return bool(certificate.key_identifier == identifier.native)
    return bool(
        certificate.serial_number == identifier["serial_number"].native and certificate.issuer == identifier["issuer"]
    )


def _ask_certvalidator(
    report: Report, brought: list[Certificate], judge: CertificateJudge | None, at: datetime
) -> bool:
    """Return whether pyhanko-certvalidator finds the path of ``report`` valid, on the evidence that we had."""
    from asn1crypto import x509  # noqa: PLC0415
    from pyhanko_certvalidator import CertificateValidator as Peer  # noqa: PLC0415
    from pyhanko_certvalidator import ValidationContext  # noqa: PLC0415
    from pyhanko_certvalidator.errors import PathError, ValidationError  # noqa: PLC0415

    if not isinstance(judge, CertificateValidator):
        raise _SilentError("there are no trust anchors that it could be given")
    prints = report.facts.get("fingerprints")
    known = {one.fingerprint: one for one in (*judge.trust, *judge.pool, *brought)}
    path = [known[str(one)] for one in prints if str(one) in known] if isinstance(prints, list) else []
    if not path or path[0].fingerprint != str(prints[0] if isinstance(prints, list) else ""):
        raise _SilentError("the certificate is not at hand")
    if any(one.signature_algorithm.name.startswith("gost") for one in path):
        raise _SilentError("it knows no GOST")
    evidence = evidence_in(report)
    moment = report.facts.get("at")
    context = ValidationContext(
        trust_roots=[x509.Certificate.load(one.der) for one in judge.trust],
        other_certs=[x509.Certificate.load(one.der) for one in path],
        crls=[one.data for one in evidence if one.kind == "crl"],
        ocsps=[one.data for one in evidence if one.kind == "ocsp"],
        moment=parse_time(str(moment)) if moment else at,
        retroactive_revinfo=True,
        weak_hash_algos=set(),
    )
    peer = Peer(x509.Certificate.load(path[0].der), validation_context=context)
    try:
        asyncio.run(peer.async_validate_usage(set()))
    except (PathError, ValidationError):
        return False
    return True


def _brought(data: bytes) -> Iterator[Certificate]:
    """Yield the certificates that the signatures in ``data`` carry, the first signer's first."""
    match recognise(data):
        case Format.XML | Format.WSSE:
            for element in find_signatures(parse(data)):
                try:
                    signature = read_signature(element, DEFAULT_LIMITS)
                    yield from read_key_info(signature.key_info, DEFAULT_LIMITS).certificates
                except Refusal:
                    continue  # reported where it was judged
        case Format.CMS:
            sent = SignedData.load(data).certificates
            yield from read_certificates(sent)  # what cannot be read is reported already
