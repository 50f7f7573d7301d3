"""Draws a journey over three processes as a trace, from a real run: python -m observability.draw_journey A.svg."""

from __future__ import annotations

import sys
import tempfile
import threading
from html import escape
from pathlib import Path
from typing import Any

from .test_journey_over_processes import Collector, attributes, run

PARTS = {"web": "The service's web process", "worker": "A worker, later", "callbacks": "Where callbacks arrive, later"}
ROW, LEFT, WIDTH = 22, 430, 470
COLOURS = {1: "#1d70b8", 2: "#5694ca", 3: "#00703c", 4: "#85994b", 5: "#f47738"}  # by the kind of span


def drawn(parts: dict[str, list[Any]]) -> str:
    """Return the picture: the spans of each process below each other, in a scale of its own."""
    lines, y = [], 30
    for part, spans in parts.items():
        lines.append(f'<text x="10" y="{y}" class="part">{escape(PARTS[part])}</text>')
        begin = min(span.start_time_unix_nano for span in spans)
        whole = max(span.end_time_unix_nano for span in spans) - begin
        depths: dict[bytes, int] = {}
        for span in sorted(spans, key=lambda span: span.start_time_unix_nano):
            y += ROW
            depth = depths[span.span_id] = depths.get(span.parent_span_id, -1) + 1
            told = attributes(span)
            name = span.name
            if name == "journey.step":
                name = f"step: {told['govcomponents.what']} {told['govcomponents.outcome']}"
            at = LEFT + (span.start_time_unix_nano - begin) / whole * WIDTH
            long = max(3.0, (span.end_time_unix_nano - span.start_time_unix_nano) / whole * WIDTH)
            mark = "&#8226; " if span.links else ""
            lines.append(f'<text x="{20 + 16 * depth}" y="{y}">{mark}{escape(name)}</text>')
            place = f'x="{at:.1f}" y="{y - 11}" width="{long:.1f}" height="13"'
            lines.append(f'<rect {place} fill="{COLOURS[span.kind]}"/>')
        end = f'x="{LEFT + WIDTH}" y="{y + 16}" text-anchor="end" class="time"'
        lines.append(f"<text {end}>{whole / 1e6:.0f} ms</text>")
        y += 44
    told_of = "The spans of one journey in three processes. Those with a dot are linked to the journey."
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 20} {y}" role="img" '
        f'aria-label="{told_of}"><style>text{{font:13px system-ui,sans-serif;fill:#0b0c0c}}'
        f".part{{font-weight:700}}.time{{font-size:11px}}</style>"
        f'<rect width="100%" height="100%" fill="#fff"/>{"".join(lines)}</svg>\n'
    )


def main(picture: Path) -> None:
    """Run the three processes, and draw what they sent."""
    parts: dict[str, list[Any]] = {}
    with Collector() as collector, tempfile.TemporaryDirectory() as folder:
        threading.Thread(target=collector.serve_forever).start()
        made: list[str] = []
        for part in PARTS:
            told = run(part, f"sqlite:///{folder}/service.db", collector, *(made if part == "callbacks" else ()))
            made += [told] if part == "web" else []
            parts[part], collector.spans = collector.spans, []
        collector.shutdown()
    picture.write_text(drawn(parts), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
