"""What the report reads: a review's results, opened once and never changed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evinet import config as configuration
from evinet import files, tables
from evinet.config import Analysis, Config, Model
from evinet.errors import InputError, Problem
from evinet.report.rows import records

if TYPE_CHECKING:
    import pandas as pd


CONFIG_VARIABLE = "EVINET_CONFIG"
RESULTS_VARIABLE = "EVINET_RESULTS"
RELEASES_VARIABLE = "EVINET_RELEASES"
_DOSE, _KEPT = r"(\d) (mg|g|GBq|MBq|Gy|%)(?!\w)", "\\1\N{NO-BREAK SPACE}\\2"
REPORTED = "reported"
"""The status of trials that have a page, also when no analysis uses them."""
_READ: dict[tuple[str, Path], tuple[tuple[int, int, int], pd.DataFrame]] = {}
"""Tables by name and file, with the state of the file."""
REMEDY = "Run `snakemake --cores all`, which makes what is missing"


@dataclass(frozen=True)
class Reconstruction:
    """Reconstructed patients of one outcome of one trial, and their comparison with the paper."""

    trial: str
    outcome: str
    folder: Path

    @cached_property
    def ipd(self) -> pd.DataFrame:
        """Table `ipd`."""
        return _read(tables.IPD, self.folder / "ipd.csv")

    @cached_property
    def quality(self) -> dict[str, Any]:
        """The comparison with everything that was published."""
        content: dict[str, Any] = files.read_json(self.folder / "quality.json")
        return content


@dataclass(frozen=True, eq=False)
class Fit:
    """One model fitted to one analysis."""

    analysis: str
    name: str
    model: Model
    folder: Path

    @cached_property
    def record(self) -> dict[str, Any]:
        """fit.json: convergence, model comparison, what was run."""
        content: dict[str, Any] = files.read_json(_existing(self.folder / "fit.json"))
        return content

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """Table `estimates`."""
        return _read(tables.ESTIMATES, self.folder / "estimates.csv")

    @cached_property
    def league(self) -> pd.DataFrame:
        """Table `league`."""
        return _read(tables.LEAGUE, self.folder / "league.csv")

    @cached_property
    def ranks(self) -> pd.DataFrame:
        """Table `ranks`."""
        return _read(tables.RANKS, self.folder / "ranks.csv")

    @property
    def scale(self) -> str:
        """What the numbers of effects are, such as ln OR or risk difference."""
        found: str = self.record["scale"]
        return found

    @property
    def any_shape(self) -> bool:
        """Whether hazards need not be proportional."""
        return self.model.any_shape

    @property
    def failures(self) -> list[str]:
        """Why the model may not be reported: gates that it failed twice."""
        found: list[str] = self.record["failures"]
        return found

    def table(self, table: tables.Table) -> list[dict[str, Any]]:
        """Rows of another table of the fit; none where the fit has no such table."""
        path = self.folder / f"{table.name}.csv"
        return records(_of_trials(_read(table, path))) if path.exists() else []

    def effect_draws(self) -> pd.DataFrame:
        """Draws of effects against the reference of the island, one column for each treatment."""
        import h5netcdf
        import pandas as pd

        with h5netcdf.File(_existing(self.folder / "posterior.nc")) as file:
            held = file["posterior"].variables
            if "d" not in held:
                return pd.DataFrame()
            drawn, names = held["d"][...], held["treatment"][...]
        names = [name.decode() if isinstance(name, bytes) else str(name) for name in names]
        return pd.DataFrame(drawn.reshape(-1, len(names)), columns=names)

    def draws(self, parameter: str) -> Any:
        """All posterior draws of a scalar parameter, as a flat array."""
        import h5netcdf

        with h5netcdf.File(_existing(self.folder / "posterior.nc")) as file:
            return file["posterior"].variables[parameter][...].ravel()


@dataclass(frozen=True)
class Results:
    """A folder of results with the configuration that it was made by."""

    root: Path
    config: Config
    """The configuration without the analyses that stand beside others."""
    releases_folder: Path | None = None
    supporting: Mapping[str, Analysis] = field(default_factory=dict)
    """The analyses that stand beside others, by name."""
    counted: dict[str, Analysis] = field(default_factory=dict)
    """The analyses of counts of patients; those of `config` are of hazard ratios."""
    _tables: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False)

    @cached_property
    def analyses(self) -> dict[str, Analysis]:
        """Every analysis by its name: of its own, beside another, of counts."""
        return {**self.config.analyses, **self.supporting, **self.counted}

    def analysis(self, name: str) -> Analysis:
        """An analysis, of its own, beside another or of counts."""
        return self.analyses[name]

    def uses(self, trial: str) -> list[str]:
        """The titles of the analyses that use a trial, of any kind."""
        return [each.title for name, each in self.analyses.items()
                if trial in set(self.studies(name)["trial"])]  # fmt: skip

    def bridge_label(self, name: str) -> str:
        """What pages call a bridge."""
        return self.config.bridges[name].label or name.replace("-", " ")

    def beside(self, analysis: str, shows: str) -> dict[str, Analysis]:
        """The analyses beside another that a page shows: `sensitivity` or `bridge`."""
        return {
            name: each
            for name, each in self.supporting.items()
            if each.supports is not None
            and (each.supports.analysis, each.supports.shows) == (analysis, shows)
        }

    def evidence(self, table: tables.Table) -> pd.DataFrame:
        """One of the evidence tables."""
        if table.name not in self._tables:
            path = self.root / "evidence" / f"{table.name}.csv"
            self._tables[table.name] = _read(table, path)
        return self._tables[table.name]

    def rows(self, table: tables.Table, trial: str | None = None) -> list[dict[str, Any]]:
        """Rows of an evidence table, of one trial or of all."""
        frame = self.evidence(table)
        return records(frame if trial is None else frame[frame["trial"] == trial])

    def arm_names(self, trial: str, arms: Iterable[str] | None = None) -> dict[str, str]:
        """Arms of a trial, all unless named, by their treatments; in words where two have one."""
        rows = {row["arm"]: row for row in self.rows(tables.ARMS, trial)}
        treatments = [row["treatment"] for row in rows.values()]
        return {
            arm: self.labels[rows[arm]["treatment"]]
            + (f" ({arm.replace('-', ' ')})" if treatments.count(rows[arm]["treatment"]) > 1
               else "")
            for arm in (rows if arms is None else arms)
        }  # fmt: skip

    @cached_property
    def facts(self) -> dict[tuple[str, str], dict[str, Any]]:
        """The facts in use, by trial and path."""
        return {(row["trial"], row["path"]): row
                for row in self.rows(tables.FACTS) if row["use"] == "used"}  # fmt: skip

    @cached_property
    def source_kinds(self) -> dict[str, str]:
        """Source -> its kind, such as news."""
        return {row["source"]: row["kind"] for row in self.rows(tables.SOURCES)}

    def nodes(self, analysis: str) -> pd.DataFrame:
        """Table `network-nodes` of an analysis."""
        path = self.root / "networks" / analysis / "nodes.csv"
        return _read(tables.NETWORK_NODES, path)

    def studies(self, analysis: str) -> pd.DataFrame:
        """Table `network-studies` of an analysis."""
        path = self.root / "networks" / analysis / "studies.csv"
        return _of_trials(_read(tables.NETWORK_STUDIES, path))

    def studied(self, analysis: str) -> list[dict[str, Any]]:
        """Rows of table `network-studies` of an analysis."""
        return records(self.studies(analysis))

    def data(self, analysis: str) -> list[dict[str, Any]]:
        """Rows of table `network-data` of an analysis: what its models are fitted to."""
        path = self.root / "networks" / analysis / "data.csv"
        return records(_of_trials(_read(tables.NETWORK_DATA, path)))

    def excluded(self, analysis: str) -> list[dict[str, Any]]:
        """Rows of table `network-excluded`: trials that the analysis names and cannot use."""
        path = self.root / "networks" / analysis / "excluded.csv"
        return records(_of_trials(_read(tables.NETWORK_EXCLUDED, path)))

    def fit(self, analysis: str, model: str) -> Fit:
        """One fit of an analysis."""
        folder = self.root / "fits" / analysis / model
        return Fit(analysis, model, self.config.models[model], _existing(folder))

    def fits(self, analysis: str) -> list[Fit]:
        """The fits of an analysis that converged, in the order of the configuration.

        All are on one scale: those whose effects are ratios of times are `time_ratios`.
        """
        found = [fit for fit in self.converged(analysis) if not fit.model.time_ratios]
        if not found:
            raise InputError(
                Problem(str(self.root / "fits" / analysis), "models", None,
                        "no model that pages start from converged, so there is nothing to report",
                        "Raise sampler.target_accept or sampler.draws, or ask simpler models")
            )  # fmt: skip
        return found

    def time_ratios(self, analysis: str) -> list[Fit]:
        """The fits of an analysis that converged and whose effects are ratios of times."""
        return [fit for fit in self.converged(analysis) if fit.model.time_ratios]

    def converged(self, analysis: str) -> list[Fit]:
        """The fits of an analysis that converged, of either scale."""
        return [fit for fit in self.every_fit(analysis) if not fit.failures]

    def every_fit(self, analysis: str) -> list[Fit]:
        """All fits of an analysis, those that did not converge too."""
        return [self.fit(analysis, name) for name in self.analysis(analysis).models]

    def by_patients(self, analysis: str, trial: str) -> Fit | None:
        """The first model with hazards of a trial's own patients that need not be proportional."""
        return next(
            (fit for fit in self.fits(analysis)
             if trial in fit.model.ipd and fit.any_shape), None,
        )  # fmt: skip

    def prediction(self, analysis: str, table: tables.Table) -> pd.DataFrame:
        """A table of predictions in all populations of an analysis."""
        path = self.root / "populations" / analysis / f"{table.name}.csv"
        return _read(table, path)

    def modified(self, analysis: str, table: tables.Table) -> list[dict[str, Any]]:
        """Rows of a table of effect modifiers of an analysis that looks into any."""
        path = self.root / "modifiers" / analysis / f"{table.name}.csv"
        return records(_of_trials(_read(table, path)))

    def predicted(
        self, analysis: str, table: tables.Table, population: str, model: str | None = None
    ) -> list[dict[str, Any]]:
        """Rows of a table of predictions: of a population, and of a model if it has models."""
        return [
            row
            for row in records(self.prediction(analysis, table))
            if row["population"] == population and (model is None or row["model"] == model)
        ]

    def own_patients(self, analysis: str, population: str) -> dict[str, pd.DataFrame]:
        """Treatment -> all reconstructions of the patients of a population's own arms."""
        trial = self.config.analyses[analysis].populations[population].trial
        study = next(row for row in records(self.studies(analysis)) if row["trial"] == trial)
        path = self.root / "ipd" / trial / study["outcome"] / "ipd.csv"
        ipd = _read(tables.IPD, path)
        arms = {study["treatment"]: study["arm"], study["comparator"]: study["comparator_arm"]}
        return {treatment: ipd[ipd["arm"] == arm] for treatment, arm in arms.items()}

    def unbridged(self, analysis: str) -> Fit:
        """The main answer: the first model of the analysis, or the first without a bridge."""
        fits = self.fits(analysis)
        return next((fit for fit in fits if fit.model.bridge is None), fits[0])

    def bridged(self, analysis: str) -> Fit | None:
        """The first model of the analysis that rests on a bridge."""
        return next((fit for fit in self.fits(analysis) if fit.model.bridge), None)

    def main(self, analysis: str) -> list[Fit]:
        """The models whose answers pages show first: the main one, and the first with a bridge."""
        return list(dict.fromkeys(filter(None, (self.unbridged(analysis), self.bridged(analysis)))))

    @cached_property
    def reconstructions(self) -> list[Reconstruction]:
        """Every outcome of every trial with a curve or numbers at risk in the evidence.

        The evidence names them: a folder that an earlier run left is not looked at.
        """
        pairs = {
            (str(row["trial"]), str(row["outcome"]))
            for table in (tables.AT_RISK, tables.CURVES)
            for row in records(self.evidence(table)[["trial", "outcome"]].drop_duplicates())
        }
        return [
            Reconstruction(trial, outcome, _existing(self.root / "ipd" / trial / outcome))
            for trial, outcome in sorted(pairs)
        ]

    def hazards(self, trial: str, outcome: str, table: tables.Table) -> list[dict[str, Any]]:
        """Rows of a table of whether the hazards of a trial's arms are proportional."""
        path = self.root / "hazards" / trial / outcome / f"{table.name}.csv"
        return records(_read(table, path))

    @cached_property
    def manifest(self) -> dict[str, Any] | None:
        """The manifest, when it was made before the report."""
        path = self.root / "manifest.json"
        return files.read_json(path) if path.exists() else None

    @property
    def fingerprint(self) -> str | None:
        """The first digits of the hash of the manifest, which names all that was there before."""
        from evinet.reproduce.manifest import content_hash

        path = self.root / "manifest.json"
        return content_hash(path)[:12] if path.exists() else None

    @cached_property
    def trial_names(self) -> dict[str, str]:
        """Names of the trials as published, by slug."""
        trials = self.evidence(tables.TRIALS)
        return dict(zip(trials["trial"], trials["name"], strict=True))

    @cached_property
    def labels(self) -> dict[str, str]:
        """Names of the treatments in plain words, by slug."""
        treatments = self.evidence(tables.TREATMENTS)
        labels = treatments["label"].str.replace(_DOSE, _KEPT, regex=True)
        return dict(zip(treatments["treatment"], labels, strict=True))

    def members(self, fit: Fit | None) -> list[str]:
        """The treatments that the bridge of a fit takes for a class."""
        bridge = self.config.bridges.get((fit and fit.model.bridge) or "")
        return list(bridge.members) if isinstance(bridge, configuration.ClassEffect) else []

    def part(self, name: str) -> str:
        """What pages call a component: as the treatment of its name, if there is one."""
        return self.labels.get(name, name.replace("-", " "))

    def islands(self, analysis: str) -> list[list[str]]:
        """Labels of the treatments of each island."""
        nodes = self.nodes(analysis)
        return [
            [self.labels[name] for name in island["treatment"]]
            for _, island in nodes.groupby("component")
        ]


def load(config: Path | str, results: Path | str, releases: Path | str | None = None) -> Results:
    """Open a folder of results, with the folder of earlier releases to compare with.

    Raises
    ------
    InputError
        The configuration is wrong, or the folder does not exist.
    """
    folder = None if releases is None else Path(releases).resolve()
    whole = configuration.load(config)
    counted = {name: each for name, each in whole.analyses.items() if each.data != "hazard-ratios"}
    beside = {name: each for name, each in whole.analyses.items() if each.supports is not None}
    own = {
        name: each
        for name, each in whole.analyses.items()
        if name not in beside and name not in counted
    }
    shown = whole.model_copy(update={"analyses": own})
    return Results(_existing(Path(results)).resolve(), shown, folder, beside, counted)


def _of_trials(frame: pd.DataFrame) -> pd.DataFrame:
    """A table with the report's word for a study."""
    names = {"study": "trial", "study_treatment": "trial_treatment",
             "study_comparator": "trial_comparator"}  # fmt: skip
    return frame.rename(columns=names)


def open_results() -> Results:
    """The results that the environment names, else those of the project around this folder.

    They are opened with the configuration that they were made by, where the run left it.

    Raises
    ------
    InputError
        There is no project around this folder, or it has no results.
    """
    if CONFIG_VARIABLE in os.environ:
        return load(
            os.environ[CONFIG_VARIABLE],
            os.environ[RESULTS_VARIABLE],
            os.environ[RELEASES_VARIABLE],
        )
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "config" / "config.yaml").exists():
            as_run = folder / "results/config.json"
            config = as_run if as_run.exists() else folder / "config/config.yaml"
            return load(config, folder / "results", folder / "releases")
    raise InputError(
        Problem(str(here), "config", None, "no config/config.yaml here or above", REMEDY)
    )


def _read(table: tables.Table, path: Path) -> pd.DataFrame:
    """A table of the results, checked once while its file stays the same: every page asks again.

    The frame is the caller's own.
    """
    found = _existing(path).stat()
    state = found.st_ino, found.st_mtime_ns, found.st_size
    before, frame = _READ.get((table.name, path), (None, None))
    if frame is None or before != state:
        frame = table.read(path)
        _READ[table.name, path] = state, frame
    return frame.copy()


def _existing(path: Path) -> Path:
    if not path.exists():
        raise InputError(Problem(str(path), "results", None, "is not there", REMEDY))
    return path
