"""One HTML file of a fit: what was found, figures, tables, methods in words, what to beware of.

It is self-contained: no script, no font and no picture comes from elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from importlib.resources import files as package_files
from typing import TYPE_CHECKING, Any

from evinet.nma.answers import natural
from evinet.nma.answers.record import weighted
from evinet.nma.plot import named

if TYPE_CHECKING:
    import pandas as pd

    from evinet.nma.posterior import Fit

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="evinet {version}">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>
{css}
</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""
CSS = """
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1.0625rem/1.6 var(--serif);
  overflow-wrap: break-word; }
main { max-width: 54rem; margin: 0 auto; padding: 1.5rem; }
h1, h2 { font-family: var(--sans); line-height: 1.25; }
h2 { margin-top: 2.4rem; }
a { color: var(--link); }
li { margin: .3rem 0; }
.scroll td { white-space: nowrap; }
@media print { :root { --paper: #fff; --ink: #000; --soft: #444; --rule: #bbb; }
  main { max-width: none; padding: 0; } figure, .scroll { overflow: visible; break-inside: avoid; }
  h2 { break-after: avoid; } }
"""
CAPTIONS = {
    "network": "The network. A line is a comparison, with the number of studies that make it; a "
    "circle is as large as its treatment has studies.",
    "forest": "Effects against the reference: medians and 95 % intervals{new}.",
    "league": "Every pair: how many standard deviations the effect is from no difference.",
    "ranks": "The probability of being at least as good as each rank.",
    "inconsistency": "Direct and indirect evidence of every pair that has both.",
    "net_heat": "Net heat plot: what the inconsistency of each direct estimate (row) would lose "
    "(orange) or gain (purple) if the design of the column had effects of its own. On the "
    "diagonal: the row's own share of Q. Grey squares: how much the column counts in the "
    "network's estimate of the row. A column as coloured as the diagonal explains the "
    "inconsistency.",
    "funnel": "Comparison-adjusted funnel plot: each study's effect less the mean of its "
    "comparison, by its standard error, of comparisons with several studies. Dashed: where 95 % of "
    "studies lie if only chance moves them. Treatments are compared with those before them in the "
    "order {told}; small studies on one side would hint at missing results, or at effects that "
    "differ in small studies.",
    "dev_dev": "Residual deviance of each data point by this model and by {told}. What lies above "
    "the line is fitted better by the other model.",
    "deviance": "How well each arm or study is fitted: a deviance near 1 for each of its data "
    "points is expected.",
    "chains": "Convergence of every parameter; the lines are the limits that a fit must pass.",
}


def page(fit: Fit, order: Sequence[str] = (), other: Fit | None = None) -> str:
    """The report of a fit; with a funnel plot by an order, and beside another fit."""
    from evinet import __version__

    record = fit.summary()
    title = f"Network meta-analysis: {record['treatments']} treatments, {record['studies']} studies"
    theme = package_files("evinet.report") / "theme" / "content.css"
    return PAGE.format(
        version=__version__, title=escape(title), css=theme.read_text(encoding="utf-8") + CSS,
        body=f"<h1>{escape(title)}</h1>\n" + "\n".join(_sections(fit, record, order, other)),
    )  # fmt: skip


def _sections(
    fit: Fit, record: dict[str, Any], order: Sequence[str], other: Fit | None
) -> list[str]:
    from evinet.nma.answers.record import cautions

    beware = cautions(fit, record)
    consistent = not fit.specification.terms.unrelated
    found = [_section("What was found", (_table(effects_table(fit)) if consistent else "")
                      + (_figure(fit, "forest") if consistent else ""))]  # fmt: skip
    if beware:
        found.append(_section("What to beware of", _list(beware)))
    found.append(_section("Network", _figure(fit, "network")))
    if consistent:
        found.append(_section(
            "League table",
            f"<p>The {escape(natural.name_of(fit.specification.scale))} of the row's treatment "
            "against the column's: median and 95 % interval. Treatments with the better ranks "
            "stand first.</p>" + _table(fit.league_matrix()) + _figure(fit, "league"),
        ))  # fmt: skip
        found.append(_section(
            "Ranks", f"<p>{fit.better.capitalize()} effects count as better. SUCRA is the mean "
            "probability of being better than another treatment.</p>" + _table(_sucra(fit))
            + _figure(fit, "ranks"),
        ))  # fmt: skip
    found.append(_section("Do direct and indirect evidence agree?", _inconsistency(fit)))
    if order:
        funnel = _figure(fit, "funnel", order, told=", ".join(order))
        found.append(_section("Do small studies differ?", funnel))
    found += [
        _section("How well the model fits", _fit(fit, record, other)),
        _section("Methods", "".join(f"<p>{escape(text)}</p>" for text in methods(fit, record))),
    ]
    return found


def _section(title: str, body: str) -> str:
    return f"<section>\n<h2>{escape(title)}</h2>\n{body}\n</section>"


def _list(lines: list[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"


def _table(frame: pd.DataFrame) -> str:
    head = "".join(f'<th scope="col">{escape(str(name))}</th>' for name in frame.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>"
        for row in frame.itertuples(index=False, name=None)
    )
    return (f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody>'
            "</table></div>")  # fmt: skip


def _figure(fit: Fit, name: str, *given: Any, told: str = "") -> str:
    new = ", thin where a new study may lie" if fit.specification.random else ""
    caption = CAPTIONS[name].format(new=new, told=told)
    svg = fit.plot.svg(name, *given)
    svg = re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{name}-", svg)  # one page, many figures
    width = re.search(r'width="([\d.]+)pt"', svg)
    style = f' style="--natural: {float(width[1]) * 1.5:.0f}px"' if width else ""
    svg = svg.replace("<svg ", f'<svg role="img" aria-label="{escape(caption)}" ', 1)
    return f"<figure{style}>\n{svg}<figcaption>{escape(caption)}</figcaption>\n</figure>"


def effects_table(fit: Fit) -> pd.DataFrame:
    """Effects against the reference of each island, as texts on the natural scale."""
    import pandas as pd

    scale, league = fit.specification.scale, fit.league()
    rows = league[league["comparator"].isin(fit.references)]
    found = pd.DataFrame({
        "treatment": rows["treatment"], "against": rows["comparator"],
        f"{natural.name_of(scale)} (95 % interval)": [
            natural.text(row, scale) for row in rows.to_dict("records")],
    })  # fmt: skip
    if fit.specification.random:
        ends = [
            natural.numbers([row["predict_q2.5"], row["predict_q97.5"]], scale)
            for row in rows.to_dict("records")
        ]
        found["new study"] = [f"{low} to {high}" for low, high in ends]
    found["P(better)"] = [f"{value:.3f}" for value in rows["p_better"]]
    return found


def _sucra(fit: Fit) -> pd.DataFrame:
    ranks = fit.ranks()
    first = ranks[ranks["rank"] == 1].sort_values("sucra", ascending=False)
    found = first[["treatment", "sucra", "probability"]].copy()
    for name in ("sucra", "probability"):
        found[name] = [f"{value:.2f}" for value in found[name]]
    return found.rename(columns={"sucra": "SUCRA", "probability": "P(best)"})


def _inconsistency(fit: Fit) -> str:
    table = fit.inconsistency()
    lines = [
        f"Designs of island {row['component']} against one another: chi-squared "
        f"{row['chi2']:.1f} with {int(row['df'])} degrees of freedom, p = {row['p']:.3f}."
        if row["method"] == "design-by-treatment" else str(row["finding"]).capitalize() + "."
        for row in table.to_dict("records") if row["method"] != "node-split"
    ]  # fmt: skip
    heat = "" if fit.net_heat().empty else _figure(fit, "net_heat")
    return _list(list(dict.fromkeys(lines))) + _figure(fit, "inconsistency") + heat


def _fit(fit: Fit, record: dict[str, Any], other: Fit | None) -> str:
    residual = record["residual_deviance"]
    lines = [f"DIC {record['DIC']:.1f}, effective number of parameters {record['pD']:.1f}."]
    if residual is not None:
        lines.append(f"Residual deviance {residual:.1f} for {record['data_points']:.0f} data "
                     "points" + (", weighted." if record["weights"] else
                                 ": about as large where the model fits."))  # fmt: skip
    body = _list(lines)
    if record["points"]:
        body += _figure(fit, "deviance")
    if other is not None:
        body += _figure(fit, "dev_dev", other, told=named(other))
    return body + (_figure(fit, "chains") if fit.mixture is None else "")


def methods(fit: Fit, record: dict[str, Any]) -> list[str]:
    """What was done, in sentences."""
    model = fit.specification
    outcome = (
        f"Arms have counts in the ordered categories {', '.join(record['categories'])}: a "
        f"multinomial likelihood with the {record['link']} link, one effect for all categories, "
        f"and cut-points that are {record['cutpoints']} across studies."
        if record["categories"] else
        f"Arms have a {record['likelihood']} likelihood with the {record['link']} link."
        if record["likelihood"] else
        f"Patients have {record['baseline']} baseline hazards." if record["baseline"] else
        "Studies enter by their effects, which are normal with known covariance."
    )  # fmt: skip
    heterogeneity = (
        f"Effects are random: those of studies vary with one standard deviation tau, whose prior "
        f"is {record['priors']['tau']}."
        if model.random
        else "Effects are fixed: all studies of a comparison have the same."
    )
    sampled = (
        "The posterior is exact (numerical integration over tau)." if fit.mixture is not None else
        f"The posterior was sampled by NUTS: {fit.sampler.chains} chains of {fit.sampler.draws} "
        f"draws after {fit.sampler.warmup} of warm-up, seed {fit.seed}; the largest R-hat is "
        f"{record['convergence']['rhat_max']:.3f}."
    )  # fmt: skip
    found = [
        f"A Bayesian network meta-analysis of {record['studies']} studies and "
        f"{record['treatments']} treatments; the model is {record['model']}, the scale "
        f"{record['scale']}, the reference {', '.join(fit.references)}. {outcome} {heterogeneity}",
        f"Effects have the prior {record['priors']['effects']}. {sampled}",
    ]
    found += [f"{line}." for line in weighted(record["weights"])]
    found += [
        f"Read {reading['said'][0]}; {reading['said'][1]}."
        + (f" Left out: {'; '.join(reading['dropped'])}." if reading["dropped"] else "")
        for reading in record["data"]
    ]
    return found
