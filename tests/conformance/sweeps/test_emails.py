"""Emails by SMTP with ten thousand subjects, references and names, as Python's own parser reads them.

Here and not in `make test`, because it takes twenty seconds of CPU, most of them in that parser. `make test` has a
thousand.
"""

from __future__ import annotations

from notify.smtp.test_properties import check_that_emails_are_read_back


def test_ten_thousand_subjects_references_and_names_are_read_back_as_they_were_given() -> None:
    check_that_emails_are_read_back(seed=7, emails=3_400)
