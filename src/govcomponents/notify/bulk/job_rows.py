"""Puts the rows of a spreadsheet into a job, all with the columns of the first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from govcomponents.errors import InvalidInput
from govcomponents.notify.bulk.spreadsheets import missing_columns, read_rows, respelt
from govcomponents.notify.templates.personalisation import placeholder_key, shown_values

if TYPE_CHECKING:
    from govcomponents.notify.bulk.spreadsheets import Row, Source
    from govcomponents.notify.inputs import JobInput
    from govcomponents.notify.templates.formats import Language
    from govcomponents.notify.templates.registry import TemplateChoice

_OPERATION: Final = "notify.send_job"


def with_rows(job: JobInput, source: Source, choice: TemplateChoice | None) -> JobInput:
    """Return a job with its rows, which all have the columns of the first. Raises InvalidInput."""
    language: Language = "en" if choice is None else choice.language
    columns: tuple[str, ...] | None = None
    written: list[tuple[str, ...]] = []
    read = read_rows(source, job.channel)
    if choice is not None and (first := next(read, None)) is not None:
        if missing := missing_columns(first, choice.placeholders or ()):
            raise _wrong("rows", f"there is no column for {', '.join(missing)}", "add a column for each")
        read = respelt(first, read, choice.placeholders or ())
    for row in read:
        if columns is None:
            columns = tuple(row.values)
        if row.problem:
            raise _wrong("rows", f"the recipient of row {row.number}: {row.problem}", "give every recipient as text")
        if not row.to.strip():
            raise _wrong("rows", f"row {row.number} has no recipient", "give every row a recipient")
        written.append((row.to, *_cells(row, columns, language)))
    if columns is None:
        raise _wrong("rows", "there is none", "give at least one recipient")
    return job.model_copy(update={"columns": columns, "rows": tuple(written)})


def _cells(row: Row, columns: tuple[str, ...], language: Language) -> list[str]:
    try:
        values = {placeholder_key(name): value for name, value in shown_values(row.values, language).items()}
    except ValueError as error:
        raise _wrong("rows", f"row {row.number}: {error}", "give texts, numbers, dates, True or False") from None
    cells = [values.pop(placeholder_key(name), None) for name in columns]
    if values or None in cells:
        raise _wrong(
            "rows",
            f"row {row.number} has not the columns of the first row",
            "give every row a value for each placeholder of the template",
        )
    if not all(isinstance(cell, (str, int, float)) for cell in cells):
        raise _wrong("rows", f"row {row.number} holds a list or a file", "give one text for each column")
    return [str(cell) for cell in cells]


def _wrong(field: str, problem: str, fix: str) -> InvalidInput:
    return InvalidInput(field=field, problem=problem, fix=fix, operation=_OPERATION)
