"""What the time-stamps on an XML signature are made over.

Source: ETSI EN 319 132-1 V1.2.1, clauses 5.2.8.1 and 5.2.8.2 (content), 5.3 (signature) and 5.5.2.2 (archive, where
the time-stamp stands in the signature itself). The numbers below are those of the steps of 5.5.2.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lxml import etree

from egov_sign.docs import c14n
from egov_sign.docs.references import Covered, XmlDocument, cover
from egov_sign.docs.refusal import Refusal
from egov_sign.docs.xades import TYPE_SIGNED_PROPERTIES, XADES, Over, Timestamp
from egov_sign.docs.xmldsig import BASE64, Signature
from egov_sign.errors import InputError
from egov_sign.verdict import SubIndication


class Imprints:
    """Puts together the octets that time-stamps on one signature are made over.

    Args:
        document: where the signature stands.
        signature: the signature.
        covered: what its references cover, those that match.
    """

    def __init__(self, document: XmlDocument, signature: Signature, covered: Sequence[Covered]) -> None:
        self._document = document
        self._signature = signature
        self._covered = covered
        self._written: dict[tuple[etree._Element, str], bytes] = {}

    @property
    def is_complete(self) -> bool:
        """Whether all references match; otherwise only time-stamps over the signature can be judged."""
        return len(self._covered) == len(self._signature.references)

    def stamped(self, stamp: Timestamp) -> bytes:
        """Return the octets that ``stamp`` should be over.

        Raises:
            Refusal: FORMAT_FAILURE if it names references that are not there, or asks for too much work.
        """
        match stamp.over:
            case Over.CONTENT:
                return self._content(stamp)
            case Over.SIGNATURE:
                return self._canonical(self._signature.value_element, stamp.method)
            case Over.ARCHIVE:
                earlier = stamp.element.itersiblings("*", preceding=True)
                return self.archive([*earlier][::-1], stamp.method)

    def archive(self, properties: Sequence[etree._Element], method: c14n.C14nMethod) -> bytes:
        """Return what an archive time-stamp is over that stands after the unsigned ``properties``."""
        signature = self._signature
        # 1. and 2. All that is referenced, the signed properties included.
        parts = list(self._referenced(self._covered, method))
        # 3. The signature itself.
        itself = [signature.signed_info, signature.value_element]
        if signature.key_info is not None:
            itself.append(signature.key_info)
        # 4. What was added before; 5. the other objects.
        others = [one for one in signature.objects if one.find(XADES + "QualifyingProperties") is None]
        parts += [self._canonical(element, method) for element in (*itself, *properties, *others)]
        return b"".join(parts)

    def _content(self, stamp: Timestamp) -> bytes:
        return b"".join(self._referenced(self._content_references(stamp.references), stamp.method))

    def _content_references(self, identifiers: Sequence[str] | None) -> list[Covered]:
        content = [one for one in self._covered if one.reference.type != TYPE_SIGNED_PROPERTIES]
        if identifiers is None:
            return content
        named = {one.reference.id: one for one in content if one.reference.id}
        if not identifiers or not set(identifiers) <= named.keys():
            raise Refusal("XADES_MALFORMED", SubIndication.FORMAT_FAILURE, self._signature.where)
        return [named[identifier] for identifier in identifiers]

    def _referenced(self, references: Sequence[Covered], method: c14n.C14nMethod) -> Iterator[bytes]:
        """Yield the octets of ``references``; ``method`` makes them of a node-set that no transform has written."""
        for one in references:
            steps = one.reference.transforms
            written = steps[-1].uri in {BASE64, *c14n.METHODS} if steps else one.nodes is None
            if written or method == c14n.INCLUSIVE:
                self._document.spend(len(one.octets), one.reference)
                yield one.octets
            else:
                later = one.nodes.exclude[1:] if one.nodes else ()
                yield cover(self._document, one.reference, self._signature.element, later, final=method).octets

    def _canonical(self, element: etree._Element, method: c14n.C14nMethod) -> bytes:
        known = self._written.get((element, method.uri))
        if known is None:
            try:
                known = c14n.canonicalize(element, method)
            except InputError:
                raise Refusal("XML_C14N_FAILED", SubIndication.FORMAT_FAILURE, self._signature.where) from None
            self._written[element, method.uri] = known
        self._document.spend(len(known), self._signature)
        return known
