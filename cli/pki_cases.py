"""``egov-sign pki cases``: the catalogue of defects."""

from __future__ import annotations

import shlex
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

import click

from egov_sign.verdict import Json
from egov_sign_pki.cases import Case, Lab, catalogue
from egov_sign_pki.cases.catalogue import NAMESPACES, find
from egov_sign_pki.cases.running import Outcome, Scored, prepare, run_command, run_own, write_case

from .exits import Exit
from .options import output_options
from .output import Output

LIST_SCHEMA = "egov-sign/pki-cases/1"
SCORE_SCHEMA = "egov-sign/pki-score/1"

OPENSSL = (
    "openssl verify -attime {epoch} -CAfile {anchors} -untrusted {intermediates} -crl_check_all -CRLfile {crls} {leaf}"
)


@click.command(
    "cases",
    epilog=f'Example: egov-sign pki cases --run "{OPENSSL}". Placeholders: {{case}} {{leaf}} {{leaf_der}} {{anchors}} '
    "{intermediates} {crls} {at} {epoch}; exit code 0 means accepted.",
)
@click.argument("ids", nargs=-1)
@click.option("--namespace", type=click.Choice(NAMESPACES), multiple=True, help="Only these; may be repeated.")
@click.option("--list", is_flag=True, expose_value=False, help="List the cases; so it does without other options.")
@click.option("--build", "folder", type=click.Path(path_type=Path), help="Write the cases into this folder.")
@click.option("--run", "command", help="Run this command over the cases and print where it errs.")
@click.option("--own", is_flag=True, help="Judge the cases with this toolkit's own validator.")
@output_options
def cases_command(
    ids: tuple[str, ...],
    namespace: tuple[str, ...],
    folder: Path | None,
    command: str | None,
    own: bool,
    output: Output,
) -> int:
    """List, build and run the catalogue of defects.

    Named broken things, each with the verdict it must get.

    Without IDS all cases are meant. A general validator is not asked about the country's own profile, nor about what
    needs a network.
    """
    chosen = [find(each) for each in ids] or list(catalogue().values())
    chosen = [case for case in chosen if not namespace or case.namespace in namespace]
    if command is not None:
        return _score(_run(command, chosen, folder), output)
    if own:
        return _score(run_own(chosen), output)
    if folder is not None:
        lab = Lab()
        for case in chosen:
            write_case(case, case.make(lab), folder)
        output.prose(f"{len(chosen)} cases written to {folder}")
        return Exit.DONE
    _list(chosen, output)
    return Exit.DONE


def _run(command: str, chosen: list[Case], folder: Path | None) -> list[Scored]:
    """Run ``command`` over ``chosen`` written to ``folder``, or to one that is deleted afterwards."""
    with ExitStack() as stack:
        target = folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        places = prepare(chosen, target)
        scored = run_command(shlex.split(command), places)
        shown = click.progressbar(scored, len(places), file=sys.stderr, hidden=not sys.stderr.isatty())
        return list(stack.enter_context(shown))


def _list(chosen: list[Case], output: Output) -> None:
    if output.as_json:
        output.json({"schema": LIST_SCHEMA, "cases": [case.to_dict() for case in chosen]})
        return
    for case in chosen:
        output.data(f"{case.id}  {case.expected.value} {case.code}".rstrip())
        output.data(f"    {case.definition}")


def _score(scored: Iterable[Scored], output: Output) -> int:
    """Tell what came of the cases; anything but all right is exit code 10."""
    results = list(scored)
    counts = Counter(result.outcome for result in results)
    wrong = [result for result in results if result.outcome is not Outcome.RIGHT]
    if output.as_json:
        rows: list[Json] = [
            {"id": each.case.id, "expected": each.case.expected.value, "outcome": each.outcome.value, "said": each.said}
            for each in results
        ]
        totals: dict[str, Json] = {outcome.value: counts[outcome] for outcome in Outcome}
        output.json({"schema": SCORE_SCHEMA, "cases": len(results), "counts": totals, "results": rows})
    else:
        for each in wrong:
            output.data(f"{each.outcome.value:16}  {each.case.id}: {each.case.definition}")
            if each.said:
                output.data(f"{'':16}  {each.said}")
        told = ", ".join(f"{counts[outcome]} {outcome.value}" for outcome in Outcome if counts[outcome])
        output.data(f"{len(results)} cases: {told}")
    return Exit.INVALID if wrong else Exit.DONE
