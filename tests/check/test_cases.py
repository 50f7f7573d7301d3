"""Sixty-five files with a mistake each: all are found. Thirty-three without: nothing is."""

import re
import time
import tomllib
from pathlib import Path

import pytest

from govcomponents.check.rules import rules

from .service import checked, written

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
OWN = [
    ROOT / "src" / "govcomponents",
    *(ROOT / "examples" / "services").iterdir(),
    *(ROOT / "examples" / "adapters").iterdir(),
]
SEEDED = tomllib.loads((HERE / "seeded.toml").read_text(encoding="utf-8"))["case"]
CLEAN = tomllib.loads((HERE / "clean.toml").read_text(encoding="utf-8"))["case"]


def test_there_are_as_many_as_are_promised():
    assert len(SEEDED) == 65
    assert len(CLEAN) == 33


@pytest.mark.parametrize("case", range(len(SEEDED)), ids=lambda case: f"{case}-{SEEDED[case]['rule']}")
def test_a_seeded_mistake_is_found_and_nothing_else(case, tmp_path):
    written(tmp_path, SEEDED[case]["files"])
    assert {one.rule_id for one in checked(tmp_path).findings} == {SEEDED[case]["rule"]}


@pytest.mark.parametrize("case", range(len(CLEAN)))
def test_a_clean_file_is_clean(case, tmp_path):
    written(tmp_path, CLEAN[case]["files"])
    assert checked(tmp_path).findings == []


def test_what_is_no_python_and_what_is_hostile_is_no_trouble(tmp_path):
    written(
        tmp_path,
        {
            "old.py": "print 'gov.pay.create'\n",
            "nul.py": "x = '\\0' # govcomponents\0\n",
            "deep.py": f"gov.pay.x = {'(' * 9000}",
        },
    )
    (tmp_path / "bytes.py").write_bytes(b"\xff\xfe govcomponents")
    (tmp_path / "loop").symlink_to(tmp_path)
    found = checked(tmp_path).findings
    assert [(one.path, one.rule_id) for one in found] == [
        (name, "GC001") for name in ("bytes.py", "deep.py", "nul.py", "old.py")
    ]


SPACES = " " * 200_000
LONG_LINES = {
    "service.py": f"import govcomponents\nNAMES = '{'a-' * 100_000}'\n",
    "Procfile": f"web: {'gunicorn ' * 20_000}\nweb: WEB_CONCURRENCY{SPACES}x\n",
    "gunicorn.conf.py": f"workers ={SPACES}x\n",
    ".env": f"GOVCOMPONENTS_PAY__API_KEY=x{SPACES}x # the key\n",
    "deploy.yaml": f"GOVCOMPONENTS_OTHER: 1\n{SPACES}x\nGOVCOMPONENTS_OTHER{SPACES}x\n",
    "pyproject.toml": "\n" * 200_000,
}


@pytest.mark.parametrize("name", LONG_LINES)
def test_a_long_line_takes_a_time_that_grows_with_its_length_alone(name, tmp_path):
    written(tmp_path, {"app.py": "import govcomponents\n", name: LONG_LINES[name]})
    began = time.thread_time()
    checked(tmp_path)
    assert time.thread_time() - began <= 3  # where it grew with the square, it took minutes


def test_mistakes_of_tests_are_their_own_but_for_credentials(tmp_path):
    text = rules()["GC306"].wrong["service.py"]
    written(tmp_path, {"tests/test_pay.py": text, "conftest.py": text})
    assert checked(tmp_path).findings == []
    written(tmp_path, {"tests/test_key.py": rules()["GC309"].wrong["service.py"]})
    assert [one.rule_id for one in checked(tmp_path).findings] == ["GC309"]


@pytest.mark.parametrize("folder", OWN, ids=lambda folder: folder.name)
def test_nothing_is_found_in_what_is_handed_out(folder):
    report = checked(folder)
    assert report.files > 3
    assert report.findings == []


PAGES = [
    page
    for folder in ("frameworks", "identity", "notify", "durable")
    for page in (ROOT / "docs" / folder).rglob("*.md")
]


@pytest.mark.parametrize("page", sorted(PAGES), ids=lambda page: f"{page.parent.name}/{page.stem}")
def test_nothing_is_found_in_what_is_copied_from_the_docs(page, tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    written(tmp_path, {f"block_{number}.py": text for number, text in enumerate(blocks)})
    assert checked(tmp_path).findings == []


def test_a_file_of_another_tool_is_no_file_of_templates(tmp_path):
    written(tmp_path, {"templates.toml": '[mail]\nsubject = "Your order"\n', "app.py": "import govcomponents\n"})
    assert checked(tmp_path).findings == []


def test_a_database_of_its_own_is_not_under_an_outbox(tmp_path):
    outbox = "from govcomponents.durable import Durable\nlater = Durable(gov, engine)\n"
    own = 'import sqlite3\nfile = sqlite3.connect("cache.db")\nfile.execute("PRAGMA synchronous = NORMAL")\n'
    written(tmp_path, {"outbox.py": outbox, "cache.py": own})
    assert checked(tmp_path).findings == []
    written(tmp_path, {"cache.py": f"{own}engine = create_engine('sqlite://', creator=lambda: file)\n"})
    assert [one.rule_id for one in checked(tmp_path).findings] == ["GC402"]


def test_a_hundred_thousand_lines_take_a_moment(tmp_path):
    view = "\n\n".join(
        f"def view_{number}(request):\n    form = Form(request.POST)\n    return render(form, {number})"
        for number in range(250)
    )
    ours = rules()["GC301"].right["service.py"]
    written(tmp_path, {f"app/part_{number}.py": f"{view}\n" for number in range(90)})
    written(tmp_path, {f"app/pay_{number}.py": f"{ours}\n\n{view}\n" for number in range(10)})
    assert sum(len(path.read_text().splitlines()) for path in tmp_path.rglob("*.py")) >= 100_000
    began = time.process_time()
    report = checked(tmp_path)
    assert report.findings == []
    assert report.files == 100
    assert time.process_time() - began <= 3  # of this process alone, whatever else the machine does
