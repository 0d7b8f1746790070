"""Reconstructed patients held against everything that was published."""

from __future__ import annotations

from functools import partial
from typing import Any

from evinet import files, tables
from evinet.digitise import axis
from evinet.report import words
from evinet.report.effects import interval, versus
from evinet.report.markdown import (
    Markdown,
    blocks,
    bullets,
    callout,
    escape,
    folded,
    heading,
    link,
    md,
    sentences,
    strong,
)
from evinet.report.numbers import NBSP, Interval, count, months, outcome_name, with_limits
from evinet.report.pages.columns import Row, dash, source_link, spread, table_of
from evinet.report.pages.common import exhibit
from evinet.report.results import Reconstruction, Results
from evinet.report.rows import grouped

KINDS = {"vector": "from its drawn lines", "raster": "as a picture"}
METHODS = {
    "lattice": "the digitised curve",
    "at-risk": "what was printed beside a curve",
    "guyot": "the digitised curve (Guyot 2012)",
    "ipdfromkm": "the digitised curve (IPDfromKM)",
}


def every(results: Results) -> Markdown:
    """A row for each reconstruction, which the page of its trial shows in full."""

    def ratio(whose: str, item: Reconstruction) -> Markdown:
        found = _ratios(item.quality, whose)
        return dash(found and with_limits(found))

    return table_of(results, results.reconstructions, "Reconstructed patients", {
        "Trial": lambda item: link(
            strong(results.trial_names[item.trial]),
            f"trial-{item.trial}.qmd#reconstructed-patients"),
        "Outcome": lambda item: outcome_name(item.outcome),
        "Reconstructed from": lambda item: _method(item.quality),
        "Tier": lambda item: item.quality["tier"],
        "Agreement": lambda item: item.quality["grade"],
        "Published hazard ratio": partial(ratio, "printed"),
        "Hazard ratio of the reconstruction": partial(ratio, "reconstructed"),
    }, none="No trial of this review published enough to reconstruct its patients.")  # fmt: skip


def _method(quality: Row) -> str:
    name: str = quality["method"]
    return METHODS.get(name, name)


def of_trial(results: Results, slug: str) -> Markdown:
    """The trial's reconstructed patients, for each outcome."""
    return blocks(
        part
        for item in results.reconstructions
        if item.trial == slug
        for part in (
            heading(3, outcome_name(item.outcome)), digitised(results, item), one(results, item)
        )
    )  # fmt: skip


def one(results: Results, item: Reconstruction) -> Markdown:
    """What one reconstruction shows, without a heading."""
    quality, name = item.quality, f"{item.trial}-{item.outcome}"
    flags = _flags(results, item)
    return blocks([
        md(
            "Reconstructed from {} (evidence tier {}), in {} draws. Agreement with the "
            "publication: {}.",
            _method(quality), strong(quality["tier"]),
            str(quality["draws"]), strong(quality["grade"]),
        ),
        exhibit(results, f"km-{name}"),
        strong("Compared with the publication."),
        _summaries(results, item),
        _agreement(quality),
        callout("caution", "What does not agree", flags) if flags else "",
        strong("Are the hazards proportional?"),
        _proportional(results, item),
        exhibit(results, f"hazard-{name}"),
        exhibit(results, f"periods-{name}", optional=True),
        _at_risk(results, item),
    ])  # fmt: skip


def _proportional(results: Results, item: Reconstruction) -> Markdown:
    """The test, and the ratios of event rates by period, in words; a pair of arms each."""
    rates = grouped(
        results.hazards(item.trial, item.outcome, tables.HAZARD_PERIODS), "arm", "comparator"
    )
    said: list[str] = []
    for row in results.hazards(item.trial, item.outcome, tables.PROPORTIONALITY):
        pair = (row["arm"], row["comparator"])
        names = versus(results.arm_names(item.trial), *pair)
        periods = [(each["start"], each["end"], interval(each)) for each in rates.get(pair, [])]
        test = words.proportional(row["p"], row["p_lowest"], row["p_highest"])
        said.append(f"{names}: {test} {words.rates(periods)}")
    return bullets(said) or escape(
        "Not tested: arms are compared where the ratio of their hazards was published."
    )


def _summaries(results: Results, item: Reconstruction) -> Markdown:
    """Patients, events and medians of each arm, published and reconstructed."""
    rows: list[Row] = []
    for arm in results.rows(tables.ARMS, item.trial):
        found = item.quality["arms"].get(arm["arm"])
        if found is None:
            continue
        events, median = (found.get(name) or {} for name in ("events", "median"))
        ends = (median.get("printed_lower"), median.get("printed_upper"))
        low, high = ("not estimated" if end is None else f"{end:.1f}" for end in ends)
        reach = "" if ends == (None, None) else f" ({low} to {high})"
        rows += [
            {**arm, "item": item, "published": published, "reconstructed": reconstructed}
            for item, published, reconstructed in (
                ("Patients (published: randomised)", count(arm["n_randomised"]), count(found["n"])),
                ("Events", *(count(events.get(of)) for of in ("printed", "reconstructed"))),
                ("Median, months", months(median.get("printed")) + reach,
                 months(median.get("reconstructed"))),
            )
        ]  # fmt: skip
    return table_of(results, rows, "Reconstruction against publication",
                    "Arm, Item, Published, Reconstructed")  # fmt: skip


def _flags(results: Results, item: Reconstruction) -> Markdown:
    """What was found, of which arm: some messages say it themselves."""
    names = results.arm_names(item.trial)
    return bullets(
        md("{}: {}", names.get(flag["arm"], flag["arm"]), flag["message"])
        if flag["arm"] and not flag["message"].startswith(flag["arm"])
        else escape(flag["message"])
        for flag in item.quality.get("flags") or []
    )


def _agreement(quality: Row) -> str:
    published, rebuilt = (_ratios(quality, whose) for whose in ("printed", "reconstructed"))
    return words.agreement(published, rebuilt) if published and rebuilt else ""


def _ratios(quality: Row, whose: str) -> Interval | None:
    """A hazard ratio, printed or reconstructed; what was not printed is NaN."""
    ratios = (quality.get("contrast") or {}).get("hr")
    if not ratios:
        return None
    ends = (ratios[name] for name in (whose, f"{whose}_lower", f"{whose}_upper"))
    return Interval(*(float("nan") if end is None else end for end in ends))


def _at_risk(results: Results, item: Reconstruction) -> Markdown:
    labels = results.arm_names(item.trial)
    rows = [{"arm": arm, **row} for arm, found in item.quality["arms"].items()
            for row in found.get("at_risk", [])]  # fmt: skip
    by_time = grouped(sorted(rows, key=lambda row: row["time"]), "time").values()
    label = "Numbers at risk, printed / reconstructed"
    return folded(label, table_of(
        results, by_time, label, "Months",
        spread(rows, "arm", lambda row: escape(f"{row['printed']} / {row['reconstructed']}"),
               lambda arm: labels[arm], none=""),
    )) if rows else md("")  # fmt: skip


def digitised(results: Results, item: Reconstruction) -> Markdown:
    """The figure, what was read off it and how sure; nothing where there was no figure."""
    shown = exhibit(results, f"digitised-{item.trial}-{item.outcome}", optional=True)
    folder = results.root / "digitised" / item.trial / item.outcome
    if not shown or not (folder / "digitisation.json").exists():
        return md("")
    read, written = files.read_json(folder / "digitisation.json"), axis.read(folder / "axis.yaml")
    minutes, doubts = read["minutes"], _doubts(read)
    page = f", page {read['page']}," if read["figure"].lower().endswith(".pdf") else ""
    return blocks([
        sentences([
            md(
                "The curves were read off a published figure ({}), {}: {}{} in the review's data.",
                source_link({"source": written.source, "locator": written.locator}),
                KINDS[read["kind"]], read["figure"], page,
            ),
            md(
                "Confidence in the reading: {} of 1; {}.", f"{read['confidence']:.2f}",
                "what was not confirmed stands below the figure" if doubts
                else "every reading was confirmed by a second one",
            ),
            md("A person worked on it for {}{}minute{}.", f"{minutes:g}", NBSP,
               "" if minutes == 1 else "s")
            if minutes is not None
            else "How long a person worked on it was not recorded.",
            md("Typed by hand: {}.", ", ".join(read["typed"]))
            if read["typed"]
            else "No value of the axes or of the numbers at risk was typed by hand.",
        ]),
        shown,
        "What was not confirmed:" if doubts else "",
        bullets(doubts) if doubts else "",
    ])  # fmt: skip


def _doubts(read: dict[str, Any]) -> list[Markdown]:
    """What was not confirmed, and the stretches of each curve that were not plainly seen."""
    said = [(each["arm"], each["message"]) for each in read["reasons"]]
    unit = read["unit"] or "units of the time axis"
    for arm in read["arms"]:
        whys = dict.fromkeys(each["why"] for each in arm["doubtful"])
        for why in whys:
            places = ", ".join(
                f"{each['from']:.3g} to {each['to']:.3g}"
                for each in arm["doubtful"]
                if each["why"] == why
            )
            said.append((arm["name"], f"{why} ({unit}: {places})"))
    return [md("{}: {}", arm, message) if arm else escape(message) for arm, message in said]
