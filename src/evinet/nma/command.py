"""`evinet nma`: network meta-analysis of anybody's data, without the workflow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evinet.errors import InputError, Problem
from evinet.nma import command_options as options
from evinet.nma import command_results as results
from evinet.nma.data.vocabulary import SCALES

if TYPE_CHECKING:
    import pandas as pd

    Tables = tuple[list[pd.DataFrame], list[pd.DataFrame]]

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
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
    asked = {name: options.composed_names(value) for name, value in asked.items()}
    if not data and not ipd:
        raise click.UsageError("give a FILE or --ipd")
    if asked["regression"]:
        options.applicable_to_regression(data, ipd, asked)
    else:
        options.applicable(asked, bool(ipd))
        options.one_folder_each(asked["causes"], data if ipd else ())
    from evinet.nma.fit import nuts

    nuts.prepare()
    try:
        given = None if asked["regression"] else options.tables_of(data, ipd, asked)
        models = {
            cause: options.checked_model(given, ipd, asked, cause)
            for cause in asked["causes"] or ("",)
        }
    except InputError as error:
        raise InputError([_of_option(problem) for problem in error.problems]) from None
    answers = results.answers_of_regression if asked["regression"] else results.answers
    every = {cause: answers(model, options.sampler_of(asked, model), asked)
             for cause, model in models.items()}  # fmt: skip
    fits = {cause: found["fitted"] for cause, found in every.items()}
    from evinet import files

    lines: list[str] = []
    with files.together(asked["out"]) as removed:
        for cause, found in every.items():
            own = found.pop("lines")
            lines += [f"{cause}: {line}" for line in own] if cause else own
            lines += results.write(found, {**asked, "out": asked["out"] / cause})
        if asked["causes"]:
            lines += results.write_incidence(fits, asked)
    if removed:
        lines.append(f"Removed, as an earlier run wrote it: {', '.join(removed)}")
    for line in lines:
        click.echo(line)


def _of_option(problem: Problem) -> Problem:
    """What the library says of a parameter, said of the option."""
    known = {each.name: each.opts[0] for each in click.get_current_context().command.params}
    known |= {"time": "--time", "reference": "--reference", "class": "--class"}
    if problem.file == "(options)" and problem.field in known:
        return replace(problem, field=known[problem.field])
    return problem
