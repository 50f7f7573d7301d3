"""What the GOV.UK Notify adapter reads: messages, PDFs of letters, searches, templates and received texts."""

import pytest

from govcomponents import (
    Conflict,
    InvalidInput,
    NotFound,
    RequestRefused,
    Unavailable,
    UnexpectedReply,
)
from govcomponents.notify import Channel, Status
from govcomponents.sandbox.app import Sandbox
from notify.doubles import (
    ADDRESS,
    EMAIL,
    LETTER,
    TEXT,
    VALUES,
    answer,
    on_sandbox,
    refused,
    scripted,
)


def test_the_pdf_of_a_letter_is_waited_for_until_the_deadline_only():
    not_ready = refused(400, "PDFNotReadyError", "PDF not available yet, try again later")
    transport, notify = scripted(*[not_ready] * 10)

    with pytest.raises(Unavailable):
        notify.get_letter_pdf("740e5834-3a29-46b4-9a6f-16142fde533a", wait=6)

    assert transport.waits == [1.0, 2.0, 3.0]


def test_other_failures_of_a_pdf_are_not_waited_for():
    _, notify = on_sandbox()
    text = notify.send_sms("07700900123", TEXT, VALUES)

    with pytest.raises(Conflict):
        notify.get_letter_pdf(text.id, wait=60)
    with pytest.raises(NotFound):
        notify.get_letter_pdf("99999999-9999-4999-8999-999999999999", wait=60)
    _, broken = scripted(answer(200, {"not": "a PDF"}))
    with pytest.raises(UnexpectedReply):
        broken.get_letter_pdf(text.id)


def small_pages(size):
    world = dict(Sandbox().notify.world.model_dump(mode="json"))
    world["platform"]["list_page_size"] = size
    return {"notify": world}


def test_searching_goes_through_all_pages_whatever_the_filters():
    sandbox, notify = on_sandbox(world=small_pages(2))
    reference = "11111111-2222-4333-8444-555555555555"  # one that looks like an id
    ids = [notify.send_email(f"s{n}@example.com", EMAIL, VALUES, reference).id for n in range(5)]
    notify.send_sms("07700900123", TEXT, VALUES, "other")
    sandbox.clock.advance(5)

    assert [found.id for found in notify.search(reference=reference)] == ids[::-1]
    assert len(list(notify.search(channel="email"))) == 5
    assert len(list(notify.search(status=[Status.DELIVERED]))) == 6
    assert len(list(notify.search(status="delivered", channel=Channel.SMS))) == 1
    assert [found.id for found in notify.search(reference=reference, older_than=ids[2])] == ids[1::-1]
    assert list(notify.search(reference="none")) == []


def test_a_letter_is_not_among_the_delivered_though_the_provider_lists_it_there():
    sandbox, notify = on_sandbox()
    letter = notify.send_letter(ADDRESS, LETTER, VALUES)
    email = notify.send_email("sam@example.com", EMAIL, VALUES)
    assert [found.id for found in notify.search(status=Status.QUEUED)] == [email.id, letter.id]
    sandbox.clock.advance(5)

    assert [found.id for found in notify.search(status=Status.DELIVERED)] == [email.id]
    assert [found.id for found in notify.search(status=Status.DISPATCHED)] == [letter.id]


def test_a_search_asks_in_the_providers_words():
    empty = answer(200, {"notifications": [], "links": {}})
    transport, notify = scripted(empty, empty)

    list(notify.search(raw_status="returned-letter", channel="letter", include_jobs=True))
    list(notify.search(status=(Status.SENDING, Status.REJECTED)))

    assert transport.sent[0].url.endswith("?template_type=letter&status=returned-letter&include_jobs=true")
    assert transport.sent[1].url.endswith(
        "?status=pending&status=sending&status=validation-failed&status=virus-scan-failed"
    )


@pytest.mark.parametrize(
    "page", [b"", b"{}", b'{"notifications": 7}', b'{"notifications": [7]}', b'{"notifications": [{"id": "1"}]}']
)
def test_a_page_that_cannot_be_read_is_unexpected(page):
    _, notify = scripted(answer(200, page))

    with pytest.raises(UnexpectedReply):
        list(notify.search())


def test_times_may_be_written_as_in_the_docs_and_nonsense_is_unexpected():
    state = {
        "id": "1", "type": "sms", "status": "brand-new", "template": {"id": EMAIL, "version": 1},
        "created_at": "2024-05-17 15:58:38.342838", "body": "x", "phone_number": "07700900123",
    }  # fmt: skip
    page = answer(200, {"notifications": [{**state, "created_at": "soon"}]})
    _, notify = scripted(answer(200, state), answer(200, {**state, "created_at": "soon"}), page)

    found = notify.get("1")
    assert found.created_at.isoformat() == "2024-05-17T15:58:38.342838+00:00"
    assert (found.status, found.raw_status, found.is_finished) == (Status.UNKNOWN, "brand-new", False)
    with pytest.raises(UnexpectedReply):
        notify.get("1")
    with pytest.raises(UnexpectedReply):
        list(notify.search())


def test_templates_are_read_and_an_archived_one_by_its_id():
    _, notify = on_sandbox()

    names = [template.name for template in notify.list_templates()]
    assert names == sorted(names)
    assert {template.channel for template in notify.list_templates("sms")} == {Channel.SMS}
    template = notify.get_template(LETTER, version=1)
    assert template.placeholders == ("name", "amount", "reference")
    assert "Licensing Office" in template.contact_block
    assert "owner@example.gov.uk" not in repr(template)
    with pytest.raises(NotFound):
        notify.get_template(LETTER, version=9)
    with pytest.raises(NotFound):
        notify.get_template("99999999-9999-4999-8999-999999999999")


@pytest.mark.parametrize("template_id", [EMAIL, TEXT, LETTER])
def test_rendering_offline_is_what_preview_gives(template_id):
    _, notify = on_sandbox()
    template = notify.get_template(template_id)

    offline, preview = template.render(VALUES), notify.preview(template_id, VALUES)

    assert (offline.subject, offline.body, offline.postage) == (preview.subject, preview.body, preview.postage)
    if preview.html is not None:
        assert offline.html == preview.html
    with pytest.raises(RequestRefused):
        notify.preview(template_id, {})
    with pytest.raises(InvalidInput, match="name"):
        template.render({})
    with pytest.raises(InvalidInput):
        template.render({**VALUES, "name": None})


def test_received_texts_come_page_after_page():
    world = small_pages(1)
    service = world["notify"]["services"][0]
    first = service["received_text_messages"][0]
    more = [{**first, "id": f"5ab1ec0d-0000-4000-8000-0000000000f{number}"} for number in range(2)]
    service["received_text_messages"] = [first, *more]
    _, notify = on_sandbox(world=world)

    texts = list(notify.search_inbound_sms())
    assert [text.id[-2:] for text in texts] == ["f1", "f0", "e1"]
    assert (texts[0].sender.reveal(), texts[0].content.reveal()) == ("447700900201", "RENEW")
    assert [text.id[-2:] for text in notify.search_inbound_sms(older_than=texts[1].id)] == ["e1"]
    for broken in (
        {"id": "1"},
        {"id": "1", "user_number": "1", "notify_number": "1", "created_at": "x", "content": "c"},
    ):
        _, other = scripted(answer(200, {"received_text_messages": [broken]}))
        with pytest.raises(UnexpectedReply):
            list(other.search_inbound_sms())


@pytest.mark.parametrize(
    "answered",
    [
        {"templates": [{"id": "1"}]},
        {"templates": [{"id": "1", "type": "sms", "version": 1, "body": "", "created_at": "x"}]},
    ],
)
def test_templates_that_cannot_be_read_are_unexpected(answered):
    _, notify = scripted(answer(200, answered), answer(200, answered["templates"][0]))

    with pytest.raises(UnexpectedReply):
        notify.list_templates()
    with pytest.raises(UnexpectedReply):
        notify.get_template("1")
