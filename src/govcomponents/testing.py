"""The door for tests of a service and of an adapter: the sandbox, a browser, scripted answers and contract suites.

    from govcomponents.testing import FormBrowser, pay_by_card

    pay_by_card(FormBrowser(gov.simulator.visit), payment.redirect_url())

The sandbox needs the extra `sandbox`, the suites pytest. Names are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.lazy import lazy_exports

if TYPE_CHECKING:
    from govcomponents.contracts.faults import Fault as Fault, FaultyTransport as FaultyTransport
    from govcomponents.contracts.identity.fake_provider import (
        FakeOpenIdProvider as FakeOpenIdProvider,
        FakeProfile as FakeProfile,
        Proof as Proof,
    )
    from govcomponents.contracts.identity.subject import (
        IdentityDouble as IdentityDouble,
        IdentitySubject as IdentitySubject,
    )
    from govcomponents.contracts.identity.suite import IdentitySuite as IdentitySuite
    from govcomponents.contracts.modes import BlockingView as BlockingView, Mode as Mode
    from govcomponents.contracts.notify.subject import (
        Arrived as Arrived,
        NotifyDouble as NotifyDouble,
        NotifySubject as NotifySubject,
    )
    from govcomponents.contracts.notify.suite import NotifySuite as NotifySuite
    from govcomponents.contracts.pay.subject import PayDouble as PayDouble, PaySubject as PaySubject
    from govcomponents.contracts.pay.suite import PaySuite as PaySuite
    from govcomponents.contracts.web.browser import Browser as Browser, Reply as Reply, WebClient as WebClient
    from govcomponents.contracts.web.journeys import JourneySuite as JourneySuite
    from govcomponents.contracts.web.outages import OutageSuite as OutageSuite
    from govcomponents.contracts.web.suite import WebSuite as WebSuite
    from govcomponents.contracts.web.whole_service import WholeService as WholeService
    from govcomponents.core.http.messages import Request as Request, Response as Response
    from govcomponents.core.transports.in_process import InProcessTransport as InProcessTransport
    from govcomponents.core.transports.scripted import ScriptedTransport as ScriptedTransport
    from govcomponents.durable.storage.passing_time import let_time_pass as let_time_pass
    from govcomponents.recordings.recording import Recording as Recording, UnsafeRecording as UnsafeRecording
    from govcomponents.sandbox.app import Sandbox as Sandbox
    from govcomponents.sandbox.callbacks.posting import Callback as Callback
    from govcomponents.sandbox.browser import Form as Form, FormBrowser as FormBrowser, Page as Page
    from govcomponents.sandbox.plugins.context import SandboxContext as SandboxContext
    from govcomponents.sandbox.control.client import Control as Control, ControlRefused as ControlRefused
    from govcomponents.sandbox.http.messages import (
        Call as Call,
        ConnectionCut as ConnectionCut,
        Route as Route,
        json_response as json_response,
    )
    from govcomponents.sandbox.payer import (
        DECLINED_CARD as DECLINED_CARD,
        GOOD_CARD as GOOD_CARD,
        cancel_payment as cancel_payment,
        enter_card as enter_card,
        pay_by_card as pay_by_card,
    )
    from govcomponents.sandbox.plugins.provider import (
        Fact as Fact,
        ProviderSpec as ProviderSpec,
        ProviderStub as ProviderStub,
    )
    from govcomponents.sandbox.providers.one_login.sign_ins import Outcome as Outcome
    from govcomponents.sandbox.server import SandboxServer as SandboxServer, serving as serving

_HOMES = {
    "contracts.faults": "Fault FaultyTransport",
    "contracts.identity.fake_provider": "FakeOpenIdProvider FakeProfile Proof",
    "contracts.identity.subject": "IdentityDouble IdentitySubject",
    "contracts.identity.suite": "IdentitySuite",
    "contracts.modes": "BlockingView Mode",
    "contracts.notify.subject": "Arrived NotifyDouble NotifySubject",
    "contracts.notify.suite": "NotifySuite",
    "contracts.pay.subject": "PayDouble PaySubject",
    "contracts.pay.suite": "PaySuite",
    "contracts.web.browser": "Browser Reply WebClient",
    "contracts.web.journeys": "JourneySuite",
    "contracts.web.outages": "OutageSuite",
    "contracts.web.suite": "WebSuite",
    "contracts.web.whole_service": "WholeService",
    "core.http.messages": "Request Response",
    "core.transports.in_process": "InProcessTransport",
    "core.transports.scripted": "ScriptedTransport",
    "durable.storage.passing_time": "let_time_pass",
    "recordings.recording": "Recording UnsafeRecording",
    "sandbox.app": "Sandbox",
    "sandbox.callbacks.posting": "Callback",
    "sandbox.browser": "Form FormBrowser Page",
    "sandbox.plugins.context": "SandboxContext",
    "sandbox.control.client": "Control ControlRefused",
    "sandbox.http.messages": "Call ConnectionCut Route json_response",
    "sandbox.payer": "DECLINED_CARD GOOD_CARD cancel_payment enter_card pay_by_card",
    "sandbox.plugins.provider": "Fact ProviderSpec ProviderStub",
    "sandbox.providers.one_login.sign_ins": "Outcome",
    "sandbox.server": "SandboxServer serving",
}

if not TYPE_CHECKING:
    __all__, __getattr__, __dir__ = lazy_exports(
        __name__, _HOMES, {"pytest": "pip install pytest", "sqlalchemy": 'pip install "govcomponents[durable]"'}
    )
