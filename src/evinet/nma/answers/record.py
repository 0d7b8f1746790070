"""What was fitted, how, and how well: the content of fit.json, the same for every model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evinet.nma.terms import ClassEffect

if TYPE_CHECKING:
    from evinet.nma.model import Model
    from evinet.nma.posterior import Fit

MISFIT = 0.01  # probability of the residual deviance, below which it is told
DOUBTED = 0.05  # p, below which sums of components are doubted
FEW = 5  # studies, of which tau is hardly known


def record(fit: Fit) -> dict[str, Any]:
    """Everything but the tables and the draws."""
    model, terms = fit.specification, fit.specification.terms
    likelihood = None if model.arms is None else model.arms.likelihood
    return {
        "method": fit.method,
        "model": kind(fit),
        "effects": model.effects,
        "scale": model.scale,
        "better": fit.better,
        "likelihood": None if likelihood is None else likelihood.called,
        "link": None if likelihood is None else likelihood.link,
        "categories": [] if model.arms is None else list(model.arms.categories),
        "cutpoints": model.cutpoints if model.gaps else None,
        "baseline": model.hazards,
        "cause": fit.network.cause,
        "settings": model.settings,
        "references": {str(fit.islands[name]): name for name in fit.references},
        "studies": len(fit.network.studies),
        "treatments": len(fit.treatments),
        "patients": _patients(fit),
        "data": list(fit.network.readings),
        "set_apart": list(model.apart),
        "weights": dict(fit.network.weights),
        "depends_on": _depends(model),
        "regression": None if fit.network.regression is None else _regression(fit),
        "class": None if terms.group is None else _class(terms.group),
        "components": None if terms.components is None else _components(fit),
        "priors": _priors(fit),
        "prior_only": sorted(sorted(pair) for pair in fit.held_by_prior),
        "seed": fit.seed,
        "sampler": fit.sampler.model_dump(mode="json"),
        "convergence": fit.convergence,
        "reconstructions": len(fit.traces) if model.patients is not None else 0,
        "reconstruction_share": fit.reconstruction_share(),
        "seconds": {name: round(value, 3) for name, value in fit.seconds.items()},
        **fit.measures(),
    }  # fmt: skip


def _depends(model: Model) -> dict[str, Any] | None:
    """What effects depend on, and where they are reported: a number, or one for each covariate."""
    centres, at = model.centres, model.reported_at
    if not centres:
        return None
    one = list(centres) if len(centres) == 1 else None
    return {
        "name": ", ".join(model.terms.covariates) or (one and one[0]),
        "interactions": model.terms.interactions,
        "centre": centres[one[0]] if one else centres,
        "at": at[one[0]] if one else at,
    }


def _set_apart(fit: Fit, studies: list[str]) -> list[str]:
    """Treatments of these studies that are in no other."""
    tables = [table[["study", "treatment"]] for table in fit.network.tables
              if studies and {"study", "treatment"} <= set(table)]  # fmt: skip
    mine = {
        str(name) for table in tables for name in table["treatment"][table["study"].isin(studies)]
    }
    return sorted(mine - set(fit.network.treatments))


def cautions(fit: Fit, record: dict[str, Any]) -> list[str]:
    """What the reader of a fit should know, in sentences; `record` is that of the fit."""
    from evinet.nma import convergence
    from evinet.nma.data import frames, patients

    lines = [
        f"{study}: no arm has an event (or all have nothing but events), so it says nothing of "
        "effects and was set apart" for study in record["set_apart"]
    ]  # fmt: skip
    lines += [
        f"{name}: is in studies alone that were set apart, so that nothing is known of it"
        for name in _set_apart(fit, record["set_apart"])
    ]
    lines += [caution for reading in record["data"] for caution in reading["cautions"]]
    lines += weighted(record["weights"])
    lines += [
        f"{' and '.join(pair)}: only the prior keeps their effect from being infinite, because "
        "arms have no event (or nothing but events): its interval, and ranks, are the prior's"
        for pair in record["prior_only"]
    ]
    lines += [
        f"{name}: no study reports it beside another category, so that only the prior tells its "
        "cut-point" for name in _untold(fit.specification)
    ]  # fmt: skip
    lines += [
        f"{name}: no patient is in this category alone, so that its cut-points rest on their prior"
        for name in _empty(fit.specification)
    ]  # fmt: skip
    if fit.network.cause is not None:
        others = ", ".join(name for name in fit.network.causes if name != fit.network.cause)
        lines.append(
            f"Effects are on the hazard of {fit.network.cause} alone, of patients who have had "
            f"none of the other events ({others or 'there are none'}), at which they are censored. "
            f"They are not effects on how many have {fit.network.cause}: that is told by the "
            "incidence, which depends on all causes"
        )
    if fit.specification.patients is not None:
        lines += [
            f"{study} has one arm: a population for the answers, which informs no effect"
            for study in fit.specification.patients.single
        ]
        lines += patients.cautions(fit.specification.patients)
        lines += [
            f"{study}: events within intervals, so that predictive.csv has no row of it, and "
            "contribution, threshold, influence, inconsistency and decomposition take its effects "
            + ("by Weibull regression" if record["scale"] == "ln HR" else
               "with events in the middle of their intervals")
            for study in fit.specification.patients.intervals
        ]  # fmt: skip
    if fit.specification.random and record["studies"] <= FEW:
        lines.append(
            f"With {frames.counted(record['studies'])} the data say little of tau: its prior "
            f"{record['priors']['tau']} decides the intervals. Give an informative one, or compare "
            "with fixed effects"
        )
    if record["components"] is not None:
        lines += _sums(record["components"])
    lines += _poor_fit(fit, record)
    if fit.network.regression is not None:
        lines += fit.network.regression.cautions()
    if record["LOO"] is not None and record["LOO"]["warning"]:
        lines.append(record["LOO"]["warning"])
    return lines + convergence.cautions(record["convergence"])


def weighted(weights: dict[str, float]) -> list[str]:
    """That studies count less, which is a judgement."""
    if not weights:
        return []
    each = ", ".join(f"{study} {weight:g}" for study, weight in weights.items())
    return [
        f"Studies count less by assumption: {each} of their information. Their likelihoods are "
        "raised to these powers (the variance of a normal effect is divided by its weight); "
        "deviances, DIC and LOO weight them too"
    ]


def _untold(model: Model) -> list[str]:
    from evinet.nma.likelihoods.ordered import untold

    return untold(model.arms.categories, model.arms.s) if model.arms and model.gaps else []


def _empty(model: Model) -> list[str]:
    """Ordered categories that have no patient in any arm."""
    if model.arms is None or not model.gaps:
        return []
    reported = (model.arms.s[:, 1:-1] > 0).any(axis=0)
    nobody = reported & (model.arms.x[:, 1:].sum(axis=0) == 0)
    return [name for name, empty in zip(model.arms.categories, nobody, strict=True) if empty]


def _poor_fit(fit: Fit, record: dict[str, Any]) -> list[str]:
    """A caution where the studies differ more than chance allows, by the residual deviance.

    At the mean it is chi-squared with as many degrees of freedom as there are points less effective
    parameters, about (Spiegelhalter et al. 2002, JRSS B 64:583). That of patients is no residual.
    With fixed effects these are at most the parameters; a bad fit may make pD larger.
    """
    from scipy.special import chdtrc

    if fit.specification.patients is not None or fit.network.regression is not None:
        return []
    if record["weights"]:  # deviances of weighted points are no chi-squared
        return []
    model = fit.specification
    parameters = len(model.names) + (0 if model.arms is None else model.arms.studies) + model.gaps
    effective = record["pD"] if model.random else min(record["pD"], parameters)
    spare = record["data_points"] - effective
    left = record["residual_deviance"] - effective
    if spare < 0.5 or chdtrc(spare, max(left, 0)) >= MISFIT:
        return []
    what = "tau does not cover how they differ" if fit.specification.random else (
        "fixed effects say that they should not: compare with random effects"
    )  # fmt: skip
    return [
        f"The studies differ more than chance allows (residual deviance "
        f"{record['residual_deviance']:.1f} for {record['data_points']} data points): look for "
        f"wrong rows in predictive.csv and influence.csv; {what}"
    ]


def _regression(fit: Fit) -> dict[str, Any]:
    """The covariates of patients, and how they enter."""
    found = fit.network.regression
    return {
        "formula": found.formula, "interactions": fit.specification.terms.interactions,
        "terms": found.terms, "centre": dict(zip(found.terms, found.centre.tolist(), strict=True)),
        "points": found.points, "with_patients": len({study for study, _ in found.patients}),
    }  # fmt: skip


def kind(fit: Fit) -> str:
    """What effects are to one another."""
    terms = fit.specification.terms
    if terms.unrelated:
        return "unrelated mean effects"
    return "consistency" if terms.split is None else f"split {terms.split[1]} vs {terms.split[0]}"


def _class(group: ClassEffect) -> dict[str, Any]:
    sigma = group.sigma if isinstance(group.sigma, float | int) else group.sigma.formula
    return {"members": list(group.members) or "column class", "sigma": sigma}


def _components(fit: Fit) -> dict[str, Any]:
    """How treatments are made up, what rests on it alone, and the test of additivity."""
    from evinet.nma.answers.bridge import rests_on_class

    of, apart = fit.specification.terms.components, fit.network.islands
    assert of is not None
    moved = sorted(map(sorted, rests_on_class(fit.specification.design)))
    return {
        "treatments": {name: of.of(name) for name in fit.treatments},
        "inactive": of.inactive, "interactions": list(of.interactions),
        "effects": [
            {name: None if value != value else value for name, value in row.items()}
            for row in fit.components().to_dict("records")
        ],
        "across_islands": [pair for pair in moved if apart[pair[0]] != apart[pair[1]]],
        **fit.additivity(),
    }  # fmt: skip


def _sums(found: dict[str, Any]) -> list[str]:
    """What rests on the sums of components, and how the data bear it."""
    if found["df_difference"] == 0:
        said = "The data cannot test whether effects of components add up"
    else:
        said = (
            f"Effects of components are taken to add up: Q {found['Q_difference']:.2f} on "
            f"{found['df_difference']} degrees of freedom, p = {found['p_difference']:.3g}, "
            f"{'against' if found['p_difference'] < DOUBTED else 'not against'} it"
        )
    across = len(found["across_islands"])
    more = f"; {across} effects across islands rest on it alone" if across else ""
    return [said + more]


def _priors(fit: Fit) -> dict[str, str | None]:
    """The priors that the model has, in the form in which they may be given."""
    model = fit.specification
    printed = model.priors.printed
    found: dict[str, str | None] = {"effects": printed["effects"]}
    if model.arms is not None:
        found["intercepts"] = printed["intercepts"]
    if any(name.startswith("beta") for name in model.names):
        found["coefficients"] = printed["coefficients"]
    if model.gaps:
        found["cuts"] = printed["cuts"]
    if model.random_cuts:
        found["cuts_sigma"] = printed["cuts_sigma"]
    if model.random:
        found |= {"tau": printed["tau"], "tau_source": model.priors.tau.source}
    if model.sigma_prior is not None:
        found["sigma"] = model.sigma_prior.formula
    return found | ({} if model.baseline is None else model.baseline.priors)


def _patients(fit: Fit) -> list[dict[str, Any]]:
    """Patients and events of every arm, by the best reconstruction."""
    patients = fit.specification.patients
    rows = []
    for number, (study, treatment) in enumerate(patients.arms if patients else ()):
        assert patients is not None
        time, event = patients.best.rough.of(number)
        rows.append({
            "study": study, "treatment": treatment, "patients": len(time),
            "events": int(event.sum()),
            "within_intervals": int(np.isfinite(patients.best.ends(number)).sum()),
        })  # fmt: skip
    return rows
