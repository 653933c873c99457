"""The HTML of the demonstration. Whatever is put into it is escaped here."""

import inspect
import io
import keyword
import tokenize
from collections.abc import Iterator
from html import escape
from pathlib import Path

from catalogue import EXAMPLES, GROUPS, Example
from cherrypy.testing import Response
from exchange import Call, shown

FIRST_ERROR = 400  # RFC 9110 section 15

PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="/cherries.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
</head>
<body>
<header><a href="/"><img src="/cherries.svg" alt="" width="28" height="28">CherryPy</a></header>
<main>
{content}
</main>
<footer>{footer}</footer>
</body>
</html>
"""


def page(title: str, content: str, footer: str) -> str:
    """Return a whole page.

    Args:
        title: Title of the page, as text.
        content: What is on it, as HTML.
        footer: What is below it, as HTML.
    """
    return PAGE.format(title=escape(title), content=content, footer=footer)


def overview(version: str) -> str:
    """Return the page that leads to all the others."""
    content = [
        "<h1>What CherryPy does</h1>",
        "<p class='lead'>One page for each capability: an example, and requests to try on it.</p>",
    ]
    for title, examples in GROUPS.items():
        content.append(f"<h2>{escape(title)}</h2>\n<ul class='cards'>")
        content.extend(
            f"<li><a href='/{example.name}'><b>{escape(example.title)}</b>"
            f"<span>{escape(example.sentence)}</span></a></li>"
            for example in examples
        )
        content.append("</ul>")
    footer = f"CherryPy {escape(version)}. Ctrl-C where you started it ends this demonstration."
    return page("CherryPy demonstration", "\n".join(content), footer)


def example_page(example: Example, url: str, number: int, answer: Response | None) -> str:
    """Return the page of an example.

    Args:
        example: The example.
        url: URL of the request that was made.
        number: Which of the example's requests that was.
        answer: The answer to it; None if it waits for a click.
    """
    call = example.calls[number]
    content = f"""\
<h1>{escape(example.title)}</h1>
<p class="lead">{escape(example.sentence)}</p>
<div class="columns">
<section aria-labelledby="try">
<h2 id="try">Try it</h2>
<ol class="calls">
{_calls(example, number)}
</ol>
<h2 id="answer">The answer</h2>
<pre class="command">{escape(call.as_curl(url))}</pre>
{_answer(answer)}
{_opening(call, url)}
{_frame(example)}
</section>
<section aria-labelledby="source">
<h2 id="source">The source</h2>
<pre class="source">{highlighted(inspect.getsource(example.module))}</pre>
</section>
</div>"""
    return page(f"{example.title} - CherryPy", content, _neighbours(example))


def _calls(example: Example, chosen: int) -> str:
    """Return the list of requests: links, or buttons for those that change something."""
    items = []
    for number, call in enumerate(example.calls):
        text = f"<code>{call.method} {escape(call.target)}</code><span>{escape(call.says)}</span>"
        current = " aria-current='true'" if number == chosen else ""
        if call.is_safe:
            item = f"<a href='/{example.name}?call={number}#try'{current}>{text}</a>"
        else:
            item = (
                f"<form action='/{example.name}#try' method='post'>"
                f"<button name='call' value='{number}'{current}>{text}</button></form>"
            )
        items.append(f"<li>{item}</li>")
    return "\n".join(items)


def _answer(answer: Response | None) -> str:
    if answer is None:
        return "<p>Press the button above, or run this command in a terminal.</p>"
    outcome = "good" if answer.status < FIRST_ERROR else "bad"
    status = escape(f"{answer.status} {answer.reason}")
    fields = "\n".join(
        f"<b>{escape(name)}:</b> {escape(value)}" for name, value in answer.headers.lines
    )
    content = f"\n\n{escape(shown(answer))}" if answer.content else ""
    return (
        f"<pre class='answer'><b class='{outcome}'>HTTP/1.1 {status}</b>\n{fields}{content}</pre>"
    )


def _opening(call: Call, url: str) -> str:
    if call.method != "GET" or call.headers:
        return ""
    return f"<p><a href='{escape(url)}'>Open it in the browser</a></p>"


def _frame(example: Example) -> str:
    if not example.frame:
        return ""
    path = Path(inspect.getfile(example.module)).with_name(example.frame)
    return (
        f"<h2>In your browser</h2>\n<div class='frame'>\n{path.read_text('utf-8')}"
        "<iframe name='frame' title='Answer'></iframe>\n</div>"
    )


def _neighbours(example: Example) -> str:
    """Return links to the example before this one and to the one after it."""
    place = EXAMPLES.index(example)
    links = []
    if place > 0:
        links.append(_link(EXAMPLES[place - 1], "prev", "&larr; {}"))
    links.append("<a href='/'>All</a>")
    if place + 1 < len(EXAMPLES):
        links.append(_link(EXAMPLES[place + 1], "next", "{} &rarr;"))
    return f"<nav>{' '.join(links)}</nav>"


def _link(example: Example, relation: str, text: str) -> str:
    return f"<a rel='{relation}' href='/{example.name}'>{text.format(escape(example.title))}</a>"


def highlighted(source: str) -> str:
    """Return Python source as HTML, with its comments, texts and keywords marked."""
    return "".join(
        f"<span class='{kind}'>{escape(text)}</span>" if kind else escape(text)
        for kind, text in _pieces(source)
    )


def _pieces(source: str) -> Iterator[tuple[str, str]]:
    """Split source at the beginning of each token, and say what it is."""
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    kind, begin = "", 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        end = starts[token.start[0] - 1] + token.start[1]
        if end > begin:
            yield kind, source[begin:end]
            begin = end
        kind = _kind(token)
    yield kind, source[begin:]


def _kind(token: tokenize.TokenInfo) -> str:
    if token.type == tokenize.COMMENT:
        return "comment"
    # an f-string is one token up to Python 3.11, several after that
    if token.type == tokenize.STRING or tokenize.tok_name[token.type].startswith("FSTRING"):
        return "text"
    if token.type == tokenize.NAME and keyword.iskeyword(token.string):
        return "keyword"
    return "decorator" if token.string == "@" else ""
