# What the other files here share: the validated configuration, the index of the data, code digests.
# No rules here.
import sys
from pathlib import Path

from snakemake.common.configfile import load_configfile
from snakemake.exceptions import WorkflowError

sys.path.insert(0, str(Path(workflow.basedir) / "src"))

from evinet import config as configuration
from evinet import files, tables
from evinet.errors import InputError
from evinet.reproduce.digest import code_digest

# Snakemake puts what an overlay adds before what it is laid on; pages keep the review's own first.
OWN = load_configfile("config/config.yaml")
for part in ("models", "analyses"):
    if isinstance(OWN.get(part), dict):
        config[part] = {key: config[part][key] for key in (*OWN[part], *config[part])}

try:
    CONFIG = configuration.parse(
        config, workflow.configfiles[0] if workflow.configfiles else "config"
    )
except InputError as error:
    raise WorkflowError(f"bad input\n{error}")

SECTIONS = CONFIG.model_dump(mode="json")
CONFIG_FILE = "results/config.json"
DATA = CONFIG.review.data
TRIALS = sorted(glob_wildcards(f"{DATA}/trials/{{trial,[a-z0-9-]+}}/trial.yaml").trial)
EVIDENCE = [table.name for table in tables.EVIDENCE]
REVIEW = [tables.TREATMENTS.name, tables.SOURCES.name, tables.SAFETY_SIGNALS.name]
WATCH = [table.name for table in tables.WATCH]


def curves_of(kind):
    """(trial, outcome) of every file data/raw/trials/<trial>/<kind>/<outcome>.csv."""
    found = glob_wildcards(
        f"{DATA}/trials/{{trial,[a-z0-9-]+}}/{kind}/{{outcome,[a-z0-9-]+}}.csv"
    )
    return set(zip(found.trial, found.outcome))


RECONSTRUCTED = sorted(curves_of("at-risk") | curves_of("curves"))


def trial_files(trial):
    """Every file of a trial's folder: a new one reruns the trial."""
    return sorted(
        str(path) for path in Path(DATA, "trials", trial).rglob("*") if path.is_file()
    )


def needed_ipd(analysis):
    """Reconstructions that the models of an analysis use."""
    outcomes = [CONFIG.analyses[analysis].outcome, *CONFIG.analyses[analysis].proxies]
    trials = {
        trial
        for model in CONFIG.analyses[analysis].models
        for trial in CONFIG.models[model].ipd
    }
    return [
        f"results/ipd/{trial}/{outcome}/ipd.csv"
        for trial, outcome in RECONSTRUCTED
        if trial in trials and outcome in outcomes
    ]


def population_ipd(analysis):
    """Reconstructions whose patients are the populations of an analysis."""
    outcomes = [CONFIG.analyses[analysis].outcome, *CONFIG.analyses[analysis].proxies]
    trials = {each.trial for each in CONFIG.analyses[analysis].populations.values()}
    return [
        f"results/ipd/{trial}/{outcome}/ipd.csv"
        for trial, outcome in RECONSTRUCTED
        if trial in trials and outcome in outcomes
    ]


# Folders of predictions, of the analyses that name populations.
PREDICTED = [
    f"results/populations/{name}"
    for name, analysis in CONFIG.analyses.items()
    if analysis.populations
]


def without_populations(analysis):
    """An analysis as plain values, but for what is only predicted from it."""
    values = section("analyses")[analysis]
    return {name: value for name, value in values.items() if name != "populations"}


def section(name):
    """A section of the configuration as plain values: rules rerun when theirs changes."""
    return SECTIONS[name]


def models_of(analysis):
    """The models of an analysis as plain values."""
    return {name: section("models")[name] for name in CONFIG.analyses[analysis].models}


wildcard_constraints:
    trial="|".join(TRIALS) or "none",
    outcome="[a-z0-9-]+",
    analysis="|".join(CONFIG.analyses),
