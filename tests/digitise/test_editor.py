"""The pages of a figure in a real browser: hostile labels stay text, and keys are enough."""

from __future__ import annotations

import os
import shutil
from html import escape

import pytest
from click.testing import CliRunner

from evinet.digitise import axis as axis_file
from evinet.digitise.commands import digitise as command

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
HOSTILE = """"><script>hostile=1</script><x-y onclick='hostile=1'>`${hostile=1}` {{< x >}} %DATA%"""

pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"),
    reason="no chromium on the PATH (an error where CI is set)",
)


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def hostile(figure, tmp_path_factory):
    """(figure, folder): an SVG with a hostile name of an arm, in the figure and the axis file."""
    drawn, truth = figure("svg")
    folder = tmp_path_factory.mktemp("hostile")
    path, first, out = folder / "figure.svg", folder / "first", folder / "out"
    text = drawn.read_text()
    label = f">{truth[0].name}<"
    assert label in text
    before, _, after = text.rpartition(label)  # the legend's; the table has a narrower place
    path.write_text(f"{before}>{escape(HOSTILE)}<{after}")
    run(path, "--out", first)
    axis = axis_file.read(first / "axis.yaml")
    arm = axis.arms[1].name
    axis.arms[1].name = HOSTILE + "2"
    for row in axis.at_risk.rows:
        row.arm = HOSTILE + "2" if row.arm == arm else row.arm
    axis.source = axis.locator = HOSTILE
    axis.minutes = 2.0
    axis_file.write(folder / "axis.yaml", axis)
    run(path, "--axis", folder / "axis.yaml", "--out", out)
    return path, out


def run(*words):
    done = CliRunner().invoke(command, [str(word) for word in words])
    assert done.exit_code == 0, done.output


def opened(browser, page, errors):
    view = browser.new_page()
    view.on("console", lambda said: errors.append(said.text))
    view.on("pageerror", lambda error: errors.append(str(error)))
    view.on("request", lambda asked: errors.append(asked.url) if "://" in asked.url
            and not asked.url.startswith("file:") else None)  # fmt: skip
    view.goto(page.as_uri())
    return view


@pytest.mark.parametrize("name", ["overlay.html", "editor.html"])
def test_hostile_labels_are_text(browser, hostile, name):
    _, out = hostile
    errors: list[str] = []
    view = opened(browser, out / name, errors)
    told = view.evaluate("""() => [typeof hostile, document.querySelectorAll('x-y').length,
      document.querySelectorAll('script').length, document.getElementById('arms').innerText +
      [...document.querySelectorAll('#arms input')].map(e => e.value).join(' ')]""")
    assert told[:3] == ["undefined", 0, 2]
    assert HOSTILE + "2" in told[3]
    assert errors == []


def test_the_editor_works_by_keyboard_alone(browser, hostile, tmp_path):
    """Tab to a tick, move it, tab on to the button, save: the command takes the file."""
    path, out = hostile
    errors: list[str] = []
    view = opened(browser, out / "editor.html", errors)

    def tab_to(wanted):
        passed = []
        for _ in range(200):
            view.keyboard.press("Tab")
            passed.append(
                view.evaluate("""() => { const e = document.activeElement;
              return e.dataset.tick || e.id || e.getAttribute('aria-label') || e.textContent; }""")
            )
            if passed[-1] == wanted:
                return passed
        raise AssertionError(f"{wanted} cannot be reached: {passed}")

    before = axis_file.read(out / "axis.yaml")
    passed = tab_to("time1")
    assert passed[:7] == ["in", "out", "fit", "all", "show", "picture", "time0"]
    for keys in ("ArrowRight", "ArrowLeft", "Shift+ArrowRight"):
        view.keyboard.press(keys)
    assert view.evaluate("document.activeElement.dataset.tick") == "time1", "the focus stays"
    tab_to("name of arm 1")
    view.keyboard.press("Control+A")
    view.keyboard.type("Renamed")
    for label, text in (("arm in trial.yaml of arm 2", "active"), ("locator", "Figure 2")):
        tab_to(label)
        view.keyboard.press("Control+A")
        view.keyboard.type(text)
    tab_to("save")
    with view.expect_download() as waiting:
        view.keyboard.press("Enter")
    saved = tmp_path / "axis.yaml"
    waiting.value.save_as(saved)
    after = axis_file.read(saved)
    assert after.time[1].at == pytest.approx(before.time[1].at + 0.1)
    assert [arm.name for arm in after.arms] == ["Renamed", HOSTILE + "2"]
    assert [arm.arm for arm in after.arms] == [None, "active"]
    assert (after.source, after.locator) == (HOSTILE, "Figure 2")
    assert after.minutes == pytest.approx(2.0, abs=0.3)
    done = CliRunner().invoke(
        command, [str(path), "--axis", str(saved), "--out", str(tmp_path / "again")]
    )
    assert done.exit_code == 0, done.output
    assert "time tick" in (tmp_path / "again/digitisation.json").read_text()
    assert errors == []


def test_typing_and_picking_by_keyboard_keep_the_focus(browser, hostile):
    _, out = hostile
    errors: list[str] = []
    view = opened(browser, out / "editor.html", errors)
    label = "document.activeElement.getAttribute('aria-label')"
    view.focus("[aria-label='time value 2']")
    view.keyboard.press("Control+A")
    view.keyboard.type("7")
    view.keyboard.press("Tab")
    view.wait_for_function(f"axis.time[1].value === 7 && {label} === 'time position 2'")
    count = view.evaluate("axis.time.length")
    view.focus("#time > button")
    for keys in ("Enter", "ArrowRight", "Enter"):
        view.keyboard.press(keys)
    assert view.evaluate("axis.time.length") == count + 1
    assert errors == []
