"""Settings, from arguments, from the environment (GOVCOMPONENTS_...) or from a TOML file.

pydantic-settings reads the environment, in `environment.py`, and is imported only for that.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from govcomponents.errors import ConfigurationError
from govcomponents.frames import leaving_frames_behind
from govcomponents.refusing import Refusing
from govcomponents.settings.sections import IdentitySettings, NotifySettings, PaySettings, meant, shown_name, wrong

Environment = Literal["production", "staging", "test", "development"]


class Settings(Refusing):
    """Everything that one `GovComponents` needs to know. A component without settings is not built.

    `Settings(...)` holds its arguments and nothing else, so that a test or a sandbox never picks up a live key.
    `from_environment` reads the environment's variables, `from_toml` a file. Each raises ConfigurationError, which
    names every wrong setting and never shows a value.

    `environment` says what this process is: with "production" the guards against live keys are off; with any other
    value a key or a provider that is plainly live is refused, and so it is if nothing is set. `time_limit` is the most
    seconds that a request to a provider may take, with all its attempts and the waits between them.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True, extra="forbid", defer_build=True, hide_input_in_errors=True
    )

    environment: Environment | None = None
    time_limit: float = Field(60.0, gt=0, le=600, allow_inf_nan=False)
    pay: PaySettings | None = None
    notify: NotifySettings | None = None
    identity: IdentitySettings | None = None

    @leaving_frames_behind
    def __init__(
        self,
        *,
        environment: Environment | None = None,
        time_limit: float | None = None,
        pay: PaySettings | Mapping[str, object] | None = None,
        notify: NotifySettings | Mapping[str, object] | None = None,
        identity: IdentitySettings | Mapping[str, object] | None = None,
    ) -> None:
        values = {
            "environment": environment,
            "time_limit": time_limit,
            "pay": pay,
            "notify": notify,
            "identity": identity,
        }
        super().__init__(**{name: value for name, value in values.items() if value is not None})

    @classmethod
    def _refusal(cls, error: ValidationError) -> ConfigurationError:
        return wrong(error)

    @classmethod
    @leaving_frames_behind
    def from_environment(
        cls,
        *,
        environment: Environment | None = None,
        time_limit: float | None = None,
        pay: PaySettings | Mapping[str, object] | None = None,
        notify: NotifySettings | Mapping[str, object] | None = None,
        identity: IdentitySettings | Mapping[str, object] | None = None,
    ) -> Self:
        """Read the environment, with the arguments over it, setting by setting.

        A variable that looks like one of these settings and is none, such as GOVCOMPONENTS_PAY_API_KEY, is an error.
        """
        over = {
            "environment": environment,
            "time_limit": time_limit,
            "pay": pay,
            "notify": notify,
            "identity": identity,
        }
        return cls._over_environment({name: value for name, value in over.items() if value is not None})

    @classmethod
    @leaving_frames_behind
    def from_toml(cls, path: Path | str) -> Self:
        """Read a TOML file with the sections [pay], [notify] and [identity]; the environment fills what it leaves out.

        Raises ConfigurationError if there is no such file, if it is not TOML, or for a wrong setting.
        """
        import tomllib

        try:
            values = tomllib.loads(_read(path))
        except tomllib.TOMLDecodeError as error:
            # Of its words only the place: the others may repeat what is in the file.
            place = str(error).rpartition("(at ")[2].rstrip(")")
            raise ConfigurationError(
                f"the settings file {str(path)!r} is not TOML (at {place})", fix="mend it"
            ) from None
        return cls._over_environment(values)

    @classmethod
    def _over_environment(cls, values: Mapping[str, object]) -> Self:
        from govcomponents.settings.environment import environment_values

        names = list(cls.model_fields)
        if unknown := sorted(values.keys() - set(names)):
            raise ConfigurationError(
                "there is no such setting: "
                + ", ".join(f"GOVCOMPONENTS_{shown_name(name.upper())}{meant(name, names, str)}" for name in unknown),
                fix=f"the file has {', '.join(names)}",
            )
        sections = (PaySettings, NotifySettings, IdentitySettings)
        found = environment_values({one.component: sorted(one.declared()) for one in sections})
        return cls(**_laid_over(found, values))  # type: ignore[arg-type]  # pydantic finds what is wrong with them


def _read(path: Path | str) -> str:
    """Read a settings file. Raises ConfigurationError, with the file and the system's own reason."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"the settings file {str(path)!r} cannot be read: {error.strerror}",
            fix="check its path, and that this process may read it",
        ) from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"the settings file {str(path)!r} is not UTF-8 (at byte {error.start})", fix="save it as UTF-8"
        ) from None
    except (TypeError, ValueError):
        raise ConfigurationError(
            "what was given for the settings file is not a path", fix='give its path, such as "settings.toml"'
        ) from None


def _laid_over(base: Mapping[str, object], over: Mapping[str, object]) -> dict[str, object]:
    """Lay mappings over each other, setting by setting."""
    result = dict(base)
    for name, value in over.items():
        below = result.get(name)
        plain = value.model_dump(exclude_unset=True) if isinstance(value, BaseModel) else value
        result[name] = _laid_over(below, plain) if isinstance(below, Mapping) and isinstance(plain, Mapping) else plain
    return result
