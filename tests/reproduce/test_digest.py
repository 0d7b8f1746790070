from pathlib import Path

import pytest

from evinet.reproduce.digest import code_digest, modules


@pytest.fixture
def package(tmp_path: Path) -> Path:
    files = {
        "lib/__init__.py": "",
        "lib/stage.py": "from lib import helper\n\ndef run():\n    import lib.lazy\n",
        "lib/helper.py": "x = 1\n",
        "lib/lazy.py": "y = 1\n",
        "lib/other.py": "z = 1\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def changed(package: Path, name: str, text: str, entry: str = "lib.stage") -> bool:
    before = code_digest(entry, root=package)
    (package / "lib" / name).write_text(text)
    return code_digest(entry, root=package) != before


@pytest.mark.parametrize("name", ["stage.py", "helper.py", "lazy.py", "__init__.py"])
def test_an_edit_of_the_module_or_of_what_it_imports_counts(package, name):
    assert changed(package, name, "w = 2\n")


def test_a_comment_or_an_unrelated_module_does_not_count(package):
    assert not changed(package, "helper.py", "# a comment\nx = 1\n")
    assert not changed(package, "helper.py", '"""Words."""\n\nx = 1\n')
    assert not changed(package, "other.py", "z = 2\n")


def test_of_a_function_only_what_it_uses_counts(package):
    text = "from lib import helper\n\ndef run():\n    return step()\n\ndef step():\n    return {}\n"
    more = "\ndef other():\n    import lib.lazy\n    return lib.lazy.y\n"
    (package / "lib/stage.py").write_text(text.format("helper.x") + more)
    entry = "lib.stage:run"
    assert not changed(package, "lazy.py", "y = 2\n", entry)
    assert not changed(package, "stage.py", text.format("helper.x"), entry)
    assert changed(package, "helper.py", "x = 2\n", entry)
    assert changed(package, "stage.py", text.format("helper.x + 1"), entry)


# what is in lib/helper.py, how lib/stage.py uses it, whether it may run what `lazy` imports
LAZY = {
    "a function that nothing names": ("def lazy(): ...", "helper.x", False),
    "a method that nothing names": ("class Fit:\n    def lazy(self): ...", "helper.Fit()", False),
    "a function of a method that nothing names": (
        "class Fit:\n    def plot(self): helper()\ndef helper():\n    lazy()\ndef lazy(): ...",
        "helper.Fit()", False),
    "an attribute of its name": ("def lazy(): ...", "helper.lazy()", True),
    "an import of it": ("def lazy(): ...", "__import__\n    from lib.helper import lazy", True),
    "another that names it": ("def lazy(): ...\ndef run(): lazy()", "helper.run()", True),
    "a method by its name": ("class Fit:\n    def lazy(self): ...", "helper.Fit().lazy()", True),
    "a property": ("class Fit:\n    @property\n    def lazy(self): ...", "helper.x.lazy", True),
    "a special method": ("class Fit:\n    def __call__(self): ...", "helper.Fit()()", True),
    "a framework's method": ("class Op(Base):\n    def lazy(self): ...", "helper.Op()", True),
    "a framework's decorator": ("@register\ndef lazy(): ...", "helper.x", True),
    "a name that is a text": (
        "def lazy(): ...\ndef each(fit):\n    for name in ('lazy',):\n        getattr(fit, name)()",
        "helper.each(0)", True),
}  # fmt: skip


@pytest.mark.parametrize("what", LAZY)
def test_what_a_function_imports_counts_where_something_may_call_it(package, what):
    code, used, counts = LAZY[what]
    stage = f"from lib import helper\n\ndef run():\n    return {used}\n"
    (package / "lib/stage.py").write_text(stage)
    (package / "lib/helper.py").write_text(code.replace("...", "import lib.lazy") + "\n")
    assert changed(package, "lazy.py", "y = 2\n", "lib.stage:run") is counts
    assert changed(package, "helper.py", "x = 3\n", "lib.stage:run")


def test_a_job_may_go_without_a_module(package):
    assert "lib.helper" in modules("lib.stage", root=package)
    assert "lib.helper" not in modules("lib.stage", root=package, without=["lib.helper"])


def test_a_function_that_is_not_there_is_an_error(package):
    with pytest.raises(AttributeError, match="nothing"):
        code_digest("lib.stage:nothing", root=package)


def test_a_module_that_is_not_there_is_an_error(package):
    with pytest.raises(ModuleNotFoundError, match=r"no module lib\.nothing"):
        code_digest("lib.nothing", root=package)


def test_what_only_a_type_checker_imports_does_not_count(package):
    stage = package / "lib" / "stage.py"
    only_types = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from lib import other\n"
    stage.write_text(only_types + stage.read_text())
    assert not changed(package, "other.py", "z = 2\n")


def test_what_was_found_is_kept_and_a_broken_cache_is_no_matter(package, tmp_path, monkeypatch):
    from evinet.reproduce import digest

    monkeypatch.setenv("EVINET_CACHE", str(tmp_path / "cache"))
    kept = tmp_path / "cache/code.json"
    found = set()
    for content in ("", "{", '{"version": "other", "x": ["y", []]}', None):
        digest._known.cache_clear()
        if content is not None:
            kept.parent.mkdir(exist_ok=True)
            kept.write_text(content)
        else:
            monkeypatch.setattr(digest.ast, "parse", None)  # nothing is parsed again
        found.add(code_digest("lib.stage:run", root=package))
    assert len(found) == 1
    digest._known.cache_clear()
    kept.parent.rename(tmp_path / "moved")
    kept.parent.write_text("not a folder")
    monkeypatch.undo()
    monkeypatch.setenv("EVINET_CACHE", str(kept.parent))
    assert code_digest("lib.stage:run", root=package) in found
    digest._known.cache_clear()
