"""Renderers of parsed Markdown: the HTML of an email, its plain text part, and the HTML of a letter.

Source: GOV.UK Notify docs, "Formatting"; alphagov/notifications-utils, `markdown.py` (styles of elements).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from govcomponents.notify.rendering.links import Links, safe_address
from govcomponents.notify.rendering.markdown import Block, Document, parse

_LINK: Final = "word-wrap: break-word; color: #1D70B8;"
_INK: Final = "color: #0B0C0C;"
_BODY: Final = f"font-size: 19px; line-height: 25px; {_INK}"
_HEADINGS: Final = {
    1: (
        "h2",
        f"Margin: 0 0 15px 0; padding: 10px 0 0 0; font-size: 27px; line-height: 35px; font-weight: bold; {_INK}",
    ),
    2: (
        "h3",
        f"Margin: 0 0 15px 0; padding: 10px 0 0 0; font-size: 19px; line-height: 25px; font-weight: bold; {_INK}",
    ),
}
_WIDTH: Final = 65

_SPECIAL: Final = re.compile(r"\\|\n|!?\[|https?://|&lt;")
_ESCAPABLE: Final = frozenset("\\`*{}[]()#+-.!_>~|")
_URL: Final = re.compile(r"""https?://[^\s<]+[^<.,:"')\]\s]""")
_AUTOLINK: Final = re.compile(r"&lt;((?:(?!&[lg]t;)[^ @:]){1,2000}[@:](?:(?!&[lg]t;)[^ ]){1,2000})&gt;")
_LINKS_IN_LINKS: Final = 3
_AMPERSAND: Final = re.compile(r"&(?!#?\w+;)")
_QR: Final = re.compile(r"^ *qr *: *(.+)$", re.IGNORECASE)
_STRONG: Final = re.compile(r"<strong data-original-protocol='(https?://)'>(.*?)</strong>")


def _escape(text: str) -> str:
    if "&" in text:
        text = _AMPERSAND.sub("&amp;", text)
    return text.replace("<", "&lt;").replace(">", "&gt;")


class EmailHtml:
    """Renders the body of an email as a fragment of HTML. Its text must be escaped already."""

    def render(self, text: str) -> str:
        """Render a whole message."""
        document = parse(text)
        return self._blocks(document.blocks, document)

    def _blocks(self, blocks: Sequence[Block], document: Document) -> str:
        return "".join(self._block(block, document) for block in blocks)

    def _block(self, block: Block, document: Document) -> str:
        match block.kind:
            case "newline":
                return self.line_break()
            case "hrule":
                return self.rule()
            case "code":
                return block.text
            case "heading":
                return self.heading(self.inline(block.text, document), block.level)
            case "inset":
                return self.inset(self._blocks(self._joined(block.children), document))
            case "list":
                items = [self._item(item, document, number) for number, item in enumerate(block.children, 1)]
                return self.list("".join(items), is_ordered=block.is_ordered)
            case _:
                return self.paragraph(self.inline(block.text, document))

    def _joined(self, blocks: Sequence[Block]) -> Sequence[Block]:
        """Join lines of text that follow each other."""
        if len(blocks) < 2:
            return blocks
        joined: list[Block] = []
        for block in blocks:
            if block.kind == "text" and joined and joined[-1].kind == "text":
                joined[-1] = Block("text", f"{joined[-1].text}\n{block.text}")
            else:
                joined.append(block)
        return joined

    def _item(self, item: Block, document: Document, number: int) -> str:
        parts = []
        for block in self._joined(item.children):
            if block.kind == "text" and item.kind == "item":
                parts.append(self.inline(block.text, document))
            else:
                parts.append(self._block(block, document))
        return self.item("".join(parts), number)

    def inline(self, text: str, document: Document, *, depth: int = 0) -> str:
        """Render inline text: links, escapes and line breaks. `depth` counts the links around it."""
        if not _SPECIAL.search(text):
            return self.plain(text)
        parts: list[str] = []
        position = plain = 0
        last = len(text.rstrip())  # no line breaks after it
        links = Links(text) if "[" in text else None
        while found := _SPECIAL.search(text, position):
            start = found.start()
            position = start + 1
            match found.group():
                case "\\":
                    if (escaped := text[position : position + 1]) not in _ESCAPABLE:
                        continue
                    end, written = start + 2, self.plain(escaped)
                case "\n":
                    if start >= last:
                        continue
                    parts += (self.plain(text[plain:start].rstrip(" ")), self.line_break())
                    plain = position
                    continue
                case "&lt;":
                    if (inner := self.autolink(text, start)) is None:
                        continue
                    end, written = start + len(inner) + 8, self.plain(inner)
                case "[" | "![" as mark if links is not None:
                    made = self._link(links, start + len(mark) - 1, document, depth, is_image=mark == "![")
                    if made is None:
                        continue
                    end, written = made
                case _:
                    if (url := _URL.match(text, start)) is None:
                        continue
                    end = url.end()
                    written = self.plain(url.group()) if depth else self.web_address(url.group())
            parts += (self.plain(text[plain:start]), written)
            position = plain = end
        parts.append(self.plain(text[plain:]))
        return "".join(parts)

    def _link(self, links: Links, at: int, document: Document, depth: int, *, is_image: bool) -> tuple[int, str] | None:
        """Render the link at a bracket; return where it ends and its HTML, or None if there is no link."""
        link = links.at(at)
        if link is None and document.links:
            link = links.named(at, document.links)
        if link is None:
            return None
        if is_image:
            return link.end, ""
        deeper = depth + 1
        text = self.inline(link.label, document, depth=deeper) if deeper < _LINKS_IN_LINKS else self.plain(link.label)
        return link.end, self.link(link.address, link.title, text)

    def autolink(self, text: str, start: int) -> str | None:  # noqa: ARG002  # only the plain text has them
        """Return the address of an autolink, which stands between "<" and ">"; None if there is none."""
        return None

    def plain(self, text: str) -> str:
        """Render plain text, escaped."""
        return _escape(text)

    def line_break(self) -> str:
        """Render a line break."""
        return "<br>"

    def rule(self) -> str:
        """Render a horizontal rule."""
        return '<hr style="border: 0; height: 1px; background: #B1B4B6; Margin: 30px 0 30px 0;">'

    def heading(self, text: str, level: int) -> str:
        """Render a heading of level 1 or 2; those of other levels are paragraphs."""
        if level not in _HEADINGS:
            return self.paragraph(text)
        tag, style = _HEADINGS[level]
        return f'<{tag} style="{style}">{text}</{tag}>'

    def paragraph(self, text: str) -> str:
        """Render a paragraph; an empty one as nothing."""
        return f'<p style="Margin: 0 0 20px 0; {_BODY}">{text}</p>' if text.strip() else ""

    def inset(self, content: str) -> str:
        """Render an inset text."""
        style = (
            "Margin: 0; border-left: 10px solid #B1B4B6;padding: 15px 0 0.1px 15px; font-size: 19px; line-height: 25px;"
        )
        return f'<div style="Margin: 0 0 20px 0;"><blockquote style="{style}">{content}</blockquote></div>'

    def list(self, items: str, *, is_ordered: bool) -> str:
        """Render a list, in a table because some mail programs do not indent."""
        tag, kind = ("ol", "decimal") if is_ordered else ("ul", "disc")
        return (
            '<table role="presentation" style="padding: 0 0 20px 0;"><tr>'
            '<td style="font-family: Helvetica, Arial, sans-serif;">'
            f'<{tag} style="Margin: 0 0 0 20px; padding: 0; list-style-type: {kind};">{items}</{tag}></td></tr></table>'
        )

    def item(self, text: str, number: int) -> str:  # noqa: ARG002  # other forms count
        """Render one item of a list."""
        style = f"Margin: 5px 0 5px; padding: 0 0 0 5px; font-size: 19px;line-height: 25px; {_INK}"
        return f'<li style="{style}">{text.strip()}</li>'

    def link(self, link: str, title: str | None, text: str) -> str:
        """Render a link with its text; the text alone where the address is not safe to link to."""
        if (address := safe_address(link)) is None:
            return text
        titled = ""
        if title:
            titled = title.replace('"', "&quot;").replace("'", "&#39;")
            titled = f' title="{titled}"'
        return f'<a style="{_LINK}" href="{address}"{titled}>{text}</a>'

    def web_address(self, link: str) -> str:
        """Render a bare web address as a link."""
        return f'<a style="{_LINK}" href="{safe_address(link)}">{link}</a>'


class EmailText(EmailHtml):
    """Renders the plain text part of an email. Its text must be escaped already; the caller unescapes the whole."""

    def autolink(self, text: str, start: int) -> str | None:
        """Return the address of an autolink, which stands between "<" and ">"; None if there is none."""
        found = _AUTOLINK.match(text, start)
        return found.group(1) if found else None

    def line_break(self) -> str:
        """Render a line break."""
        return "\n"

    def rule(self) -> str:
        """Render a horizontal rule as a line of characters."""
        return self.paragraph(("=-" * _WIDTH)[:_WIDTH])

    def heading(self, text: str, level: int) -> str:
        """Render a heading, underlined with characters."""
        if level not in _HEADINGS:
            return self.paragraph(text)
        return f"\n\n\n{text}\n{('=' if level == 1 else '-') * _WIDTH}"

    def paragraph(self, text: str) -> str:
        """Render a paragraph after a blank line."""
        return f"\n\n{text}" if text.strip() else ""

    def inset(self, content: str) -> str:
        """Render an inset text as its content alone."""
        return content

    def list(self, items: str, *, is_ordered: bool) -> str:
        """Render a list: its items carry marks that become bullets or numbers here."""
        if not is_ordered:
            items = re.sub("\ue000\\d+\ue001", "•", items)
        return "\n" + re.sub("\ue000(\\d+)\ue001", r"\1.", items)

    def item(self, text: str, number: int) -> str:
        """Render one item on a line of its own."""
        return f"\n\ue000{number}\ue001 {text.strip()}"

    def link(self, link: str, title: str | None, text: str) -> str:
        """Render a link as its text, then its address."""
        return f"{text} ({title}): {link}" if title else f"{text}: {link}"

    def web_address(self, link: str) -> str:
        """Render a bare web address as it is."""
        return link


class LetterHtml(EmailHtml):
    """Renders the body of a letter as HTML. Its text must be escaped already. QR codes are left as their data, marked.

    `qr_codes` collects their data.
    """

    def __init__(self) -> None:
        self.qr_codes: list[str] = []

    def line_break(self) -> str:
        """Render a line break."""
        return "<br>"

    def rule(self) -> str:
        """Render a page break."""
        return '<div class="page-break">&nbsp;</div>'

    def heading(self, text: str, level: int) -> str:
        """Render a heading of level 1; those of other levels are paragraphs."""
        return f"<h2>{text}</h2>\n" if level == 1 else self.paragraph(text)

    def paragraph(self, text: str) -> str:
        """Render a paragraph, or the data of a QR code."""
        if not text.strip():
            return ""
        if data := qr_data(text):
            self.qr_codes.append(data)
            return f"<p><span class='qrcode'>{data}</span></p>"
        return f"<p>{text}</p>"

    def inset(self, content: str) -> str:
        """Render an inset text as its content alone."""
        return content

    def list(self, items: str, *, is_ordered: bool) -> str:
        """Render a list."""
        tag = "ol" if is_ordered else "ul"
        return f"<{tag}>\n{items}</{tag}>\n"

    def item(self, text: str, number: int) -> str:  # noqa: ARG002  # as above
        """Render one item of a list."""
        return f"<li>{text.strip()}</li>\n"

    def link(self, link: str, title: str | None, text: str) -> str:
        """Render a link as its Markdown: paper has no links."""
        return f'[{text}]({link} "{title}")' if title else f"[{text}]({link})"

    def web_address(self, link: str) -> str:
        """Render a bare web address, bold and without its scheme."""
        scheme, _, bare = link.partition("://")
        return f"<strong data-original-protocol='{scheme}://'>{bare}</strong>"


def qr_data(paragraph: str) -> str | None:
    """Return the data of a QR code, or None if a letter's paragraph is no QR code."""
    found = _QR.fullmatch(paragraph)
    return _STRONG.sub(r"\1\2", found.group(1)) if found else None
