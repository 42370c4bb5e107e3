"""Where lists and responses come from: files, embedded, cached, fetched; and what is never cached."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from egov_sign.certs import issue_extensions as ext
from egov_sign.certs.cache import DiskCache
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.evidence import evidence_in
from egov_sign.certs.freshness import RevocationPolicy
from egov_sign.certs.issue_ocsp import revoked
from egov_sign.certs.ocsp import CertId
from egov_sign.certs.reasons import Reason
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.crypto import der_write as der
from egov_sign.errors import ConfigurationError, FetchError, InputError
from egov_sign.fetch import FetchRequest
from egov_sign.limits import Limits
from egov_sign.verdict import Indication, Report
from tests.certs import paths_double
from tests.certs.small_ca import AT, DAY, HOUR, SmallCa, entry

CA = SmallCa()
CRL, CRL2, DELTA, OCSP = "http://a.test/ca.crl", "http://b.test/ca.crl", "http://a.test/delta.crl", "http://ocsp.test/"
LISTED = CA.leaf(77, ext.crl_distribution_points(CRL, CRL2))
ASKED = CA.leaf(77, ext.authority_access(ocsp=(OCSP,)))
BOTH = CA.leaf(77, ext.authority_access(ocsp=(OCSP,)), ext.crl_distribution_points(CRL))

FRESHEST = (ext.freshest_crl(DELTA),)


class Net:
    """A fetcher over a table; what is not in it cannot be reached."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes | Callable[[FetchRequest], bytes]] = {}
        self.requests: list[FetchRequest] = []

    def serve(self, url: str, page: bytes | Callable[[FetchRequest], bytes]) -> Net:
        self.pages[url] = page
        return self

    def fetch(self, request: FetchRequest) -> bytes:
        self.requests.append(request)
        page = self.pages.get(request.url)
        if page is None:
            raise FetchError("FETCH_CONNECT", "no connection", where=request.url)
        return page if isinstance(page, bytes) else page(request)

    @property
    def urls(self) -> list[str]:
        return [request.url for request in self.requests]


def judge(sources: RevocationSources, leaf: Certificate = LISTED, at: Any = AT, **policy: Any) -> Report:
    return paths_double.check(Revocation(sources, RevocationPolicy(**policy)), leaf, CA.certificate, at)


def online(net: Net, **more: Any) -> RevocationSources:
    return RevocationSources(fetcher=net, **more)


# Files


def test_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "ca.crl").write_bytes(CA.crl())
    (tmp_path / "answer.ors").write_bytes(CA.ocsp())
    (tmp_path / "junk.crl").write_bytes(b"<html>")
    (tmp_path / "readme.txt").write_bytes(b"hello")
    sources = RevocationSources.from_paths([tmp_path])
    report = judge(sources)
    assert report.indication is Indication.VALID
    assert {found.source for found in evidence_in(report)} == {str(tmp_path / n) for n in ("ca.crl", "answer.ors")}
    assert [source for source, _ in sources.unreadable] == [str(tmp_path / "junk.crl")]
    assert judge(RevocationSources.from_paths([tmp_path / "ca.crl"])).indication is Indication.VALID
    for name in ("junk.crl", "readme.txt"):
        with pytest.raises(InputError, match="STATUS_UNREADABLE"):
            RevocationSources.from_paths([tmp_path / name])


def test_what_came_with_a_document_is_heard_for_it_alone() -> None:
    sources = RevocationSources()
    extended = sources.with_embedded([CA.crl(), b"junk"])
    assert judge(extended).indication is Indication.VALID
    assert judge(sources).codes == ["REVOCATION_UNKNOWN"]
    unreadable = sources.with_embedded([b"junk"])
    assert judge(unreadable).codes == ["REVOCATION_UNKNOWN", "SOURCE_UNREADABLE"]
    given = RevocationSources(crls=[CA.crl(entry(77))])
    assert "CERT_REVOKED" in judge(given.with_embedded([CA.crl(number=4, this_update=AT - DAY)])).codes


# Fetching


@pytest.mark.req("R404")
def test_every_distribution_point_is_tried_until_one_serves() -> None:
    net = Net().serve(CRL2, CA.crl())
    report = judge(online(net))
    assert report.indication is Indication.VALID
    assert net.urls == [CRL, CRL2]
    tried = {child.name: (child.counts, child.indication) for child in report.children}
    assert tried == {CRL: (False, Indication.INDETERMINATE), CRL2: (True, Indication.VALID)}


@pytest.mark.req("R404")
@pytest.mark.parametrize(
    ("page", "code"),
    [
        (b"", "SOURCE_UNREADABLE"),
        (b"<html>Maintenance</html>", "SOURCE_UNREADABLE"),
        (CA.crl(next_update=AT - HOUR / 2), "STATUS_STALE"),
        (SmallCa("CA", 9).crl(), "CRL_SIGNATURE"),
        (None, "SOURCE_NOT_FETCHED"),
    ],
    ids=["empty", "html", "stale", "forged", "unreachable"],
)
def test_what_is_no_good_is_not_cached(tmp_path: Path, page: bytes | None, code: str) -> None:
    net = Net()
    if page is not None:
        net.serve(CRL, page)
    leaf = CA.leaf(77, ext.crl_distribution_points(CRL))
    report = judge(online(net, cache=DiskCache(tmp_path / "cache")), leaf)
    assert report.codes == ["REVOCATION_UNKNOWN", code]
    assert not (tmp_path / "cache").exists()
    report = judge(online(Net().serve(CRL, CA.crl()), cache=DiskCache(tmp_path / "cache")), leaf)
    assert report.indication is Indication.VALID
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_the_beginning_of_what_came_instead_is_told() -> None:
    report = judge(online(Net().serve(CRL, b"<html>Maintenance</html>")))
    assert "Maintenance" in str(report.children[0].findings[0].params["error"])


def test_work_starts_offline_from_the_cache(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path)
    net = Net().serve(CRL, CA.crl()).serve(OCSP, CA.ocsp())
    for leaf in (LISTED, ASKED):
        assert judge(online(net, cache=cache), leaf).indication is Indication.VALID
        assert judge(RevocationSources(cache=cache), leaf).indication is Indication.VALID
        assert judge(RevocationSources(), leaf).codes == ["REVOCATION_UNKNOWN"]
        assert "STATUS_STALE" in judge(RevocationSources(cache=cache), leaf, AT + 9 * DAY).codes


def test_a_broken_cache_is_as_good_as_none(tmp_path: Path) -> None:
    net = Net().serve(CRL, CA.crl())
    assert judge(online(net, cache=DiskCache(tmp_path))).indication is Indication.VALID
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"")
    assert judge(RevocationSources(cache=DiskCache(tmp_path))).codes == ["REVOCATION_UNKNOWN", "SOURCE_UNREADABLE"]
    assert judge(online(net, cache=DiskCache(tmp_path))).indication is Indication.VALID
    assert file.read_bytes() == net.pages[CRL]


def test_a_broken_response_in_the_cache_is_as_good_as_none(tmp_path: Path) -> None:
    net = Net().serve(OCSP, answering())
    assert judge(online(net, cache=DiskCache(tmp_path)), ASKED).indication is Indication.VALID
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"junk")
    assert judge(RevocationSources(cache=DiskCache(tmp_path)), ASKED).codes == [
        "REVOCATION_UNKNOWN",
        "SOURCE_UNREADABLE",
    ]


def test_the_number_of_remembered_responses_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("egov_sign.certs.sources._REMEMBERED_RESPONSES", 2)
    sources = RevocationSources()
    held = online(Net().serve(OCSP, CA.ocsp())).query(OCSP, CertId.of(ASKED, CA.certificate))
    identifiers = [CertId.of(CA.leaf(serial), CA.certificate) for serial in (77, 78, 79)]
    for identifier in identifiers:
        sources.keep(held, identifier)
    remembered = [bool(sources.responses(5, [(OCSP, identifier)])) for identifier in identifiers]
    assert remembered == [False, True, True]


def test_a_cache_that_cannot_be_written_does_not_stop_the_work(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path / "cache")
    (tmp_path / "cache").write_bytes(b"")
    report = judge(online(Net().serve(CRL, CA.crl()), cache=cache))
    assert report.indication is Indication.VALID
    assert report.codes == ["REVOCATION_CACHE_UNWRITABLE"]
    with pytest.raises(ConfigurationError, match="CACHE_FOLDER"):
        DiskCache(tmp_path / "cache")


def test_what_is_at_hand_and_fresh_is_not_fetched_again() -> None:
    net = Net().serve(CRL, CA.crl())
    sources = online(net)
    for _ in range(3):
        assert judge(sources).indication is Indication.VALID
    assert net.urls == [CRL]


def test_a_failure_is_not_repeated_at_once() -> None:
    net = Net()
    sources = online(net)
    for _ in range(3):
        assert judge(sources).codes == ["REVOCATION_UNKNOWN", "SOURCE_NOT_FETCHED", "SOURCE_NOT_FETCHED"]
    assert net.urls == [CRL, CRL2]


def test_an_older_list_does_not_replace_a_newer_one(tmp_path: Path) -> None:
    newer, older = CA.crl(entry(77, AT, Reason.CERTIFICATE_HOLD)), CA.crl(number=4, this_update=AT - DAY)
    sources = RevocationSources(cache=DiskCache(tmp_path))
    held = online(Net().serve(CRL, newer)).fetch_crl(CRL)
    sources.keep(held)
    sources.keep(online(Net().serve(CRL, older)).fetch_crl(CRL))
    assert DiskCache(tmp_path).load(CRL) == newer
    assert [found.crl.number for found in sources.crls([held.crl.issuer])] == [5]


def test_a_delta_is_fetched_where_one_is_offered() -> None:
    base = CA.crl(this_update=AT - DAY, extensions=FRESHEST)
    net = Net().serve(CRL, base).serve(DELTA, CA.crl(entry(77), number=6, base_number=5))
    sources = online(net)
    assert "CERT_REVOKED" in judge(sources).codes
    assert net.urls == [CRL, DELTA]
    assert judge(online(Net().serve(CRL, base))).indication is Indication.VALID
    pointed = CA.leaf(77, ext.crl_distribution_points(CRL), ext.freshest_crl(DELTA))
    plain = Net().serve(CRL, CA.crl(this_update=AT - DAY)).serve(DELTA, CA.crl(number=6, base_number=5))
    assert len(evidence_in(judge(online(plain), pointed))) == 2


def test_a_delta_that_is_offered_may_lift_a_hold() -> None:
    base = CA.crl(entry(77, AT - DAY, Reason.CERTIFICATE_HOLD), this_update=AT - HOUR, extensions=FRESHEST)
    net = Net().serve(DELTA, CA.crl(entry(77, reason=Reason.REMOVE_FROM_CRL), number=6, base_number=5))
    assert judge(online(Net(), crls=[base])).codes == ["CERT_ON_HOLD"]
    assert judge(online(net, crls=[base])).indication is Indication.VALID
    assert net.urls == [DELTA]


def test_the_number_of_fetches_is_bounded() -> None:
    urls = [f"http://{number}.test/" for number in range(9)]
    leaf = CA.leaf(77, ext.crl_distribution_points(*urls))
    net = Net()
    report = judge(online(net, limits=Limits(fetches=4)), leaf)
    assert net.urls == urls[:4]
    assert report.codes.count("SOURCE_TOO_MANY_FETCHES") == 5


@pytest.mark.parametrize("url", ["http://crl.test/*.crl", "ldap://crl.test/cn=CA", "http://crl.test/a b", "file:///x"])
def test_an_address_that_cannot_be_one_is_not_asked(url: str) -> None:
    net = Net()
    report = judge(online(net), CA.leaf(77, ext.crl_distribution_points(url)))
    assert report.codes == ["REVOCATION_UNKNOWN", "SOURCE_ADDRESS_UNUSABLE"]
    assert net.urls == []


def test_several_addresses_in_one_field() -> None:
    """So the country's older certificates have it."""
    net = Net().serve(CRL2, CA.crl())
    field = f"{CRL}\n               URL={CRL2}"
    assert judge(online(net), CA.leaf(77, ext.crl_distribution_points(field))).indication is Indication.VALID
    assert net.urls == [CRL, CRL2]


def test_the_corpus_has_such_fields(corpus: Path) -> None:
    certificate = Certificate.read(corpus / "nca-production/nca_rsa.pem")
    assert certificate.crl_urls == ("http://crl.root.gov.kz/rsa.crl", "http://crl1.root.gov.kz/rsa.crl")


# OCSP


def answering(*answers: Any, echo: bool = True) -> Callable[[FetchRequest], bytes]:
    """Return a responder that repeats the nonce, or not."""

    def answer(request: FetchRequest) -> bytes:
        from cryptography.x509 import ocsp

        assert (request.purpose, request.content_type) == ("ocsp", "application/ocsp-request")
        asked = ocsp.load_der_ocsp_request(request.body or b"")
        assert asked.serial_number == 77
        nonces = [extension.value.public_bytes() for extension in asked.extensions]
        extensions = [ext.extension("1.3.6.1.5.5.7.48.1.2", nonce) for nonce in nonces] if echo else []
        return CA.ocsp(*answers, extensions=extensions)

    return answer


def test_a_responder_is_asked() -> None:
    net = Net().serve(OCSP, answering())
    sources = online(net)
    for _ in range(3):
        report = judge(sources, ASKED)
        assert report.indication is Indication.VALID
        assert report.codes == []
    assert net.urls == [OCSP]


@pytest.mark.req("R404")
def test_the_nonce_of_another_request() -> None:
    replayed = CA.ocsp(extensions=(ext.ocsp_nonce(b"an older request"),))
    assert judge(online(Net().serve(OCSP, replayed)), ASKED).codes == ["REVOCATION_UNKNOWN", "OCSP_NONCE_MISMATCH"]
    assert judge(online(Net().serve(OCSP, replayed), nonce=None), ASKED).indication is Indication.VALID
    silent = judge(online(Net().serve(OCSP, answering(echo=False))), ASKED)
    assert silent.indication is Indication.VALID
    assert silent.codes == ["OCSP_NONCE_MISSING"]


@pytest.mark.parametrize(("prefer", "asked"), [("ocsp", [OCSP]), ("crl", [CRL])])
def test_the_preferred_kind_is_asked_first_and_alone_if_it_knows(prefer: str, asked: list[str]) -> None:
    net = Net().serve(OCSP, answering()).serve(CRL, CA.crl())
    assert judge(online(net), BOTH, prefer=prefer).indication is Indication.VALID
    assert net.urls == asked


@pytest.mark.parametrize(("prefer", "broken"), [("ocsp", OCSP), ("crl", CRL)])
def test_the_other_kind_helps_out(prefer: str, broken: str) -> None:
    net = Net().serve(OCSP, answering()).serve(CRL, CA.crl()).serve(broken, b"")
    report = judge(online(net), BOTH, prefer=prefer)
    assert report.indication is Indication.VALID
    assert net.urls[0] == broken
    assert len(net.urls) == 2


def test_a_revocation_at_hand_spares_the_network() -> None:
    net = Net().serve(OCSP, answering())
    report = judge(online(net, crls=[CA.crl(entry(77))]), BOTH)
    assert "CERT_REVOKED" in report.codes
    assert net.urls == []


def test_a_response_outweighs_the_list_at_hand() -> None:
    net = Net().serve(OCSP, answering(CA.answer(status=revoked(AT - HOUR))))
    report = judge(online(net, crls=[CA.crl()]), BOTH)
    assert report.codes == ["CERT_REVOKED", "REVOCATION_SOURCES_DISAGREE"]


def test_pointers_that_cannot_be_read_are_told() -> None:
    broken = ext.extension("2.5.29.31", der.sequence(der.NULL))
    report = judge(RevocationSources(crls=[CA.crl()]), CA.leaf(77, broken))
    assert report.codes == ["REVOCATION_POINTERS_UNREADABLE", "REVOCATION_UNKNOWN"]
    assert report.indication is Indication.INDETERMINATE


def test_access_information_that_cannot_be_read_is_told() -> None:
    broken = CA.leaf(77, ext.extension("1.3.6.1.5.5.7.1.1", der.NULL))
    assert judge(RevocationSources(crls=[CA.crl()]), broken).indication is Indication.VALID
    report = judge(online(Net(), crls=[CA.crl()]), broken)
    assert report.codes == ["REVOCATION_POINTERS_UNREADABLE", "REVOCATION_UNKNOWN"]


def test_a_list_with_unreadable_names_does_not_hide_the_next_one() -> None:
    junk = der.tagged(4, der.sequence(der.NULL))
    point = der.sequence(der.tagged(0, der.tagged(0, junk)))
    broken = CA.crl(extensions=(ext.extension("2.5.29.28", point, critical=True),))
    net = Net().serve(CRL, broken).serve(CRL2, CA.crl())
    assert judge(online(net)).indication is Indication.VALID
    assert net.urls == [CRL, CRL2]
    with pytest.raises(InputError, match="CRL_MALFORMED"):
        RevocationSources(crls=[broken])
