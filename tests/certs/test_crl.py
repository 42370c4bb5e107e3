"""Reading revocation lists and finding entries in them; each refused list has a good twin."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from egov_sign.certs import issue_extensions as ext
from egov_sign.certs.crl import Crl
from egov_sign.certs.issue import sign_structure
from egov_sign.certs.issue_crl import TbsCertList, prepare_crl
from egov_sign.certs.name import Name
from egov_sign.certs.reasons import Reason
from egov_sign.crypto import der_write as der
from egov_sign.errors import InputError, LimitError
from egov_sign.limits import Limits
from tests.certs.small_ca import AT, DAY, HOUR, SmallCa, entry

CA = SmallCa()
OTHER = SmallCa("Other", 2)
UNKNOWN = "1.2.398.99"


def tbs(*entries: object) -> TbsCertList:
    return prepare_crl(CA.authority, entries, number=5, this_update=AT, next_update=AT + DAY)  # type: ignore[arg-type]


def signed(parts: TbsCertList) -> bytes:
    return sign_structure(CA.authority, parts.encode())


def test_a_list_is_read_whole() -> None:
    crl = Crl.load(CA.crl(entry(77, reason=Reason.KEY_COMPROMISE, invalidity_date=AT - 9 * DAY), entry(-5), number=12))
    assert crl.issuer == CA.certificate.subject
    assert (crl.this_update, crl.next_update, crl.number) == (AT - HOUR, AT + DAY, 12)
    assert crl.aki is not None
    assert crl.aki.key_id == CA.authority.key_id
    assert (crl.is_delta, crl.is_indirect, crl.defects, len(crl)) == (False, False, (), 2)
    assert crl.is_signed_by(CA.certificate.public_key)
    assert not crl.is_signed_by(OTHER.certificate.public_key)
    found = crl.find(77)
    assert found is not None
    assert (found.serial, found.issuer, found.revoked_at) == (77, crl.issuer, AT - DAY)
    assert (found.reason, found.invalidity_date) == (Reason.KEY_COMPROMISE, AT - 9 * DAY)
    assert crl.find(-5) is not None
    assert crl.find(78) is None


def test_a_list_without_entries_is_a_list() -> None:
    crl = Crl.load(CA.crl())
    assert crl
    assert len(crl) == 0
    assert crl.find(77) is None


def test_the_lists_of_the_country(corpus: Path) -> None:
    gost = Crl.load((corpus / "ncanode/crl/nca_gost2022_test.crl").read_bytes())
    rsa = Crl.load((corpus / "ncanode/crl/nca_rsa_test.crl").read_bytes())
    assert (len(gost), gost.number, len(rsa), rsa.number) == (6, 4, 126, 9)
    assert gost.defects == rsa.defects == ()
    held = gost.find(0x3A90343E720594C55204B19CB9A402422EF0E622)
    assert held is not None
    assert held.is_hold
    assert held.revoked_at == datetime(2022, 7, 27, 10, 25, 30, tzinfo=UTC)


def test_pem_served_as_der() -> None:
    encoded = CA.crl(entry(77))
    pem = b"\n-----BEGIN X509 CRL-----\n" + base64.encodebytes(encoded) + b"-----END X509 CRL-----\n"
    assert Crl.load(pem).digest == Crl.load(encoded).digest


@pytest.mark.parametrize(
    "data",
    [b"", b"0", b"<html>404</html>", b"-----BEGIN X509 CRL-----\n*\n-----END X509 CRL-----", CA.certificate.der],
    ids=["empty", "one byte", "html", "bad base64", "certificate"],
)
def test_what_is_no_list_is_refused(data: bytes) -> None:
    with pytest.raises(InputError) as caught:
        Crl.load(data)
    assert caught.value.code == "CRL_MALFORMED"


def test_every_truncation_is_refused() -> None:
    encoded = CA.crl(entry(77, reason=Reason.SUPERSEDED))
    for length in range(len(encoded)):
        with pytest.raises(InputError):
            Crl.load(encoded[:length])


def test_size_is_bounded() -> None:
    encoded = CA.crl(entry(77))
    assert Crl.load(encoded, Limits(crl_bytes=len(encoded)))
    with pytest.raises(LimitError, match="CRL_TOO_LARGE"):
        Crl.load(encoded, Limits(crl_bytes=len(encoded) - 1))


def test_the_inner_algorithm_may_lack_the_null_and_nothing_else(corpus: Path) -> None:
    real = (corpus / "ncanode/crl/nca_rsa_test.crl").read_bytes()
    assert Crl.load(real).defects == ()
    rsa_sha256 = der.oid("1.2.840.113549.1.1.11")
    outer = der.sequence(rsa_sha256, der.NULL)
    for inner, defects in (
        (der.sequence(rsa_sha256), ()),
        (outer, ()),
        (der.sequence(der.oid("1.2.840.113549.1.1.5"), der.NULL), ("CRL_ALGORITHM_MISMATCH",)),
    ):
        body = replace(tbs(entry(77)), algorithm=inner).encode()
        assert Crl.load(der.sequence(body, outer, der.bit_string(b"x"))).defects == defects


@pytest.mark.parametrize("critical", [False, True])
def test_an_unknown_extension_of_the_list(critical: bool) -> None:
    crl = Crl.load(CA.crl(extensions=(ext.extension(UNKNOWN, der.NULL, critical=critical),)))
    assert crl.defects == (("CRL_CRITICAL_EXTENSION",) if critical else ())


@pytest.mark.parametrize("critical", [False, True])
def test_an_unknown_extension_of_any_entry(critical: bool) -> None:
    odd = ext.extension(UNKNOWN, der.NULL, critical=critical)
    crl = Crl.load(CA.crl(entry(1), entry(2, extensions=(odd,)), entry(3)))
    assert crl.defects == (("CRL_CRITICAL_EXTENSION",) if critical else ())


def test_defects_of_form() -> None:
    number = ext.crl_number(6)
    assert Crl.load(CA.crl(extensions=(number,))).defects == ("CRL_EXTENSION_TWICE",)
    version_1 = replace(tbs(entry(77))).encode()
    body = der.sequence(*_parts(version_1)[1:])
    assert Crl.load(sign_structure(CA.authority, body)).defects == ("CRL_VERSION",)
    assert Crl.load(CA.crl(entry(1, reason=Reason.REMOVE_FROM_CRL))).defects == ("CRL_REMOVAL_IN_BASE",)
    assert Crl.load(CA.crl(entry(1, reason=Reason.REMOVE_FROM_CRL), base_number=4)).defects == ()
    assert Crl.load(CA.crl(entry(1, certificate_issuer=OTHER.name))).defects == ("CRL_SCOPE_MALFORMED",)


def _parts(sequence: bytes) -> list[bytes]:
    from egov_sign.crypto.der import Reader

    inner = Reader(sequence).enter()
    parts = []
    while inner:
        parts.append(inner.element())
    return parts


def test_a_missing_next_update_is_seen() -> None:
    assert Crl.load(CA.crl(next_update=None)).next_update is None


def test_a_delta_names_its_base() -> None:
    crl = Crl.load(CA.crl(entry(7, reason=Reason.REMOVE_FROM_CRL), base_number=4))
    assert (crl.is_delta, crl.base_number) == (True, 4)
    found = crl.find(7)
    assert found is not None
    assert found.is_removal


def test_an_indirect_list_carries_the_issuer_over_to_the_entries_that_follow() -> None:
    third = SmallCa("Third", 3)
    crl = Crl.load(
        CA.crl(
            entry(1),
            entry(2, certificate_issuer=OTHER.name),
            entry(3),
            entry(1, reason=Reason.SUPERSEDED),
            entry(4, certificate_issuer=third.name),
            entry(5, certificate_issuer=CA.name),
            extensions=(ext.issuing_distribution_point(indirect=True),),
        )
    )
    assert (crl.defects, crl.is_indirect) == ((), True)
    own, other, of_third = Name(CA.name), Name(OTHER.name), Name(third.name)
    listed = {
        (serial, str(issuer)) for issuer in (own, other, of_third) for serial in range(7) if crl.find(serial, issuer)
    }
    assert listed == {
        (1, str(own)),
        (2, str(other)),
        (3, str(other)),
        (1, str(other)),
        (4, str(of_third)),
        (5, str(own)),
    }
    found = crl.find(1, other)
    assert found is not None
    assert found.reason is Reason.SUPERSEDED


def test_of_repeated_entries_the_gravest_counts() -> None:
    hold, lasting = Reason.CERTIFICATE_HOLD, Reason.KEY_COMPROMISE
    crl = Crl.load(CA.crl(entry(7, AT - 9 * DAY, hold), entry(7, AT - DAY, lasting), entry(7, AT - 2 * DAY, lasting)))
    found = crl.find(7)
    assert found is not None
    assert (found.reason, found.revoked_at, len(crl)) == (lasting, AT - 2 * DAY, 3)
    assert [listed.revoked_at for listed in crl] == [AT - 9 * DAY, AT - DAY, AT - 2 * DAY]


def test_an_unknown_reason_is_a_revocation_all_the_same() -> None:
    odd = ext.extension("2.5.29.21", der.enumerated(7))
    found = Crl.load(CA.crl(entry(7, extensions=(odd,)))).find(7)
    assert found is not None
    assert found.reason is Reason.UNSPECIFIED


@pytest.mark.parametrize(
    "scope",
    [
        der.sequence(der.implicit(1, b"\xff"), der.implicit(2, b"\xff")),
        der.sequence(der.implicit(1, b"\x01")),
        der.sequence(der.implicit(9, b"\xff")),
        b"",
    ],
    ids=["user and CA", "not DER", "unknown field", "empty"],
)
def test_a_malformed_scope_is_refused(scope: bytes) -> None:
    good = ext.extension("2.5.29.28", der.sequence(der.implicit(1, b"\xff")), critical=True)
    assert Crl.load(CA.crl(extensions=(good,))).scope is not None
    with pytest.raises(InputError, match="CRL_MALFORMED"):
        Crl.load(CA.crl(extensions=(ext.extension("2.5.29.28", scope, critical=True),)))


@pytest.mark.parametrize(
    "broken",
    [
        der.sequence(der.integer(7)),
        der.sequence(der.time(AT), der.integer(7)),
        der.set_of(der.integer(7), der.time(AT)),
        der.sequence(der.integer(7), der.octet_string(b"2401")),
        der.sequence(der.integer(7), der.time(AT), der.NULL),
    ],
    ids=["no date", "date first", "set", "no time", "no extensions"],
)
def test_a_broken_entry_breaks_the_list(broken: bytes) -> None:
    assert len(Crl.load(signed(tbs(entry(7))))) == 1
    for entries in ((broken,), (broken, entry(8).encode())):
        with pytest.raises(InputError, match="CRL_MALFORMED"):
            Crl.load(signed(replace(tbs(), entries=entries)))


def test_an_unreadable_date_shows_when_the_entry_is_asked_for() -> None:
    date = der.tlv(0x17, b"240230120000Z")
    crl = Crl.load(signed(replace(tbs(), entries=(der.sequence(der.integer(7), date),))))
    assert crl.find(8) is None
    with pytest.raises(InputError, match="CRL_MALFORMED"):
        crl.find(7)


def test_a_file_of_nothing_but_beginnings_is_refused_at_once() -> None:
    with pytest.raises(InputError, match="CRL_MALFORMED"):
        Crl.load(b"-----BEGIN X509 CRL-----\n" * 200_000)


def test_ten_thousand_entries_are_all_found() -> None:
    crl = Crl.load(CA.crl(*(entry(serial) for serial in range(1, 20_001, 2))))
    assert all(crl.find(serial) is not None for serial in range(1, 20_001, 2))
    assert all(crl.find(serial) is None for serial in range(0, 20_001, 2))
