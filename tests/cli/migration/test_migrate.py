"""`govcomponents migrate`: what is documented of the old client is rewritten and runs, the rest is left and marked."""

import ast
import json

import pytest

from govcomponents import GovComponents
from govcomponents.cli.main import main
from govcomponents.cli.migration.rewriting import MARK, NotPython, rewritten

from .documented_calls import CALLS, EMAIL, IMPORTS, MADE, NOT_HERE, SMS, VALUES

KEY = "demo-test-5ab1ec0d-0000-4000-8000-000000000001-5ab1ec0d-5ec2-4000-8000-000000000001"


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """A folder with the files that the documented calls read, and a sandbox with the messages that they ask for."""
    folder = tmp_path_factory.mktemp("service")
    (folder / "file.csv").write_text("a,b\n1,2\n")
    (folder / "letter.pdf").write_bytes(b"%PDF-1.4 a letter")
    values = {"name": "Sam", "amount": "£145.00", "reference": "RENEW-7", "refund": False}
    with GovComponents.sandbox() as gov:
        sent = gov.notify.send_sms("07900900123", SMS, values)
        letter = gov.notify.send_letter(["The Occupier", "123 High Street", "SW14 6BH"], EMAIL[:-1] + "3", values)
        gov.simulator.clock.advance(600)
        yield folder, {"notification_id": sent.id, "letter_id": letter.id, "api_key": KEY, "notify": gov.notify}


def test_of_the_documented_calls_at_least_95_in_100_are_rewritten():
    """Each is beside the making of a client, which counts for one more."""
    tallies = [rewritten(f"{IMPORTS}{MADE}\n{call}\n")[1] for call in CALLS + NOT_HERE]
    done = [
        tally for tally in tallies if tally.rewritten >= 2 and all("errors are" in told for _, told in tally.marked)
    ]
    assert len(done) / len(tallies) >= 0.95


@pytest.mark.parametrize("call", CALLS)
def test_a_documented_call_runs_as_it_is_rewritten(call, places, monkeypatch):
    folder, names = places
    monkeypatch.chdir(folder)
    source, tally = rewritten(f"{IMPORTS}{MADE}\n{call}\n")
    assert "notifications_python_client" not in source
    assert tally.rewritten == 2 or "prepare_upload" in call or call.startswith("notifications_client =")
    assert [advice for _, advice in tally.marked if "errors are classes" not in advice] == []
    is_made = call.startswith("notifications_client =")
    lines = [line for line in source.splitlines() if is_made or not line.startswith("notifications_client = ")]
    known = {**names, "notifications_client": names["notify"], "base_url": "http://127.0.0.1:9"}
    exec(compile("\n".join(line for line in lines if "base_url}" not in line), "service.py", "exec"), known)
    for what in ("response", "texts", "names", "ids"):
        if hasattr(known.get(what), "__next__"):
            list(known[what])


def test_what_is_read_from_an_answer_is_read_from_a_result():
    source, _ = rewritten(
        IMPORTS + MADE + "\n"
        "def send(number, response):\n"
        "    sent = notifications_client.send_sms_notification(number, T)\n"
        '    return sent["id"], sent["content"]["body"], response["id"]\n'
    )
    assert 'return sent.id, sent.raw["content"]["body"], response["id"]' in source


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        *((line, "no service key may use that route") for line in NOT_HERE),
        ("notifications_client.send_sms_notification(**values)", "write out what * stands for"),
        ('notifications_client.post("/v2/notifications/sms", data={})', "write what it does"),
        ("prepare_upload(f, retention_period=weeks)", "a number of weeks"),
        ("notifications_client.send_letter_notification(T, made())", "the lines of the address"),
        ('page = notifications_client.get_all_notifications()\nprint(page["links"])', "no links to follow"),
        ("class Ours(NotificationsAPIClient):\n    pass", "nothing is to be derived"),
        ('patch("notifications_python_client.notifications.NotificationsAPIClient")', "use the sandbox"),
        ("if notifications_client.get_all_template_versions(T):\n    pass", "no service key may use that route"),
        ("from notifications_python_client.authentication import create_jwt_token", "no such name here"),
    ],
)
def test_what_cannot_be_rewritten_is_marked_where_it_stands(line, advice):
    source, tally = rewritten(f"{IMPORTS}{MADE}\n{line}\n")
    assert [told for _, told in tally.marked if advice in told]
    assert f"\n{MARK}" in source
    ast.parse(source)


@pytest.mark.parametrize(
    "source",
    [
        "client.get_template('x')\nclient.get('/')\nclient.post('/', {})\n",
        "from requests import HTTPError\ntry:\n    pass\nexcept HTTPError:\n    pass\n",
        "x = 1\r\ny = 2\r\n",
        "",
    ],
)
def test_code_that_does_not_use_the_client_stays_as_it_is(source):
    assert rewritten(source)[0] == source


def test_names_of_others_stay_as_they_are():
    source, _ = rewritten(
        IMPORTS + "import requests\nfrom a import HTTPError as Other\nrequests.HTTPError\nx['id']\r\n"
    )
    assert "import requests\nfrom a import HTTPError as Other\n" in source
    assert source.endswith("requests.HTTPError\nx['id']\r\n")


def test_rewriting_what_is_rewritten_changes_nothing():
    source, _ = rewritten("\n".join([IMPORTS, MADE, *CALLS[3:12]]))
    assert rewritten(source) == (source, rewritten("")[1])


def test_a_file_that_is_not_python_is_named():
    with pytest.raises(NotPython, match="line 1"):
        rewritten("def (:\n")


def test_nothing_is_written_unless_it_is_asked_for(tmp_path, capsys):
    file = tmp_path / "service.py"
    before = f"{IMPORTS}{MADE}\r\nnotifications_client.send_sms_notification(n, '{SMS}', {VALUES})\n"
    file.write_bytes(before.encode())
    assert main(["migrate", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert file.read_bytes().decode() == before
    assert "+notifications_client.send_sms(to=n" in shown
    assert "nothing is written without --write" in shown
    assert main(["migrate", str(tmp_path), "--write", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rewritten"] == 2
    assert file.read_bytes().decode() == rewritten(before)[0]


def test_what_is_installed_beside_the_service_is_left_alone(tmp_path, capsys):
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "client.py").write_text(IMPORTS)
    assert main(["migrate", str(tmp_path)]) == 0
    assert "0 rewritten, 0 marked, in 0 files" in capsys.readouterr().out
