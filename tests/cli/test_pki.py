"""``egov-sign pki`` as a user runs it."""

from __future__ import annotations

import json
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from egov_sign.crypto.keystore import open_keystore
from egov_sign.errors import ConfigurationError
from egov_sign_cli.pki_cases import OPENSSL
from egov_sign_pki import World
from egov_sign_pki.reading import parse_world
from egov_sign_pki.serving import Services
from egov_sign_pki.site import make_site
from tests.cli.conftest import Cli

AT = "2024-03-01T12:00:00Z"


@pytest.fixture
def folder(cli: Cli, tmp_path: Path) -> Path:
    target = tmp_path / "pki"
    assert cli("pki", "init", target, "--at", AT).code == 0
    return target


def reasons(folder: Path, name: str = "issuer.crl") -> set[str]:
    crl = x509.load_der_x509_crl((folder / "crl" / name).read_bytes())
    return {entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.value for entry in crl}


def test_init_builds_a_world_and_says_what_it_is_worth(cli: Cli, tmp_path: Path) -> None:
    ran = cli("pki", "init", tmp_path / "pki", "--kind", "ec", "--seed", "s", "--at", AT)
    assert ran.code == 0
    assert "protect nothing" in ran.err
    assert f"--password-file {tmp_path / 'pki' / 'password'}" in ran.err
    built = (tmp_path / "pki/certificates/person.cer").read_bytes()
    assert built == World.build("s").certificate("person")


def test_init_refuses_what_is_there(cli: Cli, folder: Path, tmp_path: Path) -> None:
    again = cli("pki", "init", folder)
    assert again.code == 13
    assert "error[WORLD_EXISTS]" in again.err
    assert "pki build --dir" in again.err
    (tmp_path / "other").mkdir()
    (tmp_path / "other/thesis.doc").write_text("precious", encoding="utf-8")
    assert "error[FOLDER_FOREIGN]" in cli("pki", "init", tmp_path / "other").err


def test_build_writes_what_changed(cli: Cli, folder: Path) -> None:
    assert cli("pki", "build", "--dir", folder, "--json").json["written"] == []
    file = folder / "world.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("АЙГЕРІМ", "АЙША"), encoding="utf-8")
    written = cli("pki", "build", "--dir", folder, "--json").json["written"]
    assert "certificates/person.cer" in written
    assert "certificates/head.cer" not in written


def test_a_mistake_in_the_world_file_is_told_with_its_line(cli: Cli, folder: Path) -> None:
    file = folder / "world.toml"
    text = file.read_text(encoding="utf-8").replace('surname = "ТЕСТОВА"', 'surnam = "ТЕСТОВА"', 1)
    file.write_text(text, encoding="utf-8")
    ran = cli("pki", "build", "--dir", folder)
    assert ran.code == 13
    line = text[: text.index("surnam =")].count("\n") + 1
    assert f"world.toml, line {line}" in ran.err
    assert "did you mean surname?" in ran.err


def test_list_and_show(cli: Cli, folder: Path, tmp_path: Path) -> None:
    listed = cli("pki", "list", "--dir", folder)
    assert "revoked-person" in listed.out
    rows = {row["label"]: row for row in cli("pki", "list", "--dir", folder, "--json").json["certificates"]}
    assert rows["held-person"]["status"] == "on hold"
    assert rows["head"]["bin"] == "451240000011"
    tree = cli("pki", "show", "--dir", folder).out
    assert "└─ issuer" in tree
    assert "not yet valid" in tree
    assert cli("pki", "show", "--dir", folder, "--html", tmp_path / "world.html").code == 0
    page = (tmp_path / "world.html").read_text(encoding="utf-8")
    assert "ТЕСТОВАЯ ПОЛИКЛИНИКА № 1&quot;" in page
    assert "<script" not in page
    assert 'class="on-hold"' in page


def test_issue_to_a_person_and_to_an_employee(cli: Cli, folder: Path) -> None:
    person = ["--surname", "ТЕСТОВА", "--given", "АННА", "--iin", "850412110000"]
    assert cli("pki", "issue", "anna", *person, "--dir", folder).code == 0
    assert (folder / "keys/anna.p12").is_file()
    ran = cli("pki", "issue", "boss", *person, "--provider", "polyclinic", "--role", "head", "--dir", folder, "--json")
    assert "certificates/boss.cer" in ran.json["written"]
    assert "certificates/anna.cer" not in ran.json["written"]
    subject = x509.load_der_x509_certificate((folder / "certificates/boss.cer").read_bytes()).subject
    assert "BIN451240000011" in subject.rfc4514_string()
    assert cli("pki", "issue", "x", *person, "--role", "head", "--dir", folder).code == 2


def test_what_cannot_be_declared_leaves_the_file_as_it_was(cli: Cli, folder: Path) -> None:
    before = (folder / "world.toml").read_text(encoding="utf-8")
    person = ["--surname", "ТЕСТОВА", "--given", "АННА", "--iin"]
    assert "control digit" in cli("pki", "issue", "anna", *person, "850412110001", "--dir", folder).err
    assert "is taken" in cli("pki", "issue", "head", *person, "850412110000", "--dir", folder).err
    assert cli("pki", "revoke", "nobody", "--dir", folder).code == 13
    assert cli("pki", "revoke", "person", "--at", "soon", "--dir", folder).code == 13
    assert (folder / "world.toml").read_text(encoding="utf-8") == before


def test_revoke_hold_and_release(cli: Cli, folder: Path) -> None:
    assert cli("pki", "revoke", "head", "--reason", "superseded", "--dir", folder).code == 0
    assert "superseded" in reasons(folder)
    assert "error[ALREADY_REVOKED]" in cli("pki", "revoke", "head", "--dir", folder).err
    assert cli("pki", "hold", "person", "--dir", folder).code == 0
    assert "error[NOT_ON_HOLD]" in cli("pki", "release", "head", "--dir", folder).err
    assert cli("pki", "release", "person", "--dir", folder).code == 0
    assert "error[NOT_ON_HOLD]" in cli("pki", "release", "person", "--dir", folder).err
    assert reasons(folder, "issuer-delta.crl") == {"removeFromCRL"}
    assert cli("pki", "revoke", "held-person", "--reason", "keyCompromise", "--dir", folder).code == 0
    revoked = parse_world((folder / "world.toml").read_text("utf-8"), "").revocations
    assert [record.reason for record in revoked if record.certificate == "held-person"] == ["keyCompromise"]


def test_renew_gives_a_second_certificate_with_a_new_key(cli: Cli, folder: Path) -> None:
    assert cli("pki", "renew", "person", "--dir", folder).code == 0
    assert cli("pki", "renew", "person", "--at", "+300d", "--dir", folder).code == 0
    first, second, third = (
        x509.load_der_x509_certificate((folder / f"certificates/{label}.cer").read_bytes())
        for label in ("person", "person-2", "person-3")
    )
    assert first.subject == second.subject == third.subject
    assert len({each.serial_number for each in (first, second, third)}) == 3
    assert second.public_key() != first.public_key()
    assert "error[WORLD_INVALID]" in cli("pki", "renew", "issuer", "--dir", folder).err


def test_crl_and_export(cli: Cli, folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    assert cli("pki", "crl", "issuer", "-o", target, "--dir", folder).code == 0
    assert target.read_bytes() == (folder / "crl/issuer.crl").read_bytes()
    assert cli("pki", "crl", "issuer", "--delta", "-o", target, "--dir", folder).code == 0
    assert target.read_bytes() == (folder / "crl/issuer-delta.crl").read_bytes()
    assert "error[DELTA_MISSING]" in cli("pki", "crl", "root", "--delta", "-o", target, "--dir", folder).err
    for form in ("cer", "pem", "chain", "key"):
        assert cli("pki", "export", "person", "--form", form, "-o", target, "--dir", folder).code == 0
        assert target.read_bytes() in {file.read_bytes() for file in folder.rglob("person.*")}
    for form in ("p12", "p12-legacy"):
        assert "Qwerty12" in cli("pki", "export", "person", "--form", form, "-o", target, "--dir", folder).err
        assert open_keystore(target.read_bytes(), lambda: "Qwerty12").entry().alias == "person"


def test_clean_leaves_the_world_file(cli: Cli, folder: Path) -> None:
    assert cli("pki", "clean", "--dir", folder).code == 0
    assert [file.name for file in folder.iterdir()] == ["world.toml"]
    assert cli("pki", "build", "--dir", folder).code == 0
    assert "certificates/person.cer" in cli("pki", "clean", "--dir", folder, "--json").json["deleted"]


def test_serve_answers_until_it_is_interrupted(cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[dict[str, str]] = []

    def interrupted(services: Services) -> None:
        served.append(services.responder.faults)
        raise KeyboardInterrupt

    monkeypatch.setattr(Services, "serve_forever", interrupted)
    ran = cli("pki", "serve", "--port", 0, "--fault", "/ocsp/issuer=stale", "--dir", folder)
    assert ran.code == 0
    assert ran.out.startswith("http://127.0.0.1:")
    assert served == [{"/ocsp/issuer": "stale"}]
    assert cli("pki", "serve", "--port", 0, "--fault", "/ocsp/issuer", "--dir", folder).code == 2
    assert "error[FAULT_UNKNOWN]" in cli("pki", "serve", "--port", 0, "--fault", "/x=y", "--dir", folder).err


def test_cases_are_listed_and_written(cli: Cli, tmp_path: Path) -> None:
    assert "time::leaf-expired  INVALID CERT_EXPIRED" in cli("pki", "cases").out
    rows = cli("pki", "cases", "--namespace", "time", "--json").json["cases"]
    assert {row["id"].split("::")[0] for row in rows} == {"time"}
    assert cli("pki", "cases", "--build", tmp_path, "crl::fetched", "p12::good", "tsa::good").code == 0
    described = json.loads((tmp_path / "crl/fetched/case.json").read_text(encoding="utf-8"))
    assert described["expected"] == "VALID"
    assert set(described["web"].values()) == {"web-1.bin"}
    assert (tmp_path / "p12/good/keystore.p12").is_file()
    assert (tmp_path / "tsa/good/response.tsr").is_file()
    assert "error[CASE_UNKNOWN]" in cli("pki", "cases", "time::never").err


def test_cases_are_judged_by_our_own_validator(cli: Cli) -> None:
    ran = cli("pki", "cases", "--own", "--namespace", "time", "--json")
    assert ran.code == 0
    assert ran.json["counts"]["right"] == ran.json["cases"]


def test_a_command_is_run_over_cases_and_its_errors_are_told(cli: Cli, tmp_path: Path) -> None:
    ids = ("time::good", "time::leaf-expired")
    accepts = cli("pki", "cases", *ids, "--run", f"{shlex.quote(sys.executable)} -c pass {{leaf}}")
    assert accepts.code == 10
    assert "wrongly accepted  time::leaf-expired" in accepts.out
    assert "2 cases: 1 right, 1 wrongly accepted" in accepts.out
    script = tmp_path / "v.py"
    script.write_text("import sys; print('no'); sys.exit(sys.argv[1].endswith('leaf-expired/leaf.pem'))", "utf-8")
    right = cli("pki", "cases", *ids, "--build", tmp_path, "--run", f"{sys.executable} {script} {{leaf}} {{at}}")
    assert right.code == 0
    assert (tmp_path / "time/leaf-expired/leaf.pem").is_file()
    script.write_text("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "utf-8")
    crashed = cli("pki", "cases", *ids, "--json", "--run", f"{sys.executable} {script}")
    assert crashed.json["counts"]["crashed"] == 2
    assert "error[COMMAND_MISSING]" in cli("pki", "cases", "--run", "no-such-command-here").err


def test_openssl_gets_what_it_is_told(cli: Cli) -> None:
    ran = cli("pki", "cases", "time::good", "time::leaf-expired", "rev::revoked-superseded", "--run", OPENSSL)
    assert ran.code == 0, ran.out


def test_the_password_lies_beside_the_keys(cli: Cli, tmp_path: Path) -> None:
    cli("pki", "init", tmp_path / "pki", "--world", "minimal")
    key = tmp_path / "pki" / "keys" / "person.p12"
    assert cli("cert", "inspect", key, "--password-file", tmp_path / "pki" / "password").code == 0


def test_a_label_is_given_once(cli: Cli, tmp_path: Path) -> None:
    cli("pki", "init", tmp_path / "pki", "--world", "minimal")
    person = ["--surname", "ТЕСТОВА", "--given", "АННА", "--iin", "850412110000", "--dir", tmp_path / "pki"]
    assert cli("pki", "issue", "anna", *person).code == 0
    again = cli("pki", "issue", "anna", *person)
    assert (again.code, "error[LABEL_TAKEN]: there is anna already" in again.err) == (13, True)


def test_what_an_interrupted_init_left_is_built_to_the_end(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_bytes

    def killed(file: Path, content: bytes) -> int:
        if file.suffix == ".p12":
            raise KeyboardInterrupt
        return write(file, content)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", killed)
        assert cli("pki", "init", tmp_path / "pki", "--world", "minimal").code == 130
    assert cli("pki", "build", "--dir", tmp_path / "pki").code == 0
    assert cli("pki", "list", "--dir", tmp_path / "pki").code == 0


def test_of_two_that_make_an_installation_one_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build = World.build

    def overtaken(**values: Any) -> World:
        (tmp_path / "site" / "pki").mkdir(parents=True)
        (tmp_path / "site" / "pki" / "theirs").touch()
        return build(**values)

    monkeypatch.setattr(World, "build", overtaken)
    with pytest.raises(ConfigurationError, match="FOLDER_NOT_EMPTY"):
        make_site(tmp_path / "site", datetime(2024, 3, 1, tzinfo=UTC))
    assert (tmp_path / "site" / "pki" / "theirs").exists()
