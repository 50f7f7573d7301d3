"""The plain pages of the web shells in headless Chromium: people can read them, narrow and wide, in both languages."""

from __future__ import annotations

import pytest

from govcomponents.errors import OutcomeUnknown, SignInDenied, SignInReason, Unavailable
from govcomponents.web.pages import page, problem, sign_in_problem

from .browser import violations

pytestmark = pytest.mark.alone

LEFT = SignInDenied("left", reason=SignInReason.MALFORMED)
ANSWERS = {
    "away": lambda language: problem(Unavailable("away", operation="pay.get"), language),
    "not started": lambda language: problem(Unavailable("away", operation="pay.create"), language),
    "unknown": lambda language: problem(OutcomeUnknown("lost"), language),
    "denied": lambda language: sign_in_problem(LEFT, language, "/renew?year=2026&page=2"),
    "unfinished": lambda language: page(403, "not_signed_in", "unfinished", language, "/renew"),
}


@pytest.mark.parametrize("language", ["en", "cy"])
@pytest.mark.parametrize("name", ANSWERS)
def test_a_plain_page_is_accessible_narrow_and_wide(reader, axe, tmp_path, name, language):
    answer = ANSWERS[name](language)
    (tmp_path / "page.html").write_bytes(answer.body)
    reader.open((tmp_path / "page.html").as_uri())
    assert reader.driver.find_element("css selector", "html").get_attribute("lang") == language
    for width in (375, 1280):
        reader.driver.set_window_size(width, 900)
        assert violations(reader, axe) == []
        assert reader.driver.execute_script("return document.documentElement.scrollWidth - window.innerWidth") <= 0
    reader.driver.set_window_size(1100, 900)
