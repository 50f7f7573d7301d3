"""`govcomponents new-adapter`: writes the package of an adapter, whose tests say what is still to be filled in."""

from __future__ import annotations

import keyword
import re
import shlex
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from govcomponents.cli.outcome import STATUSES, Status, add_json, report
from govcomponents.cli.taken_names import COMPONENTS, free_name, who_has
from govcomponents.core.inputs import reason_of
from govcomponents.errors import ConfigurationError

if TYPE_CHECKING:
    import argparse

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\Z")
_FILES = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "src/{module}/__init__.py": "init.py",
    "src/{module}/adapter.py": "{component}_adapter.py",
    "tests/test_{module}.py": "{component}_test.py",
}


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this subcommand to the command line."""
    parser = commands.add_parser(
        "new-adapter",
        help="write the package of an adapter of your own",
        description="Writes a package with an entry point, an adapter and its contract tests into a new folder. "
        "Run its tests: what fails says what is still to be filled in.",
        epilog=STATUSES,
    )
    parser.add_argument("component", choices=COMPONENTS, help="what it is an adapter of")
    parser.add_argument("name", help="the provider, as a name of Python in small letters: my_provider")
    parser.add_argument("--into", default=".", metavar="DIR", help="where its folder is made (default: here)")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the package. Raises ConfigurationError if the name cannot be used or its folder cannot be made."""
    module: str = options.name
    if not _NAME.match(module) or keyword.iskeyword(module) or module == "govcomponents":
        raise ConfigurationError(
            "the name of the adapter cannot be that of a package of Python",
            fix="use small letters, digits and single underscores, and begin with a letter, such as my_provider",
        )
    if holder := who_has(module):
        raise ConfigurationError(
            f"{module} is the name of {holder}, and only one of the two could be imported or found",
            fix=f"give the adapter a name of its own, such as {free_name(module, options.component)}",
        )
    home = _made(Path(options.into), module)
    words = module.split("_")
    values = {
        "component": options.component,
        "upper_component": options.component.upper(),
        "module": module,
        "distribution": "-".join(words),
        "host": "-".join(words),
        "name": "".join(word.capitalize() for word in words),
        "title": " ".join(word.capitalize() for word in words),
    }
    kept = files("govcomponents.cli") / "new_adapter_files"
    written = []
    for place, source in _FILES.items():
        path = home / place.format(**values)
        path.parent.mkdir(parents=True, exist_ok=True)
        text = (kept / f"{source.format(**values)}.txt").read_text(encoding="utf-8")
        path.write_text(Template(text).substitute(values), encoding="utf-8")
        written.append(str(path))
    then = f"cd {home}; pip install -e '.[test]'; pytest -x"
    report(options, {"written": written, "next": then}, [*(f"wrote {path}" for path in written), f"next: {then}"])
    return Status.DONE


def _made(into: Path, module: str) -> Path:
    """Make the folder of the package. Raises ConfigurationError if that cannot be: nothing is ever overwritten."""
    home = into / module
    try:
        home.mkdir()
    except FileExistsError:
        fix = "give another name, or another folder with --into; nothing of it was changed"
        raise ConfigurationError(f"{home} is there already", fix=fix) from None
    except OSError as error:
        fix = "give a folder that is there and that you may write in, with --into"
        if not into.exists():
            fix = f"make the folder first: mkdir -p {shlex.quote(str(into))}"
        raise ConfigurationError(f"{home} cannot be made: {reason_of(error)}", fix=fix) from None
    return home
