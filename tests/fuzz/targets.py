"""Every target of the fuzzer, by name, with its seeds."""

from govcomponents.errors import GovComponentsError

from . import identity, parsers

TARGETS = {**identity.TARGETS, **parsers.TARGETS}
SEEDS = {**identity.SEEDS, **parsers.SEEDS}


def run(name, data):
    """Run one target. Every error that is not typed goes on to the fuzzer."""
    try:
        TARGETS[name](data)
    except GovComponentsError as error:
        raise AssertionError(f"{name} let {type(error).__name__} out") from error
