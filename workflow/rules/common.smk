# What the other files here share: the validated configuration, the index of the data, code digests.
# No rules here.
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

sys.path.insert(0, str(Path(workflow.basedir) / "src"))

from evinet import config as configuration
from evinet import document, files, tables
from evinet.errors import InputError
from evinet.extract import load, review
from evinet.reproduce.digest import code_digest
from evinet.reproduce.manifest import MODULES

OWN = "config/config.yaml"


def at_the_door(check, *arguments):
    """What a check returns; bad input stops the workflow before any work."""
    try:
        return check(*arguments)
    except InputError as error:
        raise WorkflowError(f"bad input\n{error}")


# Read here first: a mistake in the file is told with its line.
WRITTEN = [at_the_door(document.load, Path(OWN))]


configfile: OWN


WRITTEN += [
    at_the_door(document.load, Path(path))
    for path in workflow.overwrite_configfiles
    if Path(path).suffix != ".json"
]

# Snakemake puts what an overlay adds before what it is laid on; pages keep the review's own first.
for part in ("models", "analyses"):
    own = WRITTEN[0].tree.get(part) if isinstance(WRITTEN[0].tree, dict) else None
    if isinstance(own, dict):
        config[part] = {key: config[part][key] for key in (*own, *config[part])}

CONFIG = at_the_door(configuration.parse, config, *WRITTEN)
SECTIONS = CONFIG.model_dump(mode="json")
CONFIG_FILE = "results/config.json"
DATA = CONFIG.review.data
TRIALS = at_the_door(review.check, CONFIG, *WRITTEN)
TRIAL_FILES = {
    trial: at_the_door(load.trial_files, Path(DATA), trial) for trial in TRIALS
}
INPUTS = [str(path) for path in at_the_door(load.input_files, Path(DATA))]
EVIDENCE = [table.name for table in tables.EVIDENCE]
REVIEW = [
    tables.TREATMENTS.name,
    tables.SOURCES.name,
    tables.SAFETY_SIGNALS.name,
    tables.PUBLISHED_NMAS.name,
]
WATCH = [table.name for table in tables.WATCH]


FIGURES = {
    (trial, each.outcome): each
    for trial in TRIALS
    for each in at_the_door(load.figures, Path(DATA), trial)
}

# (trial, outcome) of every file of numbers at risk or of a curve, and of every figure.
RECONSTRUCTED = sorted(
    {
        (trial, path.stem)
        for trial, found in TRIAL_FILES.items()
        for path in found
        if path.suffix == ".csv"
    }
    | set(FIGURES)
)


def digitised(trial, outcome=None):
    """The folders of a trial's digitised figures."""
    return [
        f"results/digitised/{each}/{of}"
        for each, of in sorted(FIGURES)
        if each == trial and outcome in (None, of)
    ]


def status(trial):
    """The status of a trial, empty where its file has none: the trial's extraction tells that."""
    written = at_the_door(document.load, Path(DATA, "trials", trial, "trial.yaml")).tree
    return written.get("status", "") if isinstance(written, dict) else ""


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


def that_matters(analysis):
    """An analysis as plain values, but for what is only predicted from it or told of it."""
    values = section("analyses")[analysis]
    told = ("populations", "questions", "supports", "title", "cautions")
    return {name: value for name, value in values.items() if name not in told}


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
