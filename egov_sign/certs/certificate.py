"""Certificates: read strictly, once, and no further than needed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from pathlib import Path

from egov_sign.caching import lazy
from egov_sign.certs import extension_ids as ids
from egov_sign.certs import extensions as ext
from egov_sign.certs.name import Name
from egov_sign.crypto import algorithms, der
from egov_sign.crypto.algorithms import SignatureAlgorithm
from egov_sign.crypto.keys import PublicKey, load_public_key
from egov_sign.errors import InputError, LimitError
from egov_sign.limits import DEFAULT_LIMITS, Limits
from egov_sign.native import Open

# The structures of RFC 5280, 4.1, by the tags of their fields.
_CERTIFICATE = der.layout("30", "30", "03")
_TBS_CERTIFICATE = der.layout("a0?", "02", "30", "30", "30", "30", "30", "81?", "82?", "a3?")
_VALIDITY = der.layout("17|18", "17|18")
_VERSIONS = {b"\x02\x01\x00": 1, b"\x02\x01\x01": 2, b"\x02\x01\x02": 3}
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)


class Certificate(Open):
    """An X.509 certificate (RFC 5280, 4.1).

    The fields are read when it is loaded; names, keys and the contents of extensions when they are first asked for,
    and then remembered. Two certificates are equal if their bytes are.

    What can be read but breaks a rule of RFC 5280 does not fail here: it stands in :attr:`irregularities`, and the
    validator judges it.

    Attributes:
        der: the certificate's bytes.
        tbs: the part that is signed.
        version: 1, 2 or 3.
        serial: the serial number.
        inner_algorithm: the DER AlgorithmIdentifier within the signed part.
        outer_algorithm: the DER AlgorithmIdentifier beside the signature.
        issuer: who signed it.
        subject: whose key it certifies.
        not_before: first moment of its validity, UTC.
        not_after: last moment of its validity, UTC, inclusive.
        spki: DER SubjectPublicKeyInfo.
        extensions: all extensions, not decoded.
        signature: the signature's bytes.
        irregularities: codes of the rules of RFC 5280 that its form breaks.
    """

    __slots__ = (
        "__dict__",
        "der",
        "extensions",
        "inner_algorithm",
        "irregularities",
        "issuer",
        "not_after",
        "not_before",
        "outer_algorithm",
        "serial",
        "signature",
        "spki",
        "subject",
        "tbs",
        "version",
    )

    def __init__(self, encoded: bytes) -> None:
        """Read the DER certificate ``encoded``.

        Raises:
            InputError: ``CERT_MALFORMED``.
        """
        self.der = encoded
        try:
            self._read()
        except InputError as error:
            raise InputError("CERT_MALFORMED", f"not a certificate: {error.message}", where=error.where) from error

    def _read(self) -> None:
        data = self.der
        start, stop = der.only(data, 0, len(data), der.SEQUENCE)
        tbs, algorithm, signature = der.structure(data, start, stop, _CERTIFICATE)
        self.tbs = data[tbs[1] : tbs[3]]
        self.outer_algorithm = data[algorithm[1] : algorithm[3]]
        _, begin, start, stop = signature
        if data[start : start + 1] != b"\x00":
            raise der.error("DER_VALUE", "a signature that is not whole octets", begin)
        self.signature = data[start + 1 : stop]
        self._read_tbs(data, der.structure(data, tbs[2], tbs[3], _TBS_CERTIFICATE))

    def _read_tbs(self, data: bytes, fields: list[der.Element]) -> None:
        irregular: list[str] = []
        self.version = 1
        if fields[0][0] == der.explicit(0):
            _, _, start, stop = fields.pop(0)
            version = _VERSIONS.get(data[start:stop])
            if version is None:
                raise der.error("DER_VALUE", "an unknown version", start)
            self.version = version
        (_, _, start, stop), algorithm, issuer, validity, subject, spki, *optional = fields
        self.serial = der.decode_integer(data[start:stop])
        if self.serial <= 0 or stop - start > 20:
            irregular.append("CERT_SERIAL")
        self.inner_algorithm = data[algorithm[1] : algorithm[3]]
        if self.inner_algorithm != self.outer_algorithm:
            irregular.append("CERT_ALGORITHM_MISMATCH")
        self.issuer = Name(data[issuer[1] : issuer[3]])
        if self.issuer.is_empty:
            irregular.append("CERT_ISSUER_EMPTY")
        self._read_validity(data, der.structure(data, validity[2], validity[3], _VALIDITY), irregular)
        self.subject = Name(data[subject[1] : subject[3]])
        self.spki = data[spki[1] : spki[3]]
        self.extensions = ext.Extensions()
        if optional and optional[-1][0] == der.explicit(3):
            self._read_extensions(data, optional.pop(), irregular)
        if (self.extensions and self.version != 3) or (optional and self.version == 1):
            irregular.append("CERT_VERSION")
        self.irregularities = tuple(irregular)

    def _read_validity(self, data: bytes, times: list[der.Element], irregular: list[str]) -> None:
        (tag, _, start, stop), (end_tag, _, end_start, end_stop) = times
        self.not_before = der.decode_time(tag, data[start:stop])
        self.not_after = der.decode_time(end_tag, data[end_start:end_stop])
        if (tag == der.GENERALIZED_TIME and data[start:stop] < b"2050") or (
            end_tag == der.GENERALIZED_TIME and data[end_start:end_stop] < b"2050"
        ):
            irregular.append("CERT_TIME_TYPE")

    def _read_extensions(self, data: bytes, wrapper: der.Element, irregular: list[str]) -> None:
        sequence = der.only(data, wrapper[2], wrapper[3], der.SEQUENCE)
        self.extensions = ext.read_extensions(der.Reader(data, *sequence))
        if self.extensions.duplicates:
            irregular.append("CERT_EXTENSION_TWICE")
        if not self.extensions:
            irregular.append("CERT_EXTENSIONS_EMPTY")

    @classmethod
    def load(cls, data: bytes, limits: Limits = DEFAULT_LIMITS) -> Certificate:
        """Read one certificate from DER or PEM; of several in a PEM file the first.

        Raises:
            InputError: ``CERT_MALFORMED``.
            LimitError: ``CERT_TOO_LARGE``.
        """
        if data[:1] != b"\x30":
            blocks = _pem_blocks(data)
            if not blocks:
                raise InputError("CERT_MALFORMED", "neither a DER nor a PEM certificate")
            data = blocks[0]
        if len(data) > limits.certificate_bytes:
            raise LimitError("CERT_TOO_LARGE", f"a certificate of more than {limits.certificate_bytes} bytes")
        return cls(data)

    def __reduce__(self) -> tuple[type[Certificate], tuple[bytes]]:
        """Let it be copied and pickled as its bytes."""
        return Certificate, (self.der,)

    @classmethod
    def load_all(cls, data: bytes, limits: Limits = DEFAULT_LIMITS) -> list[Certificate]:
        """Read every certificate in a PEM file, or the one of a DER file.

        Raises:
            InputError: ``CERT_MALFORMED`` if there is none or one cannot be read.
            LimitError: ``CERT_TOO_LARGE``, ``CERT_TOO_MANY``.
        """
        blocks = [] if data[:1] == b"\x30" else _pem_blocks(data)
        if len(blocks) > limits.certificates:
            raise LimitError("CERT_TOO_MANY", f"more than {limits.certificates} certificates in one file")
        return [cls.load(block, limits) for block in blocks] or [cls.load(data, limits)]

    @classmethod
    def read(cls, path: Path, limits: Limits = DEFAULT_LIMITS) -> Certificate:
        """Read one certificate from a file (see :meth:`load`).

        Raises:
            InputError: ``CERT_MALFORMED``, with the file named.
            OSError: the file cannot be opened.
        """
        try:
            return cls.load(path.read_bytes(), limits)
        except InputError as error:
            error.where = str(path)
            raise

    @lazy
    def fingerprint(self) -> str:
        """SHA-256 of the bytes, in lower-case hexadecimal digits."""
        return hashlib.sha256(self.der).hexdigest()

    @lazy
    def public_key(self) -> PublicKey:
        """The key it certifies.

        Raises:
            InputError: ``KEY_MALFORMED``.
            UnsupportedError: ``KEY_UNKNOWN``.
        """
        return load_public_key(self.spki)

    @lazy
    def signature_algorithm(self) -> SignatureAlgorithm:
        """The algorithm it is signed with.

        Raises:
            UnsupportedError: ``ALGORITHM_UNKNOWN``.
        """
        return algorithms.from_identifier(self.outer_algorithm)

    @property
    def critical_extensions(self) -> frozenset[str]:
        """The identifiers of its critical extensions."""
        return frozenset(oid for oid, extension in self.extensions.items() if extension.critical)

    # What follows decodes one extension each; an InputError (DER_*) says that its contents are malformed.

    def _value(self, oid: str) -> bytes | None:
        extension = self.extensions.get(oid)
        return None if extension is None else extension.value

    @lazy
    def key_usage(self) -> frozenset[str] | None:
        """The names of the permitted usages (:data:`egov_sign.certs.extension_ids.KEY_USAGES`); ``None`` if absent."""
        value = self._value(ids.KEY_USAGE)
        return None if value is None else ext.key_usage(value)

    @lazy
    def eku(self) -> tuple[str, ...] | None:
        """The extended key usages; ``None`` if absent."""
        value = self._value(ids.EXTENDED_KEY_USAGE)
        return None if value is None else ext.oids(value)

    @lazy
    def basic_constraints(self) -> ext.BasicConstraints | None:
        """Whether it is a CA's, and how long a path may follow; ``None`` if absent."""
        value = self._value(ids.BASIC_CONSTRAINTS)
        return None if value is None else ext.basic_constraints(value)

    @property
    def is_ca(self) -> bool:
        """Whether basicConstraints say that it is a CA's."""
        return self.basic_constraints is not None and self.basic_constraints.ca

    @lazy
    def policies(self) -> tuple[str, ...] | None:
        """The certificate policies; ``None`` if absent."""
        value = self._value(ids.CERTIFICATE_POLICIES)
        return None if value is None else ext.certificate_policies(value)

    @lazy
    def policy_mappings(self) -> tuple[tuple[str, str], ...]:
        """Pairs of issuer domain policy and subject domain policy; empty if absent."""
        value = self._value(ids.POLICY_MAPPINGS)
        return () if value is None else ext.policy_mappings(value)

    @lazy
    def policy_constraints(self) -> ext.PolicyConstraints | None:
        """Constraints on policies; ``None`` if absent."""
        value = self._value(ids.POLICY_CONSTRAINTS)
        return None if value is None else ext.policy_constraints(value)

    @lazy
    def inhibit_any_policy(self) -> int | None:
        """The number of certificates that may follow before anyPolicy loses its meaning; ``None`` if absent."""
        value = self._value(ids.INHIBIT_ANY_POLICY)
        return None if value is None else ext.inhibit_any_policy(value)

    @lazy
    def name_constraints(self) -> ext.NameConstraints | None:
        """The subtrees in which the subjects of later certificates must lie; ``None`` if absent."""
        value = self._value(ids.NAME_CONSTRAINTS)
        return None if value is None else ext.name_constraints(value)

    @lazy
    def alternative_names(self) -> tuple[ext.GeneralName, ...]:
        """The subject alternative names; empty if absent."""
        value = self._value(ids.SUBJECT_ALT_NAME)
        return () if value is None else ext.general_names(value)

    @lazy
    def aki(self) -> ext.AuthorityKeyId | None:
        """Which key of the issuer signed it; ``None`` if absent."""
        value = self._value(ids.AUTHORITY_KEY_ID)
        return None if value is None else ext.authority_key_id(value)

    @lazy
    def ski(self) -> bytes | None:
        """The identifier of its own key; ``None`` if absent."""
        value = self._value(ids.SUBJECT_KEY_ID)
        return None if value is None else ext.subject_key_id(value)

    @lazy
    def crl_distribution_points(self) -> tuple[ext.DistributionPoint, ...]:
        """Where its CRLs are; empty if absent."""
        value = self._value(ids.CRL_DISTRIBUTION_POINTS)
        return () if value is None else ext.distribution_points(value)

    @lazy
    def freshest_crl(self) -> tuple[ext.DistributionPoint, ...]:
        """Where its delta CRLs are; empty if absent."""
        value = self._value(ids.FRESHEST_CRL)
        return () if value is None else ext.distribution_points(value)

    @lazy
    def authority_info_access(self) -> tuple[tuple[str, ext.GeneralName], ...]:
        """Pairs of access method and location; empty if absent."""
        value = self._value(ids.AUTHORITY_INFO_ACCESS)
        return () if value is None else ext.authority_info_access(value)

    @property
    def crl_urls(self) -> tuple[str, ...]:
        """The addresses of all its CRL distribution points, cleaned."""
        return tuple(url for point in self.crl_distribution_points for url in point.urls)

    @property
    def ocsp_urls(self) -> tuple[str, ...]:
        """The addresses of the OCSP responders it names."""
        return self._access(ids.ACCESS_OCSP)

    @property
    def ca_issuer_urls(self) -> tuple[str, ...]:
        """The addresses of its issuer's certificates."""
        return self._access(ids.ACCESS_CA_ISSUERS)

    def _access(self, method: str) -> tuple[str, ...]:
        return tuple(
            url
            for oid, name in self.authority_info_access
            if oid == method and name.kind == 6
            for url in ext.clean_urls(name.content)
        )

    @lazy
    def is_self_issued(self) -> bool:
        """Whether subject and issuer are the same name."""
        return self.subject == self.issuer

    def __eq__(self, other: object) -> bool:
        return self.der == other.der if isinstance(other, Certificate) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.der)

    def __repr__(self) -> str:
        return f"Certificate({str(self.subject)!r}, serial={self.serial:#x})"


def _pem_blocks(data: bytes) -> list[bytes]:
    try:
        return [base64.b64decode(b"".join(body.split()), validate=True) for body in _PEM.findall(data)]
    except binascii.Error as error:
        raise InputError("CERT_MALFORMED", "a PEM block that is not base64") from error
