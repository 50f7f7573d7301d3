"""Models of the control API: the same on the server, in its description and in the client."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(ge=0, le=10**10, allow_inf_nan=False)]


class _In(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True, extra="forbid", strict=True, hide_input_in_errors=True, defer_build=True
    )


class _Out(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class Reset(_In):
    """Start again: everything that happened is forgotten, and the world is as it was at the beginning."""

    seed: int | None = Field(None, description="where ids come from; without it the seed stays")
    now: str | None = Field(None, description="stop the clock at this ISO 8601 time; without it, as at the start")
    world: dict[str, object] | None = Field(None, description="another world; without it the same again")


class SetClock(_In):
    """Set the clock, or let it stand or run. What is left out stays."""

    now: str | None = Field(None, description="an ISO 8601 time; the clock stands there unless `running` is true")
    running: bool | None = Field(None, description="whether the clock runs as the real one does, or stands still")


class Advance(_In):
    """Move the clock forward; what becomes due is done, and callbacks are sent."""

    seconds: Seconds = Field(description="how far")


class ArmFault(_In):
    """Arm a fault. Without nth, times, probability and seconds it is injected into every call that fits."""

    provider: str = Field(description="one that the world has")
    fault: str = Field(description="a name from the catalogue")
    operation: str = Field("*", description="the operation's name from the catalogue; * for all")
    nth: int | None = Field(None, ge=1, le=10**9, description="only the nth call that fits")
    times: int | None = Field(None, ge=1, le=10**9, description="at most so often")
    skip: int = Field(0, ge=0, le=10**9, description="how many calls that fit are let through first")
    probability: float = Field(1.0, ge=0, le=1, allow_inf_nan=False, description="the chance of each call that fits")
    seed: int = Field(0, description="where the chances come from")
    seconds: float | None = Field(
        None, gt=0, le=10**10, allow_inf_nan=False, description="for how long, by the sandbox's clock"
    )
    silent_seconds: float = Field(
        60.0, ge=0, le=600, allow_inf_nan=False, description="how long a time-out is silent over HTTP, in real time"
    )


class Perturb(_In):
    """Perturbation of callbacks on purpose. What is left out is as usual again."""

    copies: int = Field(1, ge=1, le=10, description="how often each callback is sent")
    delay_seconds: Seconds = Field(0.0, description="how much later each is sent")
    shuffle_seconds: Seconds = Field(
        0.0, description="each is late by a random part of this, so they come out of order"
    )
    paused: bool = Field(False, description="send nothing until this is taken back")  # noqa: FBT003  # a default
    seed: int = Field(0, description="where the random parts come from")


class RotateKeys(_In):
    """Let a provider change its signing keys."""

    provider: str = Field(description="the provider whose keys change")


class Play(_In):
    """Begin a scenario."""

    name: str = Field(description="a name from the list of scenarios")


class TakeSnapshot(_In):
    """Keep the present state, for tests that begin from it."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="a name; one of that name is replaced")


class SnapshotLine(_Out):
    """One snapshot."""

    name: str


class AddWorld(_In):
    """Add an isolated sandbox of the same world behind the same address, such as one for each process of a suite."""

    name: str = Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$", description="such as worker-1")
    by: Literal["prefix", "host"] = Field(
        "prefix", description="whether it is below /worlds/NAME, or at NAME.localhost for clients that drop a prefix"
    )


class World(_Out):
    """An isolated sandbox behind the same address."""

    name: str
    base_url: str
    environment: dict[str, str] = Field(description="the settings of a service that uses it")


class ScenarioLine(_Out):
    """One scenario: what happens, and what a service should do about it."""

    name: str
    title: str
    told: str
    learn: str


class Clock(_Out):
    """The clock."""

    now: datetime
    running: bool


class FactLine(_Out):
    """One line of what a provider holds."""

    name: str
    value: str


class Provider(_Out):
    """One provider at a glance."""

    present: bool = Field(description="whether the world has a section for it")
    facts: list[FactLine]


class State(_Out):
    """Everything at a glance."""

    base_url: str
    seed: int
    clock: Clock
    providers: dict[str, Provider]
    events: int
    callbacks: dict[str, int] = Field(description="how many callbacks there are in each state")
    faults: int


class ArmedFault(_Out):
    """A fault that is armed, and what it has done."""

    id: str
    provider: str
    fault: str
    operation: str
    nth: int | None
    times: int | None
    probability: float
    seed: int
    until: datetime | None
    silent_seconds: float
    skip: int
    seen: int = Field(description="calls that fitted since it was armed")
    injected: int = Field(description="calls that it was injected into")


class FaultDescription(_Out):
    """One fault that can be armed."""

    name: str
    providers: list[str]
    real: str = Field(description="what the real provider does")
    raises: str = Field(description="how the Python SDK tells of it")


class Catalogue(_Out):
    """All names that arming a fault understands."""

    faults: list[FaultDescription]
    operations: dict[str, list[str]] = Field(description="the operations of each provider that is there")
    methods: dict[str, dict[str, list[str]]] = Field(
        description="methods of a service by whose names a fault may be armed too, with the operations that it strikes"
    )


class CallbackAttempt(_Out):
    """One attempt to deliver a callback, by the sandbox's clock."""

    at: datetime
    status: int | None
    problem: str


class CallbackState(_Out):
    """One callback and its attempts. What is in it is not shown: it is for the service."""

    id: str
    state: Literal["waiting", "delivered", "given_up"]
    due_at: datetime
    component: str | None
    kind: str | None
    url: str | None
    reference: str | None
    attempts: list[CallbackAttempt]


class Delivered(_Out):
    """The number of attempts made."""

    attempts: int


class Dropped(_Out):
    """The number of connections ended."""

    connections: int


class EventLine(_Out):
    """One event of the timeline."""

    at: datetime
    component: str
    reference: str | None
    happened: str


class Message(_Out):
    """One message as its reader sees it."""

    id: str
    kind: str
    at: datetime
    to: str
    sender: str
    subject: str
    text: str
    html: str | None
    fragments: int | None
    status: str
    reference: str | None
    template: str


class Problem(_Out):
    """The reason why a call to the control API is refused. `known` lists the right names where one was misspelt."""

    error: str
    known: list[str] = []
