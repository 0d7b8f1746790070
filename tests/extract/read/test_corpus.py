"""What is sure is right: on short texts in many styles, and on whole invented publications.

A change may not lower precision, of any kind; the table of the documentation shows what is reached.
"""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from evinet.extract.read.evaluate import evaluate_folder, fact, table, total

HERE = Path(__file__).parent
FOLDERS = (HERE / "corpus", HERE / "publications")
PAGE = Path(__file__).parents[3] / "docs" / "reading.md"
FOUND = 0.92
"""Share of the facts that are found, sure or not."""


@pytest.fixture(scope="module")
def results():
    return [result for folder in FOLDERS for result in evaluate_folder(folder)]


def test_there_are_many_texts_each_with_its_facts():
    texts = [item for path in FOLDERS[0].glob("*.yaml") for item in YAML(typ="safe").load(path)]
    assert len(texts) >= 60
    assert len({item["name"] for item in texts}) == len(texts)
    assert all(fact(line) for item in texts for line in item["facts"])


def test_what_is_sure_is_right(results):
    wrong = {
        name: score.wrong for name, scores in results for score in scores.values() if score.wrong
    }
    assert wrong == {}


def test_most_is_found(results):
    assert total(results)["all"].recall >= FOUND


def test_the_documentation_shows_what_is_reached(results):
    assert table(total(results)) in PAGE.read_text(encoding="utf-8")
