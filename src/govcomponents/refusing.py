"""The base of pydantic models that refuse wrong values by this library's own errors, which hold none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError

from govcomponents.frames import leave_frames_behind, leaving_frames_behind

if TYPE_CHECKING:
    from collections.abc import Callable

    from govcomponents.errors import GovComponentsError


class Refusing(BaseModel):
    """A model that is made or refused. What is wrong is told by `_refusal`, and no frame of the making is left.

    pydantic's own error holds the input, and the frames of pydantic hold it too.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(defer_build=True)  # its models are built when they are first used

    @classmethod
    def _refusal(cls, error: ValidationError) -> GovComponentsError:
        """Return the error that a caller gets for one of pydantic's."""
        raise NotImplementedError(f"{cls.__name__} does not say how it refuses")

    if not TYPE_CHECKING:  # a type checker knows the fields of each model by pydantic's own signatures

        def __init__(self, /, **values: Any) -> None:
            refused, kind = None, type(self)
            try:
                super().__init__(**values)
            except BaseException as error:  # noqa: BLE001  # it is raised below
                refused = error
            if refused is not None:
                del self, values
                raise _of(kind, refused)

        # So that a model inside another is read by pydantic alone, and its error names the way to the field.
        __init__.__pydantic_base_init__ = True

        @classmethod
        @leaving_frames_behind
        def model_validate(cls, *args: Any, **kwargs: Any) -> Any:
            """Read a mapping."""
            return _read(cls, super().model_validate, args, kwargs)

        @classmethod
        @leaving_frames_behind
        def model_validate_json(cls, *args: Any, **kwargs: Any) -> Any:
            """Read JSON."""
            return _read(cls, super().model_validate_json, args, kwargs)

        @classmethod
        @leaving_frames_behind
        def model_validate_strings(cls, *args: Any, **kwargs: Any) -> Any:
            """Read a mapping of texts."""
            return _read(cls, super().model_validate_strings, args, kwargs)

        @leaving_frames_behind
        def __setattr__(self, name: str, value: Any) -> None:
            try:
                super().__setattr__(name, value)
            except ValidationError as error:
                told = [{"type": "frozen_instance", "loc": (name,), "input": None}]  # pydantic's own holds the value
                if any(one["type"] not in ("frozen_instance", "frozen_field") for one in error.errors()):
                    raise self._refusal(error) from None
                raise ValidationError.from_exception_data(type(self).__name__, told) from None


def _reader(name: str) -> Callable[..., Any]:
    """Return one of pydantic's older ways to read a model, which refuses as the others do."""

    @leaving_frames_behind
    def read(cls: type[Refusing], *args: Any, **kwargs: Any) -> Any:
        return _read(cls, getattr(super(Refusing, cls), name), args, kwargs)

    read.__name__ = name
    read.__doc__ = f"Read a model by pydantic's older `{name}`."
    return read


for _name in ("parse_obj", "parse_raw", "parse_file", "from_orm", "validate"):
    setattr(Refusing, _name, classmethod(_reader(_name)))


def _of(kind: type[Refusing], error: BaseException) -> BaseException:
    """Return what is raised instead of an error of the making of a model, without its frames."""
    given = kind._refusal(error) if isinstance(error, ValidationError) else error  # noqa: SLF001  # of its own base
    leave_frames_behind(given)
    return given


def _read(kind: type[Refusing], read: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    try:
        return read(*args, **kwargs)
    except ValidationError as error:
        raise kind._refusal(error) from None  # noqa: SLF001  # of its own base
