from __future__ import annotations

import pytest

from egov_sign.verdict import TOTAL_FAILED, Indication, Report, Severity, SubIndication


def test_an_empty_report_is_valid() -> None:
    report = Report("document")
    assert report.indication is Indication.VALID
    assert report.sub_indication is None


@pytest.mark.parametrize("sub", list(SubIndication))
def test_the_sub_indication_decides_between_invalid_and_indeterminate(sub: SubIndication) -> None:
    report = Report("signature")
    report.fail("CODE", sub)
    expected = Indication.INVALID if sub in TOTAL_FAILED else Indication.INDETERMINATE
    assert (report.indication, report.sub_indication) == (expected, sub)


def test_notes_and_warnings_leave_the_verdict() -> None:
    report = Report("signature")
    report.note("A")
    report.warn("B")
    assert report.indication is Indication.VALID
    assert report.severity is Severity.WARNING
    assert report.codes == ["A", "B"]


def test_a_bad_part_spoils_the_whole_and_its_reason_is_kept() -> None:
    report = Report("document", children=[Report("signature"), Report("signature")])
    report.children[0].fail("DOUBT", SubIndication.TRY_LATER)
    assert report.sub_indication is SubIndication.TRY_LATER
    report.children[1].fail("BROKEN", SubIndication.HASH_FAILURE)
    assert (report.indication, report.sub_indication) == (Indication.INVALID, SubIndication.HASH_FAILURE)
    assert report.children[0].indication is Indication.INDETERMINATE


def test_findings_come_in_the_order_of_the_tree() -> None:
    first, second = Report("signature", children=[Report("certificate")]), Report("signature")
    report = Report("document", children=[first, second])
    for code, part in (("D", second), ("A", report), ("C", first.children[0]), ("B", first)):
        part.note(code)
    assert report.codes == ["A", "B", "C", "D"]


def test_a_deep_tree_is_walked_to_its_end() -> None:
    report = deepest = Report("document")
    for _ in range(20_000):
        deepest.children.append(Report("part"))
        deepest = deepest.children[0]
    deepest.fail("BROKEN", SubIndication.HASH_FAILURE)
    assert report.codes == ["BROKEN"]
    assert (report.indication, report.sub_indication) == (Indication.INVALID, SubIndication.HASH_FAILURE)


def test_what_was_tried_and_not_needed_does_not_weigh() -> None:
    tried = Report("path", counts=False)
    tried.fail("DEAD_END", SubIndication.NO_CERTIFICATE_CHAIN_FOUND)
    report = Report("certificate", children=[tried])
    assert report.indication is Indication.VALID
    assert report.codes == []
    assert report.to_dict()["children"][0]["indication"] == "INDETERMINATE"  # type: ignore[index,call-overload]


def test_the_dictionary_holds_every_part() -> None:
    report = Report("document", "a.xml", facts={"bytes": 3})
    report.fail("BROKEN", SubIndication.HASH_FAILURE, "reference 1", number=1)
    assert report.to_dict() == {
        "subject": "document",
        "name": "a.xml",
        "indication": "INVALID",
        "sub_indication": "HASH_FAILURE",
        "counts": True,
        "facts": {"bytes": 3},
        "findings": [
            {
                "code": "BROKEN",
                "severity": "INVALID",
                "sub_indication": "HASH_FAILURE",
                "params": {"number": 1},
                "where": "reference 1",
            }
        ],
        "children": [],
    }
