"""CAdES B-LTA: what an archive time-stamp on a CMS signature covers (ETSI EN 319 122-1 V1.3.1, clause 5.5).

An archive-time-stamp-v3 (5.5.3) is over, one after another: the type of the content; the digest of the content; the
fields of the SignerInfo from its version to its signature; and an ats-hash-index-v3 (5.5.2). The index holds the
digests of all certificates, revocation information and unsigned attributes that are there when the time-stamp is made.
It lies in the token, as an unsigned attribute of its signature, so that more can be added to the message later without
harm; and it is broken if anything it lists is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from egov_sign.crypto import der_write, digests
from egov_sign.crypto.der import OCTET_STRING, Reader
from egov_sign.docs import cms
from egov_sign.docs.cms import SignedData, SignerInfo
from egov_sign.docs.cms_sign import Parts, digest_identifier, with_unsigned
from egov_sign.docs.timestamp import TimestampToken
from egov_sign.docs.timestamp_client import TimestampSource
from egov_sign.errors import ConfigurationError, InputError

_DIGEST = "sha256"
"""Of the time-stamps that are asked for here."""


@dataclass(frozen=True, slots=True)
class HashIndex:
    """An ats-hash-index-v3.

    Attributes:
        encoded: its DER form.
        digest: name of the digest.
        certificates: digests of what stands among the certificates of the message.
        revocations: digests of what stands among its revocation information.
        attributes: digests of unsigned attributes of the signature, each of type and value.
    """

    encoded: bytes
    digest: str
    certificates: frozenset[bytes]
    revocations: frozenset[bytes]
    attributes: frozenset[bytes]

    @classmethod
    def of(cls, message: SignedData, signer: SignerInfo, digest: str) -> HashIndex:
        """Return the index of all that is there now."""
        lists = [
            sorted(digests.digest(digest, item) for item in items)
            for items in (_certificates(message), message.revocations, _attributes(signer))
        ]
        encoded = der_write.sequence(
            digest_identifier(digest), *(der_write.sequence(*map(der_write.octet_string, items)) for items in lists)
        )
        return cls(encoded, digest, *map(frozenset, lists))

    @classmethod
    def read(cls, token: TimestampToken) -> HashIndex:
        """Return the index in an archive time-stamp.

        Raises:
            InputError: ``ARCHIVE_INDEX``: there is none, or more than one, it cannot be read, or is made with another
                digest than the time-stamp.
        """
        signers = token.signed_data.signers
        encoded = signers[0].unsigned.single(cms.HASH_INDEX) if len(signers) == 1 else None
        if encoded is None:
            raise InputError("ARCHIVE_INDEX", "the archive time-stamp does not have exactly one hash index")
        try:
            whole = Reader(encoded)
            fields = whole.enter()
            whole.finish()
            digest = digests.by_oid(fields.enter().oid())
            lists = [_octet_strings(fields.enter()) for _ in range(3)]
            fields.finish()
        except InputError as error:
            raise InputError("ARCHIVE_INDEX", f"the hash index cannot be read: {error.message}") from error
        if digest != token.info.imprint.digest:
            raise InputError("ARCHIVE_INDEX", f"the hash index is made with {digest}, the time-stamp is not")
        return cls(encoded, digest, *lists)

    def objects(
        self, message: SignedData, signer: SignerInfo, digest: Callable[[str, bytes], bytes] = digests.digest
    ) -> list[bytes]:
        """Return the certificates, revocation information and values of attributes that are listed.

        Args:
            message: where the signature stands.
            signer: the signature.
            digest: makes digests; one that remembers them serves many time-stamps on one message.

        Raises:
            InputError: ``ARCHIVE_INDEX_BROKEN``: something that is listed is not there.
        """
        found: list[bytes] = []
        seen: set[bytes] = set()
        values = [value for values in signer.unsigned.values.values() for value in values]
        for listed, items, objects in (
            (self.certificates, _certificates(message), _certificates(message)),
            (self.revocations, message.revocations, message.revocations),
            (self.attributes, _attributes(signer), values),
        ):
            for item, one in zip(items, objects, strict=True):
                value = digest(self.digest, item)
                if value in listed:
                    seen.add(value)
                    found.append(one)
        missing = len(self.certificates | self.revocations | self.attributes) - len(seen)
        if missing:
            raise InputError("ARCHIVE_INDEX_BROKEN", f"{missing} of what the archive time-stamp covers is not there")
        return found


def stamped_octets(message: SignedData, signer: SignerInfo, content: bytes, index: HashIndex) -> bytes:
    """Return what an archive time-stamp is over.

    Args:
        message: where the signature stands.
        signer: the signature.
        content: the digest of what it signs, by the algorithm of ``index``.
        index: of the time-stamp.
    """
    fields = Reader(signer.encoded).enter()
    parts = [fields.element() for _ in range(6 if signer.signed is not None else 5)]
    return b"".join([der_write.oid(message.content_type), content, *parts, index.encoded])


def add_archive_timestamps(message: SignedData, source: TimestampSource, *, content: bytes | None = None) -> bytes:
    """Return ``message`` with an archive time-stamp on every signature (B-LTA).

    Args:
        message: with all that is to be covered already in it.
        source: where time-stamps come from.
        content: what is signed, where the message does not carry it.

    Raises:
        InputError: ``CMS_CONTENT_MISSING``.
        ConfigurationError: ``ARCHIVE_DIGEST``: the authority's time-stamps are made with another digest.
        FetchError: there is no time-stamp to be had.
    """
    content = content if message.content is None else message.content
    if content is None:
        raise InputError("CMS_CONTENT_MISSING", "the signature is detached, and its content was not given")
    for position, signer in enumerate(message.signers):
        index = HashIndex.of(message, signer, _DIGEST)
        digest = digests.digest(_DIGEST, content)
        token = TimestampToken.load(source.stamp(stamped_octets(message, signer, digest, index)))
        if token.info.imprint.digest != _DIGEST:
            raise ConfigurationError("ARCHIVE_DIGEST", f"archive time-stamps are made with {_DIGEST} only")
        indexed = with_unsigned(token.signed_data, 0, [(cms.HASH_INDEX, index.encoded)])
        message = with_unsigned(message, position, [(cms.ARCHIVE_TIMESTAMP, Parts.of(indexed).encode())])
    return Parts.of(message).encode()


def _certificates(message: SignedData) -> list[bytes]:
    return [*message.certificates, *message.other_certificates]


def _attributes(signer: SignerInfo) -> list[bytes]:
    """Return type and value of every unsigned attribute, an attribute of several values several times."""
    return [der_write.oid(oid) + value for oid, values in signer.unsigned.values.items() for value in values]


def _octet_strings(reader: Reader) -> frozenset[bytes]:
    found = set()
    while reader:
        found.add(reader.take(OCTET_STRING))
    return frozenset(found)


def covered_revocations(objects: Iterable[bytes]) -> Iterable[bytes]:
    """Yield ``objects``, and the OCSP response in each that is one as a message carries it."""
    for item in objects:
        yield item
        response = cms.ocsp_response(item)
        if response is not None:
            yield response
