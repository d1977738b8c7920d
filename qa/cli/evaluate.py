"""``loccit eval`` and ``calibrate``: measuring the answers, and fitting the thresholds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from evals.sets.names import NAMES
from index.errors import UsageError
from qa.cli.options import (
    CalibrationOption,
    CrossEncoderOption,
    IndexOption,
    JsonOption,
    ReaderOption,
    stated_place,
)
from qa.show.progress import Progress
from qa.show.terminal import say, warn

app = typer.Typer()

SetsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="<set>",
        help=f"{', '.join(NAMES)}, or a file; repeatable.  [default: {NAMES[0]}]",
    ),
]
OwnIndexOption = Annotated[
    Any,  # Place: Typer takes no unions
    typer.Option(
        parser=stated_place,
        metavar="<path>",
        help="Index to ask, for sets without papers of their own.  [default: for seeds an index of the seed"
        " papers, else the usual index]",
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
    calibration: CalibrationOption = True,
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
    loccit eval questions.jsonl --index ~/my-index --against old/report.json
    loccit eval --ablate
    loccit eval --set feedback
    loccit eval new questions.jsonl       makes a question file from your papers
    """
    options = locals()  # every other parameter is a field of Options
    from evals.cli.command import Options, evaluate

    named = [*(options.pop("sets") or []), *filter(None, [options.pop("questions")])]
    evaluate(Options(sets=[str(one) for one in named] or ["seeds"], **options))


@app.command("eval new")
def new(
    *,
    file: Annotated[Path, typer.Argument(help="The question file to make, or to go on with.")] = Path(
        "questions.jsonl"
    ),
    index: IndexOption,
) -> None:
    """Make an evaluation of your own in the terminal.

    Type a question, then mark the sentences that answer it, or say that the papers do not. Each question is
    saved at once; the same command goes on where you stopped. loccit eval then measures the answers, and
    loccit calibrate fits the thresholds.

    \b
    loccit eval new questions.jsonl
    loccit eval questions.jsonl
    loccit calibrate questions.jsonl
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("loccit eval new asks with keys, in a terminal.", "Or write the file by hand.")
    from evals.collect import screen
    from evals.collect.candidates import Finder
    from evals.collect.session import collect
    from index.embed.encoder import question_encoder
    from index.place import open_at

    with open_at(index) as opened:
        warn(opened.warnings)
        collect(file, Finder(opened, question_encoder(opened, None)), screen)


@app.command()
def calibrate(
    *,
    questions: Annotated[Path | None, typer.Argument(help="A question file on papers of the index.")] = None,
    index: IndexOption,
    right: Annotated[
        float,
        typer.Option(
            metavar="<share>", help="Share of the sure answers that should be right.", min=0.5, max=0.95
        ),
    ] = 0.9,
    reader: ReaderOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would change; keep nothing.")
    ] = False,
    reset: Annotated[bool, typer.Option("--reset", help="Go back to the usual thresholds.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Fit the thresholds to your own questions.

    Chooses what counts as a sure answer and as not found, so that they hold on your papers, and says how well
    that is known. All commands and the app then use the thresholds with this index. Too few questions are
    refused, with the number that is missing.

    \b
    loccit calibrate questions.jsonl
    loccit calibrate questions.jsonl --right 0.95 --dry-run
    loccit calibrate --reset
    """
    if (questions is None) is not reset:
        raise UsageError(
            "Give either a question file or --reset.", "For example: loccit calibrate FILE.jsonl"
        )
    if questions is None:
        from index.place import beside
        from qa.calibration import reset as go_back

        was = go_back(beside(index))
        return say(
            "The usual thresholds are used again." if was else "The usual thresholds are in use already."
        )
    from evals.cli.calibrate import calibrate as fit

    return fit(questions, index, right=right, reader=reader or "", dry_run=dry_run, as_json=as_json)
