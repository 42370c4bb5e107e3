"""Signers and documents for the tests of signed documents."""

from __future__ import annotations

import pytest

from egov_sign.crypto.signer import KeySigner
from egov_sign_pki import World


@pytest.fixture(scope="session")
def rsa_world() -> World:
    return World.build(kind="rsa")


@pytest.fixture(scope="session")
def ec_world() -> World:
    return World.build(kind="ec")


@pytest.fixture(scope="session", params=["rsa", "ec"])
def signer(request: pytest.FixtureRequest, rsa_world: World, ec_world: World) -> KeySigner:
    return (rsa_world if request.param == "rsa" else ec_world).signer("person")
