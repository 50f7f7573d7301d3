"""Each rule finds its own wrong example, in the place that it means, and nothing at all in its right one."""

import re

import pytest

from govcomponents.check.rules import rules

from .service import checked, written

OFFLINE = [rule for rule in rules().values() if rule.group != "account"]


@pytest.mark.parametrize("rule", OFFLINE, ids=lambda rule: rule.id)
def test_the_wrong_example_is_found_and_nothing_else(rule, tmp_path):
    written(tmp_path, rule.wrong)
    assert {one.rule_id for one in checked(tmp_path).findings} == {rule.id}


@pytest.mark.parametrize("rule", OFFLINE, ids=lambda rule: rule.id)
def test_the_right_example_is_clean(rule, tmp_path):
    written(tmp_path, rule.right)
    assert checked(tmp_path).findings == []


def test_ids_names_and_groups_are_in_order():
    found = list(rules().values())
    assert [rule.id for rule in found] == sorted(rule.id for rule in found)
    assert len({rule.name for rule in found}) == len(found)
    assert all(re.fullmatch(r"GC[0-5]\d\d", rule.id) and rule.why and rule.fix and rule.title for rule in found)
