"""World files are read strictly: what is wrong is told with file, line and hint."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from egov_sign.certs.certificate import Certificate
from egov_sign.errors import ConfigurationError
from egov_sign_pki import World
from egov_sign_pki.reading import parse_world, read_world, ready_world, ready_worlds
from egov_sign_pki.schema import world_schema

ROOT = Path(__file__).resolve().parents[2]

WORLD = """\
title = "Test"
at = 2024-03-01T12:00:00Z
issuer = "root"

[authorities.root]
title = "ROOT"

[templates.short]
base = "person"
not_before = "-1d"
not_after = "+1d"

[people.person]
surname = "ТЕСТОВ"
given = "ТЕСТ"
iin = "850412110000"
certificates = ["short"]

[[revocations]]
certificate = "person"
at = "-1h"
reason = "certificateHold"
"""


def refusal(text: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        parse_world(text, "test.toml")
    return caught.value


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_the_good_twin_is_read() -> None:
    assert parse_world(WORLD, "test.toml").people["person"].certificates == ("short",)


@pytest.mark.parametrize(
    ("old", "new", "at", "message", "hint"),
    [
        ('surname = "', 'surnam = "', "surnam =", "unknown key", "did you mean surname?"),
        ('given = "ТЕСТ"\n', "", "[people.person]", "given is missing", ""),
        ("850412110000", "850412110001", "iin =", "control digit", "it is 0"),
        ("850412110000", "85041211281", "iin =", "twelve digits", ""),
        ('"850412110000"', "850412110000", "iin =", "a text is wanted", "quotes"),
        ("850412110000", "850412112810", "iin =", "is never issued", "first 11"),
        ('"-1d"', '"-1w"', 'not_before = "-1w"', "not a time", "-30d"),
        ('"-1d"', '"soon"', 'not_before = "soon"', "not a time", "-30d"),
        ('"-1d"', "2024-02-01T00:00:00", "not_before", "time zone", "Z"),
        ('base = "person"', 'base = "persn"', "base =", "no template", "did you mean person?"),
        ('base = "person"', 'base = "short"', "base =", "made from itself", ""),
        ('certificates = ["short"]', 'certificates = ["shrt"]', "certificates =", "no template", "did you mean short?"),
        ('certificates = ["short"]', 'certificates = "short"', "certificates =", "a list is wanted", ""),
        ('not_after = "+1d"', 'not_after = "-2d"', "[people.person]", "ends before it begins", ""),
        ('issuer = "root"', 'issuer = "rot"', 'issuer = "rot"', "no authority", "did you mean root?"),
        (
            'certificate = "person"',
            'certificate = "persona"',
            "certificate =",
            "no certificate",
            "did you mean person?",
        ),
        ('"certificateHold"', '"hold"', "reason =", "not possible", "certificateHold"),
        ('reason = "certificateHold"', 'released = "now"', "released =", "only a hold", ""),
        ('at = "-1h"', 'at = "-1h"\nreleased = "-2h"', "released =", "ends before it begins", ""),
        ("[people.person]", "[people.Person]", "[people.Person]", "not a label", "lower-case"),
        ("[people.person]", "[people.root]", "[people.root]", "is taken", "distinct"),
        ('title = "ROOT"', 'issuer="root"\ntitle="ROOT"', "issuer=", "not declared above", "leave issuer out"),
        ('title = "ROOT"', 'title = "ROOT"\nalgorithm = "rsa-sha257"', "algorithm", "no algorithm", "rsa-sha256"),
        ('title = "ROOT"', 'title = ""', 'title = ""', "empty", "leave the key out"),
        ('title = "ROOT"', 'title = "ROOT"\nkind = "rsa1024"', "kind", "not possible", "rsa"),
        ("[authorities.root]\n", "[authorities.root]\ncrl = 5\n", "crl = 5", "a table is wanted", ""),
        ('base = "person"', 'base = "person"\nkey_usage = ["sign"]', "key_usage", "no key usage", ""),
        ('base = "person"', 'base = "person"\nservices = 1', "services", "true or false", ""),
    ],
)
def test_what_is_wrong_is_told_with_line_and_hint(old: str, new: str, at: str, message: str, hint: str) -> None:
    assert old in WORLD
    text = WORLD.replace(old, new)
    error = refusal(text)
    assert error.code == "WORLD_INVALID"
    assert message in error.message
    assert hint in error.hint
    assert error.where == f"test.toml, line {line_of(text, at)}"


def test_what_is_not_toml_is_told_with_its_line() -> None:
    error = refusal("title = \n")
    assert "line 1" in error.message
    assert error.where == "test.toml"


def test_a_certificate_is_revoked_once() -> None:
    again = '\n[[revocations]]\ncertificate = "person"\nat = "-2h"\n'
    error = refusal(WORLD + again)
    assert "revoked twice" in error.message
    assert error.where == f"test.toml, line {(WORLD + again).rstrip().count(chr(10))}"


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="WORLD_UNREADABLE") as caught:
        read_world(tmp_path / "none.toml")
    assert caught.value.hint == f"egov-sign pki init {tmp_path}"
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_world(tmp_path / "binary.toml")


def test_a_file_is_a_world(tmp_path: Path) -> None:
    file = tmp_path / "world.toml"
    file.write_text(WORLD, encoding="utf-8")
    world = World.build(world=file)
    assert world.status("person") == "on hold"
    assert world.issued("person").plan.profile.name == "short"


@pytest.mark.parametrize("name", ready_worlds())
def test_every_ready_world_is_read(name: str) -> None:
    assert parse_world(ready_world(name), name).title


def test_the_published_schema_is_that_of_the_reader() -> None:
    published = json.loads((ROOT / "fixtures/pki/worlds/schema.json").read_text(encoding="utf-8"))
    assert published == world_schema(), "run: python -m egov_sign_pki.schema > fixtures/pki/worlds/schema.json"


def test_every_key_of_the_schema_has_its_description() -> None:
    for name, table in world_schema()["$defs"].items():  # type: ignore[union-attr]
        for key, value in table["properties"].items():  # type: ignore[index,call-overload,union-attr]
            assert value["description"], f"{name}.{key}"  # type: ignore[index,call-overload]


def test_authorities_of_all_kinds_of_keys_live_in_one_world(tmp_path: Path) -> None:
    kinds = {"rsa": "rsa2048", "ec": "ec384", "gost": "gost512", "old": "gost2004"}
    text = 'title = "All kinds"\nat = 2024-03-01T12:00:00Z\nissuer = "rsa"\n'
    for label, kind in kinds.items():
        text += f'\n[authorities.{label}]\ntitle = "ROOT {label}"\nkind = "{kind}"\n'
        text += f'\n[people.of-{label}]\nsurname = "ТЕСТОВ"\ngiven = "ТЕСТ"\niin = "850412110000"\nissuer = "{label}"\n'
    text += '\n[providers.shop]\norganisation = "ТОО ТЕСТ"\nbin = "451240000011"\n'
    text += (
        '\n[providers.shop.employees.boss]\nsurname = "ТЕСТОВ"\ngiven = "ТЕСТ"\niin = "911130210000"\nrole = "head"\n'
    )
    file = tmp_path / "world.toml"
    file.write_text(text, encoding="utf-8")
    world = World.build(world=file)
    found = {label: world.key(f"of-{label}").key_type.value for label in kinds}
    assert found == {"rsa": "RSA", "ec": "EC", "gost": "GOST2015-512", "old": "GOST2004"}
    for label in kinds:
        certificate = Certificate.load(world.certificate(f"of-{label}"))
        root = world.key(label).public_key()
        assert root.verify(certificate.signature, certificate.tbs, certificate.signature_algorithm)
    assert len(world.anchors) == 4
    assert world.planned("boss").issuer == "rsa"
