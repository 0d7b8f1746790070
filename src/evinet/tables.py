"""The tables at which the stages meet: their columns, units and keys.

Times are in months, hazard ratios on the natural-log scale (`log_estimate`), `log_estimate < 0`
favours `arm` over `comparator`. An empty cell is a value that is not known. docs/tables.md is
generated from this module; `evinet.table` says how such tables are read and written.
"""

from __future__ import annotations

from evinet.table import Table as Table
from evinet.table import flag, integer, number, text

_PROVENANCE = {
    "source": text("key of the source in data/raw/sources.yaml", required=True),
    "locator": text("where in the source: page, table, figure, section", required=True),
}
_STUDY = {"study": text("study; in a review its trial slug", required=True)}
_TRIAL = {"trial": text("trial slug", required=True)}
_REPORT = {
    **_TRIAL,
    "report": text("slug of the report of the trial: primary, final, label, ...", required=True),
}
_INTERVAL = {
    "lower": number("lower confidence limit"),
    "upper": number("upper confidence limit; empty when not estimable"),
    "level": number("confidence level, 0.95 unless printed otherwise"),
}

_NOTE = {"note": text("what a reader of the value should know")}
_RESULT = {**_REPORT, "outcome": text("outcome slug", required=True)}
_ARM_RESULT = {
    **_RESULT,
    "assessor": text("bicr, investigator or unstated"),
    "arm": text("arm slug", required=True),
}
_RATIO = {
    "comparator": text("arm slug", required=True),
    "measure": text("hr or or", required=True),
    "estimate": number("ratio as published", required=True),
    **_INTERVAL,
}
_PAIR = {
    "treatment": text("treatment slug", required=True),
    "comparator": text("treatment slug", required=True),
}
_DRAWN = {
    "mean": number("posterior mean", required=True),
    "sd": number("posterior standard deviation", required=True),
    "q2.5": number("2.5 % quantile", required=True),
    "q50": number("median", required=True),
    "q97.5": number("97.5 % quantile", required=True),
}

TRIALS = Table(
    "trials",
    "One row for each trial.",
    {
        **_TRIAL,
        "name": text("name as published", required=True),
        "status": text("reported, ongoing or non-comparative", required=True),
        "registration": text("registry number"),
        "doi": text("DOI of the main publication"),
        "year": integer("year of the main publication"),
        "phase": text("phase"),
        "design": text("design in a phrase"),
        "note": text("what a reader of any of its results should know"),
        "tier": text("evidence tier: A curve, B numbers at risk, C summary only", required=True),
    },
    key=("trial",),
)
REPORTS = Table(
    "reports",
    "One row for each report of a trial: which analysis it is, in words.",
    {
        **_REPORT,
        "title": text("which analysis, in words", required=True),
        "data_cutoff": text("date of the data cut-off"),
        "follow_up": number("median follow-up in months"),
        **_NOTE,
    },
    key=("trial", "report"),
)
ARMS = Table(
    "arms",
    "One row for each arm, as randomised.",
    {
        **_TRIAL,
        "arm": text("arm slug", required=True),
        "treatment": text("treatment slug (data/raw/treatments.yaml)", required=True),
        "description": text("treatment as published"),
        "dose": text("dose as published"),
        "n_randomised": integer("patients randomised (analysis set of the main report)"),
        "n_treated": integer("patients treated (safety set)"),
    },
    key=("trial", "arm"),
)
TREATMENTS = Table(
    "treatments",
    "The nodes of the networks.",
    {
        "treatment": text("treatment slug", required=True),
        "label": text("name in plain words", required=True),
        "class": text("class slug, for class effects"),
        "class_label": text("class in plain words"),
    },
    key=("treatment",),
)
SURVIVAL = Table(
    "survival",
    "Time-to-event results of one arm: events and median.",
    {
        **_REPORT,
        "outcome": text("outcome slug: pfs, os, ttp", required=True),
        "assessor": text("bicr, investigator or unstated"),
        "arm": text("arm slug", required=True),
        "n": integer("patients analysed; empty when not stated, never those randomised instead"),
        "events": integer("events"),
        "median": number("median in months; empty when not reached or not known"),
        "not_reached": flag("whether the median was printed as not reached"),
        **_INTERVAL,
        **_NOTE,
        **_PROVENANCE,
    },
    key=("trial", "report", "outcome", "assessor", "arm"),
)
LANDMARKS = Table(
    "landmarks",
    "Survival at a stated time.",
    {
        **_ARM_RESULT,
        "time": number("months", required=True),
        "survival": number("proportion, 0 to 1", required=True),
        **_INTERVAL,
        **_NOTE,
        **_PROVENANCE,
    },
    key=("trial", "report", "outcome", "assessor", "arm", "time"),
)
CONTRASTS = Table(
    "contrasts",
    "Published relative effects of two arms.",
    {
        **_ARM_RESULT,
        **_RATIO,
        "p": text("P value as printed"),
        "stratified": flag("whether the analysis was stratified"),
        "log_estimate": number("natural log of the estimate", required=True),
        "se": number("standard error of log_estimate, from the confidence limits"),
        "selected": flag("whether the stated rule chose it for analyses", required=True),
        **_NOTE,
        **_PROVENANCE,
    },
    key=("trial", "report", "outcome", "assessor", "arm", "comparator", "measure"),
)
REJECTED_CONTRASTS = Table(
    "rejected-contrasts",
    "Relative effects that other sources give and that were not used.",
    {
        **_ARM_RESULT,
        **_RATIO,
        "log_estimate": number("natural log of the estimate", required=True),
        "se": number("standard error of log_estimate, from the confidence limits"),
        "reason": text("why it was not used", required=True),
        "source": text("key of the source in data/raw/sources.yaml", required=True),
        "locator": text("where in the source"),
    },
    key=("trial", "report", "outcome", "assessor", "arm", "comparator", "measure", "source"),
)
AT_RISK = Table(
    "at-risk",
    "Numbers at risk printed under a survival curve.",
    {
        **_RESULT,
        "arm": text("arm slug", required=True),
        "time": number("months", required=True),
        "n": integer("patients at risk", required=True),
        **_PROVENANCE,
    },
    key=("trial", "report", "outcome", "arm", "time"),
)
CURVES = Table(
    "curves",
    "Digitised coordinates of a survival curve.",
    {
        **_RESULT,
        "arm": text("arm slug", required=True),
        "time": number("months", required=True),
        "survival": number("proportion, 0 to 1", required=True),
        **_PROVENANCE,
    },
    key=("trial", "report", "outcome", "arm", "time"),
)
SUBGROUPS = Table(
    "subgroups",
    "Subgroup results of a contrast.",
    {
        **_RESULT,
        "arm": text("arm slug", required=True),
        "comparator": text("arm slug", required=True),
        "characteristic": text("what splits the patients", required=True),
        "level_name": text("the subgroup", required=True),
        "events_arm": integer("events in the arm"),
        "n_arm": integer("patients in the arm"),
        "events_comparator": integer("events in the comparator"),
        "n_comparator": integer("patients in the comparator"),
        "estimate": number("hazard ratio"),
        **_INTERVAL,
        **_NOTE,
        **_PROVENANCE,
    },
    key=("trial", "report", "outcome", "characteristic", "level_name"),
)
RESPONSES = Table(
    "responses",
    "Tumour response of one arm.",
    {
        **_REPORT,
        "outcome": text("orr (objective response) or dcr (disease control), ...", required=True),
        "assessor": text("bicr, investigator or unstated"),
        "arm": text("arm slug", required=True),
        "n": integer("patients with the outcome"),
        "total": integer("patients analysed"),
        "percent": number("percentage as printed"),
        **_INTERVAL,
        **_NOTE,
        **_PROVENANCE,
    },
    key=("trial", "report", "outcome", "assessor", "arm"),
)
ADVERSE_EVENTS = Table(
    "adverse-events",
    "Adverse events of one arm.",
    {
        **_REPORT,
        "arm": text("arm slug", required=True),
        "event": text("event as published", required=True),
        "grade": text("any, >=3, serious, ... as published", required=True),
        "related": flag("whether only treatment-related events count"),
        "n": integer("patients with the event"),
        "total": integer("patients at risk of it"),
        "percent": text("percentage as printed"),
        **_NOTE,
        **_PROVENANCE,
    },
    key=("trial", "report", "event", "grade", "arm"),
)
POPULATIONS = Table(
    "populations",
    "Who was in the trial: one row for each characteristic and arm (or the whole trial).",
    {
        **_TRIAL,
        "arm": text("arm slug; empty for the whole trial"),
        "characteristic": text(
            "characteristic slug: grade, primary-site, line, ...", required=True
        ),
        "category": text("category, or statistic such as median"),
        "n": integer("patients"),
        "percent": number("percentage"),
        "value": text("what was printed, when it is not a count"),
        **_PROVENANCE,
    },
    key=("trial", "characteristic", "category", "arm"),
)
_MAYBE_PROVENANCE = {
    "source": text("key of the source in data/raw/sources.yaml; empty when nothing is known"),
    "locator": text("where in the source"),
}
LATER_TREATMENT = Table(
    "later-treatment",
    "Patients of an arm who were treated on after the trial's own treatment, such as crossover.",
    {
        **_TRIAL,
        "arm": text("arm slug", required=True),
        "therapy": text("what they were given", required=True),
        "n": integer("patients; empty when not known"),
        "total": integer("patients of whom they are counted"),
        "percent": text("percentage as printed"),
        **_NOTE,
        **_MAYBE_PROVENANCE,
    },
    key=("trial", "arm", "therapy"),
)
RISK_OF_BIAS = Table(
    "risk-of-bias",
    "Judgements of the risk of bias (RoB 2), each by a named person.",
    {
        **_TRIAL,
        "outcome": text("outcome slug", required=True),
        "domain": text("domain of RoB 2, or overall", required=True),
        "judgement": text("low, some concerns or high", required=True),
        "reviewer": text("who judged", required=True),
        "reason": text("why", required=True),
    },
    key=("trial", "outcome", "domain"),
)
OTHER_EVIDENCE = Table(
    "other-evidence",
    "Evidence of another kind, in words: quality of life, approvals, design. Never pooled.",
    {
        **_TRIAL,
        "topic": text("what it is about", required=True),
        "kind": text("quality-of-life, exposure, regulatory, safety, ...", required=True),
        "value": text("what was published"),
        **_NOTE,
        **_MAYBE_PROVENANCE,
    },
    key=("trial", "kind", "topic"),
)
FACTS = Table(
    "facts",
    "Provenance: every value of every trial file, chosen and rejected.",
    {
        **_TRIAL,
        "path": text("where in the trial file", required=True),
        "line": integer("line in the trial file"),
        "value": text("what it means"),
        "printed": text("as it was printed"),
        "use": text("used, rejected or not-known", required=True),
        "reason": text("why it was chosen or rejected, where sources disagree"),
        "source": text("key of the source in data/raw/sources.yaml"),
        "locator": text("where in the source"),
    },
    key=("trial", "path", "use", "value"),
)
SOURCES = Table(
    "sources",
    "The bibliography.",
    {
        "source": text("key", required=True),
        "kind": text("publication, label, registry, abstract, news, ...", required=True),
        "citation": text("citation", required=True),
        "doi": text("DOI"),
        "pmid": text("PubMed number"),
        "url": text("address"),
    },
    key=("source",),
)
CHECKS = Table(
    "checks",
    "Plausibility checks of the evidence.",
    {
        **_TRIAL,
        "path": text("what was checked", required=True),
        "rule": text("rule slug", required=True),
        "verdict": text("pass, warn or fail", required=True),
        "found": text("what was found", required=True),
        "expected": text("what was expected", required=True),
        "distance": number("how far off, in the units of the rule"),
    },
    key=("trial", "rule", "path"),
)
PUBLISHED_NMAS = Table(
    "published-nmas",
    "What published network meta-analyses found: shown beside ours, never pooled.",
    {
        "nma": text("the network meta-analysis, in short", required=True),
        "outcome": text("outcome slug", required=True),
        "measure": text("hr or or", required=True),
        "treatment_published": text("treatment as it is called there", required=True),
        "comparator_published": text("comparator as it is called there", required=True),
        "treatment": text("treatment slug that is nearest to it"),
        "comparator": text("treatment slug that is nearest to its comparator"),
        "estimate": number("ratio as published; empty when no number could be read"),
        **_INTERVAL,
        **_NOTE,
        **_PROVENANCE,
    },
    key=("nma", "outcome", "treatment_published", "comparator_published"),
)
SAFETY_SIGNALS = Table(
    "safety-signals",
    "Signals of spontaneous reporting systems: shown, never pooled with trials.",
    {
        "drug": text("drug as published", required=True),
        "event": text("event as published", required=True),
        "measure": text("reporting odds ratio or percent", required=True),
        "value": number("value as published", required=True),
        **_INTERVAL,
        "printed": text("as it was printed"),
        "note": text("what a reader should know"),
        **_PROVENANCE,
    },
    key=("measure", "event", "drug"),
)
_RECORD = {
    "database": text("ClinicalTrials.gov or PubMed", required=True),
    "id": text("NCT number or PubMed number", required=True),
    "trials": text("trials of the review that it belongs to, with commas"),
    "title": text("title"),
}
WATCH_QUERIES = Table(
    "watch-queries",
    "What `evinet watch` asked.",
    {
        "database": _RECORD["database"],
        "query": text("the question as it was asked", required=True),
        "first_asked": text("date", required=True),
        "last_asked": text("date", required=True),
        "found": integer("how many trials or publications it found last", required=True),
    },
    key=("database", "query"),
)
WATCH_RECORDS = Table(
    "watch-records",
    "Trials and publications that `evinet watch` saw, as they were when last described.",
    {
        **_RECORD,
        "status": text("of a trial: as the registry says it, or not found"),
        "results_posted": text("of a trial: date on which its results were first posted"),
        "primary_completion": text("of a trial: date, actual or expected"),
        "published": text("of a publication: date as PubMed prints it"),
        "journal": text("of a publication"),
        "doi": text("of a publication"),
        "notice": text("of a publication: retracted, corrected, expression of concern, not found"),
    },
    key=("database", "id"),
)
WATCH_NEWS = Table(
    "watch-news",
    "What `evinet watch` found to be new or changed.",
    {
        "noticed": text("date", required=True),
        **_RECORD,
        "what": text("new trial, new publication, status, results posted, notice", required=True),
        "before": text("what was remembered"),
        "after": text("what it is now"),
    },
    key=("noticed", "database", "id", "what"),
)
WATCH = (WATCH_QUERIES, WATCH_RECORDS, WATCH_NEWS)
"""The memory of `evinet watch`, in `data/raw/watch/` and, for the report, `results/evidence/`."""
IPD = Table(
    "ipd",
    "Individual patient data, reconstructed: draw 0 is the best, the others carry what is open.",
    {
        "study": text("trial slug; by hand, what --study names", required=True),
        "draw": integer("0 the best reconstruction, 1..M the draws", required=True),
        "arm": text("arm slug", required=True),
        "treatment": text("treatment slug; by hand, the name of the arm", required=True),
        "time": number("months", required=True),
        "event": integer("1 event, 0 censored", required=True),
    },
    key=("study", "draw", "arm", "time", "event"),
)
NETWORK_STUDIES = Table(
    "network-studies",
    "What each study brings to an analysis.",
    {
        **_STUDY,
        **_PAIR,
        "outcome": text("outcome slug as published (ttp may stand in for pfs)", required=True),
        "tier": text("A, B or C", required=True),
        "arm": text("arm slug of the treatment", required=True),
        "comparator_arm": text("arm slug of the comparator", required=True),
        "log_estimate": number("published ln HR, or ln OR of the counts", required=True),
        "se": number("its standard error", required=True),
        "shared_variance": number(
            "variance of the comparator arm, the covariance of the contrasts of a trial with "
            "three arms or more; empty with two"
        ),
        "component": integer("island of the network, from 1", required=True),
        "report": text("report chosen", required=True),
        "assessor": text("assessor chosen"),
        **_PROVENANCE,
    },
    key=("component", "study", "treatment"),
)
NETWORK_NODES = Table(
    "network-nodes",
    "The treatments of an analysis.",
    {
        "treatment": text("treatment slug", required=True),
        "label": text("name in plain words", required=True),
        "class": text("class slug"),
        "component": integer("island of the network, from 1", required=True),
        "trials": integer("trials with this treatment", required=True),
        "patients": integer(
            "patients analysed in the contrasts of the analysis; empty when a trial does not say"
        ),
    },
    key=("component", "treatment"),
)
NETWORK_EXCLUDED = Table(
    "network-excluded",
    "Trials that an analysis names but cannot use.",
    {**_STUDY, "reason": text("why", required=True)},
    key=("study",),
)
NETWORK_DATA = Table(
    "network-data",
    "What the models of an analysis are fitted to: contrasts, or arms with counts.",
    {
        **_STUDY,
        "treatment": text("treatment slug", required=True),
        "comparator": text("treatment slug; empty of an arm"),
        "diff": number("ln HR of a contrast"),
        "se": number("its standard error"),
        "shared_variance": number("variance of the comparator's arm, of three arms or more"),
        "r": integer("patients with the event; the likeliest count where only a share is printed"),
        "n": integer("patients"),
        "fewest": integer("fewest patients with the event that the printed share allows"),
        "most": integer("most patients with the event that the printed share allows"),
    },
    key=("study", "treatment"),
)
ESTIMATES = Table(
    "estimates",
    "Posterior of each parameter: d[treatment] against the reference of its component, tau, ...",
    {
        "parameter": text("d[treatment], tau, ...", required=True),
        **_DRAWN,
        "ess_bulk": number("bulk effective sample size"),
        "ess_tail": number("tail effective sample size"),
        "rhat": number("R-hat"),
    },
    key=("parameter",),
)
LEAGUE = Table(
    "league",
    "Relative effect of every pair of treatments that the model connects.",
    {
        "treatment": text("treatment", required=True),
        "comparator": text("treatment", required=True),
        "component": integer("island that holds both (after bridges)", required=True),
        "bridged": flag(
            "whether the bridge moves the effect: without it, it would be another or none",
            required=True,
        ),
        "crosses": flag("whether no trials connect the two, the bridge alone", required=True),
        "mean": number("posterior mean of the effect (ln HR, log odds, ...)", required=True),
        "sd": number("posterior standard deviation", required=True),
        "q2.5": number("2.5 % quantile", required=True),
        "q50": number("median", required=True),
        "q97.5": number("97.5 % quantile", required=True),
        "p_better": number("probability that treatment is better than comparator", required=True),
        "prior_only": flag(
            "whether only the prior keeps the effect from being infinite: arms without events",
            required=True,
        ),
        "predict_q2.5": number("2.5 % quantile for a new study (random effects)"),
        "predict_q97.5": number("97.5 % quantile for a new study (random effects)"),
    },
    key=("treatment", "comparator"),
)
TIPPING = Table(
    "tipping",
    "How wrong a bridge must be before a conclusion turns, for every comparison that rests on it.",
    {
        "treatment": text("treatment", required=True),
        "comparator": text("treatment", required=True),
        "q2.5": number("2.5 % quantile of the bridged effect (ln HR)", required=True),
        "q50": number("median of the bridged effect", required=True),
        "q97.5": number("97.5 % quantile of the bridged effect", required=True),
        "shift": number(
            "ln HR by which the bridge must be wrong before the 95 % interval reaches no "
            "difference; 0 when it already does",
            required=True,
        ),
        "ratio": number("the shift as a ratio of hazard ratios", required=True),
    },
    key=("treatment", "comparator"),
)
RANKS = Table(
    "ranks",
    "Rank probabilities, inside connected components only.",
    {
        "component": integer("island (after bridges)", required=True),
        "treatment": text("treatment", required=True),
        "rank": integer("1 is best", required=True),
        "probability": number("probability of the rank", required=True),
        "sucra": number("surface under the cumulative ranking curve", required=True),
        "prior_only": flag(
            "whether only the prior keeps an effect of it from being infinite", required=True
        ),
    },
    key=("component", "treatment", "rank"),
)

ADJUSTED = Table(
    "adjusted",
    "Effects in populations, by a model with patients' covariates.",
    {
        "population": text("a trial, or as the configuration calls it", required=True),
        "kind": text(
            "conditional: between patients of the same covariates, averaged; marginal: between "
            "outcomes that were averaged first",
            required=True,
        ),
        **_PAIR,
        **_DRAWN,
    },
    key=("population", "kind", "treatment", "comparator"),
)
STANDARDISED = Table(
    "standardised",
    "Outcomes averaged over populations, by a model with patients' covariates.",
    {
        "population": text("a trial, or as the configuration calls it", required=True),
        "treatment": text("treatment slug", required=True),
        "time": number("months, of survival; empty: a probability"),
        **_DRAWN,
    },
    key=("population", "treatment", "time"),
)

_BRIDGED = {
    "component": integer("island that holds both (after bridges)", required=True),
    "bridged": flag("whether the comparison rests on a bridge", required=True),
}
MARGINS = Table(
    "margins",
    "How likely a hazard ratio below each margin is, for every pair that the model connects.",
    {
        **_PAIR,
        **_BRIDGED,
        "ratio": number("the margin, a hazard ratio; 1 is any difference", required=True),
        "probability": number("probability of a hazard ratio below it", required=True),
        "probability_new_study": number("the same in a new study (random effects)"),
    },
    key=("treatment", "comparator", "ratio"),
)
CONTRIBUTION = Table(
    "contribution",
    "What each study contributes to the effect of every pair, by streams of evidence.",
    {
        **_PAIR,
        **_STUDY,
        "study_treatment": text("treatment of the study's contrast", required=True),
        "study_comparator": text("comparator of the study's contrast", required=True),
        "weight": number(
            "change of the effect for a change of 1 in the study's effect", required=True
        ),
        "share": number(
            "share of the effect's evidence; the shares of a pair add up to 1 less what the "
            "bridge, or a prior, carries alone",
            required=True,
        ),
    },
    key=("treatment", "comparator", "study", "study_treatment"),
)
THRESHOLD = Table(
    "threshold",
    "How far each study's effect must move before another treatment has the lowest mean effect.",
    {
        "component": integer("island (after bridges)", required=True),
        **_STUDY,
        **_PAIR,
        "best": text("treatment with the lowest mean effect in the island", required=True),
        "log_estimate": number("the study's effect", required=True),
        "lower": number("its ln HR below which another is best; empty when none ever is"),
        "lower_best": text("the best treatment below that"),
        "upper": number("its ln HR above which another is best; empty when none ever is"),
        "upper_best": text("the best treatment above that"),
        "inside_interval": flag(
            "whether a turning point lies inside the study's own 95 % interval", required=True
        ),
    },
    key=("component", "study", "treatment"),
)
INFLUENCE = Table(
    "influence",
    "The effect of every pair with each study left out.",
    {
        "study": text("study left out", required=True),
        **_PAIR,
        "status": text("estimated, or that nothing connects the pair any more", required=True),
        "mean": number("mean of the effect without the study"),
        "sd": number("its standard deviation"),
        "q2.5": number("2.5 % quantile"),
        "q50": number("median"),
        "q97.5": number("97.5 % quantile"),
        "shift": number("mean without the study less mean with it"),
    },
    key=("study", "treatment", "comparator"),
)
INCONSISTENCY = Table(
    "inconsistency",
    "Whether direct and indirect evidence agree: tests by island, or that there is no closed loop.",
    {
        "component": integer("island, without bridges", required=True),
        "method": text("loops (nothing to test), design-by-treatment or node-split", required=True),
        "treatment": text("treatment of the comparison that is split"),
        "comparator": text("its comparator"),
        "direct": number("mean of the direct evidence (ln HR)"),
        "direct_sd": number("its standard deviation"),
        "indirect": number("mean of the indirect evidence (ln HR)"),
        "indirect_sd": number("its standard deviation"),
        "difference": number("mean of direct less indirect"),
        "q2.5": number("2.5 % quantile of the difference"),
        "q97.5": number("97.5 % quantile of the difference"),
        "chi2": number("statistic of the global test"),
        "df": integer("its degrees of freedom"),
        "p": number("two-sided p"),
        "finding": text("what was tested, or why nothing could be", required=True),
    },
    key=("component", "method", "treatment", "comparator"),
)
SPLITS = Table(
    "splits",
    "Direct and indirect effect of each pair that has both, by a model that takes them apart.",
    {
        **_PAIR,
        **{
            f"{kind}_{name}": number(f"{words} of the {kind} effect", required=True)
            for kind in ("direct", "indirect", "difference")
            for name, words in (("mean", "mean"), ("sd", "standard deviation"),
                                ("q2.5", "2.5 % quantile"), ("q97.5", "97.5 % quantile"))
        },
        "p": number("twice the smaller probability of the difference's sign", required=True),
        "DIC": number("of the model that takes them apart", required=True),
        "tau_mean": number("mean heterogeneity of that model (random effects)"),
    },
    key=("treatment", "comparator"),
)  # fmt: skip
PREDICTIVE = Table(
    "predictive",
    "Outcomes against what posterior, priors and the other studies predict for them.",
    {
        **_STUDY,
        "treatment": text("treatment", required=True),
        "comparator": text("comparator of a contrast; empty of an arm"),
        "category": text("of ordered categories: who reached this one or a better one"),
        "start": number("of a period of patients, months"),
        "end": number("end of the period"),
        "observed": number(
            "effect of a contrast, outcome of an arm, or events of a period", required=True
        ),
        "posterior_q2.5": number("2.5 % quantile of the posterior's prediction", required=True),
        "posterior_q97.5": number("97.5 % quantile", required=True),
        "posterior_p": number("two-sided p of what was observed under it", required=True),
        "prior_q2.5": number("2.5 % quantile of the prior's prediction; empty of patients"),
        "prior_q97.5": number("97.5 % quantile"),
        "prior_p": number("two-sided p of what was observed under it"),
        "others_q2.5": number(
            "2.5 % quantile predicted by the other studies; empty where they do not connect the "
            "pair, and of arms and patients"
        ),
        "others_q97.5": number("97.5 % quantile"),
        "others_p": number("two-sided p of what was observed under it"),
    },
    key=("study", "treatment", "comparator", "category", "start"),
)
POWERSCALE = Table(
    "powerscale",
    "Sensitivity of each parameter to each prior and to the data, by power scaling.",
    {
        "parameter": text("d[treatment], tau, sigma or a coefficient", required=True),
        "component": text(
            "likelihood, or prior of effects, tau, sigma, coefficients or intercepts", required=True
        ),
        "sensitivity": number(
            "cumulative Jensen-Shannon distance for a doubling of the power; 0.05 is notable",
            required=True,
        ),
        "finding": text("what a prior's sensitivity means beside the likelihood's"),
    },
    key=("parameter", "component"),
)

EVIDENCE = (
    TRIALS, REPORTS, ARMS, SURVIVAL, LANDMARKS, CONTRASTS, REJECTED_CONTRASTS, AT_RISK, CURVES,
    SUBGROUPS, RESPONSES, ADVERSE_EVENTS, POPULATIONS, LATER_TREATMENT, RISK_OF_BIAS,
    OTHER_EVIDENCE,
    FACTS, CHECKS,
)  # fmt: skip
"""The tables of `results/evidence/`, one set a trial under `trials/<trial>/` and one for all."""

REVIEW = (SAFETY_SIGNALS, PUBLISHED_NMAS)
"""Tables that belong to a review, not to a trial: files of `data/raw/` that it may leave out."""

_PREDICTED = {
    "population": text("population of the configuration", required=True),
    "model": text("model of the configuration", required=True),
    "treatment": text("treatment slug", required=True),
    "comparator": text("treatment of the arm that gives the baseline", required=True),
    "bridged": flag("whether its effect rests on a bridge", required=True),
}
_QUANTILES = {
    "q2.5": number("2.5 % quantile; empty: not reached in follow-up"),
    "q50": number("median; empty: not reached in follow-up"),
    "q97.5": number("97.5 % quantile; empty: not reached in follow-up"),
}
PREDICTED_SURVIVAL = Table(
    "predicted-survival",
    "Survival in a population on every treatment that a model connects.",
    {**_PREDICTED, "time": number("months", required=True), **_QUANTILES},
    key=("population", "model", "treatment", "time"),
)
PREDICTED_TIMES = Table(
    "predicted-times",
    "Restricted means and medians in a population on every treatment that a model connects.",
    {
        **_PREDICTED,
        "measure": text("rmst, rmst-gain (against the comparator), median", required=True),
        "horizon": number("end of restricted means, months", required=True),
        **_QUANTILES,
    },
    key=("population", "model", "treatment", "measure"),
)
PREDICTED_RATIOS = Table(
    "predicted-ratios",
    "Hazard ratios over time in a population, of models with hazards of its own patients.",
    {**_PREDICTED, "time": number("months", required=True),
     "q2.5": number("2.5 % quantile of ln HR"), "q50": number("median"),
     "q97.5": number("97.5 % quantile")},
    key=("population", "model", "treatment", "time"),
)  # fmt: skip
PREDICTED_OBSERVED = Table(
    "predicted-observed",
    "What models predict at the named times beside the Kaplan-Meier estimate of the population's "
    "own patients.",
    {
        **_PREDICTED,
        "time": number("months", required=True),
        "observed": number("the best reconstruction", required=True),
        "observed_lowest": number("lowest of the reconstructions", required=True),
        "observed_highest": number("highest of the reconstructions", required=True),
        **_QUANTILES,
        "held": flag(
            "whether the predicted 95 % interval reaches what any reconstruction observed",
            required=True,
        ),
    },
    key=("population", "model", "treatment", "time"),
)
SURVIVAL_DRAWS = Table(
    "survival-draws",
    "Draws of survival at whole months, for economic models: of the arm that gives the baseline, "
    "and of models of the population's own patients whose hazards need not be proportional.",
    {
        "population": text("population of the configuration", required=True),
        "model": text("model of the configuration; none for the baseline, which has no model"),
        "treatment": text("treatment slug", required=True),
        "draw": integer(
            "from 1; in a model the same number means the same draw on all treatments",
            required=True,
        ),
        "time": number("months", required=True),
        "survival": number("proportion without an event", required=True),
    },
    key=("population", "model", "treatment", "draw", "time"),
)
OBSERVED_TIMES = Table(
    "observed-times",
    "Restricted means of a population's own arms, by Kaplan-Meier: no proportional hazards.",
    {
        "population": text("population of the configuration", required=True),
        "treatment": text("treatment slug", required=True),
        "comparator": text("treatment of the arm that gives the baseline", required=True),
        "measure": text("rmst, rmst-gain (against the comparator)", required=True),
        "horizon": number("end of restricted means, months", required=True),
        "q2.5": number("lower limit of the 95 % interval", required=True),
        "q50": number("estimate", required=True),
        "q97.5": number("upper limit of the 95 % interval", required=True),
    },
    key=("population", "treatment", "measure"),
)

_INFORMATION = {
    "modifier": text("modifier of the configuration", required=True),
    **_PAIR,
}
_POSTERIOR = {
    "mean": number("posterior mean of ln HR; empty: no trial tells it"),
    "sd": number("posterior standard deviation"),
    "q2.5": number("2.5 % quantile"),
    "q50": number("median"),
    "q97.5": number("97.5 % quantile"),
}
MODIFIERS = Table(
    "modifiers",
    "How much the effect of each pair changes with a covariate, by what is known of it.",
    {
        **_INFORMATION,
        "information": text(
            "within (subgroups of a trial), across (trials with other patients), difference "
            "(within less across) or both (one slope)", required=True,
        ),
        **_POSTERIOR,
        "p_lower": number("probability of a slope below 0: more effect with the covariate"),
        "trials": text("trials of the pair that tell it, separated by commas"),
    },
    key=("modifier", "treatment", "comparator", "information"),
)  # fmt: skip
MODIFIER_LEVELS = Table(
    "modifier-levels",
    "The effect of each pair in patients with each value of a covariate, under one slope.",
    {
        **_INFORMATION,
        "value": number("of the covariate", required=True),
        "level_name": text("what the value means", required=True),
        **_POSTERIOR,
        "extrapolated": flag(
            "whether no trial of the pair has such patients, nor trials on both sides",
            required=True,
        ),
    },
    key=("modifier", "treatment", "comparator", "value"),
)
MODIFIER_TRIALS = Table(
    "modifier-trials",
    "What each trial publishes of a covariate.",
    {
        "modifier": text("modifier of the configuration", required=True),
        **_STUDY,
        **_PAIR,
        "mean": number("mean of the covariate in the trial's patients; empty: not published"),
        "of": text("where the mean comes from: population or subgroups"),
        "used": integer("subgroups with an interval, which are used", required=True),
        "unused": integer("subgroups without an interval, which are not", required=True),
        "finding": text("what the trial tells, in words", required=True),
        "source": text("key in data/raw/sources.yaml"),
        "locator": text("where in the source"),
    },
    key=("modifier", "study"),
)
PROPORTIONALITY = Table(
    "proportionality",
    "Grambsch and Therneau's test of proportional hazards of two arms, by reconstructed patients.",
    {
        "arm": text("arm", required=True),
        "comparator": text("arm that it is compared with", required=True),
        "draws": integer("reconstructions that were tested", required=True),
        "p": number("P value, median over reconstructions; empty: an arm without an event"),
        "p_lowest": number("smallest P value of a reconstruction"),
        "p_highest": number("largest P value of a reconstruction"),
    },
    key=("arm", "comparator"),
)
HAZARD_PERIODS = Table(
    "hazard-periods",
    "Ratio of the event rates of two arms in periods of follow-up, by reconstructed patients.",
    {
        "arm": text("arm", required=True),
        "comparator": text("arm that it is compared with", required=True),
        "start": number("months", required=True),
        "end": number("months", required=True),
        "events": number("events of the arm, mean over reconstructions", required=True),
        "events_comparator": number("events of the comparator, likewise", required=True),
        "q2.5": number("2.5 % quantile of the ln ratio of rates", required=True),
        "q50": number("median", required=True),
        "q97.5": number("97.5 % quantile", required=True),
    },
    key=("arm", "comparator", "start"),
)

SIMULATED = Table(
    "simulated",
    "What a model said of a parameter in each replicate of a simulation study.",
    {
        "scenario": text("scenario of config/simulation.yaml", required=True),
        "model": text("model of config/simulation.yaml", required=True),
        "replicate": integer("number of the data set, from 1", required=True),
        "parameter": text("d[treatment] against the reference, or tau", required=True),
        "mean": number("posterior mean; empty: no result"),
        "sd": number("posterior standard deviation"),
        "q2.5": number("2.5 % quantile"),
        "q97.5": number("97.5 % quantile"),
        "failure": text("why there is no result"),
    },
    key=("scenario", "model", "replicate", "parameter"),
)
PERFORMANCE = Table(
    "performance",
    "How well a model estimates a parameter, over the replicates of a simulation study. Each "
    "measure has its Monte Carlo standard error (mcse), by Morris et al. 2019, Stat Med "
    "38:2074-2102.",
    {
        "scenario": text("scenario of config/simulation.yaml", required=True),
        "model": text("model of config/simulation.yaml", required=True),
        "parameter": text("d[treatment] against the reference, or tau", required=True),
        "truth": number("its true value", required=True),
        "replicates": integer("replicates with a result", required=True),
        "failed": integer("replicates without one, which do not count below", required=True),
        "bias": number("mean of the posterior means, less the truth"),
        "bias_mcse": number("its Monte Carlo standard error"),
        "empirical_se": number("standard deviation of the posterior means"),
        "empirical_se_mcse": number("its Monte Carlo standard error"),
        "model_se": number("root of the mean posterior variance"),
        "model_se_mcse": number("its Monte Carlo standard error"),
        "coverage": number("share of 95 % intervals that hold the truth; empty for a tau of 0"),
        "coverage_mcse": number("its Monte Carlo standard error"),
    },
    key=("scenario", "model", "parameter"),
)

ALL = (
    *EVIDENCE, TREATMENTS, SOURCES, SAFETY_SIGNALS, PUBLISHED_NMAS, *WATCH, IPD,
    NETWORK_STUDIES, NETWORK_NODES, NETWORK_EXCLUDED, NETWORK_DATA,
    ESTIMATES, LEAGUE, TIPPING, RANKS, ADJUSTED, STANDARDISED,
    MARGINS, CONTRIBUTION, THRESHOLD, INFLUENCE, INCONSISTENCY, SPLITS, PREDICTIVE, POWERSCALE,
    PREDICTED_SURVIVAL, PREDICTED_TIMES, PREDICTED_RATIOS, PREDICTED_OBSERVED, OBSERVED_TIMES,
    SURVIVAL_DRAWS, PROPORTIONALITY, HAZARD_PERIODS, MODIFIERS, MODIFIER_LEVELS, MODIFIER_TRIALS,
    SIMULATED, PERFORMANCE,
)  # fmt: skip

FIT = (ESTIMATES, LEAGUE, RANKS, PREDICTIVE, POWERSCALE, ADJUSTED, STANDARDISED)
"""Tables that the job of a model writes, beside fit.json and posterior.nc."""
ANSWERS = (MARGINS, TIPPING, CONTRIBUTION, THRESHOLD, INFLUENCE, INCONSISTENCY, SPLITS)
"""Tables that follow from a fit."""
PREDICTED = (
    PREDICTED_SURVIVAL, PREDICTED_TIMES, PREDICTED_RATIOS, PREDICTED_OBSERVED, OBSERVED_TIMES,
    SURVIVAL_DRAWS,
)  # fmt: skip
"""Tables of the populations of an analysis."""
MODIFIED = (MODIFIERS, MODIFIER_LEVELS, MODIFIER_TRIALS)
"""Tables of the effect modifiers of an analysis."""
HAZARDS = (PROPORTIONALITY, HAZARD_PERIODS)
"""Whether hazards of a trial's arms are proportional."""
