"""HTML as browsers read it: by html5lib, which follows the standard's algorithm, as Python's own reader does not."""

from __future__ import annotations

from collections.abc import Iterator

import html5lib

LINKING = ("href", "src", "action", "formaction", "srcset", "data", "poster", "xlink:href")


class Read:
    """What is in a page or a piece of one: its elements with the names of their attributes, comments, and links."""

    def __init__(self, text: str, *, is_page: bool) -> None:
        parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
        root = parser.parse(text) if is_page else parser.parseFragment(text)
        self.parts: list[tuple[str, tuple[str, ...]]] = []
        self.links: list[str] = []
        for element in _all(root):
            if not isinstance(element.tag, str):
                self.parts.append(("comment", ()))
            elif element.tag != "DOCUMENT_FRAGMENT":
                self.parts.append((element.tag, tuple(sorted(map(str, element.attrib)))))
                self.links += [value for name, value in element.attrib.items() if str(name) in LINKING]

    @property
    def tags(self) -> set[str]:
        return {tag for tag, _ in self.parts}

    @property
    def attributes(self) -> set[str]:
        return {name for _, names in self.parts for name in names}


def _all(root: object) -> Iterator[object]:
    yield from root.iter()
