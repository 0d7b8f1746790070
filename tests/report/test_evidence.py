"""Pages and files that carry facts: nothing is pooled, and what is not known says so."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from ruamel.yaml import YAML

from evinet import tables
from evinet.conduct import Conduct, Excluded, Flow, Modifier, Protocol, Search
from evinet.config import Analysis, Harm, Question, Support
from evinet.extract import schema
from evinet.report import layouts, pages, references
from evinet.report.effects import contrasts
from evinet.report.numbers import NBSP
from evinet.report.pages import summary
from evinet.report.pages.beside import beside, other_bridges, would_join
from evinet.report.pages.columns import mark, printed_limits, printed_ratio
from evinet.report.pages.common import value_names
from evinet.report.pages.later import caution
from evinet.report.pages.notes import notes, weak_sources
from evinet.report.pages.provenance import FOUND
from evinet.report.results import Results
from evinet.report.rows import records

SOURCE = {"source": "invented-2020", "locator": "p. 1"}
JUDGEMENTS = Path(__file__).parents[2] / "reports" / "certainty.yaml"


def changed(results: Results, folder: Path, table: tables.Table, rows: list[dict]) -> Results:
    """The invented review with other rows in one evidence table."""
    shutil.copytree(results.root, folder, dirs_exist_ok=True)
    table.write(folder / "evidence" / f"{table.name}.csv", table.frame(rows))
    return Results(folder, results.config, None, results.supporting)


def with_conduct(results: Results, conduct: Conduct) -> Results:
    return replace(results, config=results.config.model_copy(update={"conduct": conduct}))


def overall(results: Results) -> Results:
    """The same networks as overall survival."""
    analysis = results.config.analyses["pfs"].model_copy(update={"outcome": "os"})
    return replace(
        results, config=results.config.model_copy(update={"analyses": {"pfs": analysis}})
    )


def test_overall_survival_never_stands_without_its_later_treatment(
    results: Results, tmp_path: Path
) -> None:
    rows = [{"trial": "alba", "arm": "high", "therapy": "crossover to New drug", "n": 36,
             "total": 75, **SOURCE}]  # fmt: skip
    opened = changed(results, tmp_path / "r", tables.LATER_TREATMENT, rows)
    assert caution(opened, "pfs") == "", "progression-free survival ends before"
    text = unescape(caution(overall(opened), "pfs"))
    assert "ALBA, High dose: 36 of 75 (48\N{NO-BREAK SPACE}%) crossover to New drug" in text
    silent = text.split("- Not known: ")[1].splitlines()[0]
    assert "ALBA, New drug" in silent
    assert len(silent.split("; ")) == 5, "every other arm of the network is named as not known"


def test_questions_choose_the_comparisons_that_pages_answer(results: Results) -> None:
    asked = [("new", "placebo"), ("new", "high"), ("placebo", "low")]
    questions = [Question(treatment=a, comparator=b) for a, b in asked]
    analysis = results.config.analyses["pfs"].model_copy(update={"questions": questions})
    config = results.config.model_copy(update={"analyses": {"pfs": analysis}})
    opened = replace(results, config=config)
    pairs = [
        [(row["treatment"], row["comparator"]) for row in contrasts(opened, fit)]
        for fit in (opened.fit("pfs", "fixed"), opened.fit("pfs", "class"))
    ]
    assert pairs == [asked[1:], asked], "without a bridge islands are not compared"


def test_an_analysis_beside_another_has_no_answer_of_its_own(results: Results) -> None:
    main = results.config.analyses["pfs"]
    support = Support(analysis="pfs", shows="bridge", because="Other trials, another bridge.")
    other = main.model_copy(update={"supports": support, "title": "Another way"})
    opened = replace(results, supporting={"pfs": other})
    text = unescape(beside(opened, "pfs", "bridge"))
    assert "Other trials, another bridge." in text
    assert "(†) marks what rests on a bridge" in text
    assert beside(opened, "pfs", "sensitivity") == ""
    assert isinstance(other, Analysis)
    assert list(opened.config.analyses) == ["pfs"]


def test_another_bridge_is_said_where_the_first_answers(results: Results, tmp_path: Path) -> None:
    main = results.config.analyses["pfs"]
    support = Support(analysis="pfs", shows="bridge", because="Another bridge.")
    models = {
        **results.config.models,
        "lumped": results.config.models["lumped"].model_copy(update={"bridge": "another"}),
    }
    config = results.config.model_copy(update={"models": models})
    other = main.model_copy(update={"supports": support, "models": ["lumped"]})
    asked = [Question(treatment="new", comparator="placebo")]
    main = main.model_copy(update={"questions": asked})
    config = config.model_copy(update={"analyses": {"pfs": main}})
    shutil.copytree(results.root, tmp_path / "results", ignore=shutil.ignore_patterns("report"))
    shutil.copytree(tmp_path / "results/fits/pfs", tmp_path / "results/fits/other")
    opened = replace(results, root=tmp_path / "results", config=config, supporting={"other": other})
    text = unescape(other_bridges(opened, "pfs"))
    assert "New drug vs Placebo" in text
    assert "(Doses lumped)" in text
    assert other_bridges(results, "pfs") == ""


def test_trials_that_would_connect_islands_are_named_with_the_reason(results: Results) -> None:
    left = Excluded(trials=["cedar", "DELTA-9"], would_join="Both islands.", reason="No ratio.")
    text = unescape(would_join(with_conduct(results, Conduct(excluded=[left]))))
    for words in ("CEDAR, DELTA-9", "Both islands.", "no ratio."):
        assert words in text
    assert "name no such trial" in would_join(results)


def test_the_checks_say_what_did_not_pass(results: Results, tmp_path: Path) -> None:
    passed = {"trial": "alba", "verdict": "pass", "rule": "percent-count", "path": "a",
              "found": "1", "expected": "1"}  # fmt: skip
    odd = {"trial": "alba", "verdict": "warn", "rule": "subgroup-sum",
           "path": "subgroups[pfs].race.new.n",
           "found": "1 + 2 = 3", "expected": "4 patients"}  # fmt: skip
    every = changed(results, tmp_path / "a", tables.CHECKS, [passed])
    assert unescape(pages.provenance.checks(every)) == (
        "Of 1 checks: 1 passed, 0 need a look, 0 failed.\n"
    )
    text = unescape(pages.provenance.checks(changed(results, tmp_path / "b", tables.CHECKS,
                                                    [passed, odd])))  # fmt: skip
    assert "**ALBA**: 1 of 2 checks passed. The others:" in text
    assert "race, New drug, patients: 1 + 2 = 3, expected 4 patients" in text


def test_every_rule_has_words() -> None:
    from evinet.extract import checks

    assert set(FOUND) == set(checks.RULES)


def test_notes_are_said_once_with_what_they_are_about(results: Results) -> None:
    pair = {"trial": "alba", "arm": "new", "comparator": "high", "note": "inferred"}
    rows = [
        {"outcome": "pfs", **pair}, {"outcome": "os", "report": "interim-os", **pair},
        {"trial": "alba", "outcome": "os", "arm": "new", "note": None},
    ]  # fmt: skip
    said = "PFS, New drug vs High dose; OS (Interim OS), New drug vs High dose: inferred."
    assert unescape(notes(rows, results, "alba")) == f"- {said}"
    assert unescape(notes(rows, results)).startswith("- ALBA, PFS, New drug")
    assert notes(rows[:2], results, "alba") == "Of all rows: inferred."
    assert notes(rows[2:], results, "alba") == ""


def test_a_weak_source_is_marked_beside_the_estimate(results: Results, tmp_path: Path) -> None:
    assert mark(results, "invented-2020") == ""
    assert weak_sources(results, "pfs") == ""
    row = {"source": "invented-2020", "kind": "news", "citation": "A newspaper"}
    opened = changed(results, tmp_path / "r", tables.SOURCES, [row])
    assert mark(opened, "invented-2020") == " ‡ read in a news item"
    assert "BIRCH, CEDAR and ALBA (in a news item)" in unescape(weak_sources(opened, "pfs"))
    assert "‡" not in summary.findings(results, JUDGEMENTS)
    found = unescape(summary.findings(opened, JUDGEMENTS))
    assert "‡ rests on a hazard ratio not read in the publication." in found
    assert re.search(r"\*\*0\.\d+\*\* \([^)]*\) ‡", found)


def test_harms_stand_side_by_side_by_the_names_of_the_configuration(
    results: Results, tmp_path: Path
) -> None:
    counted = [
        ("alba", "new", "low counts", 7),
        ("alba", "high", "low counts", 0),
        ("birch", "low", "few cells", 3),
    ]
    rows = [
        {"trial": trial, "report": "primary", "arm": arm, "event": event, "grade": ">=3", "n": n,
         "total": 60, "percent": None if n else "<1", **SOURCE}
        for trial, arm, event, n in counted
    ]  # fmt: skip
    opened = changed(results, tmp_path / "r", tables.ADVERSE_EVENTS, rows)
    harm = Harm(label="Low blood counts", terms=["low counts", "few cells"])
    config = opened.config.model_copy(update={"harms": [harm]})
    text = unescape(pages.beyond.harms(replace(opened, config=config)))
    lines = [line for line in text.splitlines() if line.startswith("| Low blood counts")]
    assert len(lines) == 2
    assert "New drug: [7 / 60]" in lines[0]
    assert "<1" in lines[0], "a bound is not printed as 0 %"
    assert "Placebo: [not given]" in lines[1]
    assert "no source that was read says it: CEDAR" in text


def test_patients_are_described_as_a_whole_else_arm_by_arm(results: Results) -> None:
    place = {"trial": "alba", "source": "s", "locator": "l"}
    rows = [
        {**place, "arm": None, "characteristic": "sex", "category": "female", "percent": 40.0},
        {**place, "arm": "new", "characteristic": "sex", "category": "female", "percent": 39.0},
        {**place, "arm": "new", "characteristic": "age", "category": "median", "value": "61 years"},
        {
            **place,
            "arm": "high",
            "characteristic": "age",
            "category": "median",
            "value": "63 years",
        },
    ]
    tables_ = {"populations": tables.POPULATIONS.frame(rows)}
    opened = Results(results.root, results.config, _tables=tables_)
    said = [unescape(re.sub(r"\]\(.*", "", part).strip("[")) for part in
            pages.trials.described(opened, "alba", ["sex", "age"])]  # fmt: skip
    assert said[0] == f"Sex female: 40{NBSP}%"
    assert set(said[1:]) == {"Age median: 61 years (New drug)", "Age median: 63 years (High dose)"}


def test_what_reviewers_have_not_written_is_said_in_one_sentence(results: Results) -> None:
    asked = {"Funding": "funding", "Selection": "selection", "Screened": "flow.screened",
             "Protocol": "protocol.registration protocol.date"}  # fmt: skip
    none = unescape(pages.conduct.fields(with_conduct(results, Conduct()), asked))
    assert none.strip() == "[Not reported: funding, selection, screened and protocol.]{.no}"
    said = Conduct(funding="None.", flow=Flow(screened=0), protocol=Protocol(registration="C-1"))
    some = unescape(pages.conduct.fields(with_conduct(results, said), asked))
    assert "- **Funding**: None.\n- **Screened**: 0\n- **Protocol**: C-1\n" in some
    assert "Not reported: selection." in some


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("arms.new.n_randomised", "New drug, patients randomised"),
        ("results[pfs,interim-os,bicr].contrasts[new,high,hr]",
         "PFS, Interim OS report, blinded central review, New drug, High dose, hazard ratio"),
        ("results[pfs,interim-os].arms.new.landmarks[0.9,12.5]",
         "PFS, Interim OS report, New drug, survival at 12.5 months"),
        ("adverse_events[interim-os,long-term safety].events[low, or no, cells,>=3].counts.high",
         "adverse events, Interim OS report, long-term safety, low, or no, cells, "
         "grade 3 or more, High dose"),
        ("subgroups[pfs,interim-os,new,high].levels[age,<65].in_arm",
         "subgroups, PFS, Interim OS report, New drug, High dose, age, <65, in the first arm"),
        ("stratification.factors[0]", "stratified by"),
        ("other_evidence[dose, median (IQR)]", "dose, median (IQR)"),
    ],
)  # fmt: skip
def test_values_are_named_in_words_and_not_by_their_place_in_a_file(
    results: Results, tmp_path: Path, path: str, name: str
) -> None:
    report = {"trial": "alba", "report": "interim-os", "title": "An interim look"}
    opened = changed(results, tmp_path, tables.REPORTS, [report])
    assert value_names(opened, "alba")(path) == name


def test_nobody_but_a_reviewer_judges(results: Results, tmp_path: Path) -> None:
    modifier = Modifier(label="Stage", characteristics=["progressed"], why="it may matter")
    opened = with_conduct(results, Conduct(modifiers=[modifier]))
    text = pages.trials.populations(opened) + pages.reviewers.risk_of_bias(opened)
    assert text.count("[awaiting the reviewers]") == 1
    assert "awaiting the reviewers: BIRCH (PFS), CEDAR (PFS) and ALBA (PFS)." in unescape(text)
    one = {"trial": "alba", "outcome": "pfs", "domain": "overall", "judgement": "low",
           "reviewer": "A. Person", "reason": "read"}  # fmt: skip
    begun = changed(results, tmp_path, tables.RISK_OF_BIAS, [one])
    text = unescape(pages.reviewers.risk_of_bias(begun))
    assert text.count("[awaiting the reviewers]") == 5
    assert "low (A. Person)" in text
    assert "awaiting the reviewers: BIRCH (PFS) and CEDAR (PFS)." in text
    judged = modifier.model_copy(update={"judgement": "alike enough", "reviewer": "A. Person"})
    judgement = with_conduct(results, Conduct(modifiers=[judged]))
    assert "alike enough (A. Person)" in unescape(pages.trials.populations(judgement))


def test_the_checklist_claims_what_the_report_holds(results: Results) -> None:
    checklist = (Path(__file__).parents[2] / "reports/prisma.qmd").read_text(encoding="utf-8")

    def status(opened: Results, item: str) -> str:
        row = next(line for line in checklist.splitlines() if line.startswith(f"| {item} |"))
        said = row.split("|")[3].strip()
        call = re.fullmatch(r"`{python} (.*)`", said)
        return eval(call[1], {"conduct": pages.conduct, "review": opened}) if call else said

    for item in ("2", "4", "24", "25"):
        assert status(results, item) == "partly"
    for item in ("5", "8", "17", "19", "27"):
        assert status(results, item) == "not reported"
    done = Conduct(funding="None.", searches=[Search(source="MEDLINE", strategy="net*")])
    opened = with_conduct(results, done)
    assert (status(opened, "27"), status(opened, "8")) == ("reported", "reported")
    assert "net*" in unescape(pages.conduct.searches(opened))


def test_published_network_meta_analyses_stand_beside_ours(results: Results) -> None:
    row = next(
        line
        for line in unescape(
            pages.evidence.table(
                results,
                pages.beside.published_networks(results),
                "Published",
                "Network meta-analysis, Its hazard ratio, Ours",
            )
        ).splitlines()
        if "Elder 2019" in line
    )
    ours = next(
        row
        for row in records(results.fit("pfs", "fixed").league)
        if (row["treatment"], row["comparator"]) == ("new", "high")
    )
    assert "0.40 (0.20" in row
    assert "New drug vs High dose" in row
    assert ours["q50"] < 0


def test_robvis_and_cinema_get_their_columns_and_no_invented_judgement(
    results: Results, tmp_path: Path
) -> None:
    blank = layouts.robvis(results, "pfs")
    assert list(blank.columns) == ["Study", "D1", "D2", "D3", "D4", "D5", "Overall", "Weight"]
    assert blank.loc[:, "D1":"Overall"].isna().all(axis=None)
    assert layouts.cinema(results, "pfs")["rob"].isna().all()
    rows = [
        {"trial": "alba", "outcome": "pfs", "domain": domain, "judgement": judgement,
         "reviewer": "A. Person", "reason": "read"}
        for domain, judgement in (("randomisation", "low"), ("overall", "some concerns"))
    ]  # fmt: skip
    opened = changed(results, tmp_path / "r", tables.RISK_OF_BIAS, rows)
    alba = layouts.robvis(opened, "pfs").set_index("Study").loc["ALBA"]
    assert (alba["D1"], alba["Overall"]) == ("Low", "Some concerns")
    cinema = layouts.cinema(opened, "pfs").set_index("study")
    assert cinema.loc["ALBA", "rob"] == 2
    assert cinema.loc["ALBA", ["t1", "t2", "effect", "se"]].tolist() == ["new", "high", -1.0, 0.25]


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1))
def test_any_citation_makes_whole_records(citation: str) -> None:
    row = {"source": "a-1", "kind": "publication", "citation": citation, "doi": None,
           "pmid": None, "url": None}  # fmt: skip
    entry = references.bibtex([row])
    plain = re.sub(r"\\[{}]", "", entry)
    assert plain.count("{") == plain.count("}")
    record = references.ris([row])
    assert all(re.match(r"[A-Z][A-Z0-9]  -", line) for line in record.split("\r\n") if line)


@pytest.mark.parametrize("name", ["bibtex", "ris"])
def test_references_have_an_entry_a_source(name: str) -> None:
    import doctest

    assert doctest.testmod(references).failed == 0
    rows = [{"source": f"s-{i}", "kind": "news", "citation": "x", "doi": "10.1/x", "pmid": None,
             "url": None} for i in range(3)]  # fmt: skip
    assert getattr(references, name)(rows).count("10.1/x") == 3


def test_the_form_for_risk_of_bias_asks_for_every_domain_and_is_refused_empty() -> None:
    text = (JUDGEMENTS.parent / "reviewers.qmd").read_text(encoding="utf-8")
    lines = re.findall(r"^    (.*)$", text[text.index("    risk_of_bias:") :], re.MULTILINE)
    form = YAML(typ="safe").load("\n".join(lines))["risk_of_bias"]
    assert [entry["domain"] for entry in form] == list(get_args(schema.Domain))
    filled = {"judgement": "some concerns", "reviewer": "A. Reviewer", "reason": "Open label."}
    for entry in form:
        assert schema.Judged.model_validate({**entry, **filled}).judgement == "some concerns"
        with pytest.raises(ValidationError):
            schema.Judged.model_validate(entry)


def test_ratios_keep_the_digits_that_files_lose() -> None:
    """CABINET printed 0.95 (0.45 to 2.00); COMPETE a ratio of 0.657 with 0.42 to 1.04."""
    for estimate, lower, upper, said in (
        (0.95, 0.45, 2.0, "0.95 0.45 to 2.00"), (0.4, 0.26, 0.61, "0.40 0.26 to 0.61"),
        (0.657, 0.42, 1.04, "0.657 0.42 to 1.04"), (0.334, 0.223, 0.5, "0.334 0.223 to 0.500"),
    ):  # fmt: skip
        row = {"estimate": estimate, "lower": lower, "upper": upper}
        shown = f"{printed_ratio(row)} {printed_limits(row)}"
        assert shown.replace("\N{NO-BREAK SPACE}", " ") == said
    median = {"median": 13.8, "lower": 8.9, "upper": 17.0}
    assert printed_limits(median).replace("\N{NO-BREAK SPACE}", " ") == "8.9 to 17.0"
    share = {"lower": 10.0, "upper": 30.0}
    assert printed_limits(share).replace("\N{NO-BREAK SPACE}", " ") == "10 to 30"
