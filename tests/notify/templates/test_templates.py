"""Templates offline: placeholders, Markdown, typography and text messages, as the provider treats them."""

# ruff: noqa: RUF001  # typographic characters are what it is about

# typographic characters are what it is about

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govcomponents import InvalidInput
from govcomponents.notify import Channel, Template
from govcomponents.notify.rendering import sms
from govcomponents.notify.rendering.html import EmailHtml, EmailText, LetterHtml, qr_data
from govcomponents.notify.rendering.typography import improve
from govcomponents.notify.templates import placeholders
from govcomponents.notify.templates.placeholders import Values, fill, names
from govcomponents.notify.templates.sanitising import sanitise, sanitised
from notify.golden import FOLDER, needs_golden, replay, steps


def template(body, channel=Channel.EMAIL, subject="Subject", **more):
    found = names(subject, body) if channel is not Channel.SMS else names(body)
    return Template(
        id="1", name="t", channel=channel, version=1, body=body,
        subject=None if channel is Channel.SMS else subject, placeholders=found, **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "values", "filled"),
    [
        ("((name))", {"Name": "Sam"}, "Sam"),
        ("((First Name))", {"first_name": "Sam"}, "Sam"),
        ("((a-b c))", {"A_BC": "x"}, "x"),
        ("(((name)))", {"name": "x"}, "(x)"),
        ("((name))", {"name": "((other))", "other": "x"}, "((other))"),
        ("((flag??shown ))", {"flag": "Yes"}, "shown "),
        ("((flag??shown))", {"flag": True}, "shown"),
        ("((flag??shown))", {"flag": 1}, "shown"),
        ("((flag??shown))", {"flag": 2}, ""),
        ("((flag??shown))", {"flag": ["yes"]}, "shown"),
        ("((flag??shown))", {"flag": ["yes", "no"]}, ""),
        ("((flag??shown))", {"flag": []}, ""),
        ("((flag??a??b))", {"flag": "t"}, "a??b"),
        ("((ok??a ((b)) c))", {"b": "x", "ok": "yes"}, "((ok??a x c))"),
        ("((list))", {"list": ["a"]}, "a"),
        ("((list))", {"list": ["a", "b"]}, "a and b"),
        ("((list))", {"list": ["a", None, " ", "b", 3]}, "a, b and 3"),
        ("((list))", {"list": []}, ""),
        ("((empty))", {"empty": ""}, ""),
        ("((missing))", {}, "((missing))"),
        ("((number))", {"number": 1.5}, "1.5"),
    ],
)
def test_placeholders_are_filled_as_the_provider_fills_them(text, values, filled):
    assert fill(text, Values(values)) == filled


def test_a_list_in_a_body_becomes_bullets():
    assert fill("x ((list))", Values({"list": ["a", "b"]}), bullets=True) == "x \n\n* a\n* b"


def test_placeholders_are_named_once_in_the_templates_spelling():
    assert names("((First Name))", "((first_name)) ((b??x)) ((b))", None) == ("First Name", "b")
    assert placeholders.conditional_names("((First??x)) ((b))") == {"first"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Bo, [click](https://evil.link)", "Bo, \\[click\\]\\(\\)"),
        ("see www.gov.uk", "see www\\. gov\\. uk"),
        ("first.last", "first\\. last"),
        ("Mr. A-B #1", "Mr\\. A\\-B \\#1"),
        ("a@b.com", "a@b\\.com"),
        ("evil.com/path", ""),
        ("nothing", "nothing"),
    ],
)
def test_values_that_people_typed_lose_links_and_formatting(before, after):
    assert sanitise(before) == after


def test_only_texts_are_sanitised_and_what_changes_is_told():
    assert sanitised({"First name": "a*b", "list": ["*"], "other": "*"}, ["first_name", "list"]) == {
        "First name": ("a*b", "a\\*b")
    }


@pytest.mark.parametrize(
    ("text", "count", "fragments", "too_long"),
    [
        ("a" * 160, 160, 1, False),
        ("a" * 161, 161, 2, False),
        ("a" * 306, 306, 2, False),
        ("a" * 307, 307, 3, False),
        ("a" * 459, 459, 3, False),
        ("a" * 460, 460, 4, False),
        ("a" * 918, 918, 6, False),
        ("a" * 919, 919, 7, True),
        ("€" * 80, 80, 1, False),
        ("€" * 81, 81, 2, False),
        ("€" * 153, 153, 2, False),
        ("€" * 154, 154, 3, False),
        ("ŵ" * 70, 70, 1, False),
        ("ŵ" * 71, 71, 2, False),
        ("ŵ" * 134, 134, 2, False),
        ("ŵ" * 135, 135, 3, False),
        ("a" * 458 + "ê", 459, 7, False),
        ("‘hi’ “x” – … —", 16, 1, False),
    ],
)
def test_text_messages_are_counted_as_they_are_charged(text, count, fragments, too_long):
    length = sms.measure(sms.clean(text))
    assert (length.characters, length.fragments, length.is_too_long) == (count, fragments, too_long)


@pytest.mark.parametrize(("size", "count", "fragments"), [(150, 164, 2), (918, 932, 7)])
def test_the_services_name_in_front_costs_but_does_not_count_for_the_limit(size, count, fragments):
    length = sms.measure(sms.clean("a" * size, prefix="Service Name"), prefix="Service Name")
    assert (length.characters, length.fragments, length.is_too_long) == (count, fragments, False)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("‘hi’ “x” – … —", "'hi' \"x\" - ... -"),
        ("Zoë 😀", "Zoë ?"),
        ("👨‍👩‍👧", "???"),
        ("e\u0301", "e?"),
        ("çãő", "cao"),
        ("Łódź ŵ", "Lódz ŵ"),
        ("中文 я ` ½ ™", "?? ? ? ? ?"),
    ],
)
def test_characters_become_what_a_text_message_can_hold(before, after):
    assert sms.encode(before) == after


def test_a_text_message_is_laid_out():
    assert sms.clean(" a\u00a0 b\t .\n\n\n\n c\u200b ,d ", prefix=" Me ") == "Me: a b.\n\nc,d"


@given(st.text())
def test_every_text_can_be_encoded_and_measured(text):
    encoded = sms.encode(sms.clean(text))
    assert sms.encode(encoded) == encoded
    length = sms.measure(sms.clean(text))
    assert length.fragments >= 1
    assert length.is_empty == (not sms.clean(text))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("\"It's\" 'here'", "“It’s” ‘here’"),
        ("o'neil@example.com isn't", "o'neil@example.com isn’t"),
        ("a - b -- c", "a – b – c"),
        ("a , b .", "a, b."),
        ("the '90s", "the ‘90s"),
        ("'", "‘"),
        ('<a href="x">"y"</a> "z"', '<a href="x">"y"</a> “z”'),
        ('<p>"', "<p>“"),
        ("1-2", "1-2"),
    ],
)
def test_typography(before, after):
    assert improve(before) == after


PARAGRAPH = '<p style="Margin: 0 0 20px 0; font-size: 19px; line-height: 25px; color: #0B0C0C;">'


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("# Heading\n\ntext", "\n\n\nHeading\n" + "=" * 65 + "\n\ntext"),
        ("#Heading", "\n\n\nHeading\n" + "=" * 65),
        ("## Two", "\n\n\nTwo\n" + "-" * 65),
        ("### Three", "\n\nThree"),
        ("a\nb", "\n\na\nb"),
        ("* a\n* b", "\n\n• a\n• b"),
        ("- a\n- b", "\n\n• a\n• b"),
        ("• a\n• b", "\n\n• a\n• b"),
        ("1. a\n2. b", "\n\n1. a\n2. b"),
        ("^ inset", "\n\ninset"),
        ("> quote", "\n\n&gt; quote"),
        ("---", "\n\n" + ("=-" * 65)[:65]),
        ("[t](http://x.com)", "\n\nt: http://x.com"),
        ('[t](http://x.com "T")', "\n\nt (T): http://x.com"),
        ("see http://x.com.", "\n\nsee http://x.com."),
        ("x **b** _i_ `c` ~~s~~", "\n\nx **b** _i_ `c` ~~s~~"),
        ("**b**", "\n\n• • b**"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", ""),
        ("a | b\n--- | ---\n1 | 2", ""),
        ("![i](http://x.com/i.png)", ""),
        ("\\# not a heading", "\n\n# not a heading"),
        ("[a][b] [b]\n\n[b]: http://def.com", "\n\na: http://def.com b: http://def.com"),
        ("[b] [c]\n\n[b]: http://def.com", "\n\nb: http://def.com [c]"),
        ("    code", "code"),
        ("```\ncode\n```", "code"),
        ("[^1]: a note", ""),
        ("Title\n===", "\n\n\nTitle\n" + "=" * 65),
        ("* a\n\n* b", "\n\n• a\n• b"),
        ("", ""),
    ],
)
def test_markdown_in_the_plain_text_of_an_email(source, plain):
    assert EmailText().render(source) == plain


def test_markdown_in_the_html_of_an_email():
    written = EmailHtml().render("# H\n\na\nb https://www.gov.uk/a?b=c, d\n\n* x\n\ny\n\n1. z\n\n^ z\n\n---\n\n[t](u)")

    assert written.startswith('<h2 style="Margin: 0 0 15px 0;')
    assert f"{PARAGRAPH}a<br>b <a " in written
    assert 'href="https://www.gov.uk/a?b=c">https://www.gov.uk/a?b=c</a>, d</p>' in written
    assert "<ul style" in written
    assert "<ol style" in written
    assert '<div style="Margin: 0 0 20px 0;"><blockquote style="Margin: 0; border-left' in written
    assert "<hr style" in written
    assert EmailHtml().render('[t](u "T")').endswith('href="http://u" title="T">t</a></p>')


def test_markdown_of_a_letter():
    assert LetterHtml().render("# H\n\n## I\n\n***\n\n^ a\n\n* b\n\n[t](http://u.com)\nx") == (
        '<h2>H</h2>\n<p>I</p><div class="page-break">&nbsp;</div><p>a</p><ul>\n<li>b</li>\n</ul>\n'
        "<p>[t](http://u.com)<br>x</p>"
    )
    assert "qrcode" in LetterHtml().render("QR: https://www.gov.uk")
    assert qr_data("qr : <strong data-original-protocol='https://'>a.gov.uk</strong>") == "https://a.gov.uk"
    assert qr_data("see QR: x") is None
    assert LetterHtml().render("![i](u)") == ""


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="#*-^1.> |`~[]()!\\\n\t ab:/<&\"'", max_size=60))
def test_every_text_is_markdown(source):
    for form in (EmailHtml, EmailText, LetterHtml):
        assert isinstance(form().render(source), str)


def test_lists_nest_only_so_deep():
    deep = "\n".join("  " * level + "* x" for level in range(12))
    assert EmailHtml().render(deep).count("<ul") <= 8


def test_a_template_is_rendered_for_each_channel():
    email = template("GOV.UK & ((name))", subject="Hello ((name))").render({"name": "<b>"})
    assert (email.subject.reveal(), email.body.reveal()) == ("Hello <b>", "GOV.UK & <b>")
    assert "GOV.\u200bUK &amp; &lt;b&gt;" in email.html.reveal()
    assert email.text.reveal() == "GOV.\u200bUK & <b>\n"

    letter = template("a-b ((name))", Channel.LETTER, "R&D ((name))").render({"name": "&amp; <x>"})
    assert letter.subject.reveal() == "R&amp;D &amp; &lt;x&gt;"
    assert "a\u2011b" in letter.html.reveal()
    assert letter.text is None

    text = template("Hi ((name))", Channel.SMS).render({"name": "Sâm"}, service_name="Us")
    assert (text.body.reveal(), text.text.reveal(), text.length.characters) == ("Hi Sâm", "Us: Hi Sâm", 10)
    assert text.length.is_unicode
    assert "Sâm" not in repr(text)


def test_a_template_tells_which_placeholders_show_or_hide_a_text():
    letter = template(
        "Hello ((Full Name)), ((is_late??you are late)). ((Is-Late)) ((odd ??)) ((a ((late??x)) b))",
        channel=Channel.LETTER,
        subject="((In Time??On time)) ((late))",
        contact_block="((has phone??0300 123)) ((phone))",
    )
    assert letter.conditionals == {"islate", "intime", "odd", "late", "hasphone"}
    shown = dict.fromkeys(letter.conditionals, True) | {"full name": "Sam", "phone": "x"}
    assert letter.missing(shown) == ()
    assert letter.missing({}) == letter.missing(dict.fromkeys(letter.conditionals)) != ()


def test_a_template_without_conditional_text_has_no_conditionals():
    assert template("((name)) ((flag?shown)) ??", subject="((late))").conditionals == frozenset()


def test_a_template_that_lacks_values_is_not_rendered():
    with pytest.raises(InvalidInput, match="name, amount"):
        template("((name)) ((amount))").render()


@needs_golden
def test_every_recorded_body_is_rendered_exactly():
    world = json.loads((FOLDER / "world.json").read_text(encoding="utf-8"))["notify"]
    found = {t["id"]: t for service in world["services"] for t in service["templates"]}
    _, exchanges = replay()
    checked = 0
    for step in steps():
        body = step.get("response", {}).get("body")
        if not isinstance(body, dict) or "json" not in step["request"]:
            continue
        content = body.get("content") or (body if "html" in body else None)
        if not isinstance(content, dict):
            continue
        sent, _ = exchanges[step["name"]]
        fields = json.loads(sent.body)
        values = fields.get("personalisation", {})
        if any(isinstance(value, dict) for value in values.values()):
            continue
        for name, (_, after) in sanitised(values, fields.get("sanitise_content_for") or (), as_provider=True).items():
            values[name] = after
        used = found[body.get("template", body)["id"]]
        version = used["versions"][-1]
        rendered = Template(
            id=used["id"], name=used["name"], channel=Channel(used["type"]), version=version["version"],
            subject=version["subject"], body=version["content"],
            placeholders=names(version["subject"], version["content"]),
        ).render(values)  # fmt: skip
        expected = content["body"]
        if isinstance(expected, dict):
            expected = "".join(
                p if isinstance(p, str) else p["$repeat"][0] * p["$repeat"][1] for p in expected["$concat"]
            )
        assert rendered.body.reveal() == expected
        if content.get("subject") is not None:
            assert rendered.subject.reveal() == content["subject"]
        checked += 1
    assert checked > 20


@pytest.mark.parametrize(("size", "fits"), [(504, True), (505, False)])
def test_a_qr_code_holds_504_bytes(size, fits):
    letter = template("QR: ((link))", Channel.LETTER)
    link = "https://" + "a" * (size - 8)

    if fits:
        assert "qrcode" in letter.render({"link": link}).html.reveal()
    else:
        with pytest.raises(InvalidInput, match="504"):
            letter.render({"link": link})
