"""A made-up paper with two figures goes from PDF to the page of its trial in the report."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from benchmarks import figures

from evinet.digitise import axis as axis_file
from evinet.patients.cox import hazard_ratio

ABSTRACT = """\
A randomised trial of treatment against placebo

Methods
Patients were randomly assigned (1:1) to treatment or placebo.
The primary endpoint was progression-free survival.

Results
Between January 2020 and March 2022, {total} patients were randomly assigned
to treatment (n={n}) or placebo (n={n}).
Treatment prolonged progression-free survival compared with placebo
(hazard ratio, {hr:.2f}; 95% CI, {low:.2f} to {high:.2f}; P<0.001).
"""
TRIAL = """\
trial: made-up
name: MADE-UP
status: reported
source: paper
locator: abstract
arms:
  treatment: {{treatment: active, description: treatment, n_randomised: {n}}}
  placebo: {{treatment: placebo, description: placebo, n_randomised: {n}}}
reports:
  primary: {{title: First publication}}
results:
  - outcome: pfs
    report: primary
    assessor: unstated
    arms:
      treatment: {{n: {n}}}
      placebo: {{n: {n}}}
    contrasts:
      - {{arm: treatment, comparator: placebo, measure: hr, value: {hr:.2f},
         lower: {low:.2f}, upper: {high:.2f}}}
  - outcome: os
    report: primary
    arms:
      treatment: {{n: {n}}}
      placebo: {{n: {n}}}
"""
TREATMENTS = """\
classes: {all: Any}
treatments:
  active: {label: Treatment, class: all, components: [active], dose: any}
  placebo: {label: Placebo, class: all, components: [placebo], dose: none}
"""
SOURCES = """\
sources:
  paper: {kind: publication, citation: A made-up paper}
"""
PAGE = "results/report/trial-made-up.html"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SHOWN = """async (id) => {
  const figure = document.getElementById(id), pictures = [];
  for (const drawn of figure.querySelectorAll("svg")) {
    if (!drawn.checkVisibility()) continue;
    for (const place of drawn.querySelectorAll("image")) {
      const image = new Image();
      image.src = place.getAttribute("href") || place.getAttribute("xlink:href");
      await image.decode();
      const sheet = document.createElement("canvas");
      [sheet.width, sheet.height] = [image.naturalWidth, image.naturalHeight];
      const pen = sheet.getContext("2d");
      pen.drawImage(image, 0, 0);
      const levels = pen.getImageData(0, 0, sheet.width, sheet.height).data
        .filter((_, k) => k % 4 < 3);
      pictures.push([image.naturalWidth, image.naturalHeight, Math.min(...new Set(levels))]);
    }
  }
  return [pictures, figure.querySelectorAll("svg path").length, figure.innerText];
}"""
"""What a figure of the page shows: size and darkest level of its pictures, its lines, its words."""
CONFIG = """\
review:
  slug: made-up
  title: A made-up review
  question: Does the treatment work?
  data: data/raw
  data_cutoff: "2026-01-01"
seed: 1
reconstruction: {draws: 3}
sampler:
  chains: 2
  warmup: 200
  draws: 200
  target_accept: 0.95
  gates: {rhat: 1.2, ess: 20, divergences: 0.1}
effect_prior_sd: 10
heterogeneity: {distribution: half-normal, scale: 0.5, source: made up}
models:
  patients: {label: By the reconstructed patients, effects: fixed, ipd: [made-up]}
analyses:
  pfs:
    title: Progression-free survival
    outcome: pfs
    trials: [made-up]
    references: [placebo]
    models: [patients]
    questions:
      - {treatment: active, comparator: placebo}
"""


def paper(folder: Path) -> tuple[Path, dict[str, list[figures.TrueArm]]]:
    """A PDF of words, a drawn figure of PFS and a scanned one of OS; and the patients of each."""
    from matplotlib.figure import Figure
    from PIL import Image
    from pypdf import PdfWriter

    style = figures.STYLES["pdf"]
    scanned = replace(style, suffix="png", dpi=200)
    truth = {
        "pfs": figures.draw(folder / "drawn.pdf", "pdf", style),
        "os": figures.draw(folder / "scan.png", "scan", scanned),
    }
    Image.open(folder / "scan.png").save(folder / "scan.pdf", resolution=200)
    page = Figure(figsize=(7, 9))
    text = ABSTRACT.format(total=2 * style.n, n=style.n, **effect(truth["pfs"]))
    page.text(0.1, 0.95, text, va="top", fontsize=10)
    page.savefig(folder / "words.pdf")
    writer = PdfWriter()
    for name in ("words.pdf", "drawn.pdf", "scan.pdf"):
        writer.append(folder / name)
    writer.write(folder / "paper.pdf")
    return folder / "paper.pdf", truth


def effect(arms: list[figures.TrueArm]) -> dict[str, float]:
    """The hazard ratio of treatment against placebo, with limits."""
    hr = float(np.exp(hazard_ratio(arms[1], arms[0]).log_hr))
    return {"hr": hr, "low": hr * 0.7, "high": hr / 0.7}


def settle(path: Path, locator: str) -> None:
    """What a person adds to an axis file: whose figure it is, and the minutes it took."""
    axis = axis_file.read(path)
    for arm in axis.arms:
        arm.arm = arm.name.lower()
    axis.report, axis.source, axis.locator = "primary", "paper", locator
    axis.minutes = 2.0
    axis_file.write(path, axis)


@pytest.fixture
def review(project, tmp_path_factory):
    """The project with the data of the made-up paper only."""
    work = tmp_path_factory.mktemp("paper")
    pdf, truth = paper(work)
    raw = project.folder / "data/raw"
    shutil.rmtree(raw)
    (raw / "trials").mkdir(parents=True)
    (raw / "treatments.yaml").write_text(TREATMENTS)
    (raw / "sources.yaml").write_text(SOURCES)
    shutil.rmtree(project.folder / "config")
    (project.folder / "config").mkdir()
    (project.folder / "config/config.yaml").write_text(CONFIG)
    (project.folder / "reports/certainty.yaml").write_text("{}\n")
    return project, pdf, truth


@pytest.mark.slow
@pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"),
    reason="no chromium on the PATH (an error where CI is set)",
)
def test_a_paper_with_a_drawn_and_a_scanned_figure_becomes_patients_in_a_report(review):
    project, pdf, truth = review
    folder = project.folder / "data/raw/trials/made-up"
    drafted = project.evinet("read", str(pdf), "--trial", "made-up", "--source", "paper")
    assert drafted.returncode == 0, drafted.stderr
    assert "Draft read from paper.pdf" in (folder / "trial.yaml").read_text()
    filled = TRIAL.format(n=len(truth["pfs"][0].time), **effect(truth["pfs"]))
    (folder / "trial.yaml").write_text(filled)  # as a person settles it
    for outcome, page in (("pfs", "2"), ("os", "3")):
        place = folder / "digitised" / outcome
        done = project.evinet("digitise", str(pdf), "--page", page, "--out", str(place))
        assert done.returncode == 0, done.stdout + done.stderr
        for extra in place.glob("*"):
            if extra.name != "axis.yaml":
                extra.unlink()
        shutil.copy(pdf, place / "paper.pdf")
        settle(place / "axis.yaml", f"figure on page {page}")
    done = project.command("snakemake", "--cores", "2", PAGE)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    results = project.folder / "results"
    trials = pd.read_csv(results / "evidence/trials/made-up/trials.csv")
    assert trials["tier"].tolist() == ["A"]
    for outcome, kind in (("pfs", "vector"), ("os", "raster")):
        read = json.loads((results / f"digitised/made-up/{outcome}/digitisation.json").read_text())
        assert read["kind"] == kind
        ipd = pd.read_csv(results / f"ipd/made-up/{outcome}/ipd.csv")
        best = ipd[ipd["draw"] == 0]
        for arm in truth[outcome]:
            mine = best[best["arm"] == arm.name.lower()]
            assert len(mine) == len(arm.time)
            slack = 0 if kind == "vector" else 3
            assert abs(mine["event"].sum() - arm.event.sum()) <= slack
    the_page_shows_figure_reading_and_patients(project.folder / PAGE)


def the_page_shows_figure_reading_and_patients(page: Path) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for width, columns in ((1280, 500), (390, 300)):
            view = browser.new_page(viewport={"width": width, "height": 900})
            view.goto(page.as_uri())
            words = view.inner_text("main")
            assert "figure on page 2), from its drawn lines: paper.pdf, page 2" in words
            assert "figure on page 3), as a picture: paper.pdf, page 3" in words
            assert words.count("A person worked on it for 2\N{NO-BREAK SPACE}minutes") == 2
            for outcome in ("pfs", "os"):
                pictures, lines, said = view.evaluate(SHOWN, f"fig-digitised-made-up-{outcome}")
                assert len(pictures) == 2, "the figure as published and below the reading"
                for wide, high, darkest in pictures:
                    assert wide >= columns
                    assert high >= columns / 2
                    assert darkest < 200, "nothing is drawn on it"
                assert pictures[0][2] < pictures[1][2], "pale below the reading"
                assert lines > 10
                assert all(label in said for label in ("As published", "As read", "Treatment"))
                pictures, lines, said = view.evaluate(SHOWN, f"fig-km-made-up-{outcome}")
                assert (pictures, lines > 4) == ([], True)
                assert "120" in said, "numbers at risk of the patients"
            view.close()
        browser.close()
