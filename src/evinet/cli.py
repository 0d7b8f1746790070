"""The `evinet` command. Each subcommand is imported only when it is called."""

from __future__ import annotations

import gc
import importlib
import sys

import click

from evinet import __version__, processor
from evinet.errors import InputError, OutputError

UNCOLLECTED = 100_000
"""New objects after which Python looks for unused ones. Imports make very many that stay,
and to look through them after every 700 takes an eighth of a short run."""

# name -> (where the click command is, its line in `evinet --help`)
COMMANDS = {
    "init": ("evinet.init:init", "Start a review: a folder with the smallest one that runs."),
    "run": (
        "evinet.run:run",
        "Run the whole workflow of a review, or continue an interrupted run.",
    ),
    "check": ("evinet.extract.commands:check", "Check one trial, or all of them, for mistakes."),
    "extract": ("evinet.extract.commands:extract", "Write the evidence tables of one trial."),
    "gather": ("evinet.extract.commands:gather", "Combine the evidence tables of several trials."),
    "new-trial": (
        "evinet.extract.commands:new_trial",
        "Start a new trial from a commented template.",
    ),
    "trace": ("evinet.extract.commands:trace", "Show the sources behind a result."),
    "read": ("evinet.extract.read.commands:read", "Draft a trial file from a publication."),
    "fetch": ("evinet.extract.read.commands:fetch", "Download a record from ClinicalTrials.gov."),
    "watch": ("evinet.watch.commands:watch", "List what is new in ClinicalTrials.gov and PubMed."),
    "digitise": (
        "evinet.digitise.commands:digitise",
        "Read curves and numbers at risk from a figure.",
    ),
    "reconstruct": (
        "evinet.reconstruct.commands:reconstruct",
        "Reconstruct individual patient data from published curves.",
    ),
    "network": ("evinet.synthesise.commands:network", "Build the network of one analysis."),
    "fit": ("evinet.synthesise.commands:fit", "Fit one model of one analysis."),
    "answers": ("evinet.synthesise.commands:answers", "Derive what follows from a fit."),
    "predict": ("evinet.synthesise.commands:predict", "Predict survival in named populations."),
    "modifiers": (
        "evinet.synthesise.commands:modifiers",
        "What published subgroups and trials tell about effect modifiers.",
    ),
    "hazards": (
        "evinet.synthesise.commands:hazards",
        "Test whether hazards of reconstructed patients are proportional.",
    ),
    "nma": ("evinet.nma.command:nma", "Run a network meta-analysis on your own data."),
    "adjust": (
        "evinet.nma.population.command:adjust",
        "Compare two trials in one population, with the patients of one (MAIC, STC).",
    ),
    "simulate": (
        "evinet.simulate.commands:simulate",
        "Draw data sets of one scenario of a simulation study, and fit its models.",
    ),
    "performance": (
        "evinet.simulate.commands:performance",
        "Bias, standard errors and coverage of a simulation study.",
    ),
    "simulation-report": (
        "evinet.simulate.commands:simulation_report",
        "Write the report of a simulation study.",
    ),
    "exhibits": (
        "evinet.report.commands:exhibits",
        "Draw the figures and write the tables of the report.",
    ),
    "report": (
        "evinet.report.commands:report",
        "Write the report: web pages, one HTML file, and a PDF.",
    ),
    "prepare-report": (
        "evinet.report.commands:prepare_report",
        "Write what Quarto needs to render the pages by hand.",
    ),
    "release": (
        "evinet.report.commands:release",
        "Keep a finished run as a release, to compare later runs with.",
    ),
    "changes": ("evinet.report.commands:changes", "Print what changed since the last release."),
    "manifest": (
        "evinet.reproduce.commands:manifest",
        "Record a hash of every result and of its inputs.",
    ),
    "manifest-report": (
        "evinet.reproduce.commands:manifest_report",
        "Record a hash of every file of the report.",
    ),
    "verify": (
        "evinet.reproduce.commands:verify",
        "Check results against their manifest, or compare two runs.",
    ),
    "archive": (
        "evinet.reproduce.commands:archive",
        "Put a finished run into one file that verifies elsewhere (RO-Crate).",
    ),
    "schema": (
        "evinet.reproduce.commands:schema",
        "Write the JSON Schemas and the reference of tables.",
    ),
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name][0].split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None:
            _refuse_twice(click.Context(command, info_name=name, parent=ctx), rest)
        return name, command, rest

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


def _refuse_twice(ctx: click.Context, args: list[str]) -> None:
    """An option of one value that is given twice is a mistake: which of the two was meant?"""
    ctx.resilient_parsing = True  # what else is wrong is told when the command itself parses
    _, _, given = ctx.command.make_parser(ctx).parse_args(list(args))
    for option in given:
        once = isinstance(option, click.Option) and not (option.multiple or option.count)
        if once and given.count(option) > 1:
            raise click.UsageError(f"{option.opts[0]} is given twice: give it once.", ctx)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def cli() -> None:
    """Evidence synthesis of survival outcomes, from published trials to a living report.

    `evinet run` runs the whole workflow, which calls the other commands. Each of them can also be
    run by hand: `evinet COMMAND --help` explains it.
    """


def main() -> None:
    """Run the command.

    Exit status 0: done. 1: done, and the answer is no (a result differs, a value is unlikely).
    2: not done, because of bad input or because a file cannot be written; the message on standard
    error says which.
    """
    processor.one_thread()
    gc.set_threshold(UNCOLLECTED)
    try:
        cli(prog_name="evinet")
    except OutputError as error:
        click.echo(f"evinet: not written\n{error}", err=True)
    except InputError as error:
        click.echo(f"evinet: bad input\n{error}", err=True)
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        click.echo(f"evinet: {error.strerror or error}{where}", err=True)
    sys.exit(2)


if __name__ == "__main__":
    main()
