"""Screens of the portal as lines of text."""

from __future__ import annotations

from collections.abc import Iterator

from egov_sign.clock import format_time
from egov_sign.flows.portal import StatusScreen
from egov_sign.messages import Language, text


def status_fields(screen: StatusScreen) -> dict[str, str]:
    """Return the five fields of the status screen (R39) by the code of their label."""
    return {
        "LABEL_IIN": screen.iin,
        "LABEL_NUMBER": screen.number,
        "LABEL_SERVICE": screen.service,
        "LABEL_STATUS": screen.status,
        "LABEL_DUE": format_time(screen.due) if screen.due else "",
    }


def status_lines(screen: StatusScreen, language: Language) -> Iterator[str]:
    """Yield the status screen, a line a field."""
    rows = {text(label, language): value for label, value in status_fields(screen).items()}
    width = max(map(len, rows))
    for label, value in rows.items():
        yield f"{label:<{width}}  {value}"
