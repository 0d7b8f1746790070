"""The whole report as one file: HTML to send by mail, and PDF to print."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

from evinet import __version__, files
from evinet.report import pandoc, project, site
from evinet.report.markdown import escape
from evinet.report.results import Results
from evinet.report.site import Page


def write(results: Results, pages: list[Page], sources: Path, out: Path) -> list[Path]:
    """Write the files, named after the review, into `out`; return their paths.

    One HTML file holds all; the PDF is a paper, and its appendices stand in a second.
    """
    name = results.config.review.slug
    html, *pdfs = (out / file for file in names(name))
    files.write_text(html, to_html(results, pages, sources))
    for pdf, appendix in zip(pdfs, (False, True), strict=True):
        chosen = [page for page in pages if page.appendix == appendix]
        to_pdf(results, chosen, sources, pdf, appendix)
    return [html, *pdfs]


def names(slug: str) -> list[str]:
    """The files that hold a report: HTML, paper, appendices."""
    return [f"{slug}.html", f"{slug}.pdf", f"{slug}-appendices.pdf"]


def to_html(results: Results, pages: list[Page], sources: Path) -> str:
    """One HTML file without any other: styles, scripts and figures are inside."""
    import jinja2

    names = [page.name for page in pages]
    bodies = [
        _inner_links(site.to_html(page.markdown, sources, "--id-prefix", f"{page.name}-"), names)
        for page in pages
    ]
    template = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return template.from_string(project.theme("single.html")).render(
        review=results.config.review,
        pages=list(zip(pages, bodies, strict=True)),
        css=project.theme("content.css") + project.theme("site.css"),
        js=project.theme("site.js"),
        fingerprint=results.fingerprint or "not known",
        version=__version__,
    )


def _inner_links(html: str, names: list[str]) -> str:
    """Links to pages as links inside the file; links to downloads go."""
    html = re.sub(r'<span class="downloads">.*?</span>', "", html, flags=re.DOTALL)
    html = re.sub(r'<a\s+href="(?:tables|figures)/[^"]*">(.*?)</a>', r"\1", html, flags=re.DOTALL)
    for name in names:
        html = html.replace(f'href="{name}.html#', f'href="#{name}-')
        html = html.replace(f'href="{name}.html"', f'href="#page-{name}"')
    return html


def to_pdf(results: Results, pages: list[Page], sources: Path, path: Path, appendix: bool) -> None:
    """A PDF through Typst, with matplotlib's fonts for figures, dated by the data cut-off.

    The paper leaves out what opens on demand; appendices hold it.
    """
    import matplotlib
    import typst

    review = results.config.review
    text = "\n\n".join(f"# {escape(page.title)}\n\n{page.markdown}" for page in pages)
    cutoff = datetime.datetime.fromisoformat(review.data_cutoff).replace(tzinfo=datetime.UTC)
    filters = [*([] if appendix else ["paper.lua"]), "sections.lua", "references.lua", "pdf.lua"]
    title = f"{review.title}: appendices" if appendix else review.title
    body = pandoc.rendered(text, "typst", sources, *filters, columns=100)
    document = sources / "report.typ"
    document.write_text(
        project.theme("pdf.typ")
        + f"#show: report.with(title: {_quoted(title)}, question: "
        + f"{_quoted(review.question)}, cutoff: {_quoted(review.data_cutoff)}, "
        + f"fingerprint: {_quoted(results.fingerprint or 'not known')}, "
        + f"version: {_quoted(__version__)})\n\n{body}",
        encoding="utf-8",
    )
    with files.replacing(path) as temporary:
        temporary.write_bytes(
            typst.compile(
                document,
                root=sources,
                font_paths=[Path(matplotlib.get_data_path()) / "fonts/ttf"],
                ignore_system_fonts=True,
                timestamp=int(cutoff.timestamp()),
            )
        )


def _quoted(text: str) -> str:
    """A string of Typst."""
    return '"' + text.strip().replace("\\", "\\\\").replace('"', '\\"') + '"'
