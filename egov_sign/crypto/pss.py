"""Parameters of RSASSA-PSS (RFC 4055 section 3.1)."""

from __future__ import annotations

from dataclasses import dataclass

from egov_sign.crypto import der, digests
from egov_sign.crypto.der_write import integer, oid, sequence, tagged
from egov_sign.errors import InputError, UnsupportedError
from egov_sign.native import mypyc_attr

OID = "1.2.840.113549.1.1.10"
_ENCODED = oid(OID)
_MGF1 = "1.2.840.113549.1.1.8"
_HASHES = {digests.OIDS[name]: name for name in ("sha1", "sha224", "sha256", "sha384", "sha512")}
_DEFAULT_DIGEST = "sha1"
_DEFAULT_SALT = 20
_TRAILER = 1
_MAX_SALT = 2048
"""No RSA key that anyone uses has room for more."""


def decode(parameters: bytes) -> tuple[str, int]:
    """Return the digest's name and the salt's length in bytes from a DER RSASSA-PSS-params.

    Raises:
        UnsupportedError: ``ALGORITHM_PARAMETERS``: malformed, an unknown hash, another hash for the mask than for the
            message, another mask than MGF1, a trailer other than 0xBC, or a salt of absurd length.
    """
    try:
        digest, mask_digest, salt_length, trailer = _read(parameters)
    except InputError as error:
        raise _refused("cannot be read") from error
    if mask_digest != digest:
        raise _refused("ask for another hash for the mask than for the message")
    if trailer != _TRAILER:
        raise _refused("ask for an unknown trailer")
    if not 0 <= salt_length <= _MAX_SALT:
        raise _refused(f"ask for a salt of {salt_length} bytes")
    return digest, salt_length


def encode(digest: str, salt_length: int) -> bytes:
    """Return the DER RSASSA-PSS-params; defaults are left out, as DER demands."""
    fields = []
    if digest != _DEFAULT_DIGEST:
        identifier = digests.to_identifier(digest)
        fields += [tagged(0, identifier), tagged(1, sequence(oid(_MGF1), identifier))]
    if salt_length != _DEFAULT_SALT:
        fields.append(tagged(2, integer(salt_length)))
    return sequence(*fields)


@mypyc_attr(native_class=False)
@dataclass(frozen=True, slots=True)
class Restriction:
    """What a key with the identifier of RSASSA-PSS may be used for (RFC 4055 sections 1.2 and 3.3).

    Attributes:
        digest: name of the only digest; empty for any.
        salt_length: the shortest salt, in bytes.
    """

    digest: str = ""
    salt_length: int = 0

    def allows(self, digest: str, salt_length: int | None) -> bool:
        """Tell whether a signature with ``digest`` and ``salt_length``, ``None`` for PKCS#1 v1.5, may be verified."""
        return salt_length is not None and salt_length >= self.salt_length and self.digest in ("", digest)


def restriction(spki: bytes) -> Restriction | None:
    """Return the restriction of the RSA key in the DER SubjectPublicKeyInfo ``spki``; ``None`` if it has none.

    Raises:
        InputError: ``DER_…`` if it cannot be read.
        UnsupportedError: ``ALGORITHM_PARAMETERS``.
    """
    if _ENCODED not in spki[:32]:  # most keys, which are not worth a closer look
        return None
    identifier = der.Reader(spki).enter().enter()
    if identifier.oid() != OID:
        return None
    return Restriction(*decode(identifier.element())) if identifier else Restriction()


def _read(parameters: bytes) -> tuple[str, str, int, int]:
    outer = der.Reader(parameters)
    fields = outer.enter()
    outer.finish()
    digest = mask_digest = _DEFAULT_DIGEST
    salt_length, trailer = _DEFAULT_SALT, _TRAILER
    if field := fields.maybe_enter(der.explicit(0)):
        digest = _hash(field)
    if field := fields.maybe_enter(der.explicit(1)):
        mask = field.enter()
        if mask.oid() != _MGF1:
            raise _refused("ask for another mask than MGF1")
        mask_digest = _hash(mask)
        field.finish()
    if field := fields.maybe_enter(der.explicit(2)):
        salt_length = field.integer()
        field.finish()
    if field := fields.maybe_enter(der.explicit(3)):
        trailer = field.integer()
        field.finish()
    fields.finish()
    return digest, mask_digest, salt_length, trailer


def _hash(field: der.Reader) -> str:
    identifier = field.enter()
    name = _HASHES.get(identifier.oid())
    if identifier.maybe(der.NULL):
        raise _refused("carry a NULL with contents")
    identifier.finish()
    field.finish()
    if name is None:
        raise _refused("ask for an unknown hash")
    return name


def _refused(why: str) -> UnsupportedError:
    return UnsupportedError("ALGORITHM_PARAMETERS", f"the parameters of RSASSA-PSS {why}")
