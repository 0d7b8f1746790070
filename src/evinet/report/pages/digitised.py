"""The figure that a trial's patients were read off."""

from __future__ import annotations

from typing import Any

from evinet import files
from evinet.digitise import axis
from evinet.report.markdown import Markdown, blocks, bullets, escape, md, sentences
from evinet.report.numbers import NBSP
from evinet.report.pages.common import optional_exhibit, source_link
from evinet.report.results import Reconstruction, Results

KINDS = {"vector": "from its drawn lines", "raster": "as a picture"}


def digitised(results: Results, item: Reconstruction) -> Markdown:
    """The figure, what was read off it and how sure; nothing where there was no figure."""
    shown = optional_exhibit(results, f"digitised-{item.trial}-{item.outcome}")
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
