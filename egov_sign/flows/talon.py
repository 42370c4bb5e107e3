"""The paper talon of attachment that the desk prints, in free form (R330, R432)."""

from __future__ import annotations

from egov_sign.flows.catalogue import result_title
from egov_sign.flows.registers import Employee, Person, Provider
from egov_sign.flows.requests import Request, State


def paper_talon(request: Request, recipient: Person, provider: Provider, employee: Employee) -> str:
    """Return the text of the talon: name, organisation, date, number, who issues it.

    Args:
        request: a granted attachment.
        recipient: who is attached.
        provider: to which organisation.
        employee: who hands it over and signs it by hand.
    """
    issued = request.entered(State.COMPLETED)
    assert issued is not None
    day = provider.calendar.local(issued).strftime("%d.%m.%Y")
    return "\n".join(
        [
            result_title("ATT"),
            f"№ {request.outcome_number} от {day}",
            "",
            f"Уважаемый (ая) {recipient.full_name}!",
            f"Вы прикреплены к медицинской организации {provider.name['ru']}.",
            f"Номер запроса: {request.number}",
            "",
            f"{employee.position} {employee.full_name}    ____________________ (подпись)",
        ]
    )
