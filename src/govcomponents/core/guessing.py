"""Estimates how hard a secret is to guess: words, walks over the keyboard and repeats add little to it."""

from __future__ import annotations

import math
import re
import string
from itertools import pairwise
from typing import Final

STRONG: Final = 44
"""The fewest bits of what proves something to strangers. Sixteen random hexadecimal digits have 64, four words 24."""
PLAIN: Final = 20
"""The fewest bits of a secret for tests. Two words or a walk over the keyboard have fewer."""
KEY: Final = 100
"""The fewest bits of a key of 32 bytes that could all be typed. Thirty-two hexadecimal digits have 128."""
_FEWEST_DIFFERENT: Final = 6
_READ: Final = 128
"""A secret that is hard to guess is so within its first characters."""
_WORD_BITS: Final = 6.0
_RUN_BITS: Final = 7.0
_YEAR_BITS: Final = 9.0
_LETTER_BITS: Final = 1.3
"""What a letter of English adds that nobody knows who has read those before it (Shannon, 1951: between 0.6 and 1.3)."""
_CAPITAL_BITS: Final = 2.0
_SEPARATOR_BITS: Final = 1.0
_SEPARATORS: Final = frozenset("-_. /:")
_SHORTEST_RUN: Final = 4
_SHORTEST_REPEAT: Final = 3
_SHORTEST_ENGLISH: Final = 14
_OF_PAIRS: Final = 0.66
"""How many of its pairs of letters must be common ones: in English 0.87 of them are, in random text 0.24."""

_WORDS_LISTED: Final = """
abc access account add admin administrator all alpha and any api app apple application are at auth autumn batman
battery be bearer beta birth bits borough bravo britain brown by callback callbacks can change changeit changeme
character characters charlie chars cheese city client coffee computer correct council county court credential
customs cymru death default delta demo department dev development docs dog dragon dummy echo england enter example
fake fixme flower football for fox foxtrot from get gov govcomponents government govuk guest has have hello here
home hook horse hunter identity iloveyou in insert integration internal internet is it its january john jumps
justice key keys lazy letmein licence license live local localhost login london long love mail marriage master max
may me message min mine ministry monday money monkey my mysecret name new not notification notify number of office
old on one only our ours out over pass passphrase passw passwd password pay payment payments permit permits
placeholder please police princess private prod production provider public put pwd quick qwerty random real receipt
replace revenue root sample sandbox school scotland secret secrets secure security sentry server service set shadow
shared short signing smith some something spring staging staple stripe summer sunshine super superman supersecret
system tax team temp test testing tests text that the this to todo token tokens trust trustno two uat unknown use
user username value very wales we webhook webhooks welcome welsh whatever who winter with word world you your
"""
_PAIRS_LISTED: Final = """
ab ac ad ag ai al am an ap ar as at au ay ba be bl bo bu ca ce ch ci ck cl co ct cu da de di do ds ea ec ed ee ef el
em en ep er es et ev ex fe fi fo fu ge gi gr ha he hi ho ia ib ic id ie if ig il im in io ir is it iv ke la le li ll
lo ls ly ma me mi mo mp na nc nd ne ng ni no ns nt oc od ol om on oo op or os ot ou ov ow pa pe pi pl po pp pr pt qu
ra re ri rm ro rr rs rt ry sa sc se sh si so sp ss st su ta te th ti to tr ts tt tu ty ub ue ul um un ur us ut va ve
vi wa we wh
"""
_WORDS: Final = frozenset(_WORDS_LISTED.split())
_PAIRS: Final = frozenset(_PAIRS_LISTED.split())
_WALKS: Final = (
    "abcdefghijklmnopqrstuvwxyzabcdef",
    "01234567890123456789abcdefabcdef",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "qazwsxedcrfvtgbyhnujmikolp",
    "q1w2e3r4t5y6u7i8o9p0",
    "1q2w3e4r5t6y7u8i9o0p",
    "thequickbrownfoxjumpsoverthelazydog",
    "correcthorsebatterystaple",
    "loremipsumdolorsitamet",
    "!@#$%^&*()",
    '!"£$%^&*()',
)
_ALL_WALKS: Final = "\n".join((*_WALKS, *(walk[::-1] for walk in _WALKS)))
_LONGEST_WORD: Final = max(map(len, _WORDS))
_LEET: Final = str.maketrans("013457@$!|", "oleastasil")
_YEAR: Final = re.compile(r"(?:19|20)[0-9][0-9]")


def is_guessable(secret: str | bytes, *, fewest: float = STRONG) -> bool:
    """Whether a secret is plainly not random: words, a part again and again, a sequence, or a walk over the keyboard.

    `fewest` is how many bits it is to have. Bytes that could all be typed are read as the text that they are: in 32
    random bytes there are others.
    """
    data = secret.encode() if isinstance(secret, str) else secret
    steps = {(after - before) % 256 for before, after in pairwise(data)}
    if len(set(data)) < _FEWEST_DIFFERENT or len(steps) == 1 or data in (data + data)[1:-1]:
        return True
    return all(32 <= byte < 127 for byte in data) and estimated_bits(data.decode("ascii")) < fewest


def estimated_bits(text: str) -> float:
    """Estimate how many bits there are in a text for somebody who knows how people make secrets up.

    It is the shortest way to write the text down, of its first 128 characters, out of words, English, runs, repeats of
    what stood before, and single characters. Takes a time that grows with the square of what is read.
    """
    text = text[:_READ]
    single = math.log2(_alphabet(text))
    lower = text.lower()
    plain = lower.translate(_LEET)
    least = [0.0] + [math.inf] * len(text)
    for at in range(len(text)):
        here = least[at]
        _offer(least, at + 1, here + (min(_SEPARATOR_BITS, single) if text[at] in _SEPARATORS else single))
        for end in range(at + 2, min(at + _LONGEST_WORD, len(text)) + 1):
            if plain[at:end] in _WORDS or lower[at:end] in _WORDS:
                _offer(least, end, here + _WORD_BITS)
        if _YEAR.match(text, at):
            _offer(least, at + 4, here + _YEAR_BITS)
        for end in _ends_of_english(lower, at):
            _offer(least, end, here + _LETTER_BITS * (end - at + 2) + _CAPITAL_BITS * _capitals(text[at:end]))
        end = _end_of_run(lower, at)
        for until in range(at + _SHORTEST_RUN - 1, end + 1):
            _offer(least, until, here + min(_RUN_BITS, single + 2))
        end = at + _SHORTEST_REPEAT
        while end <= len(text) and lower[at:end] in lower[: end - 1]:
            _offer(least, end, here + _RUN_BITS)
            end += 1
    return least[-1]


def _offer(least: list[float], at: int, bits: float) -> None:
    if at < len(least):
        least[at] = min(least[at], bits)


def _alphabet(text: str) -> int:
    """How many characters there are of the kinds that a text has."""
    letters = set(text) - _SEPARATORS
    if letters <= set(string.digits + "abcdef") or letters <= set(string.digits + "ABCDEF"):
        return 10 if letters <= set(string.digits) else 16
    kinds = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
    size = sum(len(kind) for kind in kinds if not letters.isdisjoint(kind))
    return max(size + (2 if letters - set("".join(kinds)) else 0), 2)


def _capitals(text: str) -> int:
    """How many capitals there are that tell something: all of them tell as little as none."""
    return 0 if text.isupper() else sum(letter.isupper() for letter in text)


def _ends_of_english(lower: str, at: int) -> list[int]:
    """Where a run of letters may end that begins here and reads like English."""
    ends, common = [], 0
    for end in range(at + 1, len(lower)):
        if not (lower[end - 1].isalpha() and lower[end].isalpha()):
            break
        common += lower[end - 1 : end + 1] in _PAIRS
        length = end + 1 - at
        if length >= _SHORTEST_ENGLISH and common >= _OF_PAIRS * (length - 1):
            ends.append(end + 1)
    return ends


def _end_of_run(lower: str, at: int) -> int:
    """Where a sequence, one letter again and again, two of them in turns, or a walk over the keyboard ends."""
    ends = [at]
    for apart, least in ((1, _SHORTEST_RUN), (2, _SHORTEST_RUN + 2)):
        end = at + apart + 1
        step = ord(lower[end - 1]) - ord(lower[at]) if end <= len(lower) else 0
        while end < len(lower) and ord(lower[end]) - ord(lower[end - apart]) == step:
            end += 1
        ends.append(end if end - at >= least + min(abs(step), 2) - 1 else at)
    walked = at + _SHORTEST_RUN - 1
    while walked < len(lower) and lower[at : walked + 1] in _ALL_WALKS:
        walked += 1
    return max(*ends, walked if walked >= at + _SHORTEST_RUN else at)
