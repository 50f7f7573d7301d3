"""Values of placeholders: what they may be, and that they are the same in a send, a preview and a rendering."""

# ruff: noqa: RUF001  # letters that look like others are what it is about

import unicodedata
from collections import deque
from datetime import date
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum

import pytest

from govcomponents.errors import InvalidInput
from govcomponents.money import Money
from govcomponents.notify import Channel, Template
from govcomponents.notify.templates.personalisation import MAX_LENGTH, composed, shown_values
from govcomponents.notify.templates.placeholders import Values, fill, names
from govcomponents.notify.templates.sanitising import sanitise, without_links
from govcomponents.notify.templates.template import escaped


class Colour(str, Enum):  # noqa: UP042  # whose str() is not its value, which is what is tested
    RED = "red"


class Flavour(Enum):
    SWEET = "sweet"


class Level(IntEnum):
    HIGH = 3


class Name(StrEnum):
    SIAN = "Sia\u0302n"


class Shouting(str):
    __slots__ = ()

    def __str__(self):
        return "LOUD"


class Rows(list):
    """As a list of related rows that an ORM gives."""


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Colour.RED, "red"),
        (Flavour.SWEET, "sweet"),
        (Level.HIGH, 3),
        (Name.SIAN, "Siân"),
        (Shouting("quiet"), "quiet"),
        ([Colour.RED, Name.SIAN], ["red", "Siân"]),
        (["e\u0301", "w\u0302"], ["é", "ŵ"]),
        ("Sia\u0302n", "Siân"),
        (Decimal("145.00"), "145.00"),
        (Decimal("1E+3"), "1000"),
        (Money.gbp("145.00"), "£145.00"),
        ({"b", "a"}, ["a", "b"]),
        (frozenset({2, 1}), [1, 2]),
        (Rows(["x"]), ["x"]),
        (deque(["x", "y"]), ["x", "y"]),
        ({"k": 1}.keys(), ["k"]),
        ([True, date(2026, 3, 3)], ["yes", "3 March 2026"]),
        ("x" * MAX_LENGTH, "x" * MAX_LENGTH),
    ],
)
def test_a_value_is_written_as_the_provider_shows_it(value, written):
    found = shown_values({"name": value})["name"]

    assert found == written
    assert type(found) in (str, int, list)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({1: "x"}, "the name of a placeholder is a int"),
        ({"a b": 1, "A_B": 2}, "name the same placeholder"),
        ({"n": None}, "counts as missing"),
        ({"n": object()}, "a template cannot show"),
        ({"n": b"bytes"}, "a template cannot show"),
        ({"n": {"a": 1}}, "a template cannot show"),
        ({"n": [["nested"]]}, "a template cannot show"),
        ({"n": "\ud800"}, "half of a surrogate pair"),
        ({"n": float("nan")}, "finite"),
        ({"n": Decimal("Infinity")}, "finite"),
        ({"n": Decimal("1E+999999")}, "finite"),
        ({"n": 10**5000}, "too many digits"),
        ({"n": "x" * (MAX_LENGTH + 1)}, "longer than 200,000 characters"),
        ({"n": ["x" * MAX_LENGTH, "y"]}, "longer than 200,000 characters"),
        (["n"], "not a mapping"),
    ],
)
def test_what_no_template_can_show_is_refused(values, problem):
    template = Template(id="1", name="t", channel=Channel.SMS, version=1, body="x", placeholders=())

    with pytest.raises(InvalidInput, match=problem) as caught:
        template.render(values)
    assert caught.value.field == "personalisation"


def test_what_is_rendered_is_what_is_sent():
    text = Template(id="1", name="t", channel=Channel.SMS, version=1, body="((n))", placeholders=("n",))

    assert text.render({"n": Colour.RED}).body.reveal() == "red"
    assert text.render({"n": ["Sia\u0302n", "w\u0302"]}).body.reveal() == "Siân and ŵ"
    assert text.render({"n": "w\u0302"}).length.is_unicode


def test_letters_with_more_accents_than_any_has_are_left_alone():
    tall = "a" + "\u0315\u0300" * 30_000

    assert composed(f"e\u0301{tall}e\u0301") == f"é{tall}é"


@pytest.mark.parametrize("name", ["terms & conditions", "a<b", "x > y", "R&D", "it's", 'the "name"', "caf\u00e9"])
def test_a_placeholder_is_filled_in_html_whatever_its_name_holds(name):
    body = f"Accept our (({name})), ((ok & well??yes & no))."
    email = Template(
        id="1", name="n", channel=Channel.EMAIL, version=1, subject="s", body=body, placeholders=names(body)
    ).render({name: "T&1", "ok & well": True})

    assert email.body.reveal() == "Accept our T&1, yes & no."
    assert "Accept our T&amp;1, yes &amp; no." in email.html.reveal()
    assert email.text.reveal() == "Accept our T&1, yes & no.\n"


def test_a_conditional_takes_a_list_as_the_provider_does():
    assert fill("((show??Bring ID))", Values({"show": ["yes"]})) == "Bring ID"
    assert fill("((show??Bring ID))", Values({"show": ["yes"]}), bullets=True, escape=escaped) == ""
    # In bodies of emails and letters a list is bullets before it is looked at, so it shows nothing.
    for channel, body in (("sms", "Bring ID"), ("email", ""), ("letter", "")):
        made = Template(
            id="x", name="n", channel=channel, version=1, subject="((show??Yes))", body="((show??Bring ID))",
            placeholders=(),
        ).render({"show": ["yes"]})  # fmt: skip
        assert (made.body.reveal(), made.subject and made.subject.reveal()) == (
            body,
            None if channel == "sms" else "Yes",
        )


@pytest.mark.parametrize(
    "link",
    [
        *("https://gŵyr.cymru/talu", "café.com", "www.gŵyr.cymru", "é.a.com", "http://ｅｖｉｌ.com"),
        *("https://evil.example/x?y#z", "HTTP://EVIL.EXAMPLE", "evil.example/x", "evil.example?x", "a-b.c_d.example/"),
    ],
)
def test_links_go_as_at_the_provider(link):
    for around in ("{}", "see {} now", "({})", "x\n{}\ny", "“{}”"):
        value = around.format(link)
        assert link.rpartition("//")[2].partition(".")[0] not in sanitise(value, as_provider=True), value
        assert "//" not in sanitise(value, as_provider=True)


@pytest.mark.parametrize(
    "link",
    [
        *("http://пример.рф/a", "пример.рф/a", "http://例え.テスト", "http://مثال.إختبار/x", "http://उदाहरण.परीक्षा"),
        *("http://evil。com/a", "evil．com/a", "http://evil｡com", "http://evil\u200b.com", "evil\u00ad.com/x"),
        *("http://localhost/x", "https://127.0.0.1/x", "http://3232235777/", "https://[::1]/", "ftp://evil/x"),
        *("http://user@evil/x", "xn--e1afmkfd。xn--p1ai/a", "пример.рф:8080/x"),
        *("उदाहरण.भारत/talu", "பரிட்சை.இந்தியா/x", "ตัวอย่าง.คอม/x", "ගමනක්.ලංකා/a", "사례.한국/x", "مثال.السعودية/a"),
    ],
)
def test_links_that_the_provider_lets_through_go_too(link):
    assert sanitise(f"see {link} now").replace("\\", "") in ("see  now", "see now"), sanitise(link)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("Ж.К. Иванов", "Ж.К. Иванов"),
        ("Конец.Начало", "Конец. Начало"),
        ("amala@пример.рф", "amala@пример.рф"),
        ("first.last", "first. last"),
        ("Ann-Marie O’Neil", "Ann-Marie O’Neil"),
        ("£45.00 at 10.30am", "£45.00 at 10.30am"),
        ("क्‍ष", "क्‍ष"),
    ],
)
def test_names_and_prices_are_no_links(value, kept):
    assert without_links(value) == kept


@pytest.mark.parametrize("name", ["caf\u00e9", "cafe\u0301", "CAFE\u0301 "])
@pytest.mark.parametrize("written", ["caf\u00e9", "cafe\u0301"])
def test_names_and_items_of_lists_are_the_same_however_their_accents_are_written(name, written):
    template = Template(
        id="x", name="n", channel=Channel.EMAIL, version=1, subject="s", body=f"(({written}))", placeholders=()
    )
    rendered = template.render({name: ["w\u0302", "n"]})
    assert "* \u0175\n* n" in rendered.body.reveal()
    assert "\u0175" in rendered.text.reveal()
    assert list(shown_values({name: "e\u0301"}).items()) == [(unicodedata.normalize("NFC", name), "\u00e9")]
    with pytest.raises(ValueError, match="same placeholder"):
        shown_values({"caf\u00e9": "1", "cafe\u0301": "2"})


def test_a_channel_given_as_text_is_that_channel():
    template = Template(
        id="x", name="n", channel="email", version=1, subject="s", body="((terms & conditions)) [a](https://b.uk)",
        placeholders=(),
    )  # fmt: skip
    assert template.render({"terms & conditions": "T1"}).text.reveal() == "T1 a: https://b.uk\n"


@pytest.mark.parametrize("values", [{"a\0": "x"}, {"a": "\0"}, {"a": ["x", "y\0"]}])
def test_no_null_character_is_sent(values):
    with pytest.raises(ValueError, match="null character"):
        shown_values(values)
