"""An invented review, small and complete: every number here is made up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click import Command
from click.testing import CliRunner

from evinet import config as configuration
from evinet import files, tables
from evinet.report.commands import exhibits, report
from evinet.report.results import Results, load

PAGES = Path(__file__).parents[2] / "reports"

CONFIG = {
    "review": {
        "slug": "invented",
        "title": "Invented treatments of an invented disease",
        "question": "How do the invented treatments compare?",
        "data_cutoff": "2020-02-02",
    },
    "seed": 1,
    "sampler": {"chains": 2, "warmup": 100, "draws": 100},
    "heterogeneity": {"scale": 0.5, "source": "invented for the tests"},
    "bridges": {
        "low-high": {
            "members": ["low", "high"],
            "assumption": "Low and high dose have similar effects.",
            "sigma_prior": {"scale": 0.2, "source": "invented"},
        }
    },
    "models": {
        "fixed": {"label": "Fixed effects, islands apart", "effects": "fixed"},
        "random": {"label": "Random effects, islands apart", "effects": "random"},
        "class": {"label": "Doses as a class", "effects": "random", "bridge": "low-high"},
        "lumped": {"label": "Doses lumped", "effects": "fixed", "bridge": "low-high", "sigma": 0},
        "wide": {"label": "A wide class", "effects": "fixed", "bridge": "low-high", "sigma": 0.4},
    },
    "analyses": {
        "pfs": {
            "title": "Progression-free survival",
            "outcome": "pfs",
            "proxies": {"ttp": "Cedar measured time to progression."},
            "trials": ["alba", "birch", "cedar"],
            "references": ["placebo", "high"],
            "models": ["fixed", "random", "class", "lumped", "wide"],
            "populations": {
                "alba": {
                    "trial": "alba",
                    "times": [6, 12],
                    "horizon": 20,
                    "assumption": "Patients as in Alba.",
                }
            },
        }
    },
}
TREATMENTS = {"new": "New drug", "high": "High dose", "low": "Low dose", "other": "Other drug",
              "placebo": "Placebo"}  # fmt: skip
STUDIES = [
    ("alba", "new", "high", -1.0, 0.25, 2),
    ("birch", "low", "placebo", -0.7, 0.2, 1),
    ("cedar", "other", "placebo", -0.1, 0.3, 1),
]
SOURCE = {"source": "invented-2020", "locator": "p. 1"}


@pytest.fixture(scope="session")
def project(once: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    """A folder with config/config.yaml and results/ of the invented review, figures and all."""
    return once("invented", _make)


def _make(root: Path) -> None:
    files.write_json(root / "config" / "config.yaml", CONFIG)
    write_results(root / "results")
    options = ["--config", str(root / "config/config.yaml"), "--results", str(root / "results")]
    folders = ["--figures", str(root / "results/figures"),
               "--tables", str(root / "results/tables")]  # fmt: skip
    _invoke(exhibits, [*options, *folders])
    out = root / "results/report"
    _invoke(report, [*options, "--pages", str(PAGES), "--out", str(out), "--renderer", "builtin"])


@pytest.fixture(scope="session")
def results(project: Path) -> Results:
    """The invented results, opened."""
    return load(project / "config" / "config.yaml", project / "results")


@pytest.fixture(scope="session")
def site(project: Path) -> Path:
    """The rendered site of the invented review."""
    return project / "results/report"


def _invoke(command: Command, arguments: list[str]) -> None:
    done = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output


def write_results(root: Path) -> None:
    """Write everything that the stages before the report write."""
    _evidence(root / "evidence")
    _network(root / "networks" / "pfs")
    _patients(root / "ipd" / "alba" / "pfs")
    for name, model in configuration.parse(CONFIG).models.items():
        _fit(root / "fits" / "pfs" / name, bridged=model.bridge is not None)
    _predictions(root / "populations" / "pfs")
    _hazards(root / "hazards" / "alba" / "pfs")
    files.write_json(
        root / "manifest.json",
        {"seed": 1, "files": {"evidence/trials.csv": "0" * 64}, "versions": {"numpy": "2.0"},
         "python": "3.11", "platform": "Linux x86_64"},
    )  # fmt: skip


def _evidence(folder: Path) -> None:
    rows: dict[str, list[dict[str, object]]] = {table.name: [] for table in tables.EVIDENCE}
    for trial, treatment, comparator, log_estimate, se, _ in STUDIES:
        rows["trials"].append(
            {"trial": trial, "name": trial.upper(), "status": "reported", "year": 2020,
             "tier": "B" if trial == "alba" else "C"}
        )  # fmt: skip
        for arm in (treatment, comparator):
            rows["arms"].append({"trial": trial, "arm": arm, "treatment": arm, "n_randomised": 60})
            for category, n in (("yes", 20), ("no", 40)):
                rows["populations"].append(
                    {"trial": trial, "arm": arm, "characteristic": "progressed", "n": n,
                     "category": category, **SOURCE}
                )  # fmt: skip
        rows["contrasts"].append(
            {"trial": trial, "report": "primary", "outcome": "pfs", "assessor": "bicr",
             "arm": treatment, "comparator": comparator, "measure": "hr", "level": 0.95,
             "estimate": np.exp(log_estimate), "lower": np.exp(log_estimate - 1.96 * se),
             "upper": np.exp(log_estimate + 1.96 * se), "log_estimate": log_estimate, "se": se,
             "selected": True, **SOURCE}
        )  # fmt: skip
        for use, reason in (("used", None), ("rejected", "an <earlier> | cut-off")):
            rows["facts"].append(
                {"trial": trial, "path": "outcomes.pfs.hr", "line": 12, "value": "0.37",
                 "printed": "0·37", "use": use, "reason": reason, **SOURCE}
            )  # fmt: skip
        rows["checks"].append(
            {"trial": trial, "path": "outcomes.pfs.hr", "rule": "ci-holds-estimate",
             "verdict": "pass", "found": "0.37", "expected": "0.23 to 0.60"}
        )  # fmt: skip
    rows["at-risk"] = [
        {"trial": "alba", "report": "primary", "outcome": "pfs", "arm": "new", "time": 0, "n": 60,
         **SOURCE}
    ]  # fmt: skip
    for table in tables.EVIDENCE:
        table.write(folder / f"{table.name}.csv", table.frame(rows[table.name]))
    treatments = [{"treatment": slug, "label": label} for slug, label in TREATMENTS.items()]
    tables.TREATMENTS.write(folder / "treatments.csv", tables.TREATMENTS.frame(treatments))
    source = {"source": "invented-2020", "kind": "publication", "citation": "Invented, 2020"}
    tables.SOURCES.write(folder / "sources.csv", tables.SOURCES.frame([source]))
    for table in tables.WATCH:
        table.write(folder / f"{table.name}.csv", table.frame([]))
    signal = {"drug": "New drug", "event": "fever", "measure": "reporting odds ratio",
              "value": 2.5, "lower": 1.5, "upper": 4.0, **SOURCE}  # fmt: skip
    found = {"nma": "Elder 2019", "outcome": "pfs", "measure": "hr", "treatment_published": "NEW",
             "comparator_published": "HIGH", "treatment": "new", "comparator": "high",
             "estimate": 0.4, "lower": 0.2, "upper": 0.8, **SOURCE}  # fmt: skip
    tables.PUBLISHED_NMAS.write(folder / "published-nmas.csv", tables.PUBLISHED_NMAS.frame([found]))
    tables.SAFETY_SIGNALS.write(
        folder / "safety-signals.csv", tables.SAFETY_SIGNALS.frame([signal])
    )


def _network(folder: Path) -> None:
    studies = [
        {"study": trial, "treatment": a, "comparator": b, "outcome": "pfs", "tier": "C",
         "arm": a, "comparator_arm": b,
         "log_estimate": log_estimate, "se": se, "component": component,
         "report": "primary", "assessor": "bicr", **SOURCE}
        for trial, a, b, log_estimate, se, component in STUDIES
    ]  # fmt: skip
    tables.NETWORK_STUDIES.write(folder / "studies.csv", tables.NETWORK_STUDIES.frame(studies))
    island = {"placebo": 1, "low": 1, "other": 1, "high": 2, "new": 2}
    nodes = [
        {"treatment": name, "label": TREATMENTS[name], "component": component, "trials": 1,
         "patients": 60}
        for name, component in island.items()
    ]  # fmt: skip
    tables.NETWORK_NODES.write(folder / "nodes.csv", tables.NETWORK_NODES.frame(nodes))
    excluded = [{"study": "cedar", "reason": "its second report has no hazard ratio"}]
    tables.NETWORK_EXCLUDED.write(folder / "excluded.csv", tables.NETWORK_EXCLUDED.frame(excluded))


def _patients(folder: Path) -> None:
    random = np.random.default_rng(1)
    rows, arms = [], {}
    for arm, mean in (("new", 20.0), ("high", 8.0)):
        for draw in range(3):
            times = np.minimum(random.exponential(mean, 60), 24.0)
            rows += [
                {
                    "study": "netter-2",
                    "draw": draw,
                    "arm": arm,
                    "treatment": arm,
                    "time": time,
                    "event": int(time < 24),
                }
                for time in times
            ]
        arms[arm] = {
            "n": 60,
            "events": {"printed": 40, "reconstructed": 40},
            "median": {"printed": 14.0, "printed_lower": 11.0, "printed_upper": None,
                       "reconstructed": 14.1},
            "at_risk": [{"time": t, "printed": 60 - 5 * t, "reconstructed": 60 - 5 * t}
                        for t in range(0, 12, 2)],
        }  # fmt: skip
    tables.IPD.write(folder / "ipd.csv", tables.IPD.frame(rows))
    files.write_json(
        folder / "quality.json",
        {"trial": "alba", "outcome": "pfs", "method": "invented", "tier": "B", "grade": "good",
         "draws": 2, "arms": arms,
         "flags": [{"code": "median", "arm": "new", "message": "new: median off by 0.1"}],
         "contrast": {"hr": {"printed": 0.37, "printed_lower": 0.23, "printed_upper": 0.6,
                             "reconstructed": 0.39, "reconstructed_lower": 0.25,
                             "reconstructed_upper": 0.62}}},
    )  # fmt: skip


def _fit(folder: Path, bridged: bool) -> None:
    import xarray

    effect = {"placebo": 0.0, "low": -0.7, "other": -0.1, "high": -0.7, "new": -1.7}
    island = {"placebo": 1, "low": 1, "other": 1, "high": 1 if bridged else 2,
              "new": 1 if bridged else 2}  # fmt: skip
    league = [
        {"treatment": a, "comparator": b, "component": island[a],
         "bridged": bridged and {a, b} != {"high", "new"},
         "crosses": bridged and (a in ("high", "new")) != (b in ("high", "new")),
         "mean": effect[a] - effect[b], "sd": 0.2, "q2.5": effect[a] - effect[b] - 0.4,
         "q50": effect[a] - effect[b], "q97.5": effect[a] - effect[b] + 0.4,
         "p_better": 0.9 if effect[a] < effect[b] else 0.1, "prior_only": False,
         "predict_q2.5": effect[a] - effect[b] - 1, "predict_q97.5": effect[a] - effect[b] + 1}
        for a in effect for b in effect if a != b and island[a] == island[b]
    ]  # fmt: skip
    tables.LEAGUE.write(folder / "league.csv", tables.LEAGUE.frame(league))
    ranks = []
    for component in set(island.values()):
        names = [name for name in effect if island[name] == component]
        for best, name in enumerate(sorted(names, key=effect.__getitem__), 1):
            ranks += [
                {"component": component, "treatment": name, "rank": rank,
                 "probability": 0.9 if rank == best else 0.1 / (len(names) - 1),
                 "sucra": 1 - (best - 1) / (len(names) - 1), "prior_only": False}
                for rank in range(1, len(names) + 1)
            ]  # fmt: skip
    tables.RANKS.write(folder / "ranks.csv", tables.RANKS.frame(ranks))
    estimates = [
        {"parameter": "tau", "mean": 0.4, "sd": 0.29, "q2.5": 0.01, "q50": 0.33, "q97.5": 1.1,
         "ess_bulk": 400, "ess_tail": 350, "rhat": 1.001}
    ]  # fmt: skip
    tables.ESTIMATES.write(folder / "estimates.csv", tables.ESTIMATES.frame(estimates))
    convergence = {"rhat_max": 1.001, "ess_bulk_min": 900.0, "ess_tail_min": 800.0,
                   "bfmi_min": 0.9, "divergences": 0}  # fmt: skip
    files.write_json(
        folder / "fit.json",
        {"convergence": convergence, "failures": [], "deviance": 3.0, "pD": 3.0, "DIC": 6.0,
         "data_points": 3, "reconstructions": 1, "priors": {}},
    )  # fmt: skip
    _robustness(folder, bridged)
    tau = np.abs(np.random.default_rng(2).normal(0, 0.5, (2, 200)))
    drawn = np.zeros((2, 200, len(effect)))
    drawn[...] = list(effect.values())
    if not bridged:
        drawn[..., [3, 4]] -= effect["high"]
    posterior = xarray.Dataset(
        {"tau": (("chain", "draw"), tau), "d": (("chain", "draw", "treatment"), drawn)},
        coords={"treatment": list(effect)},
    )
    posterior.to_netcdf(folder / "posterior.nc", group="posterior", engine="h5netcdf")


def _predictions(folder: Path) -> None:
    """Exponential survival in Alba; with the bridge of `class` on low dose as well."""
    curves, times, observed = [], [], []
    for model, hazards in (
        ("fixed", {"new": 0.01, "high": 0.125}),
        ("class", {"new": 0.01, "high": 0.125, "low": 0.08}),
    ):
        for treatment, hazard in hazards.items():
            row = {"population": "alba", "model": model, "treatment": treatment,
                   "comparator": "high", "bridged": treatment == "low"}  # fmt: skip
            for time in range(0, 25, 3):
                low, mid, high = (float(np.exp(-hazard * f * time)) for f in (1.3, 1, 0.7))
                curves.append({**row, "time": time, "q2.5": low, "q50": mid, "q97.5": high})
                if time in (6, 12) and treatment != "low":
                    seen = float(np.exp(-time / {"new": 20, "high": 8}[treatment]))
                    observed.append(
                        {
                            **curves[-1],
                            "observed": seen,
                            "observed_lowest": seen,
                            "observed_highest": seen,
                            "held": treatment == "high",
                        }
                    )
            for measure, value in (("rmst", 15.0), ("rmst-gain", 0.0), ("median", None)):
                known = {"q2.5": value, "q50": value, "q97.5": value}
                times.append({**row, "measure": measure, "horizon": 20, **known})
    gain = {"population": "alba", "treatment": "new", "comparator": "high", "horizon": 20,
            "measure": "rmst-gain", "q2.5": 3.0, "q50": 5.0, "q97.5": 7.0}  # fmt: skip
    for table, rows in (
        (tables.PREDICTED_SURVIVAL, curves),
        (tables.PREDICTED_TIMES, times),
        (tables.PREDICTED_RATIOS, []),
        (tables.PREDICTED_OBSERVED, observed),
        (
            tables.SURVIVAL_DRAWS,
            [
                {
                    "population": "alba",
                    "treatment": "high",
                    "draw": draw,
                    "time": time,
                    "survival": float(np.exp(-0.125 * time)),
                }
                for draw in (1, 2)
                for time in range(25)
            ],
        ),
        (tables.OBSERVED_TIMES, [gain]),
    ):
        table.write(folder / f"{table.name}.csv", table.frame(rows))


def _hazards(folder: Path) -> None:
    pair = {"arm": "new", "comparator": "high"}
    tests = [{**pair, "draws": 2, "p": 0.002, "p_lowest": 0.001, "p_highest": 0.01}]
    periods = [
        {**pair, "start": start, "end": start + 6.0, "events": 3.0, "events_comparator": 9.0,
         "q2.5": middle - 1, "q50": middle, "q97.5": middle + 1}
        for start, middle in ((0.0, -3.0), (6.0, -0.5))
    ]  # fmt: skip
    for table, rows in ((tables.PROPORTIONALITY, tests), (tables.HAZARD_PERIODS, periods)):
        table.write(folder / f"{table.name}.csv", table.frame(rows))


def _robustness(folder: Path, bridged: bool) -> None:
    """The tables of what an answer rests on."""
    pair = {"treatment": "new", "comparator": "placebo" if bridged else "high"}
    shares = [("alba", "new", "high", 0.6), ("birch", "low", "placebo", 0.3)]
    low = {"treatment": "low", "comparator": "placebo"}
    written: dict[str, list[dict[str, object]]] = {
        tables.CONTRIBUTION.name: [
            {**pair, "study": trial, "study_treatment": a, "study_comparator": b,
             "weight": share, "share": share}
            for trial, a, b, share in (shares if bridged else [(*shares[0][:3], 1.0)])
        ],
        tables.MARGINS.name: [
            {**pair, "component": 1, "bridged": bridged, "ratio": value, "probability": chance}
            for value, chance in ((1.0, 0.97), (0.8, 0.9))
        ],
        tables.INFLUENCE.name: [
            {"study": "alba", **pair, "status": "nothing connects the pair any more"},
            {"study": "cedar", **low, "status": "estimated", "mean": -0.6, "sd": 0.2,
             "q2.5": -1.0, "q50": -0.6, "q97.5": -0.2, "shift": 0.1},
        ],
        tables.THRESHOLD.name: [
            {"component": 1, "study": "birch", **low, "best": "low", "log_estimate": -0.7,
             "upper": -0.1, "upper_best": "other", "inside_interval": False},
            {"component": 1, "study": "cedar", **low, "best": "low", "log_estimate": -0.6,
             "inside_interval": False},
            {"component": 2, "study": "alba", **pair, "best": "new", "log_estimate": -1.0,
             "upper": 0.0, "upper_best": "high", "inside_interval": False},
        ],
        tables.PREDICTIVE.name: [
            {"study": "alba", "treatment": "new", "comparator": "high", "observed": -1.0,
             "prior_q2.5": -20, "prior_q97.5": 20, "prior_p": 0.9, "posterior_q2.5": -1.5,
             "posterior_q97.5": -0.5, "posterior_p": 0.8}
        ],
        tables.POWERSCALE.name: [
            {"parameter": "tau", "component": "prior of tau", "sensitivity": 0.3,
             "finding": "the prior speaks"},
            {"parameter": "d[low]", "component": "likelihood", "sensitivity": 0.2},
        ],
        tables.INCONSISTENCY.name: [
            {"component": 1, "method": "loops", "finding": "no closed loop: nothing to test"},
            {"component": 2, "method": "loops", "finding": "no closed loop: nothing to test"},
        ],
    }  # fmt: skip
    if bridged:
        written[tables.TIPPING.name] = [
            {**pair, "q2.5": -2.1, "q50": -1.7, "q97.5": -1.3, "shift": 1.3, "ratio": 3.67}
        ]
    for table in tables.ALL:
        if table.name not in written:
            continue
        rows = written[table.name]
        table.write(folder / f"{table.name}.csv", table.frame(rows))
