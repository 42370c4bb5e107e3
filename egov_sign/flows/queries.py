"""Questions to the state registers through the gateway (R123, R124, R437, R509, R528, R529).

``services.faults`` makes a register fail on purpose: ``{"ГБД ФЛ": "unavailable"}`` or ``"malformed"``.
"""

from __future__ import annotations

from egov_sign.certs.iin import Iin
from egov_sign.flows.refusals import Answer, reason, refused
from egov_sign.flows.registers import LIFE_NORMAL, Attachment, Person
from egov_sign.flows.services import Services

PERSONS = "ГБД ФЛ"
ATTACHED = "РПН"


def person(services: Services, iin: Iin) -> Answer[Person]:
    """Ask the register of persons for ``iin``.

    Refusals: ``GBD_NOT_FOUND``, ``GBD_NOT_ALIVE``, ``GBD_UNAVAILABLE`` (which is not the same as absent).
    """
    if services.faults.get(PERSONS):
        return refused("", [reason("GBD_UNAVAILABLE")])
    found = services.registers.person(str(iin))
    if found is None:
        return refused("", [reason("GBD_NOT_FOUND")])
    if found.life_status != LIFE_NORMAL:
        return refused("", [reason("GBD_NOT_ALIVE")])
    return Answer(found)


def attachment(services: Services, iin: Iin) -> Answer[Attachment | None]:
    """Ask the register of the attached population for the open attachment of ``iin``; ``None`` is an answer too.

    Refusals: ``GW_UNAVAILABLE``.
    """
    if services.faults.get(ATTACHED):
        return refused("", [reason("GW_UNAVAILABLE")])
    return Answer(services.registers.attachment(str(iin)))
