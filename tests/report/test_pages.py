"""What the pages say of networks and of models."""

from __future__ import annotations

import shutil
from dataclasses import replace
from html import unescape
from pathlib import Path

import pandas as pd
import pytest

from evinet import tables
from evinet.config import Question, Weights
from evinet.errors import InputError
from evinet.report import pages, words
from evinet.report.effects import added, contrasts, published
from evinet.report.markdown import table
from evinet.report.numbers import Interval
from evinet.report.pages import columns, common
from evinet.report.pages.columns import by_arm
from evinet.report.pages.common import in_words
from evinet.report.pages.models import independent_loops
from evinet.report.pages.sensitivity import difference
from evinet.report.results import Results
from evinet.report.rows import records

PAGES = Path(__file__).parents[2] / "reports"


def network(results: Results, folder: Path, contrasts: list[tuple[str, str, str]]) -> Results:
    """The invented review with another network: trial, treatment, comparator."""
    rows = [
        {"study": trial, "treatment": a, "comparator": b, "outcome": "pfs", "tier": "C",
         "arm": "a", "comparator_arm": "b", "log_estimate": 0.0, "se": 0.2, "component": 1,
         "report": "primary", "source": "s", "locator": "l"}
        for trial, a, b in contrasts
    ]  # fmt: skip
    path = folder / "networks/pfs/studies.csv"
    path.parent.mkdir(parents=True)
    tables.NETWORK_STUDIES.write(path, tables.NETWORK_STUDIES.frame(rows))
    return Results(folder, results.config)


@pytest.mark.parametrize(
    ("contrasts", "loops"),
    [
        ([("t1", "a", "b"), ("t2", "b", "c")], 0),
        ([("t1", "a", "b"), ("t2", "a", "b")], 0),
        ([("t1", "a", "b"), ("t2", "b", "c"), ("t3", "a", "c")], 1),
        ([("t1", "a", "b"), ("t1", "a", "c")], 0),
        ([("t1", "a", "b"), ("t1", "a", "c"), ("t2", "b", "c")], 1),
    ],
)
def test_closed_loops(
    results: Results, tmp_path: Path, contrasts: list[tuple[str, str, str]], loops: int
) -> None:
    assert independent_loops(network(results, tmp_path, contrasts), "pfs") == loops


def test_what_a_model_changed_is_said_in_words(results: Results) -> None:
    models = results.config.models
    assert difference(results, models["fixed"], models["random"]) == (
        "random effects instead of fixed"
    )
    turner = models["random"].model_copy(update={"tau_prior": "turner-2015:any"})
    assert difference(results, models["random"], turner) == (
        "prior of tau log-normal(-1.28, 0.87) instead of half-normal(0.5)"
    )
    assert "sigma 0 instead of estimated" in difference(results, models["class"], models["lumped"])
    assert "sigma 0.4 instead of 0" in difference(results, models["lumped"], models["wide"])


def test_models_of_patients_are_told_apart_by_their_hazards(results: Results) -> None:
    fixed = results.config.models["fixed"]
    trial = next(iter(results.trial_names))
    kinds = [
        {"baseline": "piecewise"}, {"baseline": "mspline"}, {"baseline": "weibull"},
        {"baseline": "mspline", "shapes": "arm"},
    ]  # fmt: skip
    models = [fixed.model_copy(update={"ipd": [trial], **kind}) for kind in kinds]
    said = {difference(results, fixed, model) for model in models}
    assert len(said) == len(models)
    assert all("enters by its reconstructed patients (" in each for each in said)
    assert difference(results, models[0], models[1]) in said
    assert "not taken to be proportional" in difference(results, models[1], models[3])
    assert difference(results, models[1], fixed) == "published hazard ratios only"


def test_the_methods_name_every_model_and_every_prior(results: Results) -> None:
    text = unescape(pages.methods.models(results) + pages.methods.priors(results))
    for model in results.config.models.values():
        assert model.label in text
    assert "half-normal with scale 0.5" in text
    assert "invented for the tests" in text


def row_of(text: str, start: str) -> list[str]:
    """The cells of the first row of a table that starts so."""
    line = next(line for line in text.splitlines() if line.startswith(f"| {start}"))
    return [cell.strip() for cell in line.split("|")[1:-1]]


def test_findings_say_what_each_answer_rests_on(results: Results) -> None:
    text = unescape(pages.summary.findings(results, PAGES / "certainty.yaml"))
    direct = row_of(text, "**New drug** []{.break}vs High dose")
    assert "**0.37** (0.25\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}0.55)" in direct[1]
    assert direct[2] == "**randomised**"
    assert direct[3].startswith("[ALBA]")
    bridged = next(
        line
        for line in text.splitlines()
        if "[**assumption**](assumptions.qmd)\N{NO-BREAK SPACE}†" in line
    )
    assert "†" in bridged.split("|")[2]
    assert "rests on the assumption “low high”" in text
    assert "not appraised by the reviewers" in text


def test_random_effects_stand_beside_where_they_allow_less(
    results: Results, tmp_path: Path
) -> None:
    """A wider interval that includes 1 is shown with the headline, and only then."""
    before = unescape(pages.summary.findings(results, PAGES / "certainty.yaml"))
    assert "random: " not in before
    shutil.copytree(results.root, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "fits/pfs/random/league.csv"
    league = tables.LEAGUE.read(path)
    tables.LEAGUE.write(path, league.assign(**{"q97.5": league["q97.5"] + 2, "q2.5": -5.0}))
    opened = Results(tmp_path, results.config)
    text = unescape(pages.summary.findings(opened, PAGES / "certainty.yaml"))
    assert "[]{.break}random: 0.37 (" in text


def test_the_answer_names_its_assumption_and_what_would_undo_it(results: Results) -> None:
    asked = [Question(treatment="new", comparator=other) for other in ("high", "placebo")]
    main = results.config.analyses["pfs"].model_copy(update={"questions": asked})
    config = results.config.model_copy(update={"analyses": {"pfs": main}})
    text = unescape(pages.summary.answers(replace(results, config=config)))
    trials, assumed = text.splitlines()
    assert "lower with New drug than with High dose" in trials
    assert assumed.startswith("- Under the assumption “low high”: the hazard was lower with New")
    assert "wrong by a factor of 3.7" in assumed
    models = [name for name in main.models if name in ("fixed", "random")]
    apart = config.model_copy(
        update={"analyses": {"pfs": main.model_copy(update={"models": models})}}
    )
    text = unescape(pages.summary.answers(replace(results, config=apart)))
    assert "New drug against Low dose, Other drug or Placebo: not known." in text


@pytest.mark.parametrize(("printed", "shown"), [(9.3, "9.3"), ("<1", "<1"), (None, "9")])
def test_a_percentage_stands_as_it_was_printed(printed: object, shown: str) -> None:
    row = {"percent": printed, "n": 7, "total": 75, "source": "s", "locator": "p. 1"}
    assert unescape(pages.summary.share(row)).startswith(f"[{shown}\N{NO-BREAK SPACE}%](")


def test_published_limits_are_the_printed_ones(results: Results) -> None:
    """The limits of NETTER-1 and the like are not symmetric after rounding: print what was."""
    study = records(results.studies("pfs"))[0]
    contrasts = records(results.evidence(tables.CONTRASTS))
    printed = next(row for row in contrasts if row["trial"] == study["trial"])
    assert published(results, study) == Interval(
        printed["estimate"], printed["lower"], printed["upper"]
    )
    turned = {**study, "log_estimate": -study["log_estimate"]}
    assert published(results, turned).lower == pytest.approx(1 / printed["upper"])
    other = {**study, "report": "another", "log_estimate": 0.0, "se": 0.1}
    assert published(results, other).upper == pytest.approx(1.2165, abs=1e-3)


@pytest.mark.parametrize("row", [["a"], ["a", "b", "c"]])
def test_no_cell_slips_into_another_column(row: list[str]) -> None:
    with pytest.raises(ValueError, match="argument"):
        table(["Trial", "Value"], [row], "Too few or too many")


def test_patients_stand_in_the_column_of_their_trial(results: Results, site: Path) -> None:
    row = next(
        line
        for line in unescape(pages.trials.populations(results)).splitlines()
        if "| Progressed |" in line
    )
    assert row.count("Progressed") == 1
    assert row.count("no: 67\N{NO-BREAK SPACE}%") == row.count("yes: 33\N{NO-BREAK SPACE}%") == 3


def test_a_trial_says_what_it_brings_to_an_analysis(results: Results, site: Path) -> None:
    assert "Progression-free survival" in unescape(pages.trial.overview(results, "birch"))
    assert "| yes | [invented-2020]" in unescape(pages.trial.effects(results, "birch"))
    outside = network(results, site.parent / "outside", [("alba", "a", "b")])
    shutil.copytree(results.root / "evidence", outside.root / "evidence")
    assert "no analysis" in pages.trial.overview(outside, "birch")
    assert "| no | [invented-2020]" in unescape(pages.trial.effects(outside, "birch"))


def test_a_rejected_value_stands_beside_the_used_one(results: Results) -> None:
    facts = pages.provenance.facts(results, "rejected")
    text = unescape(pages.evidence.table(results, facts, "Rejected", "Trial, Used, Rejected, Why"))
    row = next(line for line in text.splitlines() if "earlier" in line)
    assert row.count("0.37") == 2


def test_no_value_of_an_arm_hides_another(results: Results) -> None:
    rows = [
        {"arm": "new", "event": "fever", "n": n, "source": "s", "locator": "p. 1"} for n in (1, 2)
    ]
    columns = by_arm(results, "alba", rows, lambda row: str(row["n"]))
    link = '[{}](provenance.qmd#source-s "s, p. 1"){{.sourced}}'
    assert list(columns) == ["New drug"]
    assert unescape(columns["New drug"](rows)) == f"{link.format(1)}; {link.format(2)}"


def test_a_document_chooses_the_columns_of_a_table(results: Results) -> None:
    """Their order too; a heading that says nothing of the rows is named, with those that do."""
    text = unescape(pages.evidence.table(results, "contrasts", "Effects", "Source, Ratio", "birch"))
    assert "| Source | Ratio |" in text
    assert "| HR 0.496585 |" in text, "exp(-0.7)"
    with pytest.raises(InputError) as wrong:
        pages.evidence.table(results, "contrasts", "Effects", "Ratio, Colour", "birch")
    assert "Colour" in str(wrong.value)
    assert "Hazard ratio" in str(wrong.value)


def test_flags_of_a_reconstruction_are_sentences(results: Results, site: Path) -> None:
    assert "- new: median off by 0.1" in unescape(pages.trial.reconstructions(results, "alba"))
    [item, *_] = results.reconstructions
    flags = [{"code": "curve-rises", "arm": "new", "message": "points above earlier ones lowered"},
             {"code": "hr-p", "arm": "", "message": "new v old: P 0.5"}]  # fmt: skip
    other = replace(item)
    other.__dict__["quality"] = {**item.quality, "flags": flags}
    text = unescape(pages.reconstruction.one(results, other))
    assert "- New drug: points above earlier ones lowered\n- new v old: P 0.5" in text


def test_islands_are_told_apart_once(results: Results, site: Path, tmp_path: Path) -> None:
    shutil.copytree(results.root, tmp_path, dirs_exist_ok=True)
    for folder in ("networks", "fits"):
        shutil.copytree(tmp_path / folder / "pfs", tmp_path / folder / "again")
    again = results.config.analyses["pfs"].model_copy(update={"title": "Again"})
    analyses = {**results.config.analyses, "again": again}
    again = Results(tmp_path, results.config.model_copy(update={"analyses": analyses}))
    assert unescape(pages.summary.limits(again)).count("Without an assumption no treatment") == 1
    text = unescape(pages.summary.networks(again))
    assert "Again: the trials and the islands are those of progression-free survival." in text


def test_whether_hazards_are_proportional_is_said_in_words(results: Results, site: Path) -> None:
    text = unescape(pages.trial.reconstructions(results, "alba"))
    assert "New drug vs High dose: The hazards are not proportional." in text
    assert "P = 0.002" in text
    assert "0.05 (0.02" in text, "the first period is there, with its few events"


def test_facts_without_a_table_are_shown_with_their_source(results: Results) -> None:
    values = {
        "reports.january-2018.follow_up": "23.2", "stratification.factors[0]": "grade",
        "stratification.factors[1]": "origin", "other_evidence[crossover of Lu-177]": "57 %",
        "design": "x", "results[pfs,primary].events": "67",
        "results[pfs,primary].arms.old.events": "30",
    }  # fmt: skip
    facts = [
        {"trial": "birch", "path": path, "value": value, "use": "used", "source": None}
        for path, value in values.items()
    ]
    report = tables.REPORTS.frame([{"trial": "birch", "report": "january-2018"}])
    held = {"facts": pd.DataFrame(facts), "reports": report}
    again = Results(results.root, results.config, _tables=held)
    text = unescape(pages.trial.more(again, "birch"))
    assert "| Stratified by | grade; origin |" in text
    assert "| January 2018 report, median follow-up in months | 23.2 |" in text
    assert "| Crossover of Lu-177 | 57 % |" in text
    assert "| PFS, primary, events of all arms | 67 |" in text
    assert "| x |" not in text
    assert "| 30 |" not in text, "the table of events and medians holds it"


def test_arms_are_named_by_their_treatments_and_told_apart(results: Results) -> None:
    arms = pd.DataFrame([
        {"trial": "birch", "arm": arm, "treatment": treatment}
        for arm, treatment in (("old", "a"), ("new-young", "b"), ("new-old", "b"))
    ])  # fmt: skip
    again = Results(results.root, results.config, _tables={"arms": arms})
    again.__dict__["labels"] = {"a": "Drug A", "b": "Drug B"}
    assert again.arm_names("birch") == {
        "old": "Drug A", "new-young": "Drug B (new young)", "new-old": "Drug B (new old)",
    }  # fmt: skip
    assert in_words(again, "birch", "old, new-old, oldest") == "Drug A, Drug B (new old), oldest"


def test_what_an_earlier_run_left_is_not_looked_at(results: Results, tmp_path: Path) -> None:
    """A trial without numbers at risk any more, a model that is not configured any more."""
    shutil.copytree(results.root, tmp_path, dirs_exist_ok=True)
    shutil.copytree(tmp_path / "ipd/alba", tmp_path / "ipd/birch")
    shutil.copytree(tmp_path / "fits/pfs/fixed", tmp_path / "fits/pfs/dropped")
    again = Results(tmp_path, results.config)
    assert [(item.trial, item.outcome) for item in again.reconstructions] == [("alba", "pfs")]
    assert [fit.name for fit in again.fits("pfs")] == results.config.analyses["pfs"].models


def test_a_page_tells_which_run_it_is_of(results: Results, site: Path) -> None:
    from evinet.reproduce.manifest import content_hash

    digest = content_hash(results.root / "manifest.json")[:12]
    assert results.fingerprint == digest
    for page in ("index", "trials", "trial-alba", "invented"):
        text = (site / f"{page}.html").read_text()
        assert digest in text, page
        assert "Evidence collected to 2020-02-02" in text, page


def test_weights_are_told_with_their_judgement(results: Results) -> None:
    judged = Weights(trials={"birch": 0.5}, assumption="Unblinded assessors.")
    main = results.config.models["fixed"]
    less = main.model_copy(update={"weights": judged})
    said = difference(results, main, less)
    assert said.endswith("so that they count less (BIRCH 0.50): Unblinded assessors")
    assert difference(results, less, main) == "every trial in full"
    models = {**results.config.models, "fixed": less}
    opened = replace(results, config=results.config.model_copy(update={"models": models}))
    assert "Unblinded assessors" in unescape(pages.methods.models(opened))


def test_results_of_weighted_trials_say_so(results: Results) -> None:
    judged = Weights(trials={"birch": 0.5}, assumption="Unblinded assessors.")
    less = results.config.models["fixed"].model_copy(update={"weights": judged})
    models = {**results.config.models, "fixed": less}
    opened = replace(results, config=results.config.model_copy(update={"models": models}))
    shown = unescape(pages.outcomes.every(opened))
    assert "Trials count less here" in shown
    assert shown.count("Unblinded assessors") == 1, "the other model counts all trials in full"


def test_a_model_that_differs_by_its_bridge_alone_shows_what_the_bridge_moves(
    results: Results,
) -> None:
    main, lumped = results.unbridged("pfs"), results.fit("pfs", "lumped")
    one = contrasts(results, lumped)[0]
    untouched = (lumped.league["treatment"] == one["treatment"]) & (
        lumped.league["comparator"] == one["comparator"]
    )
    vars(lumped)["league"] = lumped.league.assign(bridged=~untouched)
    every = contrasts(results, lumped)
    assert len(every) > 1
    assert added(results, lumped) == every[1:]
    assert added(results, main) == contrasts(results, main)
    other = results.fit("pfs", "random")  # its other answers are its own
    assert added(results, other) == contrasts(results, other)


def test_a_comparison_that_nothing_connects_is_not_said_to_rest_on_an_assumption() -> None:
    said = words.not_modified([], ["A vs B"], ["A vs C"])
    assert ["assumption, and" in each for each in said] == [True, False]
    assert "A vs C: not known of any patients" in said[1]


@pytest.mark.parametrize(
    ("sentence", "said"),
    [("The hazard was lower.", "PFS: the hazard was lower."),
     ("Lu-Dotatate against X.", "PFS: Lu-Dotatate against X.")],
)  # fmt: skip
def test_a_name_keeps_its_capital_behind_a_colon(sentence: str, said: str) -> None:
    assert words.after("PFS", sentence) == said


def test_parameters_of_trials_are_named_in_words(results: Results) -> None:
    shown = [common.parameter(results, name) for name in ("mu[alba]", "step_sd[alba: new]", "tau")]
    assert shown[0] == "level of the log hazard (mu), ALBA"
    assert shown[1].endswith("ALBA, New drug")
    assert shown[2] == "tau"


def test_a_column_of_nothing_is_left_out(results: Results) -> None:
    rows = [{"a": "x", "b": "", "c": None}, {"a": "y", "b": "", "c": ""}]
    text = columns.table_of(results, rows, "Rows", {"First": "a", "Second": "b", "Third": "c"})
    assert "First" in text
    assert "Second" not in text
    assert "Third" not in text
    assert columns.table_of(results, [], "Rows", {"First": "a"}, none="none") == "none"


def test_a_trial_of_counts_alone_is_in_an_analysis(results: Results, tmp_path: Path) -> None:
    shutil.copytree(results.root, tmp_path / "r", ignore=shutil.ignore_patterns("report"))
    rows = results.studies("pfs").assign(trial="willow").rename(columns={"trial": "study"})
    (tmp_path / "r/networks/counts").mkdir()
    tables.NETWORK_STUDIES.write(tmp_path / "r/networks/counts/studies.csv", rows)
    asked = results.config.analyses["pfs"].model_copy(update={"title": "Response"})
    counted = replace(results, root=tmp_path / "r", counted={"counts": asked})
    assert (results.uses("willow"), counted.uses("willow")) == ([], ["Response"])
