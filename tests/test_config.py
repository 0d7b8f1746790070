"""The configuration at the door: what is wrong is told with file, line, field, value, remedy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evinet import config, document
from evinet.errors import InputError
from evinet.extract import review

CONFIG = Path(__file__).parents[1] / "config" / "config.yaml"
TEXT = CONFIG.read_text(encoding="utf-8")

# name: (old text, new text, message)
REFUSED = {
    "a date in words": ('"2026-11-20"', '"November 2026"', "'November 2026': is not a date"),
    "a year before all": ('"2026-11-20"', "0001-01-01", "the year 1 is not between"),
    "a seed that is true": ("seed: 20261120", "seed: true", "seed = True"),
    "a seed of text": ("seed: 20261120", "seed: '1'", "seed = '1'"),
    "an infinite prior": ("scale: 0.5", "scale: .inf", "scale = inf"),
    "an infinite SD": ("effect_prior_sd: 10", "effect_prior_sd: .inf", "effect_prior_sd = inf"),
    "a negative time": ("[6, 12, 18, 24]", "[-6, 12]", r"times\[0\] = -6"),
    "a time that is none": ("[6, 12, 18, 24]", "[.nan, 12]", r"times\[0\] = nan"),
    "a negative horizon": ("horizon: 24", "horizon: -24", "horizon = -24"),
    "an infinite horizon": ("horizon: 24", "horizon: .inf", "horizon = inf"),
    "a trial twice": ("[netter-1, netter-2,", "[netter-1, netter-1,", "netter-1 more than once"),
    "a reference twice": ("[placebo, octreotide-60,", "[placebo, placebo,", "names placebo more"),
    "a member twice": ("[octreotide-30, octreotide-60,", "[octreotide-30, octreotide-30,",
                       "octreotide-30 more than once"),
    "a model twice": ("[fixed, random, random-morb", "[fixed, fixed, random-morb",
                      "fixed more than once"),
    "a blank title": ("title: Progression-free survival", "title: ' '", "is blank"),
    "a title of two lines": ("title: Progression-free survival", 'title: "a\\nb"', "line break"),
    "a backslash": ("title: Progression-free survival", "title: a\\b", "backslash"),
    "a key twice": ("seed: 20261120", "seed: 1\nseed: 2", "'seed': is a duplicate key"),
    "a tab": ("reconstruction:\n", "reconstruction:\n\t", "cannot be read"),
    "a tag": ("draws: 20", "draws: !!python/name:os.system x", "is a YAML tag"),
    "a bridge that is not there": ("bridge: ssa-class", "bridge: magic", "there is no such bridge"),
    "a model that is not there": ("[fixed, random, random-morb", "[fixd, random, random-morb",
                                  r"models\[0\] = 'fixd': there is no such model"),
    "a population of another trial": ("trial: netter-2", "trial: radiant-4", "none of the trials"),
    "a prior that is not there": ("tau_prior: turner-2015:cause", "tau_prior: turner-2016:cause",
                                  "tau_prior = 'turner-2016:cause"),
}  # fmt: skip


# name: (a model or bridge of its own, where, message); each was once seen only in the log of a fit
SUMS = {"kind": "components", "treatments": {"both": ["a", "b"], "all": ["a", "b", "c"]},
        "assumption": "Effects add up."}  # fmt: skip
TIMES = {"label": "Times", "effects": "fixed", "baseline": "loglogistic", "ipd": ["netter-2"]}
CLASHES = {
    "a pair that no treatment has": (
        "bridges", SUMS | {"interactions": [["a", "d"]]}, "interactions[0]",
        "no treatment has both"),
    "a pair with what is inactive": (
        "bridges", SUMS | {"interactions": [["a", "b"]], "inactive": "b"}, "interactions[0]",
        "b is inactive"),
    "a pair twice": (
        "bridges", SUMS | {"interactions": [["a", "b"], ["b", "a"]]}, "interactions[1]",
        "is there twice"),
    "a combination twice": (
        "bridges", SUMS | {"treatments": {"both": ["a", "b"], "same": ["b", "a"]}},
        "treatments.same", "has the components of both"),
    "a component twice": (
        "bridges", SUMS | {"treatments": {"both": ["a", "a"]}}, "treatments.both",
        "names a more than once"),
    "knots of no spline": ("models", TIMES | {"knots": 3}, "knots", "is of mspline and piecewise"),
    "shapes of piecewise hazards": (
        "models", TIMES | {"baseline": "piecewise", "shapes": "arm"}, "shapes", "is of mspline"),
    "powers of a spline": (
        "models", TIMES | {"baseline": "mspline", "powers": [1.0]}, "powers", "is of fracpoly"),
    "heterogeneity of odds ratios for times": (
        "models", TIMES | {"effects": "random", "tau_prior": "turner-2015:any"}, "tau_prior",
        "is of the log odds ratio"),
    "the same among the priors": (
        "models", TIMES | {"effects": "random", "priors": {"tau": "turner-2015:any"}},
        "priors.tau", "is of the log odds ratio"),
    "a prior that is none": (
        "models", TIMES | {"priors": {"effects": "wide"}}, "priors.effects",
        "is not a normal prior"),
}  # fmt: skip


def written(folder: Path, *parts: tuple[str, dict]) -> tuple[Path, int]:
    """The configuration with more models and bridges, each on a line of its own; the last line."""
    text, line = TEXT, 0
    for number, (part, own) in enumerate(parts):
        start = text.index(f"\n{part}:\n") + len(f"\n{part}:\n")
        text = f"{text[:start]}  mine-{number}: {json.dumps(own)}\n{text[start:]}"
        line = text[:start].count("\n") + 1
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return path, line


@pytest.mark.parametrize("what", CLASHES)
def test_what_no_fit_can_use_is_refused_at_the_door(tmp_path, what):
    part, own, place, message = CLASHES[what]
    path, line = written(tmp_path, (part, own))
    with pytest.raises(InputError, match=message) as caught:
        config.load(path)
    [problem] = caught.value.problems
    assert (problem.file, problem.line) == (str(path), line)
    assert problem.field == f"{part}.mine-0.{place}"
    assert problem.remedy or "name each once" in problem.message


def test_the_same_is_taken_without_its_mistake(tmp_path):
    path, _ = written(
        tmp_path,
        ("bridges", SUMS | {"interactions": [["a", "b"]], "inactive": "c"}),
        ("models", TIMES | {"effects": "random", "tau_prior": "half-normal(0.5)"}),
        ("models", TIMES | {"baseline": "mspline", "shapes": "arm", "knots": 3}),
    )
    assert config.load(path).models["mine-2"].knots == 3


def test_options_of_baselines_are_those_that_they_take():
    """The door knows them by name, since the baselines take a second to load."""
    import inspect

    from evinet.config_contradictions import OPTIONS
    from evinet.nma.likelihoods.survival.choice import BASELINES

    taken = {name: {"shapes", "knots", "powers"} & inspect.signature(baseline).parameters.keys()
             for name, baseline in BASELINES.items()}  # fmt: skip
    assert {name: set(options) for name, options in OPTIONS.items()} == {
        name: options for name, options in taken.items() if options
    }


@pytest.mark.parametrize("what", REFUSED)
def test_a_mistake_is_named_with_its_line(tmp_path, what):
    old, new, message = REFUSED[what]
    assert old in TEXT
    path = tmp_path / "config.yaml"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=message) as caught:
        config.load(path)
    line = TEXT[: TEXT.index(old)].count("\n") + 1
    assert any(abs((problem.line or 0) - line) <= 1 for problem in caught.value.problems)
    assert all(problem.file == str(path) and problem.remedy for problem in caught.value.problems)


def test_latin_1_is_told(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_bytes(TEXT.encode("utf-8").replace("ö".encode(), b"\xf6"))
    with pytest.raises(InputError, match="is not UTF-8"):
        config.load(path)


def test_a_mistake_of_an_overlay_is_told_with_the_overlays_line(tmp_path):
    path = tmp_path / "overlay.yaml"
    path.write_text("sampler:\n  chains: many\n")
    base, overlay = document.load(CONFIG), document.load(path)
    content = {**base.tree, "sampler": {**base.tree["sampler"], **overlay.tree["sampler"]}}
    with pytest.raises(InputError, match=rf"{path}:2: sampler.chains = 'many'"):
        config.parse(content, base, overlay)


def test_json_is_read_as_well(tmp_path):
    from evinet import files

    review_of = config.load(CONFIG)
    files.write_json(tmp_path / "config.json", review_of.model_dump(mode="json"))
    assert config.load(tmp_path / "config.json") == review_of
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(InputError, match=r"config\.json.*is not JSON"):
        config.load(tmp_path / "config.json")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[netter-1, netter-2,", "[netter-9, netter-2,", "no trial 'netter-9'.*use netter-"),
        ("members: [octreotide-30,", "members: [octreotid-30,", "no treatment 'octreotid-30'"),
        ("references: [placebo,", "references: [placbo,", "no treatment 'placbo'.*use placebo"),
        ("ipd: [netter-2]", "ipd: [netter-22]", "no trial 'netter-22'"),
        (
            "  ssa-class:\n",
            "  sums: {kind: components, treatments: {placebo: [a]}, inactive: nothing,"
            " assumption: a}\n  ssa-class:\n",
            "no treatment 'nothing'",
        ),
    ],
)
def test_names_that_the_evidence_lacks_are_told_with_their_line(
    tmp_path, monkeypatch, old, new, message
):
    monkeypatch.chdir(CONFIG.parents[1])
    path = tmp_path / "config.yaml"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=message) as caught:
        review.check(config.load(path), document.load(path))
    line = TEXT[: TEXT.index(old)].count("\n") + 1
    assert [problem.line for problem in caught.value.problems] == [line]
