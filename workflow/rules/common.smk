# What the other files here share: the validated configuration, the index of the data, code digests.
# No rules here.
from functools import cache
from pathlib import Path

from snakemake.exceptions import WorkflowError

from evinet import config as configuration
from evinet import document, files, tables
from evinet.errors import InputError
from evinet.extract import load, review
from evinet.report import project
from evinet.reproduce.digest import code_digest, content_digest
from evinet.reproduce.manifest import MODULES
from evinet.simulate import study as studies
from evinet.synthesise import OF_COVARIATES

OWN = "config/config.yaml"


def at_the_door(check, *arguments):
    """What a check returns; bad input stops the workflow before any work."""
    try:
        return check(*arguments)
    except InputError as error:
        raise WorkflowError(f"bad input\n{error}")


# Read here first: a mistake in the file is told with its line. A workflow that uses this one as a
# module may hand over a configuration that it holds elsewhere.
WRITTEN = [at_the_door(document.load, Path(OWN))] if Path(OWN).exists() else []


configfile: OWN


WRITTEN += [
    at_the_door(document.load, Path(path))
    for path in workflow.overwrite_configfiles
    if Path(path).suffix != ".json"
]

# Snakemake puts what an overlay adds before what it is laid on; pages keep the review's own first.
for part in ("models", "analyses"):
    tree = WRITTEN[0].tree if WRITTEN else None
    own = tree.get(part) if isinstance(tree, dict) else None
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
OWN_DOCUMENTS = [str(path) for path in project.documents(Path("reports"))]
DOCUMENTS = Path("reports") if OWN_DOCUMENTS else project.DOCUMENTS
STORED = workflow.storage_settings.default_storage_provider is not None

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


def folders(paths, before=""):
    """The folders of some files, each once, with an option before each."""
    return [
        before + each
        for each in dict.fromkeys(str(Path(path).parent) for path in paths)
    ]


def write_configuration():
    """The configuration as it is run, command-line overrides included.

    It is no rule's output. As an input it would refit every model for a new title, and where an
    input is called ancient, Snakemake does not see that a rule's parameters changed in the same
    run. Rules take the sections that they depend on as parameters instead. Analyses and models
    keep the order in which the review names them.
    """
    files.write_json(CONFIG_FILE, SECTIONS, sort_keys=False)


def folder_of(paths, name, before):
    """The folder of the file of that name among some files, with an option before it."""
    return [f"{before}{Path(path).parent}" for path in paths if Path(path).name == name]


def in_report(path, caption, subcategory, label):
    """A figure that `snakemake --report` shows as well."""
    return report(
        path,
        caption=f"../report/{caption}.rst",
        category="Figures",
        subcategory=subcategory,
        labels={"figure": label},
    )


def status(trial):
    """The status of a trial, empty where its file has none: the trial's extraction tells that."""
    written = at_the_door(document.load, Path(DATA, "trials", trial, "trial.yaml")).tree
    return written.get("status", "") if isinstance(written, dict) else ""


def files_of(group):
    """Names of the tables of a group in `evinet.tables`."""
    return [f"{table.name}.csv" for table in getattr(tables, group)]


DIGITISED = (
    "axis.yaml",
    "curve.csv",
    "marks.csv",
    "at-risk.csv",
    "digitisation.json",
    "figure.png",
    "overlay.html",
    "editor.html",
)

# What the jobs of a model write, and what else follows from an analysis.
FIT_FILES = ["fit.json", "posterior.nc", *files_of("FIT")]
ANSWER_FILES = files_of("ANSWERS")
PREDICTIONS = [table.name for table in tables.PREDICTED]
FITTED = [
    f"results/fits/{analysis}/{model}/{file}"
    for analysis, asked in CONFIG.analyses.items()
    for model in asked.models
    for file in (*FIT_FILES, *ANSWER_FILES)
]
PREDICTED = [
    f"results/populations/{name}/{table}.csv"
    for name, analysis in CONFIG.analyses.items()
    if analysis.populations
    for table in PREDICTIONS
]
MODIFIED = [
    f"results/modifiers/{name}/{table.name}.csv"
    for name, analysis in CONFIG.analyses.items()
    if analysis.modifiers
    for table in tables.MODIFIED
]
HAZARDS = [
    f"results/hazards/{trial}/{outcome}/{file}"
    for trial, outcome in RECONSTRUCTED
    for file in files_of("HAZARDS")
]
BY_TRIAL = [
    f"results/evidence/trials/{trial}/{table}.csv"
    for trial in TRIALS
    for table in EVIDENCE
]
WATCHED = [f"results/evidence/{table}.csv" for table in WATCH]
MADE = [
    *[f"results/evidence/{table}.csv" for table in EVIDENCE + REVIEW],
    *[
        f"results/digitised/{trial}/{outcome}/{file}"
        for trial, outcome in FIGURES
        for file in DIGITISED
    ],
    *[
        f"results/ipd/{trial}/{outcome}/{file}"
        for trial, outcome in RECONSTRUCTED
        for file in ("ipd.csv", "quality.json")
    ],
    *[
        f"results/networks/{analysis}/{table}.csv"
        for analysis in CONFIG.analyses
        for table in ("studies", "nodes", "excluded", "data")
    ],
    *FITTED,
    *PREDICTED,
    *MODIFIED,
    *HAZARDS,
]
"""Every result that figures, tables and pages are made of."""
WORDS = {"label", "title", "source", "assumption", "cautions", "distribution"}
"""Fields of the configuration that are printed and change no result."""


def section(name):
    """A section of the configuration as plain values: rules rerun when theirs changes."""
    return SECTIONS[name]


def without_words(values):
    """Plain values without what is only printed."""
    if isinstance(values, dict):
        return {
            name: without_words(value)
            for name, value in values.items()
            if name not in WORDS
        }
    if isinstance(values, list):
        return [without_words(value) for value in values]
    return values


def chosen_by(analysis):
    """What of an analysis decides what its trials bring."""
    names = (
        "outcome",
        "data",
        "event",
        "grades",
        "trials",
        "assessors",
        "references",
        "instead",
    )
    values = section("analyses")[analysis]
    return {name: values[name] for name in names} | {"proxies": list(values["proxies"])}


def fitted_by(analysis):
    """What of an analysis its fits depend on, beside its data."""
    values = section("analyses")[analysis]
    return [values["data"], values["references"], values["better"]]


def model_of(model):
    """A model without its label, with the bridge that it uses."""
    values = without_words(section("models")[model])
    del values["node_split"]
    bridge = section("bridges").get(values["bridge"])
    return [values, without_words(bridge)]


@cache
def _code(command, covariates):
    entry = f"evinet.synthesise.commands:{command}"
    return code_digest(entry, without=() if covariates else OF_COVARIATES)


def code_of(command, model):
    """The code that a command about one model runs."""
    return _code(command, CONFIG.models[model].regression is not None)


def ipd_of(analysis, model):
    """Reconstructions that a model of an analysis uses."""
    return reconstructions(analysis, CONFIG.models[model].ipd)


def covariates_of(model):
    """Tables of patients and of covariates that a model names."""
    asked = CONFIG.models[model].regression
    return asked.files if asked else []


def population_ipd(analysis):
    """Reconstructions of the populations of an analysis, and of its models."""
    asked = CONFIG.analyses[analysis]
    trials = {each.trial for each in asked.populations.values()}
    trials |= {trial for model in asked.models for trial in CONFIG.models[model].ipd}
    return reconstructions(analysis, trials)


def reconstructions(analysis, trials):
    """Reconstructions of an analysis's outcome in some trials, the outcome itself before proxies."""
    asked = CONFIG.analyses[analysis]
    found = []
    for trial in sorted(set(trials) & set(asked.trials)):
        known = [
            outcome
            for outcome in (asked.outcome, *asked.proxies)
            if (trial, outcome) in RECONSTRUCTED
        ]
        found += [f"results/ipd/{trial}/{outcome}/ipd.csv" for outcome in known[:1]]
    return found


def fits_of(analysis):
    """The posteriors of an analysis, and what its fits say of themselves."""
    return [
        f"results/fits/{analysis}/{model}/{file}"
        for model in CONFIG.analyses[analysis].models
        for file in ("fit.json", "posterior.nc")
    ]


def threads_of(analysis, model):
    """One for an exact posterior, one a chain for a sampled one."""
    sampled = (
        ipd_of(analysis, model) or CONFIG.analyses[analysis].data != "hazard-ratios"
    )
    return CONFIG.sampler.chains if sampled else 1


# The simulation study, where there is one.
STUDY_FILE = studies.FILE
STUDY = at_the_door(studies.load, STUDY_FILE) if Path(STUDY_FILE).exists() else None
STUDIED = STUDY.model_dump(mode="json") if STUDY else {}


def simulated_by(scenario):
    """What of the study decides the replicates of a scenario; the size of batches does not."""
    asked = without_words(STUDIED["scenarios"][scenario])
    models = {name: without_words(STUDIED["models"][name]) for name in asked["models"]}
    return [asked, models, STUDIED["sampler"], STUDIED["seed"]]


def simulated(wildcards):
    """The tables of all jobs of the study."""
    if STUDY is None:
        raise WorkflowError(
            f"{STUDY_FILE} is missing: docs/simulation.md says how to write it"
        )
    return [f"results/simulation/batches/{name}" for name in STUDY.tables()]


wildcard_constraints:
    trial="|".join(TRIALS) or "none",
    outcome="[a-z0-9-]+",
    analysis="|".join(CONFIG.analyses),
    model="|".join(CONFIG.models),
