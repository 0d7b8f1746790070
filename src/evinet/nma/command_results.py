"""What `evinet nma` works out, writes and says of a model."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from evinet.nma import command_options as options

if TYPE_CHECKING:
    import pandas as pd

    from evinet.nma.model import Model
    from evinet.nma.population.answers import Population
    from evinet.nma.posterior import Fit
    from evinet.nma.settings import Sampler


SCREEN = 20  # effects on the screen
SHEET = 20_000  # rows of a table that the workbook has


def write_incidence(fits: dict[str, Fit], asked: dict[str, Any]) -> list[str]:
    """Write the incidence of every cause, if all were fitted; what is to be said of it."""
    from evinet import files
    from evinet.nma.answers import incidence

    first = next(iter(fits.values()))
    lacking, counts = set(first.network.causes) - set(fits), first.network.people is None
    times = options.numbers(asked["times"], "--times", "6,12,24")
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


def answers(model: Model, sampler: Sampler, asked: dict[str, Any]) -> dict[str, Any]:
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
        other = options.model_of(fit.network, {**asked, **options.OTHER[asked["dev_dev"]]})
        found["other"] = _fitted(other, sampler, asked)
        found["dev_dev"] = fit.dev_dev(found["other"])
    found["lines"] = _lines(fit, found["fit"])
    found["fitted"] = fit
    return found


def _splits(fit: Fit, asked: dict[str, Any]) -> pd.DataFrame:
    """Direct and indirect effects of each pair that was asked for, or that has both."""
    from evinet.nma.answers import effects

    found = fit.node_splits(options.pairs_to_split(asked["splits"], fit.treatments))
    for pair, each in found.items():
        if each.failures():
            found[pair] = _again(each)
    return effects.splits(found)


def _on_request(fit: Fit, asked: dict[str, Any]) -> dict[str, Any]:
    """Tables that are written only where an option asks for them."""
    found = {"cumulative": fit.cumulative(asked["cumulative"])} if asked["cumulative"] else {}
    if asked["funnel_order"]:
        found["funnel"] = fit.funnel(options.names_in(asked["funnel_order"], "--funnel-order"))
    return found | ({"draws": fit.draws()} if asked["save_draws"] else {})


def answers_of_regression(model: Model, sampler: Sampler, asked: dict[str, Any]) -> dict[str, Any]:
    """What is written of a regression on patients' covariates."""
    from evinet.nma.answers import inference_data
    from evinet.nma.population import answers

    populations = [answers.population(model, name) for name in model.network.studies]
    populations += [answers.population(model, text) for text in asked["populations"]
                    if text not in model.network.studies]  # fmt: skip
    _once(populations)
    times = options.numbers(asked["times"], "--times", "6,12,24")
    fit = _fitted(model, sampler, asked)
    error = answers.integration_error(fit)
    while error >= answers.WORST and not asked["points"]:
        network = answers.finer(fit.network)
        if network is None:
            break
        click.echo(f"evinet: {answers.said(error)}. Fitted again with more", err=True)
        fit = _fitted(options.model_of(network, asked), sampler, asked)
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

    times = options.numbers(asked["times"], "--times", "6,12,24")
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
        other = _fitted(options.model_of(fit.network, {**asked, "shapes": "arm"}), sampler, asked)
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
    from evinet.nma.data.frames import counted

    found = record["convergence"]
    sampled = "exact" if fit.mixture is not None else (
        f"R-hat {found['rhat_max']:.3f}, smallest ESS {found['ess_bulk_min']:.0f}"
    )  # fmt: skip
    dic = "" if record["DIC"] is None else f"DIC {record['DIC']:.1f}; "
    lines = [
        f"{counted(record['studies'])}, {record['treatments']} treatments, reference "
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


def write(found: dict[str, Any], asked: dict[str, Any]) -> list[str]:
    """Write everything, which is all there before the first file is touched; what to say of it."""
    from evinet import files, tables
    from evinet.nma.answers import inference_data
    from evinet.spreadsheet import workbook

    known = {table.name: table for table in (*tables.FIT, *tables.ANSWERS)}
    out, order = asked["out"], options.names_in(asked["funnel_order"], "--funnel-order")
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
