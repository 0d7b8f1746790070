"""`evinet watch` from the command to the page, against the local server."""

from __future__ import annotations

import pandas as pd
import pytest
from click.testing import CliRunner

from evinet import tables
from evinet.cli import cli
from evinet.errors import InputError
from evinet.watch import pubmed

ALBA, BIRCH = "NCT90000001", "NCT90000002"
pytestmark = pytest.mark.usefixtures("server")


def news(done) -> list[str]:
    return [line[2:] for line in done.output.splitlines() if line.startswith("- ")]


def test_the_first_run_remembers_and_finds_nothing_new(review):
    done = review.watch()
    assert (done.exit_code, news(done)) == (0, [])
    seen = {row["id"]: row["trials"] for row in review.rows(tables.WATCH_RECORDS)}
    assert set(seen) == {ALBA, BIRCH, "NCT90000003", "1001", "1002"}
    assert (seen[ALBA], seen["1001"]) == ("alba", "alba")
    assert pd.isna(seen["1002"])
    assert "not asked about: cedar" in done.output


def test_a_second_run_without_changes_has_no_news(review):
    review.watch()
    records = review.rows(tables.WATCH_RECORDS)
    done = review.watch()
    assert (done.exit_code, news(done)) == (0, [])
    assert review.rows(tables.WATCH_RECORDS) == records


def test_every_kind_of_change_is_news_once(review, world):
    review.watch()
    world.trial(BIRCH, "COMPLETED", results="2026-05-04")
    world.trial("NCT90000004", "NOT_YET_RECRUITING")
    world.publication("1003", BIRCH)
    world.publication("1001", pubtype=["Journal Article", "Retracted Publication"])
    done = review.watch()
    assert done.exit_code == 3
    assert sorted(news(done)) == [
        "new publication (2026 Feb): PubMed 1003 [birch] Paper 1003",
        "new trial (not yet recruiting): ClinicalTrials.gov NCT90000004 "
        "A tumour trial, NCT90000004",
        "notice (retracted): PubMed 1001 [alba] Paper 1001",
        f"results posted (2026-05-04): ClinicalTrials.gov {BIRCH} [birch] A tumour trial, {BIRCH}",
        "status (before: recruiting; now: completed): "
        f"ClinicalTrials.gov {BIRCH} [birch] A tumour trial, {BIRCH}",
    ]
    assert len(review.rows(tables.WATCH_NEWS)) == 5
    assert review.watch().exit_code == 0
    assert len(review.rows(tables.WATCH_NEWS)) == 5


def test_a_correction_and_a_concern_are_news(review, world):
    review.watch()
    notices = [{"reftype": "Erratum in", "refsource": "Invented J. 2026"},
               {"reftype": "Expression of concern in"}, {"reftype": "Comment in"}]  # fmt: skip
    world.publication("1001", references=notices)
    assert news(review.watch()) == [
        "notice (corrected, expression of concern): PubMed 1001 [alba] Paper 1001"
    ]


def test_what_the_review_cannot_have_known_is_news_at_first_sight(review, world):
    world.trial(BIRCH, "COMPLETED", results="2026-05-04")  # the review says: ongoing
    world.trial(ALBA, "COMPLETED", results="2020-05-04")  # the review has its results
    del world.publications["1001"]
    review.add("dogwood", "NCT90000099", "reported")
    assert sorted(news(review.watch())) == [
        "notice (not found): PubMed 1001 [alba]",
        f"results posted (2026-05-04): ClinicalTrials.gov {BIRCH} [birch] A tumour trial, {BIRCH}",
        "status (not found): ClinicalTrials.gov NCT90000099 [dogwood]",
    ]
    assert review.watch().exit_code == 0


def test_what_a_new_question_finds_is_not_new(review, world):
    review.watch()
    world.publication("1005", "NCT90000007")
    world.trial("NCT90000007")
    review.watch()  # noticed here: the general queries find both
    world.publications["1006"] = world.publications["1005"] | {"uid": "1006", "title": "Old"}
    world.mentions["NCT90000003"] = ["1006"]
    review.config.write_text(review.config.read_text().replace("tumour AND trial", "other"))
    review.add("elder", "NCT90000003", "reported")
    done = review.watch()
    assert (done.exit_code, news(done)) == (0, [])
    assert {row["id"]: row["trials"] for row in review.rows(tables.WATCH_RECORDS)}[
        "1006"
    ] == "elder"


def test_pages_of_the_registry_are_all_read(review, world):
    for number in range(10, 17):
        world.trial(f"NCT900000{number}")
    review.watch()
    asked = [a for path, a in world.asked if path == "studies" and "query.cond" in a]
    assert [a.get("pageToken") for a in asked] == [None, "2", "4", "6", "8"]
    assert len(review.rows(tables.WATCH_RECORDS)) == 12


def test_the_services_learn_who_asks_and_what_is_asked(review, world, monkeypatch):
    monkeypatch.setenv("NCBI_API_KEY", "secret")
    done = review.watch()
    assert all("mailto:reviewer@example.org" in agent for agent in world.agents)
    of_pubmed = [asked for path, asked in world.asked if path.endswith(".fcgi")]
    assert {(a["tool"], a["email"], a["api_key"]) for a in of_pubmed} == {
        ("evinet", "reviewer@example.org", "secret")
    }
    assert "secret" not in done.output + "".join(map(str, review.memory().values()))
    own = [asked["term"] for asked in of_pubmed if "NCT" in asked.get("term", "")]
    assert own == [f"{number}[si] OR {number}[tiab]" for number in (ALBA, BIRCH)]


def test_only_new_and_cited_publications_are_described_again(review, world):
    review.watch()
    world.asked.clear()
    world.publication("1003")
    review.watch()
    described = [asked["id"] for path, asked in world.asked if path == "esummary.fcgi"]
    assert described == ["1001,1003"]


@pytest.mark.parametrize(
    ("path", "answers", "message"),
    [
        ("studies", [(500, "")] * 4, "answered 500, 4 times"),
        ("studies", [(200, "<html>")], "not JSON"),
        ("studies", [(200, "[]")], "not a list of studies"),
        ("studies", [(200, '{"studies": [{}]}')], "a study without number"),
        ("studies", [(400, "bad filter")], "answered 400"),
        ("esearch.fcgi", [(200, '{"error": "API rate limit exceeded"}')], "rate limit"),
        ("esearch.fcgi", [(200, '{"esearchresult": {"ERROR": "no backend"}}')], "no backend"),
        ("esearch.fcgi", [(200, '{"esearchresult": {"count": "20000", "idlist": ["1"]}}')],
         "narrow the query"),
        ("esummary.fcgi", [(200, '{"result": []}')], "not a list of summaries"),
        ("esummary.fcgi", [(429, "")] * 4, "answered 429, 4 times"),
    ],
)  # fmt: skip
def test_a_service_that_fails_is_named_and_nothing_is_lost(
    review, world, monkeypatch, path, answers, message
):
    monkeypatch.setattr("time.sleep", lambda _: None)
    review.watch()
    before = review.memory()
    world.trial("NCT90000005")
    world.broken[path] = answers
    done = review.watch()
    assert done.exit_code == 2
    assert message in done.output
    assert "Nothing was remembered" in done.output
    assert review.memory() == before
    assert len(news(review.watch())) == 1


def test_a_busy_service_is_asked_again(review, world, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    world.broken["esearch.fcgi"] = [(429, ""), (503, "")]
    assert review.watch().exit_code == 0


def test_offline_it_says_so(review, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setenv("EVINET_CTGOV_URL", "http://127.0.0.1:1")
    done = review.watch()
    assert done.exit_code == 2
    assert "no answer (ConnectionError)" in done.output
    assert not (review.data / "watch").exists()


def test_a_phrase_that_pubmed_leaves_out_is_named(review):
    review.config.write_text(review.config.read_text().replace("tumour AND", "unheard AND"))
    assert "PubMed does not know 'unheard'" in review.watch().output


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("contact: reviewer@example.org", "contact: nobody", "want an e-mail address"),
        ("{condition: tumour}", "{}", "the query is empty"),
        ("watch:", "x-watch:", "there is no such field"),
    ],
)
def test_a_mistake_in_the_configuration_is_named(review, old, new, message):
    review.config.write_text(review.config.read_text().replace(old, new))
    with pytest.raises(InputError, match=message):
        CliRunner().invoke(cli, ["watch", "--config", str(review.config)], catch_exceptions=False)


def test_a_damaged_memory_is_refused_and_kept(review):
    review.watch()
    path = review.data / "watch" / "watch-news.csv"
    path.write_text("noticed\n")
    with pytest.raises(InputError, match=r"watch-news\.csv: database = None"):
        CliRunner().invoke(cli, ["watch", "--config", str(review.config)], catch_exceptions=False)
    assert path.read_text() == "noticed\n"


def test_the_report_gets_what_is_remembered_and_nobody_is_asked(review, world, tmp_path):
    review.watch()
    world.asked.clear()
    review.watch("--remembered", str(tmp_path / "evidence"))
    assert not world.asked
    copied = {path.name: path.read_bytes() for path in (tmp_path / "evidence").iterdir()}
    assert copied == review.memory()


def test_a_hundred_trials_are_looked_up_at_a_time_and_no_answer_is_repeated(review, world):
    for number in range(100, 350):
        review.add(f"t-{number}", f"NCT90000{number}", "reported")
        world.trial(f"NCT90000{number}")
    world.page = 1000
    review.watch()
    batches = [len(a["filter.ids"].split(",")) for _, a in world.asked if "filter.ids" in a]
    assert batches == [100, 100, 52]


def test_two_hundred_publications_are_described_at_a_time(review, world):
    for number in range(2000, 2450):
        world.publication(str(number))
    review.watch()
    batches = [len(a["id"].split(",")) for path, a in world.asked if path == "esummary.fcgi"]
    assert batches == [pubmed.BATCH, pubmed.BATCH, 52]
