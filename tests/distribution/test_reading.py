"""How the pages read: words that are spelled right, sentences that are short, pages that are not long.

The reading age is the grade of Flesch and Kincaid over the sentences of a page, without headings, tables and code: 0.39
words a sentence, 11.8 syllables a word, less 15.59. GOV.UK asks for what somebody of nine can read; of a page for
developers at most grade 10 is asked, that is fifteen or sixteen years.
"""

from __future__ import annotations

import re
from pathlib import Path

from spellchecker import SpellChecker

from .sources import ROOT

PAGES = sorted((ROOT / "docs").rglob("*.md"))
WORDS = {*(Path(__file__).parent / "words.txt").read_text(encoding="utf-8").split()}
MOST_WORDS = 1500
HIGHEST_GRADE = 10.0
# Lists in which one row is looked up, and which nobody reads from their beginning to their end.
LOOKED_UP = {
    "docs/pay/errors.md",
    "docs/reference/mutants.md",
    "docs/reference/ports/pay.md",
    "docs/sandbox/faults.md",
}
# The spelling of another country; each is a word of the dictionary too.
AMERICAN = re.compile(
    r"\b(?:behavior|canceled|canceling|catalog|center|color|colors|favorite|fulfill|honor|honors|license[ds]?(?= )|"
    r"organize[ds]?|organization|recognize[ds]?|summarize[ds]?|authorize[ds]?|initialize[ds]?|normalize[ds]?)\b"
)


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def told(text: str) -> str:
    """The words of a page: without code, comments, addresses, and the marks of Markdown."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"<!--.*?-->|<[^>\n]+>", " ", text, flags=re.DOTALL)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", re.sub(r"`[^`\n]*`", " ` ", text))
    return re.sub(r"https?://\S+|^::: .*$|\b\w+(?:[._]\w+)+\b", " ", text, flags=re.MULTILINE)


def sentences(text: str) -> list[list[str]]:
    """The sentences of a page that are read as such, as their words; one of fewer than three words is none."""
    prose = re.sub(r"^(?:\||#|::: ).*$", "", told(text), flags=re.MULTILINE)
    prose = re.sub(r"^\s*(?:[-*]|\d+\.) ", "\n\n", prose, flags=re.MULTILINE)
    parts = (part for block in re.split(r"\n\s*\n", prose) for part in re.split(r"(?<=[.!?])\s+", block))
    found = (re.findall(r"`|[^\W\d_][\w'\u2019-]*", part) for part in parts)
    return [words for words in found if len(words) > 2]


def syllables(word: str) -> int:
    """About how many syllables a word has: its groups of vowels, without a silent e. A name in code counts as one."""
    groups = re.findall(r"[aeiouy]+", word.lower())
    silent = word.lower().endswith("e") and not word.lower().endswith(("le", "ee"))
    return max(1, len(groups) - silent)


def grade(text: str) -> float:
    every = sentences(text)
    words = [word for sentence in every for word in sentence]
    if len(words) < 50:
        return 0.0
    return 0.39 * len(words) / len(every) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def test_the_measure_tells_easy_from_hard() -> None:
    easy = "You pay. We send you a receipt. It says what you paid, and when. Keep it in a safe place. " * 5
    hard = (
        "Notwithstanding the aforementioned considerations, the authoritative administration of organisational "
        "responsibilities necessitates comprehensive documentation of interdependencies. "
    ) * 5
    assert grade(easy) < 3
    assert grade(hard) > 20


def test_a_page_can_be_read_by_somebody_of_sixteen() -> None:
    grades = {_name(page): grade(page.read_text(encoding="utf-8")) for page in PAGES}
    assert {name: found for name, found in grades.items() if found > HIGHEST_GRADE} == {}


def test_a_page_is_not_long() -> None:
    read = [page for page in PAGES if _name(page) not in LOOKED_UP]
    words = {_name(page): re.findall(r"[^\W\d_][\w'\u2019-]*", told(page.read_text(encoding="utf-8"))) for page in read}
    assert {name: len(found) for name, found in words.items() if len(found) > MOST_WORDS} == {}


def test_every_word_is_spelled_as_the_dictionary_or_our_list_has_it() -> None:
    dictionary = SpellChecker()
    wrong = {}
    for page in [*ROOT.glob("*.md"), *PAGES]:
        for word in re.findall(r"\b[A-Za-z][a-z]+\b", told(page.read_text(encoding="utf-8"))):
            if len(word) > 3 and word.lower() not in dictionary and word.lower() not in WORDS:
                wrong[word] = _name(page)
    assert wrong == {}, "mend the spelling, or add the word to tests/distribution/words.txt"


def test_no_word_of_our_list_could_be_left_out() -> None:
    every = " ".join(told(page.read_text(encoding="utf-8")).lower() for page in [*ROOT.glob("*.md"), *PAGES])
    seen = set(re.findall(r"\b[a-z]+\b", every))
    assert sorted(WORDS - seen) == []


def test_a_page_is_in_british_english() -> None:
    found = {_name(page): AMERICAN.findall(told(page.read_text(encoding="utf-8"))) for page in PAGES}
    assert {name: words for name, words in found.items() if words} == {}
