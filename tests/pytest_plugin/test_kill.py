"""`gov_kill`: a function dies in a process of its own, at each commit point that a test names."""

from threading import Lock

import pytest

from govcomponents.durable.storage.commit_points import CommitPoint
from govcomponents.pytest_plugin.kill import Kill, points_of
from plain_pytest import PLAIN

pytest_plugins = ["pytester"]

WORK = """
from govcomponents import GovComponents
from govcomponents.durable import Durable
from govcomponents.testing import let_time_pass

EMAIL = "5ab1ec0d-0000-4000-8000-000000000101"
VALUES = {"name": "Sam", "amount": "1", "reference": "R", "refund": "no"}

def work(url):
    with GovComponents.from_settings() as gov, Durable(gov, url) as later:
        later.notify.send_email("sam@example.com", EMAIL, VALUES, reference="R-1")
        for _ in range(5):
            later.run_due()
            let_time_pass(later.engine, hours=4)

def fails():
    raise RuntimeError("no")

def nothing():
    pass
"""
POINTS = ["outbox.claimed", "outbox.sent"]  # before the provider acted, and after


@pytest.fixture
def service(pytester):
    pytester.makepyfile(service=WORK)
    pytester.makeini("[pytest]\naddopts = --strict-markers\n")
    return pytester


def test_a_message_goes_out_once_wherever_its_process_dies(service):
    service.makepyfile(
        f"""
        import pytest
        from service import work

        @pytest.mark.gov_kill(*{POINTS})
        def test_once(gov_kill, gov_sandbox_url, gov_outbox, tmp_path):
            url = f"sqlite:///{{tmp_path / 'service.db'}}"
            assert gov_kill(work, url)
            work(url)
            gov_outbox.assert_sent(to="sam@example.com", times=1)
        """
    )
    service.runpytest_subprocess(*PLAIN).assert_outcomes(passed=len(POINTS))


def test_what_never_comes_there_and_what_raises_are_told_apart(service):
    service.makepyfile(
        """
        import pytest
        from service import fails, nothing

        @pytest.mark.gov_kill("outbox.sent")
        def test_nothing(gov_kill):
            assert not gov_kill(nothing)
            assert gov_kill.point == "outbox.sent"

        @pytest.mark.gov_kill("outbox.sent", nth=2)
        def test_fails(gov_kill):
            gov_kill(fails)
        """
    )
    result = service.runpytest_subprocess(*PLAIN)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*it raised before it came to outbox.sent*"])


def test_the_process_is_guarded_as_its_test_is(service):
    service.makepyfile(
        guarded="""
        import socket

        def reaches_out(path):
            with socket.socket() as one:
                try:
                    one.connect(("192.0.2.1", 0))
                except Exception as error:
                    open(path, "w").write(type(error).__name__)
        """
    )
    service.makepyfile(
        """
        import pytest
        from guarded import reaches_out

        @pytest.mark.gov_kill("outbox.sent")
        def test_it(gov_kill, gov_no_network, tmp_path):
            gov_kill(reaches_out, str(tmp_path / "error"))
            assert (tmp_path / "error").read_text() == "NetworkRefused"
            gov_no_network.refused.remove("192.0.2.1")

        @pytest.mark.gov_kill("outbox.sent")
        def test_caught(gov_kill, gov_no_network, tmp_path):
            gov_kill(reaches_out, str(tmp_path / "error"))
        """
    )
    result = service.runpytest_subprocess(*PLAIN)
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["this test would have connected to 192.0.2.1, and what it tests caught the error*"])


def test_what_a_new_process_cannot_import_is_told_in_words():
    kill = Kill(CommitPoint("outbox.sent"))
    for call, arguments in ((lambda: None, ()), (print, (lambda: None,)), (print, (Lock(),))):
        with pytest.raises(pytest.fail.Exception, match="give one of a module"):
            kill(call, *arguments)


def test_without_a_mark_there_is_a_test_for_each_point():
    assert points_of(None, "test_it") == [(point, 1) for point in CommitPoint]


@pytest.mark.parametrize(
    "mark",
    [pytest.mark.gov_kill("outbox.unknown"), pytest.mark.gov_kill(nth=0), pytest.mark.gov_kill(what=1)],
    ids=["unknown point", "nth", "unknown argument"],
)
def test_a_mark_that_is_wrong_says_so(mark):
    with pytest.raises(pytest.fail.Exception, match=r"^test_it: .*(gov_kill takes names|they are outbox\.inserted)"):
        points_of(mark.mark, "test_it")
