"""Every value of a trial file with its line, its source and its locator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from evinet.document import Document

# Keys that say what a value is about, or belong to it: not values of their own.
STRUCTURE = {
    "trial", "name", "status", "source", "locator", "note", "reason", "rejected", "printed",
    "outcome", "report", "assessor", "arm", "comparator", "measure", "time", "level",
    "confidence", "characteristic", "category", "event", "grade", "related", "topic", "kind",
    "domain", "table", "reviewer", "preferred", "treatment", "title", "interval",
    "lower", "upper", "p", "stratified", "percent", "total", "therapy",
}  # fmt: skip
COUNTED = ("in_arm", "in_comparator")
"""Values inside another value: the patients of a subgroup beside its hazard ratio."""


@dataclass(frozen=True)
class Fact:
    """One value: where it is in the trial file, what it is, where it was printed."""

    location: tuple[str | int, ...]
    path: str
    line: int | None
    value: Any
    lower: Any = None
    upper: Any = None
    printed: str | None = None
    use: str = "used"
    reason: str | None = None
    source: str | None = None
    locator: str | None = None

    def shown(self) -> str | None:
        """The value with its interval."""
        if self.value is None and self.lower is None and self.upper is None:
            return None
        value = "not known" if self.value is None else str(self.value)
        if self.lower is None and self.upper is None:
            return value
        return f"{value} ({_limit(self.lower)} to {_limit(self.upper)})"


def _limit(value: Any) -> str:
    return "not known" if value is None else str(value)


def facts(written: Document) -> Iterator[Fact]:
    """All values of a trial file, in its order; source and locator come from the blocks above."""
    start = Fact((), "", None, None)
    yield from _below(written, written.tree, start)


def _below(written: Document, node: Any, above: Fact) -> Iterator[Fact]:
    if isinstance(node, dict):
        here = _place(node, above)
        if _is_value(node):
            yield from _valued(written, node, here)
            return
        for key, child in node.items():
            if key not in STRUCTURE:
                yield from _child(written, key, child, here)
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from _child(written, index, child, above)
    elif above.location[-1] not in STRUCTURE:
        yield replace(above, value=node, use="not-known" if node is None else "used")


def _child(written: Document, key: str | int, child: Any, here: Fact) -> Iterator[Fact]:
    location = (*here.location, key)
    _, line, names = written.find(location)
    yield from _below(
        written, child, replace(here, location=location, path=".".join(names), line=line)
    )


def _place(node: dict[str, Any], above: Fact) -> Fact:
    """Source and locator that hold in a block; another source has its own locators."""
    source = node.get("source")
    if source and source != above.source:
        return replace(above, source=str(source), locator=_text(node.get("locator")))
    return replace(above, locator=_text(node.get("locator")) or above.locator)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _is_value(node: dict[str, Any]) -> bool:
    if "value" in node:
        return True
    return ("n" in node or "percent" in node) and not {"events", "median", "landmarks"} & set(node)


def _valued(written: Document, node: dict[str, Any], here: Fact) -> Iterator[Fact]:
    value = node.get("value", node.get("n"))
    if value is None and node.get("percent") is not None:
        value = f"{node['percent']}%"
    elif node.get("total") is not None:
        value = f"{value}/{node['total']}"
    lower, upper = node.get("lower"), node.get("upper")
    known = value is not None or lower is not None or upper is not None
    others = [_against(item) for item in node.get("rejected", [])]
    yield replace(
        here,
        value=value,
        lower=lower,
        upper=upper,
        printed=_text(node.get("printed")),
        use="used" if known else "not-known",
        reason="; ".join(filter(None, [node.get("preferred"), node.get("note"), *others])) or None,
    )
    for key in COUNTED:
        if key in node:
            yield from _child(written, key, node[key], here)
    for index, item in enumerate(node.get("rejected", [])):
        _, line, _ = written.find((*here.location, "rejected", index))
        yield replace(
            here,
            line=line,
            value=item.get("value"),
            lower=item.get("lower"),
            upper=item.get("upper"),
            printed=_text(item.get("printed")),
            use="rejected",
            reason=item["reason"],
            source=item["source"],
            locator=item.get("locator"),
        )


def _against(item: dict[str, Any]) -> str:
    """Why another value was not used."""
    other = Fact((), "", None, item.get("value"), item.get("lower"), item.get("upper"))
    return f"not {other.shown()}: {item['reason']}"
