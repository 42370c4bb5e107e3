"""Small XML that is expensive to judge (row 26): counted in work, not in seconds."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from lxml import etree

from egov_sign.crypto.signer import KeySigner
from egov_sign.docs import c14n, keyinfo
from egov_sign.docs.c14n_whole import WholeDocument
from egov_sign.docs.validation import XmlValidator
from egov_sign.docs.xmldsig import BASE64, ENVELOPED
from egov_sign.docs.xmlparse import namespace_cost, parse
from egov_sign.docs.xmlsign import sign_enveloped
from egov_sign.errors import LimitError
from egov_sign.limits import KIB, MIB, Limits
from egov_sign.verdict import Indication, SubIndication
from tests.attacks.forging import REQUEST, attach, canonical, certificate_xml, octets, reference_xml


def crowded(namespaces: int, elements: int) -> bytes:
    declared = " ".join(f'xmlns:n{number}="urn:{number}"' for number in range(namespaces))
    return f"<r {declared}>{'<a/>' * elements}</r>".encode()


def test_namespaces_in_scope_count_as_work(signer: KeySigner, validator: XmlValidator, at: datetime) -> None:
    assert [namespace_cost(crowded(number, 1)) for number in (4, 32, 64, 320)] == [1, 1, 17, 401]
    side_by_side = "".join(f'<a xmlns:n{number}="urn:{number}"/>' for number in range(500))
    assert namespace_cost(f"<r>{side_by_side}</r>".encode()) == 1
    with pytest.raises(LimitError, match="XML_LIMIT"):
        parse(crowded(2000, 2000))
    assert validator.validate(sign_enveloped(crowded(100, 10), signer), at).indication is Indication.VALID


def test_namespaces_use_up_what_references_may_cost(signer: KeySigner, validator: XmlValidator, at: datetime) -> None:
    bounded = XmlValidator(
        validator.judge, limits=replace(Limits(), xml_canonical_bytes=16 * MIB, xml_canonical_passes=0)
    )
    for namespaces, good in ((4, True), (160, False)):
        document = crowded(namespaces, 100)
        references = reference_xml("", canonical(parse(document))) * 20
        report = bounded.validate(octets(attach(document, signer, references)), at)
        assert (report.indication is Indication.VALID) is good
        assert ("XML_TOO_MUCH_WORK" in report.codes) is not good


def test_attributes_of_one_element_are_bounded() -> None:
    def document(count: int) -> bytes:
        return ("<r><a " + " ".join(f'b{number}="1"' for number in range(count)) + "/></r>").encode()

    assert len(parse(document(1024))[0].attrib) == 1024
    with pytest.raises(LimitError, match="XML_LIMIT"):
        parse(document(1025))


def test_what_libxml2_cannot_write_counts_for_more(signer: KeySigner, validator: XmlValidator, at: datetime) -> None:
    """``#default`` in a PrefixList leads to a writer in Python."""
    inner = f'<e:InclusiveNamespaces xmlns:e="{c14n.EXC_NS}" PrefixList="#default"/>'
    document = f'<r xmlns="urn:x">{"<a>x</a>" * 500}</r>'.encode()
    bounded = XmlValidator(
        validator.judge, limits=replace(Limits(), xml_canonical_bytes=400 * KIB, xml_canonical_passes=0)
    )
    for steps, good in ((inner, False), ("", True)):
        made = c14n.canonicalize(
            parse(document).getroottree(), c14n.EXCLUSIVE, inclusive_prefixes=("",) if steps else ()
        )
        one = reference_xml("#xpointer(/)", made, [c14n.EXCLUSIVE.uri], steps)
        report = bounded.validate(octets(attach(document, signer, one * 10)), at)
        assert ("XML_TOO_MUCH_WORK" in report.codes) is not good
        # Otherwise INVALID: the signature itself stands inside what xpointer covers.
        assert report.indication is (Indication.INVALID if good else Indication.INDETERMINATE)


def test_what_is_copied_first_counts_for_more(signer: KeySigner, validator: XmlValidator, at: datetime) -> None:
    """libxml2 canonicalises trees and elements; what lacks something inside has to be copied and changed before."""
    document = f"<r>{'<a>x</a>' * 500}</r>".encode()
    limits = replace(Limits(), xml_canonical_bytes=0, xml_canonical_passes=25)
    bounded = XmlValidator(validator.judge, limits=limits)
    for steps, good in (([c14n.EXCLUSIVE.uri], True), ([ENVELOPED, c14n.EXCLUSIVE.uri], False)):
        one = reference_xml("", canonical(parse(document)), steps)
        report = bounded.validate(octets(attach(document, signer, one * 10)), at)
        assert ("XML_TOO_MUCH_WORK" in report.codes) is not good


def test_ways_to_name_a_certificate_are_bounded(signer: KeySigner, validator: XmlValidator, at: datetime) -> None:
    def named(count: int) -> bytes:
        names = "<ds:X509SubjectName>CN=a</ds:X509SubjectName>" * count
        key_info = certificate_xml(signer).replace("</ds:X509Data>", names + "</ds:X509Data>")
        return octets(attach(REQUEST, signer, key_info=key_info))

    assert validator.validate(named(0), at).indication is Indication.VALID
    assert validator.validate(named(256), at).codes == ["SIGNER_CERT_MISMATCH"]
    report = validator.validate(named(257), at)
    assert (report.codes, report.sub_indication) == (
        ["XML_TOO_MANY_CERTIFICATES"],
        SubIndication.SIG_CONSTRAINTS_FAILURE,
    )


def test_what_is_not_signed_among_many_signed_parts(signer: KeySigner, validator: XmlValidator, at: datetime) -> None:
    """Every element around a signed part is looked at once."""
    depth, parts = 20, 40
    branches = "".join("<d>" * depth + f'<e Id="e{number}"/>' + "</d>" * depth for number in range(parts))
    document = f"<r>{branches}<evil/></r>".encode()
    references = "".join(
        reference_xml(f"#e{number}", f'<e Id="e{number}"></e>'.encode(), [c14n.EXCLUSIVE.uri])
        for number in range(parts)
    )
    report = validator.validate(etree.tostring(attach(document, signer, references)), at)
    assert report.codes == ["SCOPE_PARTIAL"]
    assert report.facts["not_signed"] == ["/r/evil"]


def bounded_passes(validator: XmlValidator, passes: int) -> XmlValidator:
    return XmlValidator(validator.judge, limits=replace(Limits(), xml_canonical_bytes=0, xml_canonical_passes=passes))


@pytest.mark.parametrize("relative", [False, True])
def test_work_for_references_that_are_refused_counts(
    signer: KeySigner, validator: XmlValidator, at: datetime, relative: bool
) -> None:
    """Of a document without canonical form, or with a transform that fails when the others are done."""
    namespace = "relative" if relative else "urn:x"
    document = f'<r>{"<a>x</a>" * 500}<z xmlns:q="{namespace}"/></r>'.encode()
    steps = [c14n.EXCLUSIVE.uri] if relative else [c14n.EXCLUSIVE.uri, BASE64]
    signed = octets(attach(document, signer, reference_xml("", b"", steps) * 10))
    refusal = "XML_C14N_FAILED" if relative else "XML_BASE64"
    assert bounded_passes(validator, 20).validate(signed, at).codes == [refusal] * 10
    assert bounded_passes(validator, 5).validate(signed, at).codes[-1] == "XML_TOO_MUCH_WORK"


def test_every_step_counts(signer: KeySigner, validator: XmlValidator, at: datetime) -> None:
    document = f"<r>{'<a>x</a>' * 500}</r>".encode()
    one = reference_xml("", canonical(parse(document)), [ENVELOPED, *[c14n.INCLUSIVE.uri] * 7])
    signed = octets(attach(document, signer, one))
    assert bounded_passes(validator, 9).validate(signed, at).indication is Indication.VALID
    assert bounded_passes(validator, 5).validate(signed, at).codes == ["XML_TOO_MUCH_WORK"]


def test_small_elements_of_a_large_document_cost_what_they_weigh(
    signer: KeySigner, validator: XmlValidator, at: datetime
) -> None:
    small = "".join(f'<e Id="e{number}"/>' for number in range(60))
    document = f"<r>{'<a>x</a>' * 500}{small}</r>".encode()
    references = "".join(
        reference_xml(f"#e{number}", f'<e Id="e{number}"></e>'.encode(), [c14n.EXCLUSIVE.uri]) for number in range(60)
    )
    signed = octets(attach(document, signer, references))
    assert bounded_passes(validator, 2).validate(signed, at).codes == ["SCOPE_PARTIAL"]


def test_elements_are_looked_for_once_for_each_of_few_names() -> None:
    pairs = "".join(f"<n{number}><n{number}/></n{number}>" for number in range(40))
    root = parse(f"<r>{pairs}</r>".encode())
    whole = WholeDocument(root)
    cut = [(whole.alone(element), whole.alone(element[0])) for element in root]
    assert cut[3] == (b"<n3><n3></n3></n3>", b"<n3></n3>")
    assert [pair == (None, None) for pair in cut] == [False] * 31 + [True] * 9  # the root is the 32nd name


@pytest.mark.usefixtures("interpreted")
def test_a_name_is_read_once_for_all_certificates(
    signer: KeySigner, validator: XmlValidator, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    real = keyinfo._pairs

    def pairs(text: str) -> list[tuple[str, str]]:
        read.append(text)
        return real(text)

    monkeypatch.setattr(keyinfo, "_pairs", pairs)
    names = "".join(f"<ds:X509SubjectName>CN=nobody {number}</ds:X509SubjectName>" for number in range(20))
    long = f"<ds:X509SubjectName>CN={'a' * 100_000}</ds:X509SubjectName>"
    key_info = (certificate_xml(signer) * 30).replace("</ds:X509Data>", f"{names}{long}</ds:X509Data>", 1)
    assert validator.validate(octets(attach(REQUEST, signer, key_info=key_info)), at).codes == ["SIGNER_CERT_MISMATCH"]
    assert len(read) == 20
