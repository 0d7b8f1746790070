"""The figure that a trial's patients were read off."""

from __future__ import annotations

from evinet import files
from evinet.report.markdown import Markdown, blocks, bullets, md, sentences
from evinet.report.pages.common import optional_exhibit
from evinet.report.results import Reconstruction, Results


def digitised(results: Results, item: Reconstruction) -> Markdown:
    """The figure, what was read off it and how sure; nothing where there was no figure."""
    shown = optional_exhibit(results, f"digitised-{item.trial}-{item.outcome}")
    path = results.root / "digitised" / item.trial / item.outcome / "digitisation.json"
    if not shown or not path.exists():
        return md("")
    read = files.read_json(path)
    minutes = read["minutes"]
    doubts = [
        f"{each['arm']}: {each['message']}" if each["arm"] else each["message"]
        for each in read["reasons"]
    ]
    return blocks([
        sentences([
            md(
                "The curves were read off the {} figure {}, page {}, with a confidence of {} of 1.",
                read["kind"], read["figure"], str(read["page"]), f"{read['confidence']:.2f}",
            ),
            md("A person worked on it for {} minutes.", f"{minutes:g}")
            if minutes is not None
            else "How long a person worked on it was not recorded.",
            md("Typed by hand: {}.", ", ".join(read["typed"]))
            if read["typed"]
            else "Nothing was typed by hand.",
        ]),
        shown,
        "What was not confirmed:" if doubts else "",
        bullets(doubts) if doubts else "",
    ])  # fmt: skip
