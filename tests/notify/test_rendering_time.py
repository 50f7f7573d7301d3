"""The time to render grows with the length of what people typed, not with its square, whatever they typed.

Each eighth of the texts; `tests/conformance/sweeps` has all of them, for a minute.
"""

import contextlib
import re
import sys
import time

import pytest

from govcomponents.errors import InvalidInput
from govcomponents.notify import Channel, Template
from govcomponents.notify.templates.personalisation import composed
from govcomponents.notify.templates.sanitising import sanitise

LIMIT = 0.5  # seconds, on a machine that needs no longer than this for the yardstick below
YARDSTICK = 0.02  # seconds

EVIL = [
    *("[a](", "[a]( ", " ", "[a](x '", "[[]", "[", "]", "![", "[a", "[[a]", "[a]]", "](", "[a][", '[a](b "c" ', "\\["),
    *(
        "[a]: ",
        "[^a",
        "[^a]: x\n",
        "[a\n",
        "(",
        ")",
        "((",
        "((a",
        "))",
        "((a))",
        "<",
        ">",
        "<!--",
        "<a ",
        "&lt;",
        "&lt;a:",
    ),
    *("&", "&#", "&#1", "&#x", "&amp;", "'", '"', "\"'", "a'", "' ", "\\", "-", " - ", " -", "- ", "--", "a-", "-a\n"),
    *(
        "* ",
        "*\n",
        "* a\n",
        "* * ",
        "- a\n\n",
        "1. ",
        "1.",
        "11",
        "  * a\n",
        "^",
        "^ ",
        "^ a\n",
        "^^",
        "# ",
        "#",
        "# a  ",
        "#\n",
    ),
    *(
        "```",
        "```\n",
        "```a\n",
        "~~~\n",
        "~~~~",
        "~~~a\n",
        "|",
        "|\n",
        "a|b\n",
        "-|-\n",
        "| a\n|-\n",
        "---\n",
        "a\n---\n",
        "=\n",
    ),
    *(
        "\n",
        "\n\n",
        " \n",
        "\n ",
        "\t",
        "\r\n",
        "    a\n",
        "_ ",
        "+ a\n",
        "> a\n",
        "a\n",
        "QR: ",
        "http://",
        "http://a",
        "https://.,",
    ),
    *(
        ".",
        "a.",
        "a.b",
        "a@",
        "@",
        "a@b.",
        ".@",
        "www.",
        "gov.uk ",
        "\u200b",
        "\u2028",
        "e\u0301",
        "\u0315\u0300",
        "é",
        "ŵ",
        "中",
        "😀",
    ),
    *(" ,", " .", "[a](http://b 'c')", "[a][b] ", "[b]: http://c\n\n", "[a]: http://b\n[a] "),
]
SOME = EVIL[::8]


def template(channel):
    return Template(
        id="1", name="t", channel=channel, version=1, subject="To ((x))", body="Dear ((x)),\n\n((x))\n\n[b]: http://c",
        placeholders=("x",),
    )  # fmt: skip


@contextlib.contextmanager
def untraced():
    """Let nobody look at each line meanwhile, as a measurement of coverage does: it is the code that is timed."""
    trace = sys.gettrace()
    monitoring = getattr(sys, "monitoring", None)
    tools = [tool for tool in range(6) if monitoring.get_tool(tool)] if monitoring else []
    events = {tool: monitoring.get_events(tool) for tool in tools}
    sys.settrace(None)
    for tool in tools:
        monitoring.set_events(tool, 0)
    try:
        yield
    finally:
        for tool in tools:
            monitoring.set_events(tool, events[tool])
        sys.settrace(trace)


def once(channel, value):
    start = time.thread_time()
    with untraced(), contextlib.suppress(InvalidInput):  # a QR code that is too long
        rendered = template(channel).render({"x": value})
        assert rendered.body is not None
        assert channel is not Channel.EMAIL or rendered.text is not None
    return time.thread_time() - start


def cleaned(value):
    start = time.thread_time()
    with untraced():
        sanitise(value)
        composed(value)
    return time.thread_time() - start


def slowness():
    """How many times slower this machine is just now than the one that the limit is meant for: at least once."""
    start = time.thread_time()
    with untraced():
        re.sub(r"\[|\]", lambda found: found.group(), "[a]" * 50_000)
    return max(1, (time.thread_time() - start) / YARDSTICK)


def check(measure, evil, size):
    """The best of a few tries, because the machine is shared; then at larger sizes, where a square shows the more."""
    for larger in (1, 2, 4):
        values = [evil * (larger * size // len(evil) * times) for times in (1, 2)]  # whole, so that both end alike
        half = whole = float("inf")
        for _ in range(6):
            half, whole = (min(best, measure(value)) for best, value in zip((half, whole), values, strict=True))
            if whole <= max(2.5 * half, 0.02):
                return
    pytest.fail(f"{half:.3f} s, and {whole:.3f} s for twice the length")


def check_the_worst(channel, evil):
    value = (evil * 50_000)[:50_000]  # it stands in the template twice

    # What the machine does beside is not counted, but it warms no cache: one quiet moment is enough.
    # How slow the machine is matters only where the limit was passed.
    assert once(channel, value) <= LIMIT or any(once(channel, value) <= LIMIT * slowness() for _ in range(8))


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS, Channel.LETTER])
@pytest.mark.parametrize("evil", SOME)
def test_time_to_render_grows_with_length(evil, channel):
    check(lambda value: once(channel, value), evil, 5_000)


@pytest.mark.parametrize("evil", SOME)
def test_time_to_clean_grows_with_length(evil):
    check(cleaned, evil, 10_000)


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.LETTER])
@pytest.mark.parametrize("evil", SOME)
def test_the_worst_takes_half_a_second(channel, evil):
    check_the_worst(channel, evil)


@pytest.mark.parametrize("nest", [("[", "](b)"), ("[a](", ")"), ("* ", ""), ("^ ", ""), ("[", "]"), ("((", "))")])
def test_what_is_nested_deeply_is_rendered(nest):
    for channel in (Channel.EMAIL, Channel.LETTER):
        assert once(channel, nest[0] * 5000 + "a" + nest[1] * 5000) <= LIMIT * slowness()


def test_a_number_of_too_many_digits_is_text():
    for entity in ("&#" + "1" * 5000 + ";", "&#" + "1" * 5000, "&#x" + "1" * 5000 + ";"):
        assert template(Channel.EMAIL).render({"x": entity}).text is not None
