"""Islands of a network: treatments that studies connect, and their references."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import networkx as nx

from evinet.errors import InputError, Problem

SHOWN = 40  # islands in a message


def islands_of(members: Mapping[str, set[str]]) -> list[list[str]]:
    """The islands of a network: sorted lists of treatments that studies connect."""
    graph: nx.Graph[str] = nx.Graph()
    for own in members.values():
        nx.add_star(graph, sorted(own))
    return sorted(sorted(island) for island in nx.connected_components(graph))


def check_islands(
    members: Mapping[str, set[str]], references: Sequence[str], asked: Sequence[str], file: str
) -> None:
    """Refuse a network that compares nothing, or an island without exactly one reference.

    Parameters
    ----------
    members
        The treatments of each study.
    references, asked
        The references, and those of them that a user named.
    file
        Where the network came from, for messages.

    Raises
    ------
    InputError
        No study compares two treatments; a reference is no treatment; an island has no reference,
        or several.
    """
    if not members:
        raise InputError(
            Problem(file, "study", "(all)", "say nothing of an effect: no arm has an event, or "
                    "all have nothing but events",
                    "Add studies with events, or compare by --measure RD")
        )  # fmt: skip
    if all(len(own) == 1 for own in members.values()):
        raise InputError(
            Problem(file, "study", ", ".join(members),
                    "has one arm, so nothing is compared",
                    "Add studies of two arms, or published contrasts")
        )  # fmt: skip
    known = {name for own in members.values() for name in own}
    unknown = [name for name in references if name not in known]
    if unknown:
        raise InputError(
            Problem(file, "reference", ", ".join(unknown),
                    "is not a treatment of this network",
                    f"Use one of {', '.join(sorted(known))}")
        )  # fmt: skip
    islands = islands_of(members)
    wrong = [
        (island, len(set(island) & set(references)))
        for island in islands
        if len(set(island) & set(references)) != 1
    ]
    if wrong and not asked:
        shown = "; ".join(", ".join(island) for island in islands[:SHOWN])
        raise InputError(
            Problem(file, "treatment", shown,
                    f"the network falls into {len(islands)} islands that no study joins",
                    "Name a reference treatment of each island (--reference once for each): "
                    "their effects are then estimated side by side and never compared")
        )  # fmt: skip
    if wrong:
        island, count = wrong[0]
        raise InputError(
            Problem(file, "reference", ", ".join(asked),
                    f"the island of {', '.join(island)} has {count} references, not one",
                    "Name one reference an island; effects across islands are not defined")
        )  # fmt: skip
