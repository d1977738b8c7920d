"""``loccit eval``, which measures the answers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from qa.cli.options import CrossEncoderOption, JsonOption, ReaderOption, stated_place
from qa.show.progress import Progress

app = typer.Typer()

SetsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="<set>",
        help="seeds (default), feedback, case_reports, conversations, evidence_inference, pubmedqa, squad2,"
        " or a file; repeatable.",
    ),
]
OwnIndexOption = Annotated[
    Any,  # Place: Typer takes no unions
    typer.Option(
        parser=stated_place,
        metavar="<path>",
        help="Index to ask, for sets without papers of their own; default: an index of the seed papers, for"
        " feedback the usual index.",
    ),
]
DataOption = Annotated[Path | None, typer.Option(help="Folder of the public sets.", envvar="LOCCIT_BENCH")]
WorkOption = Annotated[Path | None, typer.Option(help="Folder to keep built indexes in for the next run.")]
PapersOption = Annotated[
    int | None, typer.Option(metavar="<number>", help="Use at most this many of a set's own papers.", min=1)
]
LimitOption = Annotated[
    int | None, typer.Option(metavar="<number>", help="Ask at most this many questions per set.", min=1)
]
OutOption = Annotated[Path | None, typer.Option(help="Folder for report.json, report.md and report.html.")]
TrecOption = Annotated[Path | None, typer.Option(help="Folder for run and qrels files in TREC format.")]
AgainstOption = Annotated[
    Path | None, typer.Option(help='An earlier report.json to compare with, or "baseline".')
]
AblateOption = Annotated[bool, typer.Option("--ablate", help="Repeat the run without each part in turn.")]
FloorsOption = Annotated[
    bool, typer.Option("--floors", help="Fail if a figure is below its floor (evals/report/floors.toml).")
]
GateOption = Annotated[
    bool,
    typer.Option("--gate", help="Fail if a figure is significantly below evals/measure/baseline.json."),
]
BaselineOption = Annotated[
    Path | None, typer.Option(help="Write the outcomes as a baseline, without any text.")
]


@app.command("eval")
def run(
    *,
    questions: Annotated[Path | None, typer.Argument(help="A question set, as with --set.")] = None,
    sets: SetsOption = None,
    index: OwnIndexOption = None,
    split: Annotated[str, typer.Option(help="dev, test or all.")] = "all",
    data: DataOption = None,
    work: WorkOption = None,
    papers: PapersOption = None,
    limit: LimitOption = None,
    cross_encoder: CrossEncoderOption = None,
    reader: ReaderOption = None,
    out: OutOption = None,
    trec: TrecOption = None,
    against: AgainstOption = None,
    ablate: AblateOption = False,
    floors: FloorsOption = False,
    gate: GateOption = False,
    save_baseline: BaselineOption = None,
    as_json: JsonOption = False,
    progress: Annotated[Progress, typer.Option(help="How progress is shown.")] = Progress.AUTO,
) -> None:
    """Measure the answers on question sets.

    \b
    loccit eval
    loccit eval --split test --out reports/
    loccit eval --set seeds --set pubmedqa --data ~/bench --work ~/indexes
    loccit eval --set questions.jsonl --index ~/my-index --against old/report.json
    loccit eval --ablate
    loccit eval --set feedback
    """
    options = locals()  # every other parameter is a field of Options
    from evals.cli.command import Options, evaluate

    named = [*(options.pop("sets") or []), *filter(None, [options.pop("questions")])]
    evaluate(Options(sets=[str(one) for one in named] or ["seeds"], **options))
