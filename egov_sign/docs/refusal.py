"""How the readers of signatures say no: one exception that carries a finding."""

from __future__ import annotations

from lxml import etree

from egov_sign.docs.xmlparse import path_of
from egov_sign.verdict import Report, Scalar, SubIndication


class Refusal(Exception):  # noqa: N818 - it is an answer, not an error
    """A signature breaks a rule; never leaves :mod:`egov_sign.docs`, whose checks turn it into a finding.

    Args:
        code: code of the finding.
        sub: the reason it gives.
        where: the element concerned, or its path.
        params: what the text of the code is filled with.
    """

    def __init__(self, code: str, sub: SubIndication, where: etree._Element | str = "", **params: Scalar) -> None:
        super().__init__(code)
        self.code = code
        self.sub = sub
        self.where = where
        self.params = params

    def report_to(self, report: Report) -> None:
        """Add the finding to ``report``."""
        where = self.where if isinstance(self.where, str) else path_of(self.where)
        report.fail(self.code, self.sub, where, **self.params)
