"""A comment that is meant to allow something, and names no rule that is there, is told, with the one that is meant."""

import pytest

from .service import checked, written

CODE = "import govcomponents\n\nvalue = 1  {}\n"


def told(folder, name, text):
    written(folder, {name: text})
    found = checked(folder).findings
    assert {one.rule_id for one in found} <= {"GC002"}
    return [(one.line, one.message) for one in found]


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        ("# govcomponents: allow GC999", "GC999 is no rule (all are listed by: govcomponents check --explain)"),
        ("# govcomponents: allow GC3O1", "GC3O1 is no rule (is GC301 send-without-reference meant?)"),
        ("# govcomponents: allow gc31", "gc31 is no rule (is GC311 personal-data-in-reference meant?)"),
        ("# govcomponents: allow GC301, GC3066", "GC3066 is no rule (is GC306 payment-not-kept meant?)"),
        ("# govcomponents: allow payment-not-kept", "payment-not-kept is no rule (is GC306 payment-not-kept meant?)"),
        ("# govcomponents: allow all", "all is no rule (all are listed by: govcomponents check --explain)"),
        ("# govcomponents: allow everything here", "everything is no rule (all are listed by: "),
        ("# govcomponents: allow", "it names no rule: a comment that allows is written"),
        ("# govcomponents: ignore GC301", "it allows nothing: a comment that allows is written"),
        ("# govcomponents allow GC301", "it allows nothing: a comment that allows is written"),
        ("# govcomponents: allow=GC301", "it allows nothing: a comment that allows is written"),
        ("# why not  # govcomponents: allow GC999", "GC999 is no rule"),
    ],
)
@pytest.mark.parametrize("name", ["service.py", "deploy.yml"])
def test_a_comment_that_allows_nothing_is_told(comment, message, name, tmp_path):
    text = CODE.format(comment) if name.endswith(".py") else f"govcomponents: 1\n\nreplicas: 1  {comment}\n"
    ((line, found),) = told(tmp_path, name, text)
    assert line == 3
    assert found.startswith(message)


@pytest.mark.parametrize(
    "comment",
    [
        "# govcomponents: allow GC301",
        "# govcomponents: allow gc301,GC306",
        "# govcomponents: allow GC301 GC306",
        "# govcomponents: allow GC301: the reference is in the form of 2024-B1",
        "# govcomponents: allow GC301 SD-123, as GCHQ does",
        "# govcomponents allows this",
        "# govcomponents: the SDK of GC",
        "# govcomponents 0.1 or newer",
        "# see https://docs.example.gov.uk/govcomponents#allow",
    ],
)
def test_a_comment_that_allows_and_one_that_is_of_something_else_are_not(comment, tmp_path):
    assert told(tmp_path, "service.py", CODE.format(comment)) == []


def test_a_text_is_no_comment(tmp_path):
    text = "# govcomponents: allow GC999 in a text"
    assert told(tmp_path, "service.py", f"import govcomponents\nTEXT = '{text}'\n") == []
    assert told(tmp_path, "rules.toml", f"[one]\ntext = '''\n{text}\n'''\n") == []
    assert told(tmp_path, "rules.toml", f"[one]\ntext = '''\n\n'''  {text}\n{text}\n")[0][0] == 5
