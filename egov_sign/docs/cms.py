"""CMS SignedData (RFC 5652): what is in it, read strictly and within bounds, and nothing judged.

::

    ContentInfo ─ SignedData ─┬─ content (absent where it is detached)
                              ├─ certificates, CRLs, OCSP responses sent along
                              └─ SignerInfo … ─┬─ signed attributes   what the signature covers
                                               └─ unsigned attributes timestamps, counter-signatures, evidence

Messages in BER are brought into the form of DER first (:mod:`egov_sign.crypto.ber`), which leaves what was signed as
it is. Whether a signature is right is the business of :mod:`egov_sign.docs.cms_verify`.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from egov_sign.crypto import ber, der, der_write
from egov_sign.crypto.der import Reader
from egov_sign.errors import InputError, LimitError, UnsupportedError
from egov_sign.limits import DEFAULT_LIMITS, Limits
from egov_sign.native import mypyc_attr

DATA = "1.2.840.113549.1.7.1"
SIGNED_DATA = "1.2.840.113549.1.7.2"
TST_INFO = "1.2.840.113549.1.9.16.1.4"

CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SIGNING_TIME = "1.2.840.113549.1.9.5"
COUNTER_SIGNATURE = "1.2.840.113549.1.9.6"
ALGORITHM_PROTECTION = "1.2.840.113549.1.9.52"
SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.12"
SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
CONTENT_TIMESTAMP = "1.2.840.113549.1.9.16.2.20"
SIGNATURE_TIMESTAMP = "1.2.840.113549.1.9.16.2.14"
ARCHIVE_TIMESTAMP = "0.4.0.1733.2.4"
ARCHIVE_TIMESTAMP_V2 = "1.2.840.113549.1.9.16.2.48"
HASH_INDEX = "0.4.0.19122.1.5"
CERTIFICATE_VALUES = "1.2.840.113549.1.9.16.2.23"
REVOCATION_VALUES = "1.2.840.113549.1.9.16.2.24"

_PEM = re.compile(rb"-----BEGIN (CMS|PKCS7|PKCS #7 SIGNED DATA)-----\s([A-Za-z0-9+/=\s]*)-----END \1-----", re.ASCII)
OCSP_RESPONSE = "1.3.6.1.5.5.7.16.2"
BASIC_OCSP_RESPONSE = "1.3.6.1.5.5.7.48.1.1"


@mypyc_attr(native_class=False)
@dataclass(frozen=True, slots=True)
class Attributes:
    """A set of attributes.

    Attributes:
        encoded: the attributes as they stand in the message, without the tag and length of their set.
        values: type → the whole DER values of all attributes of that type, in order.
        repeated: types that more than one attribute has.
    """

    encoded: bytes = b""
    values: dict[str, tuple[bytes, ...]] = field(default_factory=dict)
    repeated: frozenset[str] = frozenset()

    def __contains__(self, oid: str) -> bool:
        return oid in self.values

    def all(self, oid: str) -> tuple[bytes, ...]:
        """Return every value of the type ``oid``, each a whole DER element; empty if there is none."""
        return self.values.get(oid, ())

    def single(self, oid: str) -> bytes | None:
        """Return the value of the type ``oid`` if there is exactly one, in one attribute (RFC 5652, 11)."""
        values = self.all(oid)
        return values[0] if len(values) == 1 and oid not in self.repeated else None


@mypyc_attr(native_class=False)
@dataclass(frozen=True, slots=True)
class SignerInfo:
    """One signature (RFC 5652, 5.3).

    Attributes:
        encoded: the whole DER SignerInfo.
        version: 1 or 3.
        issuer: DER Name of the issuer of the signer's certificate; empty if it is named by its key.
        serial: the certificate's serial number; 0 if it is named by its key.
        key_id: the subject key identifier of the certificate; ``None`` if it is named by issuer and serial number.
        digest_algorithm: DER AlgorithmIdentifier of the digest.
        signed: the signed attributes; ``None`` if the signature covers the content itself.
        signature_algorithm: DER AlgorithmIdentifier of the signature.
        signature: its value.
        unsigned: the unsigned attributes.
    """

    encoded: bytes
    version: int
    issuer: bytes
    serial: int
    key_id: bytes | None
    digest_algorithm: bytes
    signed: Attributes | None
    signature_algorithm: bytes
    signature: bytes
    unsigned: Attributes


@mypyc_attr(native_class=False)
@dataclass(frozen=True, slots=True)
class SignedData:
    """A signed message.

    Attributes:
        encoded: the whole ContentInfo with the lengths of DER.
        version: of the syntax, 1 to 5.
        digest_algorithms: the DER AlgorithmIdentifiers listed before the content.
        content_type: dotted identifier of what was signed.
        content: the bytes that were signed; ``None`` if they are detached.
        certificates: DER X.509 certificates sent along.
        crls: DER revocation lists sent along.
        ocsps: DER OCSPResponses sent along (RFC 5940).
        other_certificates: DER certificates of other kinds, such as attribute certificates; nobody looks into them.
        revocations: all revocation information as it stands in the message, lists and responses included.
        signers: the signatures.
    """

    encoded: bytes
    version: int
    digest_algorithms: tuple[bytes, ...]
    content_type: str
    content: bytes | None
    certificates: tuple[bytes, ...]
    crls: tuple[bytes, ...]
    ocsps: tuple[bytes, ...]
    other_certificates: tuple[bytes, ...]
    revocations: tuple[bytes, ...]
    signers: tuple[SignerInfo, ...]

    @classmethod
    def load(cls, data: bytes, limits: Limits = DEFAULT_LIMITS) -> SignedData:
        """Read a ContentInfo with SignedData, in DER or BER, or either in PEM or base64.

        Raises:
            InputError: ``CMS_MALFORMED``.
            UnsupportedError: ``CMS_KIND`` for CMS of another kind, or content that is not an OCTET STRING.
            LimitError: ``CMS_TOO_LARGE`` or ``CMS_TOO_MANY``.
        """
        if len(data) > limits.document_bytes:
            raise LimitError("CMS_TOO_LARGE", f"a signed message of more than {limits.document_bytes} bytes")
        try:
            return _read_der_or_ber(data if data[:1] == b"\x30" else unarmoured(data), limits)
        except (LimitError, UnsupportedError):
            raise
        except InputError as error:
            message = f"not a signed CMS message: {error.message}"
            raise InputError("CMS_MALFORMED", message, where=error.where) from error


def unarmoured(data: bytes) -> bytes:
    """Return what PEM (RFC 7468, 8 and 9) or bare base64 stands for; the country's signing software writes both.

    Raises:
        InputError: ``DER_TAG``: it is neither.
    """
    block = _PEM.fullmatch(data.strip())
    try:
        return binascii.a2b_base64(b"".join((block[2] if block else data).split()), strict_mode=True)
    except ValueError:
        raise der.error("DER_TAG", "neither a SEQUENCE nor PEM nor base64", 0) from None


def _read_der_or_ber(data: bytes, limits: Limits) -> SignedData:
    try:
        return _read(data, limits)
    except (LimitError, UnsupportedError):
        raise
    except InputError:
        definite = ber.to_definite(data)
        if definite == data:
            raise
        return _read(definite, limits)


def _read(data: bytes, limits: Limits) -> SignedData:
    whole = Reader(data)
    outer = whole.enter()
    whole.finish()
    kind = outer.oid()
    if kind != SIGNED_DATA:
        raise UnsupportedError("CMS_KIND", f"a CMS message of the kind {kind}, not signed data")
    wrapper = outer.enter(der.explicit(0))
    outer.finish()
    fields = wrapper.enter()
    wrapper.finish()

    version = fields.integer()
    if version not in range(1, 6):
        raise der.error("DER_VALUE", "an unknown version of SignedData", fields.position)
    digest_algorithms = _elements(fields.enter(der.SET), limits.cms_signers)
    content_type, content = _read_content(fields.enter())
    certificates = _maybe_elements(fields, der.explicit(0), limits.certificates)
    revocations = _maybe_elements(fields, der.explicit(1), limits.certificates)
    signers = _elements(fields.enter(der.SET), limits.cms_signers)
    fields.finish()
    return SignedData(
        encoded=data,
        version=version,
        digest_algorithms=digest_algorithms,
        content_type=content_type,
        content=content,
        certificates=_plain(certificates),
        crls=_plain(revocations),
        ocsps=tuple(filter(None, map(ocsp_response, revocations))),
        other_certificates=tuple(item for item in certificates if item[0] != der.SEQUENCE),
        revocations=revocations,
        signers=tuple(read_signer(encoded, limits) for encoded in signers),
    )


def _read_content(fields: Reader) -> tuple[str, bytes | None]:
    content_type = fields.oid()
    wrapper = fields.maybe_enter(der.explicit(0))
    fields.finish()
    if wrapper is None:
        return content_type, None
    if wrapper.peek() != der.OCTET_STRING:
        raise UnsupportedError("CMS_KIND", "the content is not an OCTET STRING, as in PKCS #7 of other kinds")
    content = wrapper.take(der.OCTET_STRING)
    wrapper.finish()
    return content_type, content


def _elements(reader: Reader, most: int) -> tuple[bytes, ...]:
    found: list[bytes] = []
    while reader:
        if len(found) == most:
            raise LimitError("CMS_TOO_MANY", f"more than {most} entries in one set of the message")
        found.append(reader.element())
    return tuple(found)


def _maybe_elements(fields: Reader, tag: int, most: int) -> tuple[bytes, ...]:
    inner = fields.maybe_enter(tag)
    return () if inner is None else _elements(inner, most)


def _plain(items: Iterable[bytes]) -> tuple[bytes, ...]:
    """Return the X.509 certificates or lists among the choices: those without a tag of their own."""
    return tuple(item for item in items if item[0] == der.SEQUENCE)


def ocsp_response(choice: bytes) -> bytes | None:
    """Return the OCSPResponse in a RevocationInfoChoice (RFC 5940, 2); ``None`` if it is of another kind.

    The registered format is the whole response; some software puts the bare BasicOCSPResponse under its own name.
    """
    if choice[0] != der.explicit(1):
        return None
    try:
        fields = Reader(choice).enter(der.explicit(1))
        form, value = fields.oid(), fields.element()
        fields.finish()
    except InputError:
        return None
    if form == BASIC_OCSP_RESPONSE:
        return wrap_basic_ocsp(value)
    return value if form == OCSP_RESPONSE else None


def wrap_basic_ocsp(basic: bytes) -> bytes:
    """Return the DER OCSPResponse, successful, around a BasicOCSPResponse (RFC 6960, 4.2.1)."""
    content = der_write.sequence(der_write.oid(BASIC_OCSP_RESPONSE), der_write.octet_string(basic))
    return der_write.sequence(der_write.enumerated(0), der_write.tagged(0, content))


def read_signer(encoded: bytes, limits: Limits = DEFAULT_LIMITS) -> SignerInfo:
    """Read one DER SignerInfo; a counter-signature is one, too.

    Raises:
        InputError: ``DER_*``.
        LimitError: ``CMS_TOO_MANY`` attributes or values.
    """
    whole = Reader(encoded)
    fields = whole.enter()
    whole.finish()
    version = fields.integer()
    issuer, serial, key_id = _read_signer_id(fields)
    digest_algorithm = fields.element(der.SEQUENCE)
    signed = fields.maybe_enter(der.explicit(0))
    signature_algorithm = fields.element(der.SEQUENCE)
    signature = fields.take(der.OCTET_STRING)
    unsigned = fields.maybe_enter(der.explicit(1))
    fields.finish()
    return SignerInfo(
        encoded=encoded,
        version=version,
        issuer=issuer,
        serial=serial,
        key_id=key_id,
        digest_algorithm=digest_algorithm,
        signed=None if signed is None else read_attributes(signed, limits),
        signature_algorithm=signature_algorithm,
        signature=signature,
        unsigned=Attributes() if unsigned is None else read_attributes(unsigned, limits),
    )


def _read_signer_id(fields: Reader) -> tuple[bytes, int, bytes | None]:
    key_id = fields.maybe(der.implicit(0))
    if key_id is not None:
        return b"", 0, key_id
    pair = fields.enter()
    issuer, serial = pair.element(der.SEQUENCE), pair.integer()
    pair.finish()
    return issuer, serial, None


def read_attributes(reader: Reader, limits: Limits = DEFAULT_LIMITS) -> Attributes:
    """Read the contents of a SET OF Attribute (RFC 5652, 5.3).

    Raises:
        InputError: ``DER_*``.
        LimitError: ``CMS_TOO_MANY``.
    """
    encoded = reader.data[reader.position : reader.end]
    values: dict[str, tuple[bytes, ...]] = {}
    repeated: set[str] = set()
    for attribute in _elements(reader, limits.cms_attributes):
        pair = Reader(attribute).enter()
        oid = pair.oid()
        if oid in values:
            repeated.add(oid)
        values[oid] = values.get(oid, ()) + _elements(pair.enter(der.SET), limits.cms_attributes)
        pair.finish()
    return Attributes(encoded, values, frozenset(repeated))
