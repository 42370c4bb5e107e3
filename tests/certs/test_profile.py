"""Who a certificate was issued to and for what (R405, R406, R532; attack 48)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from egov_sign.certs import issue_extensions as ext
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.issue import Authority
from egov_sign.certs.issue_profiles import PROFILES, extensions
from egov_sign.certs.profile import Holder, Identity, Purpose, Role, identify
from egov_sign.verdict import Severity
from tests.certs.making import BIN, IIN, PERSON, Subject, leaf, root

SYSTEM: Subject = (("CN", "ИС «Портал»"), ("UID", "portal"), ("C", "KZ"), ("O", "АО"), ("OU", f"BIN{BIN}"))
EMPLOYEE: Subject = (*PERSON, ("O", "ГКП «Поликлиника»"), ("OU", f"BIN{BIN}"))


@cache
def issuer() -> Authority:
    return root()


def identity_of(subject: Subject, kind: str = "person") -> Identity:
    return identify(leaf(issuer(), subject, extensions(PROFILES[kind])))


def with_serial(*values: str) -> Subject:
    rest = [pair for pair in PERSON if pair[0] != "serialNumber"]
    return [*rest, *(("serialNumber", value) for value in values)]


def codes(identity: Identity) -> list[str]:
    return [finding.code for finding in identity.findings]


@pytest.mark.req("R405", "R532")
def test_a_person() -> None:
    identity = identity_of(PERSON, "person-sign")
    assert (str(identity.iin), identity.bin) == (IIN, None)
    assert identity.holder is Holder.PERSON
    assert identity.roles == frozenset({Role.PERSON})
    assert (identity.surname, identity.given_name, identity.patronymic) == ("ТЕСТОВ", "ТЕСТ", "ТЕСТОВИЧ")
    assert identity.full_name == "ТЕСТОВ ТЕСТ ТЕСТОВИЧ"
    assert identity.findings == ()


@pytest.mark.req("R405", "R532")
def test_an_employee_has_both_numbers() -> None:
    identity = identity_of(EMPLOYEE, "head-sign")
    assert (str(identity.iin), str(identity.bin)) == (IIN, BIN)
    assert identity.holder is Holder.ORGANISATION
    assert identity.roles == frozenset({Role.ORGANISATION, Role.HEAD})
    assert identity.organisation == "ГКП «Поликлиника»"


def test_a_system_has_no_iin() -> None:
    identity = identity_of(SYSTEM, "gateway")
    assert (identity.iin, str(identity.bin)) == (None, BIN)
    assert identity.holder is Holder.SYSTEM
    assert identity.findings == ()


def test_a_bin_in_the_serial_number_counts() -> None:
    identity = identity_of(with_serial(f"BIN{BIN}"), "employee-sign")
    assert (identity.iin, str(identity.bin)) == (None, BIN)


@pytest.mark.req("R405")
@pytest.mark.parametrize(
    "text", [f"iin{IIN}", f"IIN {IIN}", f"IIN{IIN} ", f" IIN{IIN}", f"IIN{IIN[:-1]}", f"IIN{IIN}0", IIN, "IIN"]
)
def test_an_iin_spelled_otherwise_is_none(text: str) -> None:
    assert identity_of(with_serial(text)).iin is None


@pytest.mark.req("R405")
def test_an_absent_iin_is_none() -> None:
    identity = identity_of(with_serial())
    assert (identity.iin, identity.findings) == (None, ())


@pytest.mark.parametrize(
    "text", [f"іin{IIN}", "IIN\uff18\uff15\uff10\uff14\uff11\uff12110000", f"ИИН{IIN}", f"BІN{BIN}"]
)
def test_look_alikes_do_not_count_and_are_told_of(text: str) -> None:
    identity = identity_of([*with_serial(), ("OU", text)])
    assert (identity.iin, identity.bin) == (None, None)
    assert codes(identity) == ["IDENTITY_NUMBER_MISSPELLED"]


@pytest.mark.req("R405")
@pytest.mark.parametrize("attribute", ["OU", "CN", "O", "UID", "G", "description"])
def test_an_iin_in_another_attribute_is_none(attribute: str) -> None:
    identity = identity_of([*with_serial(), (attribute, f"IIN{IIN}")])
    assert identity.iin is None
    assert codes(identity) == ["IDENTITY_NUMBER_MISPLACED"]


@pytest.mark.parametrize("second", [f"IIN{IIN}", "IIN911130210000", f"BIN{BIN}", "X"])
def test_several_serial_numbers_establish_nothing(second: str) -> None:
    identity = identity_of(with_serial(f"IIN{IIN}", second))
    assert (identity.iin, identity.bin) == (None, None)
    assert codes(identity) == ["IDENTITY_SEVERAL_SERIAL_NUMBERS"]
    assert identity.findings[0].severity is Severity.INDETERMINATE


def test_contradictory_bins_establish_nothing_and_a_repeated_one_does() -> None:
    assert identity_of([*EMPLOYEE, ("OU", "BIN850412110000")]).bin is None
    assert str(identity_of([*EMPLOYEE, ("OU", f"BIN{BIN}"), ("OU", "Отдел")]).bin) == BIN


def test_a_wrong_control_digit_is_found_and_the_number_not_used() -> None:
    identity = identity_of(with_serial("IIN850412110001"))
    assert identity.iin is None
    assert codes(identity) == ["IDENTITY_NUMBER_WRONG"]
    assert identity.findings[0].params["reason"] == "IIN_CHECK_DIGIT"


@pytest.mark.req("R406")
@pytest.mark.parametrize(
    ("kind", "purposes"),
    [
        ("person-sign", {Purpose.SIGNING}),
        ("person-auth", {Purpose.AUTHENTICATION}),
        ("person", {Purpose.SIGNING, Purpose.AUTHENTICATION}),
        ("head-sign", {Purpose.SIGNING}),
        ("head-auth", {Purpose.AUTHENTICATION}),
    ],
)
def test_what_a_key_is_for(kind: str, purposes: set[Purpose]) -> None:
    assert identity_of(EMPLOYEE, kind).purposes == frozenset(purposes)


@pytest.mark.req("R406")
def test_a_signing_usage_under_an_authentication_policy_is_no_signing_key() -> None:
    usage = (ext.key_usage("digitalSignature", "nonRepudiation"), ext.policies("1.2.398.3.3.2.4"))
    identity = identify(leaf(issuer(), PERSON, usage))
    assert not identity.can_sign
    assert codes(identity) == ["IDENTITY_PURPOSES_CONTRADICT"]


def test_where_the_key_lives() -> None:
    usage = (*extensions(PROFILES["person"]), ext.key_locations("1.2.398.3.3.5.2.1", "1.2.398.3.3.5.9"))
    assert identify(leaf(issuer(), PERSON, usage)).key_storage == ("id-card", "1.2.398.3.3.5.9")


def test_malformed_extensions_are_findings() -> None:
    usage = (ext.extension("2.5.29.37", b"\x30\x00"), ext.key_usage("digitalSignature"))
    identity = identify(leaf(issuer(), PERSON, usage))
    assert codes(identity) == ["CERT_EXTENSION_MALFORMED"]
    assert str(identity.iin) == IIN


@pytest.mark.req("R405", "R406", "R532")
def test_the_certificates_of_the_corpus(corpus: Path) -> None:
    def read(file: str) -> Identity:
        return identify(Certificate.read(corpus / "ncanode" / file))

    signs = read("certs/individual_valid_sign_2004_rsa.cer")
    assert (str(signs.iin), signs.holder) == ("123456789011", Holder.PERSON)
    assert signs.purposes == frozenset({Purpose.SIGNING})
    assert [finding.code for finding in signs.findings] == ["IDENTITY_TEST_NUMBER"]
    authenticates = read("certs/individual_valid_sign_2004_rsa_auth.cer")
    assert authenticates.purposes == frozenset({Purpose.AUTHENTICATION})
    head = read("certs/ceo_valid_sign_2004_gost.cer")
    assert (str(head.iin), str(head.bin)) == ("123456789011", "123456789021")
    assert head.roles == frozenset({Role.ORGANISATION, Role.HEAD})
    assert head.patronymic == "ТЕСТОВИЧ"
    assert read("ca/nca_rsa_test.crt").holder is Holder.AUTHORITY
