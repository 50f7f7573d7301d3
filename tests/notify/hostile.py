"""Values that people could type to do harm, made from kinds: one corpus for every output."""

# ruff: noqa: RUF001  # letters that look like others are among them

from itertools import product

_SCHEMES = ("javascript:", "JaVaScRiPt:", "java\tscript:", "\x01javascript:", "&#106;avascript:", "javascript&colon;")
_OTHERS = ("data:text/html,", "vbscript:", "file:///", "ftp://", "//evil.example/", "https://evil.example/", "blob:")
_SINKS = (
    "{}",
    "[x]({})",
    "![x]({})",
    "[x]({} 'title')",
    "<{}>",
    "[x][y]\n\n[y]: {}\n",
    "# {}",
    "* {}",
    "^ {}",
    "QR: {}",
)
_ESCAPES = (
    '"',
    "'",
    '">',
    "'>",
    '" onmouseover="alert(1)',
    "' onclick='alert(1)",
    "--><script>",
    "]]>",
    "</p>",
    "</style>",
)
_TAGS = (
    *(
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "<a href=javascript:x>y</a>",
    ),
    *(
        "<iframe src=//evil>",
        "<!--",
        "<![CDATA[",
        "<?php",
        "<%",
        "&lt;script&gt;",
        "&#60;script&#62;",
        "&amp;lt;b&amp;gt;",
    ),
    *(
        "＜script＞",
        "<scr\x00ipt>",
        "<style>*{x:expression(1)}</style>",
        "<meta http-equiv=refresh>",
        "<base href=//e>",
    ),
)
_LINES = ("\n", "\r\n", "\r", "\u2028", "\u2029", "\x0b", "\x0c", "\x85", "\x00", "%0d%0a", "=?utf-8?q?=0D=0A?=")
_HEADERS = ("Bcc: e@evil.example", "Content-Type: text/html", "\n<p>body</p>", "Reply-To: e@evil.example")
_PLACEHOLDERS = (
    "((x))",
    "((other))",
    "((x??shown))",
    "&#40;&#40;other&#41;&#41;",
    "((",
    "))",
    "{{7*7}}",
    "${7*7}",
    "%s",
    "{0}",
)
_FORMULAS = ("=1+1", "+1", "-1", "@SUM(1)", '=HYPERLINK("http://evil")', "\t=1", "'=1", "|calc", ";", ",", '"a","b"')
_UNICODE = (
    *(
        "\u202etxt.exe",
        "\u200b",
        "\ufeff",
        "e\u0301" * 5,
        "a" + "\u0300" * 200,
        "😀",
        "👨‍👩‍👧",
        "中文",
        "ŵ",
        "\ufffd",
        "\u3164",
    ),
    *("gŵyr.cymru/x", "пример.рф/x", "evil。com/x", "ｅｖｉｌ.com", "xn--e1afmkfd.xn--p1ai", "\ue000" + "1" + "\ue001"),
)
_LONG = ("a" * 5000, "[a](" + " " * 2000, "[" * 2000, "((" * 1000, "&#" + "1" * 5000 + ";", "* " * 1000, "1" * 3000)

VALUES = tuple(
    dict.fromkeys(
        (
            *(sink.format(scheme + "alert(1)") for sink, scheme in product(_SINKS, (*_SCHEMES, *_OTHERS))),
            *(sink.format("https://x.example" + escape) for sink, escape in product(_SINKS, _ESCAPES)),
            *(sink.format(tag) for sink, tag in product(_SINKS[:3], _TAGS)),
            *(f"name{line}{header}" for line, header in product(_LINES, _HEADERS)),
            *(around.format(one) for around, one in product(("{}", "a {} b", "[{0}]({0})"), _PLACEHOLDERS)),
            *_ESCAPES,
            *_FORMULAS,
            *_UNICODE,
            *_LONG,
        )
    )
)
