"""`evinet nma`: network meta-analysis of anybody's data, without the workflow."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evinet.errors import InputError, Problem
from evinet.nma.data.vocabulary import SCALES

if TYPE_CHECKING:
    import pandas as pd

    from evinet.config import Sampler
    from evinet.nma.model import Model
    from evinet.nma.network import Network
    from evinet.nma.population.answers import Population
    from evinet.nma.posterior import Fit

    Tables = tuple[list[pd.DataFrame], list[pd.DataFrame]]

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
SCREEN = 20  # effects on the screen
SHEET = 20_000  # rows of a table that the workbook has
GROUPS = {
    "Data": ("columns", "level", "measure", "sheet", "drop_incomplete", "likelihood", "link",
             "time_column", "categories", "category_counts", "weights", "weight_levels"),
    "Model": ("effects", "references", "model", "splits", "better", "members", "class_sigma",
              "separator", "inactive", "component_interactions", "cutpoints", "prior_texts"),
    "Meta-regression": ("covariate", "interactions", "slope_sigma", "at", "baseline_risk"),
    "Patients' covariates": ("regression", "aggregate", "covariates", "correlations", "families",
                             "points"),
    "Survival": ("ipd", "causes", "baseline", "knots", "shapes", "powers", "times", "horizon",
                 "check_proportional"),
    "Sampling": ("seed", "chains", "warmup", "draws", "target_accept"),
    "Output": ("out", "report", "save_draws", "cumulative", "funnel_order", "dev_dev",
               "populations", "help"),
}  # fmt: skip
EXAMPLES = (
    ("Events and patients, random effects, with a report",
     "evinet nma arms.csv --reference Placebo --report --out results"),
    ("Hazard ratios with intervals, fixed effects",
     "evinet nma ratios.xlsx --effects fixed --out results"),
    ("Standardised mean differences of means, sd and n",
     "evinet nma means.csv --measure SMD --out results"),
    ("Pairs as netmeta has them, of log odds ratios",
     "evinet nma pairs.csv --measure OR --reference plac --out results"),
    ("Other names of columns, gaps left out",
     'evinet nma arms.csv --columns "dead=r,randomised=n" --drop-incomplete --out results'),
    ("Patients who reached each of several categories, from the worst to the best",
     "evinet nma arms.csv --categories PASI50,PASI75,PASI90 --better higher --out results"),
    ("Patients of some trials, published hazard ratios of others",
     "evinet nma published.csv --ipd patients.csv --baseline weibull --out results"),
    ("Patients with covariates of some trials, published arms of others",
     'evinet nma --ipd patients.csv --aggregate arms.csv --regression "age + grade" --out results'),
)  # fmt: skip
OF_REGRESSION = ("aggregate", "covariates", "correlations", "families", "points")
NEEDED = {
    "--regression": ("regression", OF_REGRESSION),
    "--components": ("separator", ("inactive", "component_interactions")),
    "--categories": ("categories", ("category_counts", "cutpoints")),
    "--class-sigma": ("class_sigma", ("members",)),
    "--weights": ("weights", ("weight_levels",)),
}
"""Options, and those that do nothing without them."""
OTHER = {"ume": {"model": "ume"}, "fixed": {"effects": "fixed"}, "random": {"effects": "random"}}
"""What --dev-dev changes of the model."""
WITHOUT = {
    "covariate", "at", "baseline_risk", "time_column", "check_proportional", "drop_incomplete",
    "measure", "sheet", "report", "cumulative", "funnel_order",
    "dev_dev", "weights", "causes",  # none with patients' covariates
}  # fmt: skip
OF_ARMS = {"link", "baseline_risk", "time_column", "populations", "categories"}
OF_SURVIVAL = {
    "baseline", "knots", "shapes", "powers", "times", "horizon", "check_proportional", "causes",
}  # fmt: skip


class Grouped(click.Command):
    """A command whose options are listed in groups, with examples under them."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Options by GROUPS; what is in none of them stands under Other."""
        known = {each.name: each.get_help_record(ctx) for each in self.get_params(ctx)
                 if isinstance(each, click.Option)}  # fmt: skip
        own = self.get_help_option(ctx)  # click names it after its first spelling
        if own is not None:
            known["help"] = known.pop(own.name)
        listed = {name for names in GROUPS.values() for name in names}
        groups = {**GROUPS, "Other": tuple(name for name in known if name not in listed)}
        for title, names in groups.items():
            rows = [record for name in names if (record := known.get(name)) is not None]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The examples, as they are typed."""
        with formatter.section("Examples"):
            for words, line in EXAMPLES:
                formatter.write_text(f"{words}:")
                formatter.write(f"    {' ' * formatter.current_indent}{line}\n")


@click.command(cls=Grouped)
@click.argument("data", type=FILE, nargs=-1, metavar="[FILE]...")
@click.option(
    "--likelihood",
    type=click.Choice(["binomial", "binomial2", "ordered", "normal", "poisson", "contrast"]),
    help="Likelihood of the arms, or contrast for differences. Default: what the columns are. "
    "binomial2: with --regression, published arms with the variance of patients who differ.",
)  # fmt: skip
@click.option(
    "--link", help="binomial: logit (default), probit, cloglog, log (RR) or identity (RD); "
    "ordered: probit (default) or logit.",
)  # fmt: skip
@click.option(
    "--effects", type=click.Choice(["fixed", "random"]), default="random", show_default=True
)
@click.option(
    "--reference", "references", multiple=True,
    help="Default: the treatment in most studies. With several islands, repeat it: one for each.",
)  # fmt: skip
@click.option(
    "--model", type=click.Choice(["consistency", "ume", "node-split"]), default="consistency",
    show_default=True, help="ume: unrelated mean effects.",
)  # fmt: skip
@click.option(
    "--split", "splits", multiple=True, metavar="'A vs B'",
    help="With --model node-split: this pair only. May be repeated.",
)  # fmt: skip
@click.option(
    "--columns", metavar="THEIRS=OURS,...",
    help="Names of columns that are not known: dead=r,randomised=n. Ours are study, treatment, "
    "comparator, r, n, e, y, sd, se, diff, hr, or, rr, lower, upper, p, o_e, v.",
)  # fmt: skip
@click.option(
    "--level", type=click.FloatRange(50, 100, min_open=True, max_open=True), default=95.0,
    show_default=True, help="Confidence level of the intervals in the data, in percent.",
)  # fmt: skip
@click.option(
    "--measure", type=click.Choice(list(SCALES), case_sensitive=False),
    help="Measure of effect. Counts: OR (default), RR or RD; means: MD (default), SMD or ROM. "
    "Of effects in the data, name it where no column does.",
)  # fmt: skip
@click.option(
    "--categories", metavar="COLUMN,...",
    help="Columns of counts in ordered categories, from the worst to the best. A cell is empty "
    "where a study does not report one; patients of n in none of them are the rest.",
)  # fmt: skip
@click.option(
    "--category-counts", type=click.Choice(["exclusive", "inclusive"]),
    help="Whether counts are of a category alone, or of it and better ones. Default: what they "
    "allow.",
)  # fmt: skip
@click.option(
    "--cutpoints", type=click.Choice(["fixed", "random"]), default="fixed", show_default=True,
    help="Cut-points of ordered categories: the same in every study, or around common ones.",
)  # fmt: skip
@click.option("--sheet", help="Sheet of a workbook.")
@click.option(
    "--drop-incomplete", is_flag=True, help="Leave out rows without an outcome, and name them."
)
@click.option(
    "--weights", metavar="COLUMN",
    help="Column of weights in (0, 1], by which studies count less, such as those at a high risk "
    "of bias: a judgement, said with the results.",
)  # fmt: skip
@click.option(
    "--weight-levels", metavar="LEVEL=WEIGHT,...",
    help="Weights of the levels in that column: low=1,some concerns=0.7,high=0.4.",
)  # fmt: skip
@click.option(
    "--covariate", multiple=True,
    help="Meta-regression on this column of the studies or arms (numbers or words). May be "
    "repeated.",
)  # fmt: skip
@click.option(
    "--interactions", type=click.Choice(["shared", "class", "separate", "exchangeable"]),
    default="shared", show_default=True,
    help="How a covariate changes effects: one coefficient for all treatments, one for each class "
    "(column class), or one for each treatment, unrelated or exchangeable.",
)  # fmt: skip
@click.option(
    "--interactions-sigma", "slope_sigma",
    help="Spread of exchangeable coefficients: a number, or a prior such as half-normal(0.2). With "
    "--regression for a standard deviation of each covariate.",
)  # fmt: skip
@click.option(
    "--regression", metavar="FORMULA",
    help='Patients\' covariates that change outcomes and effects: "age + grade".',
)  # fmt: skip
@click.option(
    "--aggregate", type=FILE,
    help="Studies without patients' covariates: one row for each arm (r, n; y, se; r, e), or for "
    "each reconstructed patient (time, event).",
)  # fmt: skip
@click.option(
    "--covariates", type=FILE,
    help="Their covariates: study, treatment, n, age_mean, age_sd, male; default: in --aggregate.",
)  # fmt: skip
@click.option(
    "--correlations",
    type=FILE,
    help="Table of correlations of the covariates; default: those of the patients.",
)
@click.option(
    "--margin", "families", multiple=True, metavar="NAME=FAMILY",
    help="Family of a published covariate: normal, gamma, lognormal, logitnormal, beta.",
)  # fmt: skip
@click.option(
    "--points", type=click.IntRange(8, 1024),
    help="Weighted points that stand for a published arm, at most; default 64, and more where the "
    "integration error asks for them.",
)  # fmt: skip
@click.option(
    "--at", metavar="VALUE or NAME=VALUE,...",
    help="Covariates, or baseline risk, of reported effects; default: the mean.",
)  # fmt: skip
@click.option("--baseline-risk", is_flag=True, help="Adjust for the studies' baseline risk.")
@click.option(
    "--time",
    "time_column",
    help="Column of follow-up times; needs --link cloglog, whose offset is log(time).",
)
@click.option(
    "--population", "populations", multiple=True, metavar="NAME=VALUE[:LOWER:UPPER]",
    help="Outcome on the reference, with its 95 % interval: absolute outcomes of all treatments. "
    "With --regression: a study, or a table of covariates.",
)  # fmt: skip
@click.option(
    "--ipd",
    "ipd",
    type=FILE,
    multiple=True,
    help="Patients: study, treatment, time, event[, entry][, draw]. May be repeated, each file "
    "with studies of its own. entry: when the patient came under observation, if after time 0 "
    "(left truncation). In place of time and event lower and upper, between which the event "
    "happened (interval censoring; upper is empty if it was not seen). With --regression also "
    "their covariates, and r or y in place of time; no entry, no lower and upper.",
)
@click.option(
    "--cause", "causes", multiple=True, metavar="NAME",
    help="Of competing events, a cause in the column event of --ipd (0 or censored: none was "
    "seen): effects on its hazard, patients being censored at the others. Without --ipd a column "
    "of counts in person-time. Repeat it for every cause: also their incidence.",
)  # fmt: skip
@click.option(
    "--baseline", default="mspline", show_default=True,
    help="Baseline hazards: mspline, piecewise, fracpoly, exponential, weibull, gompertz, "
    "lognormal, loglogistic or gengamma.",
)  # fmt: skip
@click.option(
    "--knots", type=click.IntRange(1), help="Knots of M-splines, or cuts of pieces; default 7."
)
@click.option(
    "--shapes", type=click.Choice(["study", "treatment", "arm"]),
    help="What shares the shape of hazards: the arms of a study (proportional hazards; default of "
    "M-splines), a treatment's effect on it (default of fractional polynomials), or nothing.",
)  # fmt: skip
@click.option("--powers", help="Powers of time of fractional polynomials: one or two of -2 to 3.")
@click.option(
    "--times", help="When survival and hazard ratios are written: 6,12,24; default: 20 steps."
)
@click.option(
    "--horizon", type=click.FloatRange(0, min_open=True), help="End of restricted mean survival."
)
@click.option(
    "--check-proportional", is_flag=True,
    help="Test proportional hazards, and compare with M-splines that are free in each arm.",
)  # fmt: skip
@click.option(
    "--class", "members", multiple=True, metavar="TREATMENT",
    help="A treatment that belongs to the class. May be repeated. Default: the column class.",
)  # fmt: skip
@click.option(
    "--class-sigma",
    help="Effects of a class are exchangeable, with this spread: a number (0: they "
    "are equal), or a prior such as half-normal(0.2).",
)
@click.option(
    "--components", "separator", metavar="SEPARATOR",
    help="Treatments are combinations, such as A+B with +: effects of their components add up.",
)  # fmt: skip
@click.option("--inactive", help="The component without an effect, such as Placebo.")
@click.option(
    "--component-interaction", "component_interactions", multiple=True, metavar="A+B",
    help="Two components that together do more or less than their sum. May be repeated.",
)  # fmt: skip
@click.option(
    "--prior", "prior_texts", multiple=True, metavar="NAME=PRIOR",
    help="tau=half-normal(5), effects=normal(0, 100), intercepts=..., "
    "coefficients=normal(0, 100) per SD, cuts=..., "
    "cuts_sigma=... Unless named, wider where outcomes or effects are beyond 10.",
)  # fmt: skip
@click.option(
    "--better", type=click.Choice(["lower", "higher"]),
    help="Which effects are improvements, for ranks. Default: lower; time ratios: higher.",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@click.option("--chains", type=click.IntRange(2, 16), default=4, show_default=True)
@click.option("--warmup", type=click.IntRange(100), default=1000, show_default=True)
@click.option("--draws", type=click.IntRange(100), default=1000, show_default=True)
@click.option(
    "--target-accept", type=click.FloatRange(0.5, 0.999), help="Default: 0.9, survival 0.8."
)
@click.option(
    "--report", is_flag=True,
    help="Also write report.html, one file with figures and tables, and figures/ as SVG and PNG.",
)  # fmt: skip
@click.option(
    "--cumulative", metavar="COLUMN",
    help="Column of the studies' year: also write effects by the studies up to each year.",
)  # fmt: skip
@click.option(
    "--funnel-order", metavar="TREATMENT,...",
    help="All treatments in an order that says which side small studies may favour, such as from "
    "the oldest to the newest: a comparison-adjusted funnel plot (funnel.csv and, with --report, a "
    "figure).",
)  # fmt: skip
@click.option(
    "--dev-dev", type=click.Choice(["ume", "fixed", "random"]),
    help="Also fit this model (unrelated mean effects, or other effects) and set the deviance of "
    "each data point by both side by side (dev_dev.csv and, with --report, a figure).",
)  # fmt: skip
@click.option("--save-draws", is_flag=True, help="Also write draws.csv, one row for each draw.")
@click.option("--out", type=FOLDER, required=True, help="Folder to write.")
def nma(data: tuple[Path, ...], ipd: tuple[Path, ...], **asked: Any) -> None:
    """Bayesian network meta-analysis of the studies in FILEs, or of --ipd.

    Where commas part names in an option, a name that has one stands in quotation marks:
    --funnel-order 'Placebo,"Drug, low dose"'. Of an earlier run in --out no file is left.

    FILEs are CSV with any separator, XLSX or Parquet, with one row for each arm (study, treatment
    and r, n; mean, sd, n; or r, exposure), one row for each study (treat1, r1, n1, treat2, ...) or
    one row for each pair (treat1, treat2 and TE, seTE; hr, lower, upper; ...), under the names of
    gemtc, netmeta, multinma, BUGSnet or MetaInsight. What was understood is printed. With --ipd,
    FILEs are the published contrasts of other studies (ln HR).

    Writes estimates.csv, fit.json, posterior.nc, predictive.csv, league.csv, ranks.csv,
    contribution.csv, threshold.csv, influence.csv, inconsistency.csv, decomposition.csv,
    net_heat.csv and powerscale.csv; with node-split also splits.csv; with --population also
    absolute.csv; with
    --components also components.csv; with --ipd also survival.csv, hazard_ratios.csv, rmst.csv,
    rmst_differences.csv and medians.csv. With --cause each cause has a folder of these, without
    survival, rmst and medians, and of all causes together there is incidence.csv. A fit that does
    not converge is sampled once more, longer; if that fails too nothing is written, and the exit
    status is 1.

    With --regression the model is a multilevel network meta-regression of --ipd, patients with
    covariates, and --aggregate, published arms. It writes estimates.csv, fit.json, posterior.nc,
    league.csv and ranks.csv at the mean of the covariates and, for each study and --population,
    conditional.csv, marginal.csv and absolute.csv, or of survival survival.csv, rmst.csv,
    rmst_differences.csv and medians.csv; modification.csv has effects over each covariate's range.
    """
    asked = {name: _composed(value) for name, value in asked.items()}
    if not data and not ipd:
        raise click.UsageError("give a FILE or --ipd")
    if asked["regression"]:
        _applicable_to_regression(data, ipd, asked)
    else:
        _applicable(asked, bool(ipd))
        _one_folder_each(asked["causes"], data if ipd else ())
    from evinet.nma.fit import nuts

    nuts.prepare()
    try:
        given = None if asked["regression"] else _read(data, ipd, asked)
        models = {cause: _checked(given, ipd, asked, cause) for cause in asked["causes"] or ("",)}
    except InputError as error:
        raise InputError([_of_option(problem) for problem in error.problems]) from None
    answers = _regression_answers if asked["regression"] else _answers
    every = {cause: answers(model, _sampler(asked, model), asked)
             for cause, model in models.items()}  # fmt: skip
    fits = {cause: found["fitted"] for cause, found in every.items()}
    from evinet import files

    lines: list[str] = []
    with files.together(asked["out"]) as removed:
        for cause, found in every.items():
            own = found.pop("lines")
            lines += [f"{cause}: {line}" for line in own] if cause else own
            lines += _write(found, {**asked, "out": asked["out"] / cause})
        if asked["causes"]:
            lines += _incidence(fits, asked)
    if removed:
        lines.append(f"Removed, as an earlier run wrote it: {', '.join(removed)}")
    for line in lines:
        click.echo(line)


def _read(data: tuple[Path, ...], ipd: tuple[Path, ...], asked: dict[str, Any]) -> Tables:
    """The tables of the files and of the patients."""
    from evinet import usertable

    return (
        [usertable.read(file, sheet=asked["sheet"]) for file in data],
        [usertable.read(file) for file in ipd],
    )


def _checked(
    given: Tables | None, ipd: tuple[Path, ...], asked: dict[str, Any], cause: str
) -> Model:
    """The model that is asked for, of a cause if one is named; what it cannot do is told now."""
    network = _regressed(ipd, asked) if given is None else _network(*given, asked, cause)
    model = _model(network, asked)
    if asked["cumulative"]:
        network.study_numbers(asked["cumulative"])
    if asked["model"] == "node-split":
        network.split_pairs(_split(asked["splits"]))
    if asked["dev_dev"]:
        _model(network, {**asked, **OTHER[asked["dev_dev"]]})
    if asked["funnel_order"]:
        from evinet.nma.answers import funnel

        funnel.check(_listed(asked["funnel_order"], "--funnel-order"), network.treatments)
    if asked["check_proportional"] and network.patients is not None:
        from evinet.nma.answers import proportionality

        proportionality.testable(network.patients)
    return model


def _incidence(fits: dict[str, Fit], asked: dict[str, Any]) -> list[str]:
    """Write the incidence of every cause, if all were fitted; what is to be said of it."""
    from evinet import files
    from evinet.nma.answers import incidence

    first = next(iter(fits.values()))
    lacking, counts = set(first.network.causes) - set(fits), first.network.people is None
    times = _numbers(asked["times"], "--times", "6,12,24")
    reasons = (
        (bool(lacking), f"name also --cause {', '.join(sorted(lacking))}"),
        (asked["model"] == "ume", "not with ume"),
        (asked["baseline_risk"], "not with the baseline risk"),
        (counts and len(fits) == 1, "name --cause for the column of every cause"),
        (counts and not times, "name --times, in the unit of the person-time"),
    )
    if why := next((each for wrong, each in reasons if wrong), ""):
        return [f"No incidence.csv, which needs consistent effects on every cause: {why}"]
    files.write_csv(asked["out"] / "incidence.csv", incidence.incidence(fits, times))
    rates = ", with rates that stay as they are" if counts else ""
    return [f"How many have an event of each cause, given all of them{rates}: incidence.csv"]


def _of_option(problem: Problem) -> Problem:
    """What the library says of a parameter, said of the option."""
    known = {each.name: each.opts[0] for each in click.get_current_context().command.params}
    known |= {"time": "--time", "reference": "--reference", "class": "--class"}
    if problem.file == "(options)" and problem.field in known:
        return replace(problem, field=known[problem.field])
    return problem


def _given(asked: dict[str, Any], names: Collection[str]) -> list[str]:
    """The options of these names that were given, as they are written."""
    return [
        each.opts[0] for each in click.get_current_context().command.params
        if each.name in names and asked[each.name] not in (each.default, None, (), False)
    ]  # fmt: skip


def _one_folder_each(causes: tuple[str, ...], data: tuple[Path, ...]) -> None:
    """Refuse causes that cannot have a folder each, or contrasts that are of none of several."""
    if len(set(causes)) < len(causes) or (len(causes) > 1 and data):
        raise click.UsageError("name each --cause once, and published contrasts with one alone")
    if any(set(cause) & set("/\\\0") or cause.strip(". ") != cause for cause in causes):
        raise click.UsageError("--cause names a folder: write causes without slashes, or 1, 2, ...")


def _applicable(asked: dict[str, Any], survival: bool) -> None:
    """Refuse options that would change nothing."""
    of_counts = {"causes", "times"} if asked["causes"] else set()
    given = _given(asked, OF_ARMS if survival else OF_SURVIVAL - of_counts)
    if given:
        where = "does nothing with --ipd" if survival else "needs --ipd"
        raise click.UsageError(f"{', '.join(given)} {where}")
    if survival and asked["likelihood"] not in (None, "contrast"):
        raise click.UsageError("--likelihood does nothing with --ipd")
    if survival and asked["better"]:
        raise click.UsageError("--better does nothing with --ipd: longer survival is better")
    if survival and asked["at"] is not None and not asked["covariate"]:
        raise click.UsageError("--at is a value of the --covariate: name it")
    if asked["model"] == "ume":
        for name, option in (("populations", "--population"), ("at", "--at"),
                             ("check_proportional", "--check-proportional"),
                             ("cumulative", "--cumulative"),
                             ("funnel_order", "--funnel-order")):  # fmt: skip
            if asked[name] not in (None, (), False):
                raise click.UsageError(f"{option} needs consistent effects, which ume has not")
    _other_applicable(asked, survival)
    if asked["splits"] and asked["model"] != "node-split":
        raise click.UsageError("--split needs --model node-split")
    for option, (name, others) in NEEDED.items():
        needing = _given(asked, others)
        if needing and not asked[name]:
            raise click.UsageError(f"{', '.join(needing)} needs {option}")
    if asked["separator"] and asked["model"] != "consistency":
        raise click.UsageError("--components needs --model consistency")


def _other_applicable(asked: dict[str, Any], survival: bool) -> None:
    """Refuse another model that is no other, or that this one cannot be held against."""
    other = asked["dev_dev"]
    if other in (asked["model"], asked["effects"]):
        raise click.UsageError(f"--dev-dev {other} is the model itself: name another")
    if other and survival:
        raise click.UsageError("--dev-dev needs residual deviances, which patients have not")
    if other == "ume" and (asked["separator"] or asked["class_sigma"]):
        raise click.UsageError("--dev-dev ume has neither a class nor components: leave them out")


def _applicable_to_regression(
    data: tuple[Path, ...], ipd: tuple[Path, ...], asked: dict[str, Any]
) -> None:
    """Refuse options that a regression on patients' covariates cannot honour."""
    if data or len(ipd) != 1 or asked["aggregate"] is None:
        raise click.UsageError("--regression takes --ipd and --aggregate, one of each, no FILE")
    given = _given(asked, WITHOUT)
    if given:
        raise click.UsageError(f"{', '.join(given)} cannot be combined with --regression")
    if asked["splits"] and asked["model"] != "node-split":
        raise click.UsageError("--split needs --model node-split")
    if asked["separator"]:
        raise click.UsageError("--components cannot be combined with --regression")
    if asked["members"] or asked["class_sigma"]:
        raise click.UsageError("--class cannot be combined with --regression: write a column class")


def _regressed(ipd: tuple[Path, ...], asked: dict[str, Any]) -> Network:
    """The network of patients with covariates and of published arms."""
    from evinet import usertable
    from evinet.nma.population import regression

    found = regression.network(
        ipd[0], asked["aggregate"], asked["regression"], covariates=asked["covariates"],
        reference=list(asked["references"]) or None,
        correlations=asked["correlations"] and regression.correlations(
            usertable.read(asked["correlations"])
        ),
        families=_named(asked["families"], "--margin"),
        points=int(asked["points"] or regression.POINTS),
        columns=_pairs(asked["columns"], "--columns"),
        categories=_listed(asked["categories"], "--categories"),
        category_counts=asked["category_counts"], seed=asked["seed"],
    )  # fmt: skip
    survival = found.people is not None
    idle = {"link", "likelihood", "better", "categories"} if survival else OF_SURVIVAL
    named = _given(asked, idle)
    if named:
        outcome = "survival" if survival else "no survival"
        raise click.UsageError(f"{', '.join(named)} does nothing: the outcome is {outcome}")
    _say_readings(found)
    return found


def _network(
    tables: list[pd.DataFrame], people: list[pd.DataFrame], asked: dict[str, Any], cause: str
) -> Network:
    """The network of tables, of one cause if it is named; says what was understood."""
    from evinet.nma.data.layouts import Reading
    from evinet.nma.network import Network

    references = list(asked["references"]) or None
    kind: Any = "effects" if people or asked["likelihood"] == "contrast" else None
    options = {"columns": _pairs(asked["columns"], "--columns"), "level": asked["level"],
               "measure": asked["measure"], "drop_incomplete": asked["drop_incomplete"],
               "kind": kind, "category_counts": asked["category_counts"],
               "categories": _listed(asked["categories"], "--categories"),
               "named": (*asked["covariate"], *filter(None, (
                   asked["weights"], asked["cumulative"], asked["time_column"])))}  # fmt: skip
    if not people:
        network = Network.read(*tables, reference=references, cause=cause or None,
                               causes=asked["causes"], **options)  # fmt: skip
    else:
        network = Network.from_patients(people[0], references, cause or None)
        for table in people[1:]:
            network = network.add_patients(table)
        for table in tables:
            network = network.add_contrasts(table, Reading(**options))
    if cause == "".join(asked["causes"][:1]):  # all causes are of the same tables
        _say_readings(network)
    return network


def _say_readings(network: Network) -> None:
    """What was understood of each table, and what was left out."""
    for reading in network.readings:
        said, worked = reading["said"]
        click.echo(f"Read {said}")
        click.echo(f"  {worked}")
        if reading["unused"]:
            click.echo(f"  columns that are not used: {', '.join(reading['unused'])}")
        for name in reading["dropped"]:
            click.echo(f"  left out: {name}")


def _model(network: Network, asked: dict[str, Any]) -> Model:
    """The model that the options ask for."""
    from evinet.nma import model, priors
    from evinet.nma.terms import ClassEffect, Components, Terms

    group = None
    if asked["class_sigma"]:
        sigma = priors.spread(asked["class_sigma"], "--class-sigma")
        assert sigma is not None
        if strange := sorted(set(asked["members"]) - set(network.treatments)):
            raise InputError(
                Problem(network.file, "class", ", ".join(strange), "is no treatment here",
                        f"Use some of {', '.join(network.treatments)}")
            )  # fmt: skip
        group = ClassEffect(tuple(asked["members"]), sigma)
    components = None if asked["separator"] is None else Components(
        asked["separator"], asked["inactive"], tuple(asked["component_interactions"])
    )  # fmt: skip
    settings = {name: asked[name] for name in ("knots", "shapes") if asked[name]}
    if asked["powers"]:
        settings["powers"] = _numbers(asked["powers"], "--powers", "0,1")
    likelihood = None if asked["likelihood"] == "contrast" else asked["likelihood"]
    return model.build(
        network, likelihood=likelihood, link=asked["link"], effects=asked["effects"],
        terms=Terms(asked["model"] == "ume", None, asked["covariate"], asked["interactions"],
                    _at(asked["at"]), asked["baseline_risk"], group,
                    priors.spread(asked["slope_sigma"], "--interactions-sigma"), components),
        priors=priors.priors(_priors(asked["prior_texts"])), time=asked["time_column"],
        baseline=asked["baseline"], settings=settings, cutpoints=asked["cutpoints"],
        weights=_weights(network, asked),
    )  # fmt: skip


def _weights(network: Network, asked: dict[str, Any]) -> dict[str, float]:
    """How much each study counts, where that is asked for."""
    from evinet import usertable

    if not asked["weights"]:
        return {}
    given = _pairs(asked["weight_levels"], "--weight-levels")
    levels = {name: usertable.number(text) for name, text in given.items()}
    return network.weights_in(asked["weights"], levels)


def _sampler(asked: dict[str, Any], model: Model) -> Sampler:
    from evinet.nma.fit import usual

    given = {name: asked[name] for name in ("chains", "warmup", "draws")}
    accept = asked["target_accept"] or usual(model).target_accept
    return usual(model).model_copy(update={**given, "target_accept": accept})


def _answers(model: Model, sampler: Sampler, asked: dict[str, Any]) -> dict[str, Any]:
    """Everything that is written, by the name of its file, and the lines to print."""
    from evinet import seeds
    from evinet.nma.answers import absolute, inference_data

    arms = model.arms
    populations = [
        absolute.parse(text, arms.likelihood if arms else None) for text in asked["populations"]
    ]
    fit = _fitted(model, sampler, asked)
    found: dict[str, Any] = {"fit": fit.summary(), "posterior": inference_data.groups(fit),
                             "estimates": fit.effects(), "predictive": fit.predictive(),
                             "powerscale": fit.powerscale()}  # fmt: skip
    if asked["model"] != "ume":
        for name in ("league", "ranks", "contribution", "threshold", "influence", "inconsistency",
                     "decomposition", "net_heat", "components", "without_priors"):  # fmt: skip
            table = getattr(fit, name)()
            if len(table) or name in ("league", "ranks"):
                found[name] = table
        if model.patients is not None:
            found |= _survival(fit, asked)
    if asked["check_proportional"]:
        found |= _proportional(fit, sampler, asked)
    if asked["model"] == "node-split":
        found["splits"] = _splits(fit, asked)
    if asked["model"] != "ume":
        found["league"] = fit.natural()
        found["league_matrix"] = fit.league_matrix()
    if populations:
        rng = seeds.generator(asked["seed"], "absolute")
        found["absolute"] = absolute.absolute(fit, populations, rng)
    found |= _on_request(fit, asked)
    if asked["dev_dev"]:
        found["other"] = _fitted(_model(fit.network, {**asked, **OTHER[asked["dev_dev"]]}), sampler,
                                 asked)  # fmt: skip
        found["dev_dev"] = fit.dev_dev(found["other"])
    found["lines"] = _lines(fit, found["fit"])
    found["fitted"] = fit
    return found


def _splits(fit: Fit, asked: dict[str, Any]) -> pd.DataFrame:
    """Direct and indirect effects of each pair that was asked for, or that has both."""
    from evinet.nma.answers import effects

    found = fit.node_splits(_split(asked["splits"]))
    for pair, each in found.items():
        if each.failures():
            found[pair] = _again(each)
    return effects.splits(found)


def _on_request(fit: Fit, asked: dict[str, Any]) -> dict[str, Any]:
    """Tables that are written only where an option asks for them."""
    found = {"cumulative": fit.cumulative(asked["cumulative"])} if asked["cumulative"] else {}
    if asked["funnel_order"]:
        found["funnel"] = fit.funnel(_listed(asked["funnel_order"], "--funnel-order"))
    return found | ({"draws": fit.draws()} if asked["save_draws"] else {})


def _regression_answers(model: Model, sampler: Sampler, asked: dict[str, Any]) -> dict[str, Any]:
    """What is written of a regression on patients' covariates."""
    from evinet.nma.answers import inference_data
    from evinet.nma.population import answers

    populations = [answers.population(model, name) for name in model.network.studies]
    populations += [answers.population(model, text) for text in asked["populations"]
                    if text not in model.network.studies]  # fmt: skip
    _once(populations)
    times = _numbers(asked["times"], "--times", "6,12,24")
    fit = _fitted(model, sampler, asked)
    error = answers.integration_error(fit)
    while error >= answers.WORST and not asked["points"]:
        network = answers.finer(fit.network)
        if network is None:
            break
        click.echo(f"evinet: {answers.said(error)}. Fitted again with more", err=True)
        fit = _fitted(_model(network, asked), sampler, asked)
        error = answers.integration_error(fit)
    found: dict[str, Any] = {"fit": fit.summary(), "posterior": inference_data.groups(fit),
                             "estimates": fit.effects()}  # fmt: skip
    if asked["model"] == "node-split":
        found["splits"] = _splits(fit, asked)
    if asked["model"] != "ume":
        found |= {"league": fit.natural(), "ranks": fit.ranks(),
                  **answers.tables(fit, populations, times)}  # fmt: skip
    found |= _on_request(fit, asked)
    found["fit"]["integration_error"] = error
    found["lines"] = [
        *_lines(fit, found["fit"]),
        answers.said(error),
        *(f"Beware: {line}" for each in populations for line in each.cautions),
        *(
            f"{each.name} has the level of outcomes of {each.baseline}"
            for each in populations
            if each.name != each.baseline
        ),
    ]
    found["fitted"] = fit
    return found


def _once(populations: list[Population]) -> None:
    """Refuse two populations of one name."""
    names = [each.name for each in populations]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise click.UsageError(
            f"--population: {', '.join(twice)} is the name of two: give each its own, in a column "
            "population"
        )


def _survival(fit: Fit, asked: dict[str, Any]) -> dict[str, Any]:
    from evinet.nma.answers import survival

    times = _numbers(asked["times"], "--times", "6,12,24")
    ratios = {"hazard_ratios": survival.hazard_ratio_table(fit, times)}
    if fit.network.cause is not None:  # whose hazard alone is nobody's survival
        return ratios
    means, differences = survival.restricted_mean_tables(fit, asked["horizon"])
    return {
        **ratios,
        "survival": survival.survival_table(fit, times),
        "rmst": means,
        "rmst_differences": differences,
        "medians": survival.median_table(fit),
    }


def _proportional(fit: Fit, sampler: Sampler, asked: dict[str, Any]) -> dict[str, Any]:
    from evinet.nma.answers import proportionality

    patients = fit.specification.patients
    assert patients is not None
    found = {"schoenfeld": proportionality.schoenfeld_tests(patients)}
    if asked["baseline"] == "mspline" and asked["shapes"] in (None, "study"):
        other = _fitted(_model(fit.network, {**asked, "shapes": "arm"}), sampler, asked)
        found["proportionality"] = proportionality.compare(fit, other)
    return found


def _fitted(model: Model, sampler: Sampler, asked: dict[str, Any]) -> Fit:
    """A fit that passes its gates; one that does not is sampled once more, longer."""
    from evinet.nma.fit import run

    (fit,) = run([model], sampler, asked["seed"], asked["better"], ["nma"])
    return _again(fit) if fit.failures() else fit


def _again(fit: Fit) -> Fit:
    from evinet.nma.fit import longer, run

    sampler = longer(fit.sampler)
    click.echo(
        f"evinet: {'; '.join(fit.failures())}. Sampled again, with --warmup {sampler.warmup} "
        f"--draws {sampler.draws} --target-accept {sampler.target_accept:g}", err=True,
    )  # fmt: skip
    (found,) = run([fit.specification], sampler, fit.seed, fit.better, [fit.job])
    if found.failures():
        click.echo(f"evinet: not converged, not reported: {'; '.join(found.failures())}", err=True)
        sys.exit(1)
    return found


def _lines(fit: Fit, record: dict[str, Any]) -> list[str]:
    """What the command says: the fit in a line, and whatever asks for caution."""
    from evinet.nma.answers.record import cautions

    found = record["convergence"]
    sampled = "exact" if fit.mixture is not None else (
        f"R-hat {found['rhat_max']:.3f}, smallest ESS {found['ess_bulk_min']:.0f}"
    )  # fmt: skip
    dic = "" if record["DIC"] is None else f"DIC {record['DIC']:.1f}; "
    lines = [
        f"{record['studies']} studies, {record['treatments']} treatments, reference "
        f"{', '.join(fit.references)}: {fit.specification.scale}, {sampled}, {dic}{fit.better} "
        "effects count as better"
    ]
    if not fit.specification.terms.unrelated:
        lines += _screen(fit)
    return lines + [f"Beware: {line}" for line in cautions(fit, record)]


def _screen(fit: Fit) -> list[str]:
    """Effects against the reference on the natural scale, as aligned columns."""
    from evinet.nma.report import effects_table

    table = effects_table(fit)
    wide = [[str(name) for name in table.columns], *table.astype(str).to_numpy().tolist()]
    shown = wide[: SCREEN + 1]
    widths = [max(len(row[place]) for row in shown) for place in range(len(shown[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
             for row in shown]  # fmt: skip
    if len(wide) > len(shown):
        lines.append(f"... and {len(wide) - len(shown)} more in league.csv")
    if fit.specification.random:
        tau = fit.scale("tau")
        lines.append(f"heterogeneity tau {tau.quantile(0.5):.2f} ({tau.quantile(0.025):.2f} to "
                     f"{tau.quantile(0.975):.2f})")  # fmt: skip
    return lines


def _write(found: dict[str, Any], asked: dict[str, Any]) -> list[str]:
    """Write everything, which is all there before the first file is touched; what to say of it."""
    from evinet import files, tables
    from evinet.nma.answers import inference_data
    from evinet.report.export import workbook

    known = {table.name: table for table in (*tables.FIT, *tables.ANSWERS)}
    out, order = asked["out"], _listed(asked["funnel_order"], "--funnel-order")
    fit, other = found.pop("fitted"), found.pop("other", None)
    inference_data.write(out / "posterior.nc", found.pop("posterior"))
    record = found.pop("fit")
    for name, frame in found.items():
        if name in known and list(frame.columns) == list(known[name].columns):
            known[name].write(out / f"{name}.csv", frame)
        else:
            files.write_csv(out / f"{name}.csv", frame)
    long = [name for name, frame in found.items() if len(frame) > SHEET and name != "draws"]
    workbook({name: frame for name, frame in found.items() if name not in ("draws", *long)},
             out / "results.xlsx")  # fmt: skip
    files.write_json(out / "fit.json", record)
    if asked["report"]:
        more = {"funnel": (order,)} if order else {}
        more |= {} if other is None else {"dev_dev": (other,)}
        fit.report(out / "report.html", order, other)
        fit.plot.save(out / "figures", more)
    return [f"Not in results.xlsx, as too long: {', '.join(long)}"] if long else []


def _composed(value: Any) -> Any:
    """An option's names in the form of Unicode that tables have; anything else as it is."""
    from evinet.usertable import composed

    if isinstance(value, tuple):
        return tuple(_composed(each) for each in value)
    return composed(value) if isinstance(value, str) else value


def _listed(text: str | None, option: str) -> tuple[str, ...]:
    """Names between commas; a comma inside quotation marks is part of a name."""
    from evinet import usertable

    try:
        return tuple(usertable.parts(text or ""))
    except ValueError:
        raise click.BadParameter(f"{text}: close the quotation marks", param_hint=option) from None


def _split(texts: tuple[str, ...]) -> list[tuple[str, str]]:
    """Pairs such as A vs B."""
    found = []
    for text in texts:
        one, separator, two = text.partition(" vs ")
        if not (separator and one.strip() and two.strip()):
            raise click.BadParameter(f"{text}: write 'A vs B'", param_hint="--split")
        found.append((one.strip(), two.strip()))
    return found


def _numbers(text: str | None, option: str, example: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(",")) if text else ()
    except ValueError:
        raise click.BadParameter(f"{text}: write {example}", param_hint=option) from None


def _at(text: str | None) -> Any:
    """A number, or names and their numbers or words."""
    from evinet import usertable

    def value(part: str) -> float | str:
        number = usertable.number(part)
        return part if number != number else number

    if text is None:
        return None
    if "=" in text:
        return {name: value(each) for name, each in _pairs(text, "--at").items()}
    if isinstance(value(text), str):
        raise click.BadParameter(f"{text}: write a number, or NAME=VALUE,...", param_hint="--at")
    return value(text)


def _pairs(text: str | None, option: str) -> dict[str, str]:
    """Text such as ``dead=r,randomised=n``."""
    return _named(_listed(text, option), option)


def _named(parts: Iterable[str], option: str) -> dict[str, str]:
    """Values by their names."""
    found = {}
    for part in parts:
        name, separator, value = part.partition("=")
        if not (separator and name.strip() and value.strip()):
            raise click.BadParameter(f"{part}: write NAME=VALUE", param_hint=option)
        found[name.strip()] = value.strip()
    return found


def _priors(texts: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for text in texts:
        name, separator, prior = text.partition("=")
        if not separator:
            raise click.BadParameter(f"{text}: write NAME=PRIOR", param_hint="--prior")
        found[name.strip()] = prior.strip()
    return found
