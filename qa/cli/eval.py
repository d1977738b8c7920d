"""``loccit eval``, which measures answers, and ``loccit eval add-feedback``; see ``qa.cli.main``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from qa.cli.options import CrossEncoderOption, IndexOption, JsonOption
from qa.files.resources import index_folder
from qa.show.progress import Progress


class _RunUnlessNamed(TyperGroup):
    """Runs the evaluation unless another command is named, so that ``loccit eval`` alone does."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - typer's own class is not public
        """Put the name of the usual command before arguments that name none."""
        named = bool(args) and args[0] in self.commands
        return super().parse_args(ctx, args if named else ["run", *args])


app = typer.Typer(cls=_RunUnlessNamed, help="Measure the answers against fixed sets of questions.")


@app.command()
def run(
    questions: Annotated[
        Path | None, typer.Argument(help="A set's file, as with --set.", show_default=False)
    ] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="seeds, case_reports, conversations, evidence_inference, pubmedqa, squad2, or a file;"
            " repeatable.",
            show_default=False,
        ),
    ] = None,
    index: IndexOption = None,
    split: Annotated[str, typer.Option(help="dev, test or all.")] = "all",
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of the public sets.", envvar="LOCCIT_BENCH", show_default=False),
    ] = None,
    work: Annotated[
        Path | None, typer.Option(help="Folder that keeps indexes for the next time.", show_default=False)
    ] = None,
    papers: Annotated[
        int | None, typer.Option(help="Most papers of a set that brings its own.", min=1, show_default=False)
    ] = None,
    limit: Annotated[
        int | None, typer.Option(help="Most questions of a set.", min=1, show_default=False)
    ] = None,
    cross_encoder: CrossEncoderOption = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for report.json, .md and .html.", show_default=False)
    ] = None,
    trec: Annotated[
        Path | None, typer.Option(help="Folder for TREC's run and qrels files.", show_default=False)
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            help="An earlier report.json to compare with; “baseline” is the committed one.",
            show_default=False,
        ),
    ] = None,
    ablate: Annotated[bool, typer.Option("--ablate", help="Run again without each part.")] = False,
    floors: Annotated[
        bool,
        typer.Option("--floors", help="Fail when a figure is below its floor (evals/report/floors.toml)."),
    ] = False,
    gate: Annotated[
        bool,
        typer.Option(
            "--gate", help="Fail when a figure is significantly worse (evals/measure/baseline.json)."
        ),
    ] = False,
    save_baseline: Annotated[
        Path | None, typer.Option(help="Write the outcomes, without any text.", show_default=False)
    ] = None,
    as_json: JsonOption = False,
    progress: Annotated[Progress, typer.Option(help="auto, bars, json or off.")] = Progress.AUTO,
) -> None:
    """Measure the answers against fixed sets of questions.

    loccit eval

    loccit eval --split test --out reports/

    loccit eval --set seeds --set pubmedqa --data ~/bench --work ~/indexes --against old/report.json

    loccit eval --set questions.jsonl --index ~/my-index

    loccit eval --ablate

    loccit eval add-feedback
    """
    from evals.cli.command import Options, evaluate

    evaluate(
        Options(
            sets=[*(sets or []), *([str(questions)] if questions else [])] or ["seeds"],
            split=split,
            index=index_folder(index) if index else None,
            data=data,
            work=work,
            papers=papers,
            limit=limit,
            cross_encoder=cross_encoder,
            out=out,
            trec=trec,
            against=against,
            ablate=ablate,
            floors=floors,
            gate=gate,
            save_baseline=save_baseline,
            as_json=as_json,
            progress=progress,
        )
    )


@app.command("add-feedback")
def add_feedback(
    index: IndexOption = None,
    file: Annotated[
        Path | None,
        typer.Option(help="The set to add to; by default feedback-cases.jsonl in the index folder."),
    ] = None,
    number: Annotated[
        int | None, typer.Option(help="Only the judgement with this number.", show_default=False)
    ] = None,
    gold: Annotated[
        str | None,
        typer.Option(
            help="What is right, without being asked: numbers of quotes, a quote, or none.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Make questions of an evaluation out of thumbs given in the chat.

    loccit eval add-feedback

    loccit eval add-feedback --number 3 --gold "Mycophenolate was restarted after six weeks."

    loccit eval --set ~/.local/share/loccit/index/feedback-cases.jsonl --index ~/.local/share/loccit/index
    """
    from evals.cli.feedback import add

    add(index_folder(index), file, number=number, gold=gold)
