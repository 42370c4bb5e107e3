"""One world, its judge, and a validator over both, for all attacks."""

from __future__ import annotations

from datetime import datetime

import pytest

from egov_sign.crypto.signer import KeySigner
from egov_sign.docs.validation import XmlValidator
from egov_sign_pki import World
from tests.docs.judging import judge_of


@pytest.fixture(scope="session")
def world() -> World:
    return World.build(kind="ec")


@pytest.fixture(scope="session")
def rsa_world() -> World:
    return World.build(kind="rsa")


@pytest.fixture(scope="session")
def validator(world: World) -> XmlValidator:
    return XmlValidator(judge_of(world))


@pytest.fixture(scope="session")
def rsa_validator(rsa_world: World) -> XmlValidator:
    return XmlValidator(judge_of(rsa_world))


@pytest.fixture(scope="session")
def signer(world: World) -> KeySigner:
    return world.signer("person")


@pytest.fixture(scope="session")
def at(world: World) -> datetime:
    return world.at
