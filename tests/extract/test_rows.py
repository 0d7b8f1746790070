"""From trial files to tables: values, provenance, selection, tiers."""

from __future__ import annotations

import datetime
import itertools
import math
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from evinet import document, tables
from evinet.cli import cli
from evinet.errors import InputError
from evinet.extract import checks, load, vocabulary
from evinet.extract.rows import rows, standard_error
from evinet.extract.schema import json_schema
from evinet.extract.values import COUNT

TRIALS = Path(__file__).parents[2] / "data" / "raw" / "trials"


def extract(data, trial):
    return rows(load.load(data.folder, trial))


def one(found, **wanted):
    [row] = [row for row in found if all(row[name] == value for name, value in wanted.items())]
    return row


def test_netter_2_is_extracted_as_printed(data):
    made = extract(data, "netter-2")
    arm = one(made["survival"], outcome="pfs", assessor="bicr", arm="lu-dotatate")
    assert (arm["n"], arm["events"], arm["median"]) == (151, 55, 22.8)
    assert (arm["lower"], arm["upper"], arm["locator"]) == (19.4, None, "Figure 2A, p 2812")
    ratio = one(made["contrasts"], measure="hr")
    assert ratio["log_estimate"] == pytest.approx(math.log(0.276))
    assert ratio["se"] == pytest.approx((math.log(0.418) - math.log(0.182)) / 3.919928, rel=1e-6)
    assert ratio["selected"] is True
    assert ratio["stratified"] is True
    assert len(made["at-risk"]) == 38
    assert len(made["subgroups"]) == 15
    assert made["trials"][0]["tier"] == "B"


def test_the_contrast_of_e2211_is_captem_against_temozolomide(data):
    ratio = one(extract(data, "e2211")["contrasts"], outcome="pfs")
    assert (ratio["arm"], ratio["comparator"], ratio["estimate"]) == (
        "captem",
        "temozolomide",
        0.58,
    )


def test_promid_is_never_progression_free_survival(data):
    made = extract(data, "promid")
    assert {row["outcome"] for row in made["contrasts"]} == {"ttp", "os"}


def test_one_report_of_each_contrast_is_selected(data):
    made = extract(data, "promid")
    survival = [row for row in made["contrasts"] if row["outcome"] == "os"]
    assert len(survival) == 3
    assert [row["report"] for row in survival if row["selected"]] == ["final"]


def test_without_an_interval_there_is_no_standard_error(data):
    ratio = one(extract(data, "e2211")["contrasts"], outcome="os", report="january-2018")
    assert ratio["se"] is None
    assert ratio["level"] is None


def test_what_is_not_known_is_empty(data):
    made = extract(data, "netter-1")
    arm = one(made["survival"], outcome="pfs", arm="lu-dotatate")
    assert (arm["median"], arm["lower"], arm["upper"]) == (None, 18.4, None)
    assert one(made["responses"], arm="octreotide")["n"] is None


def test_a_randomised_number_never_stands_for_an_analysed_one(data):
    made = rows(load.load(data.folder, "e2211"))
    for arm in ("captem", "temozolomide"):
        assert one(made["arms"], arm=arm)["n_randomised"] == 72
        assert [row["n"] for row in made["survival"] if row["arm"] == arm and row["outcome"] == "os"
                ] == [None, None]  # fmt: skip
    data.edit(data.file("netter-2"), "n: {value: 151, note", "n: {value: null, note")
    made = rows(load.load(data.folder, "netter-2"))
    assert one(made["survival"], outcome="pfs", assessor="bicr", arm="lu-dotatate")["n"] is None


def test_a_median_that_was_not_reached_is_not_one_that_is_not_known(data):
    made = rows(load.load(data.folder, "clarinet"))
    arm = one(made["survival"], report="primary", arm="lanreotide")
    assert (arm["median"], arm["not_reached"]) == (None, True)
    data.edit(
        data.file("clarinet"), "value: NR, note: no interval", "value: null, note: no interval"
    )
    made = rows(load.load(data.folder, "clarinet"))
    arm = one(made["survival"], report="primary", arm="lanreotide")
    assert (arm["median"], arm["not_reached"]) == (None, False)


@pytest.mark.parametrize("trial", load.slugs(TRIALS.parent))
def test_every_note_of_a_trial_reaches_a_table(trial):
    """A note on a single value may stand among the facts; one on a block has a column."""
    evidence = load.load(TRIALS.parent, trial)
    shown = [
        row.get("note") or row.get("reason") or ""
        for made in rows(evidence).values()
        for row in made
    ]
    for note in _notes(evidence.written.tree):
        assert any(note in text for text in shown), note


def _notes(node):
    if isinstance(node, dict):
        if node.get("note"):
            yield node["note"]
        for key, child in node.items():
            if key != "rejected":
                yield from _notes(child)
    elif isinstance(node, list):
        for child in node:
            yield from _notes(child)


def test_later_treatment_is_counted_or_said_not_to_be_known(data):
    known = one(rows(load.load(data.folder, "promid"))["later-treatment"], arm="placebo")
    assert (known["n"], known["total"], known["source"]) == (38, 43, "rinke-2017")
    for row in rows(load.load(data.folder, "netter-1"))["later-treatment"]:
        assert (row["n"], row["percent"], row.get("source")) == (None, None, None)
    data.edit(data.file("promid"), "n: 38, total: 43", "n: 44, total: 43")
    assert data.problems("promid"), "44 of 43 patients cannot be"


def test_rejected_values_stay_with_their_reason(data):
    facts = extract(data, "netter-1")["facts"]
    found = [row for row in facts if row["path"].endswith("contrasts[lu-dotatate,octreotide,hr]")
             and row["path"].startswith("results[pfs")]  # fmt: skip
    assert [row["use"] for row in found] == ["used", *["rejected"] * 4]
    assert found[1]["value"] == "0.18 (0.11 to 0.29)"
    assert all(row["reason"] for row in found)


def test_every_fact_has_a_line_a_source_and_a_locator(data):
    for slug in load.slugs(data.folder):
        text = data.file(slug).read_text().splitlines()
        for row in extract(data, slug)["facts"]:
            assert text[row["line"] - 1].strip()
            if row["use"] == "used":
                assert row["source"]
                assert row["locator"]


def test_another_source_does_not_inherit_a_locator(data):
    facts = extract(data, "clarinet")["facts"]
    events = one(facts, path="results[pfs,primary,bicr].arms.lanreotide.events")
    assert (events["source"], events["locator"]) == ("somatuline-hcp", "table")


@pytest.mark.parametrize(("kind", "tier"), [("curves", "A"), ("at-risk", "B")])
def test_dropping_a_file_makes_the_tier(data, kind, tier):
    column, value = ("survival", 1) if kind == "curves" else ("n", 101)
    path = data.file("clarinet", f"{kind}/pfs.csv")
    path.parent.mkdir()
    path.write_text(f"report,arm,time,{column},source,locator\n"
                    f"primary,lanreotide,0,{value},caplin-2014,Figure 2\n")  # fmt: skip
    made = extract(data, "clarinet")
    assert made["trials"][0]["tier"] == tier
    assert len(made[kind]) == 1


@given(st.floats(-3, 3), st.floats(0.05, 2), st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_standard_errors_come_back_from_their_interval(log_ratio, se, level):
    half = norm.ppf((1 + level) / 2) * se
    lower, upper = math.exp(log_ratio - half), math.exp(log_ratio + half)
    assert standard_error(lower, upper, level) == pytest.approx(se, rel=1e-9)


@pytest.mark.parametrize(
    ("printed", "n", "percent"),
    [("136", "136", None), ("136 (93%)", "136", "93"), ("1 (<1%)", "1", "<1"),
     ("65 (43.0%)", "65", "43.0"), ("18%", None, "18")],
)  # fmt: skip
def test_counts_are_read_as_printed(printed, n, percent):
    found = COUNT.match(printed)
    assert (found["n"], found["percent"] or found["only"]) == (n, percent)


@pytest.mark.parametrize("text", ["136 patients", "(93%)", "1.5", "136 (93", "-3", "93 %%"])
def test_what_is_not_a_count_is_not_read_as_one(text):
    assert not COUNT.match(text)


def test_the_commands_write_every_table(data, tmp_path):
    run = CliRunner().invoke
    evidence = tmp_path / "evidence"
    for slug in ("netter-2", "promid"):
        out = str(evidence / "trials" / slug)
        arguments = ["extract", "--trial", slug, "--data", str(data.folder), "--out", out]
        assert run(cli, arguments).exit_code == 0
    folders = [str(evidence / "trials" / slug) for slug in ("promid", "netter-2")]
    assert run(cli, ["gather", "--out", str(evidence), *folders]).exit_code == 0
    words = ["extract", "--vocabulary", "--data", str(data.folder), "--out", str(evidence)]
    assert run(cli, words).exit_code == 0
    for table in (*tables.EVIDENCE, tables.TREATMENTS, tables.SOURCES):
        frame = table.read(evidence / f"{table.name}.csv")
        assert not frame.duplicated(list(table.key)).any() or table is tables.FACTS
    assert list(tables.TRIALS.read(evidence / "trials.csv")["trial"]) == ["netter-2", "promid"]


def test_a_new_trial_says_what_it_wants(data):
    result = CliRunner().invoke(cli, ["new-trial", "sixth", "--data", str(data.folder)])
    assert result.exit_code == 0
    problems = data.problems("sixth")
    assert {problem.field for problem in problems} == {"arms", "results", "source"}
    with pytest.raises(InputError, match="there already"):
        CliRunner().invoke(
            cli, ["new-trial", "sixth", "--data", str(data.folder)], catch_exceptions=False
        )


def uncommented(text, section):
    """The template with the example of a section in place of its empty value."""
    head, rest = re.split(rf"^{section}: .*\n", text, flags=re.M)
    example = list(itertools.takewhile(lambda line: line.startswith("#   "), rest.splitlines()))
    body = "\n".join(line.removeprefix("# ") for line in example)
    return f"{head}{section}:\n{body}\n" + "\n".join(rest.splitlines()[len(example) :])


def test_the_examples_of_a_new_trial_are_valid(data):
    """What the comments tell a newcomer to type is taken by `check`."""
    CliRunner().invoke(cli, ["new-trial", "sixth", "--data", str(data.folder)])
    path = data.file("sixth")
    text = uncommented(uncommented(path.read_text(), "arms"), "results")
    path.write_text(text.replace("source: null", "source: yao-2011"))
    made = extract(data, "sixth")
    assert {row["arm"] for row in made["survival"]} == {"new-drug", "placebo"}
    assert one(made["contrasts"], arm="new-drug")["estimate"] == 0.276


def test_the_schema_is_exported_for_editors():
    schema = json_schema()
    assert schema["additionalProperties"] is False
    assert {"trial", "name", "status"} == set(schema["required"])


def as_json(node):
    """As an editor sees it: dates are text."""
    if isinstance(node, dict):
        return {key: as_json(value) for key, value in node.items()}
    if isinstance(node, list):
        return [as_json(value) for value in node]
    return node.isoformat() if isinstance(node, datetime.date) else node


@pytest.mark.parametrize("trial", sorted(path.name for path in TRIALS.iterdir()))
def test_the_schema_for_editors_accepts_what_check_accepts(trial):
    jsonschema = pytest.importorskip("jsonschema")
    content = as_json(document.load(TRIALS / trial / "trial.yaml").tree)
    jsonschema.validate(content, json_schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**content, "statsu": "reported"}, json_schema())


@pytest.mark.parametrize("trial", sorted(path.name for path in TRIALS.iterdir()))
def test_no_implausible_value_in_any_trial(trial):
    evidence = load.load(TRIALS.parent, trial)
    assert not [item for item in checks.run(evidence) if item.verdict == "fail"]


def test_misprinted_limits_of_safety_signals_are_left_out(data):
    words = vocabulary.load(data.folder)
    row = one(vocabulary.review_rows(data.folder, words, tables.SAFETY_SIGNALS), drug="doxorubicin",
              event="thrombocytopenia")  # fmt: skip
    assert row["lower"] != row["lower"]
    assert row["printed"] == "8.3(8.9-8.6)"
