"""An installation for tests of the services' commands, and who uses it."""

from __future__ import annotations

import shutil
from pathlib import Path

from egov_sign_pki.site import EMPLOYEE_PASSWORD

from .conftest import Cli, Ran

AT = "2024-03-01T05:00:00Z"
PERSON, OTHER, CLERK = "850412110000", "911130210000", "950615610804"
PASSWORD = "Correct-horse-1"
FIELDS = ["--field", "address=г. Астана, ул. Сарайшык, д. 5", "--field", "phone=+77000000000"]
COMPLAINT = ["--field", "complaints=кашель"]


class Town:
    """An installation and who uses it."""

    def __init__(self, folder: Path, cli: Cli, ready: Path) -> None:
        self.folder = folder / "site"
        shutil.copytree(ready, self.folder)
        self.call = cli
        self.secret = folder / "secret"
        self.secret.write_text(PASSWORD)
        self.employee_secret = folder / "employee"
        self.employee_secret.write_text(EMPLOYEE_PASSWORD)

    def key(self, label: str) -> list[object]:
        pki = self.folder / "pki"
        return ["--key", pki / "keys" / f"{label}.p12", "--password-file", pki / "password"]

    def run(self, *arguments: object, at: str = AT) -> Ran:
        return self.call(*arguments, "--site", self.folder, "--at", at)

    def log_in(self, iin: str = PERSON) -> None:
        assert self.portal("register", "--iin", iin, "--password-file", self.secret).code == 0
        assert self.portal("login", "--iin", iin, "--password-file", self.secret).code == 0

    def portal(self, *arguments: object, at: str = AT) -> Ran:
        return self.run("portal", *arguments, at=at)

    def desk(self, *arguments: object) -> Ran:
        return self.run("desk", *arguments)

    def ordered(self, label: str = "person", *extra: object) -> str:
        ran = self.portal("order", "CALL", "--provider", "AST01", *FIELDS, *COMPLAINT, *self.key(label), *extra)
        assert ran.code == 0, ran.err
        return ran.out.strip()

    def sent(self) -> str:
        ran = self.portal("sign", self.ordered(), *self.key("person"))
        assert ran.code == 0, ran.err
        return ran.out.strip()
