"""What is drawn to be done with this project and with CherryPy 18.10.0: see `calls`."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from strategies import range_specs, tokens, wild_text

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from calls import Case

    Cases = SearchStrategy[Case]

HTTPUTIL = "cherrypy.lib.httputil"


def words(*alphabet: str, most: int = 12) -> SearchStrategy[str]:
    """Give texts that are put together from some pieces."""
    return st.lists(st.sampled_from(alphabet), max_size=most).map("".join)


def octets(drawn: SearchStrategy[str]) -> SearchStrategy[Any]:
    """Give bytes, of texts with characters up to U+00FF."""
    return drawn.map(lambda text: {"bytes": text.encode("latin-1", "replace").decode("latin-1")})


def pairs(keys: SearchStrategy[Any], values: SearchStrategy[Any], most: int = 5) -> Any:
    """Give dictionaries, as they are drawn."""
    return st.lists(st.tuples(keys, values).map(list), max_size=most).map(
        lambda items: {"dict": items}
    )


def call(path: str, *args: SearchStrategy[Any], **kwargs: SearchStrategy[Any]) -> Cases:
    """Give calls of a function, some of them without the last arguments."""
    drawn = st.tuples(st.tuples(*args).map(list), st.fixed_dictionaries({}, optional=kwargs))
    return drawn.map(
        lambda found: {
            "scenario": "plain.call",
            "path": path,
            "args": found[0],
            "kwargs": found[1],
        }
    )


texts = st.one_of(st.text(string.printable, max_size=12), wild_text())
paths = words("a", "b", "/", "//", "..", ".", "é", "%20", "?", "#", "\\")
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 300), st.sampled_from([0.5, 1.0]), texts
)
field_names = st.sampled_from(
    ["content-type", "Content-Type", "CONTENT-TYPE", "x", "X-Y", "x_y", "etag", "Vary", "a b"]
)
odd_names = st.one_of(*[field_names] * 9, st.sampled_from(["", "é"]))
elements = words(
    *("text/html", "text/*", "*/*", "a", ";q=", "0.5", "1", "0", ";", "=", ",", " ", '"', "b=c"),
    *(";q=0.3", ", ", "gzip", "\\", "(", ")", "level=1"),
)
well_formed = st.lists(
    st.tuples(
        tokens(),
        st.one_of(st.just(""), tokens().map("/{}".format)),
        st.lists(st.tuples(tokens(), tokens()).map("=".join).map(";{}".format), max_size=2).map(
            "".join
        ),
    ).map("".join),
    min_size=1,
    max_size=3,
).map(", ".join)
"""Lists of elements with parameters (RFC 9110 section 5.6)."""
statuses = st.one_of(
    st.integers(90, 620),
    st.sampled_from([None, 200, 404, 500, 0, -1, 99, 600, 1.5, True, False]),
    words("2", "0", "4", "5", " ", "OK", "x", "Not Found", "\n", most=5),
    st.tuples(st.integers(90, 620), st.sampled_from(["", " ", " Own reason", "  x "])).map(
        lambda found: f"{found[0]}{found[1]}"
    ),
)
queries = words(
    "a", "b", "=", "&", ";", "+", "%20", "%C3%A9", "%E9", "%", "%zz", "1", ",", "é", "12"
)
encoded = words(
    "=?", "?=", "utf-8", "iso-8859-1", "?q?", "?b?", "=C3=A9", "4pyT", " ", "x", "_", "nö"
)


def http_functions() -> Cases:
    """Give calls of the functions of httputil."""
    seconds = st.one_of(st.integers(0, 2**33), st.sampled_from([0.5, 1e9]))
    return st.one_of(
        call(f"{HTTPUTIL}.urljoin", paths, paths),
        call(f"{HTTPUTIL}.urljoin", paths),
        call(f"{HTTPUTIL}.urljoin_bytes", octets(paths), octets(paths), octets(paths)),
        call(
            f"{HTTPUTIL}.protocol_from_http",
            st.sampled_from(
                ["HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/", "HTTP/x.y", "", "HTTP/11"]
            ),
        ),
        call(
            f"{HTTPUTIL}.get_ranges",
            st.one_of(
                st.lists(range_specs(), max_size=4).map(lambda specs: "bytes=" + ",".join(specs)),
                words("bytes", "=", "0", "5", "-", ",", " ", "x", "12"),
                st.none(),
            ),
            st.integers(0, 30),
        ),
        call(
            f"{HTTPUTIL}.header_elements",
            st.sampled_from(["Accept", "accept", "TE", "Accept-Encoding", "X", "Content-Type"]),
            st.one_of(well_formed, elements, st.none()),
        ),
        call(f"{HTTPUTIL}.decode_TEXT", st.one_of(encoded, texts)),
        call(f"{HTTPUTIL}.decode_TEXT_maybe", st.one_of(encoded, texts)),
        call(f"{HTTPUTIL}.valid_status", statuses),
        call(
            f"{HTTPUTIL}.parse_query_string",
            queries,
            keep_blank_values=st.booleans(),
            encoding=st.sampled_from(["utf-8", "latin-1", "ascii"]),
        ),
        call(f"{HTTPUTIL}.HTTPDate", seconds),
        call(f"{HTTPUTIL}.parse_header", st.one_of(well_formed, elements)),
        call(f"{HTTPUTIL}.HeaderElement.parse", st.one_of(well_formed, elements)),
        call(f"{HTTPUTIL}.HeaderElement.from_str", st.one_of(well_formed, elements)),
        call(f"{HTTPUTIL}.AcceptElement.from_str", st.one_of(well_formed, elements)),
    )


def lib_functions() -> Cases:
    """Give calls of other functions of lib and of the underscore modules."""
    codecs = st.sampled_from(["ISO-8859-1", "utf-8", "ascii", "escape", "no-such"])
    either = st.one_of(texts, octets(texts), st.none())
    return st.one_of(
        call("cherrypy._cpcompat.ntob", either, encoding=codecs),
        call("cherrypy._cpcompat.ntou", either, encoding=codecs),
        call("cherrypy._cpcompat.tonative", either, encoding=codecs),
        call("cherrypy._cpcompat.assert_native", either),
        call("cherrypy._cpreqbody.unquote_plus", octets(queries)),
        call("cherrypy.lib.is_iterator", st.one_of(scalars, st.lists(scalars), octets(texts))),
        call("cherrypy.lib.is_closable_iterator", st.one_of(scalars, st.lists(scalars))),
        call("cherrypy.lib.file_generator", files(), st.integers(1, 8)),
        call(
            "cherrypy.lib.file_generator_limited", files(), st.integers(-1, 40), st.integers(1, 8)
        ),
        call("cherrypy.lib.encoding.decompress", octets(texts)),
        call(
            "cherrypy.lib.reprconf.modules", st.sampled_from(["os", "os.path", "no.such", "", "x"])
        ),
        call(
            "cherrypy.lib.reprconf.attributes",
            st.sampled_from(["os.path.join", "os.nothing", "os", "no.such", "", "cherrypy.url.x"]),
        ),
        call("cherrypy.lib.auth_digest.H", st.one_of(texts, octets(texts))),
        call(
            "cherrypy.lib.auth_digest.www_authenticate",
            words("a", '"', "é", "\\", " "),
            st.sampled_from(["k", "key", ""]),
            algorithm=st.sampled_from(["MD5", "MD5-sess", "x"]),
            nonce=st.sampled_from(["1:2", "n"]),
            stale=st.booleans(),
            accept_charset=st.sampled_from(["UTF-8", "", "ISO-8859-1"]),
        ),
        call(
            "cherrypy.lib.auth_digest.synthesize_nonce",
            texts,
            st.sampled_from(["k", "é"]),
            timestamp=st.integers(0, 9),
        ),
        call("cherrypy._cperror.format_exc", st.none()),
        call("cherrypy._cperror.bare_error", st.one_of(st.none(), texts)),
        call(
            "cherrypy._cpdispatch.validate_translator", st.one_of(scalars, pairs(scalars, scalars))
        ),
        call("cherrypy._helper.normalize_path", paths),
        call("cherrypy._cpserver.attributes", st.sampled_from(["os.path", "x"])),
    )


def files() -> SearchStrategy[Any]:
    """Give files."""
    return st.text("abc\n", max_size=20).map(lambda text: {"file": text})


def sequences() -> Cases:
    """Give mappings of header fields, and what is done with them."""
    key, value = odd_names, st.one_of(well_formed, well_formed, elements, scalars)
    step = st.one_of(
        st.tuples(st.sampled_from(["__getitem__", "__contains__", "pop", "__delitem__"]), key),
        st.tuples(st.sampled_from(["get", "setdefault", "pop", "__setitem__"]), key, value),
        st.tuples(st.sampled_from(["__len__", "copy", "tell", "list", "keys", "items", "clear"])),
    ).map(list)
    header_step = st.one_of(
        st.tuples(st.sampled_from(["elements", "values"]), key),
        st.tuples(st.sampled_from(["output", "popitem"])),
        st.tuples(st.just("encode"), st.one_of(encoded, texts, octets(texts))),
        st.tuples(st.just("encode_header_items"), pairs(key, value)),
    ).map(list)
    update = st.tuples(st.just("update"), pairs(key, value)).map(list)
    fields = pairs(key, st.one_of(well_formed, elements))
    classes = ["CaseInsensitiveDict", "HeaderMap"]
    return st.tuples(
        st.sampled_from(classes),
        st.one_of(fields.map(lambda field: [field]), st.just([])),
        st.one_of(
            *[st.lists(st.one_of(step, header_step), min_size=1, max_size=8)] * 3,
            st.lists(st.one_of(step, update), min_size=1, max_size=4),
        ),
    ).map(
        lambda found: {
            "scenario": "plain.sequence",
            "path": f"{HTTPUTIL}.{found[0]}",
            "args": found[1],
            "steps": [step for step in found[2] if found[0] == "HeaderMap" or step[0] != "values"],
        }
    )


def objects() -> Cases:
    """Give other objects, with what is asked of them."""
    element = st.tuples(
        st.sampled_from([f"{HTTPUTIL}.HeaderElement", f"{HTTPUTIL}.AcceptElement"]),
        st.tuples(words("a", "b", "/", "*"), pairs(st.sampled_from("pq"), tokens(), most=2)).map(
            list
        ),
    )
    host = st.tuples(
        st.just(f"{HTTPUTIL}.Host"),
        st.tuples(
            words("1.2.3.4", ":", "a", ""), st.integers(0, 9), st.sampled_from([None, "", "n"])
        ).map(list),
    )
    sanitized = st.tuples(
        st.just(f"{HTTPUTIL}.SanitizedHost"),
        words("example.com", ":", "80", "[::1]", "-", "_").map(lambda text: [text]),
    )
    attribute = st.sampled_from(["ip", "port", "name", "value", "params", "qvalue", "raw"])
    steps = st.lists(
        st.one_of(attribute.map(lambda name: ["get-attribute", name]), st.just(["tell"])),
        max_size=6,
    )
    made = st.one_of(element, host, sanitized)
    sequence = st.tuples(made, steps).map(
        lambda found: {
            "scenario": "plain.sequence",
            "path": found[0][0],
            "args": found[0][1],
            "steps": found[1],
        }
    )
    compare = st.tuples(element, element).map(
        lambda found: {
            "scenario": "plain.compare",
            "path": found[0][0],
            "left": found[0][1],
            "right": found[1][1],
        }
    )
    return st.one_of(sequence, compare)


expressions = st.recursive(
    st.sampled_from(
        [
            *("1", "-1", "0x10", "1.5", "'a'", '"b"', "b'c'", "None", "True", "x", "u'é'", "1j"),
            *("os", "os.path.join('a', 'b')", "cherrypy.HTTPError", "int('3')", "dict(a=1)"),
            *("__import__('os').sep", "len", "''", "()", "[]", "{}", "1 +", "a b", "lambda: 1"),
            *("not 1", "1 if 2 else 3", "f'{1}'", "...", "{1}", "int", "no.such.name", "'a' 'b'"),
        ]
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.lists(inner, min_size=1, max_size=3).map(lambda items: f"({', '.join(items)},)"),
        st.tuples(inner, inner).map(lambda two: f"{{{two[0]}: {two[1]}}}"),
        st.tuples(inner, st.sampled_from(["+", "-", "*", "%", "/", "==", "and", "|"]), inner).map(
            " ".join
        ),
        st.tuples(st.sampled_from(["str", "list", "max", "dict", "-"]), inner).map(
            lambda two: f"{two[0]}({two[1]})"
        ),
        inner.map(lambda text: f"{text}[0]"),
        inner.map(lambda text: f"({text}).real"),
    ),
    max_leaves=5,
)
config_lines = st.one_of(
    st.tuples(
        words("a", "b", ".", " ", "tools", "on", most=4),
        st.sampled_from([": ", " = ", "=", " : ", ""]),
        expressions,
    ).map("".join),
    st.sampled_from(["[a]", "[/]", "[global]", "[/b]", "# c", "; d", "", " e", "[a", "[DEFAULT]"]),
    st.sampled_from(['x: "%(a)s"', "x: '%'", "x: 1 # c", "x: 'a;b'", "x: [1,", "    2]"]),
)


def settings() -> Cases:
    """Give configuration, in every form."""
    file = st.lists(config_lines, max_size=6).map("\n".join)
    good = st.lists(
        st.one_of(
            st.tuples(st.sampled_from(["a", "b.c", "tools.x.on"]), expressions).map(": ".join),
            st.sampled_from(["[a]", "[/]", "[global]", "[/b]"]),
        ),
        max_size=6,
    ).map(lambda lines: "\n".join(["[global]", *dict.fromkeys(lines)]))
    key = st.sampled_from(
        ["a.b", "a.b.c", "a", "b.x", "c.y", "a.", ".b", "", "tools.x.on", "x", "global", "/a"]
    )
    flat = pairs(key, scalars)
    name = st.sampled_from(["/", "/a", "/a/b", "a", "global", "/a/", "", "/c"])
    nested = pairs(name, pairs(st.sampled_from(["tools.a.on", "x", "y.z"]), scalars))
    return st.one_of(
        expressions.map(lambda text: {"scenario": "settings.unrepr", "text": text}),
        texts.map(lambda text: {"scenario": "settings.unrepr", "text": text}),
        st.tuples(
            st.one_of(file, good), st.sampled_from(["parser", "dict_from_file", "load", "config"])
        ).map(lambda two: {"scenario": "settings.parse", "text": two[0], "form": two[1]}),
        st.tuples(st.lists(st.sampled_from("abc"), max_size=3, unique=True), flat).map(
            lambda two: {"scenario": "settings.namespaces", "names": two[0], "config": two[1]}
        ),
        st.lists(st.one_of(flat, nested, good), max_size=3).map(
            lambda files: {"scenario": "settings.update", "files": files}
        ),
        st.tuples(nested, st.one_of(st.none(), flat), nested).map(
            lambda three: {
                "scenario": "settings.application",
                "config": three[0],
                "root": three[1],
                "more": three[2],
            }
        ),
        st.tuples(nested, nested).map(
            lambda two: {"scenario": "settings.merge", "base": two[0], "other": two[1]}
        ),
    )


def bus() -> Cases:
    """Give a bus with listeners, and what is done with it."""
    does = st.sampled_from(["ok"] * 6 + ["ValueError", "KeyError", "OSError"])
    dies = st.sampled_from(["ok", "ValueError", "SystemExit", "KeyboardInterrupt"])
    names = ["first", "second", "third"]
    listeners = st.tuples(
        *(
            st.tuples(
                st.just(name), st.one_of(does, dies), st.sampled_from([None, None, 10, 90])
            ).map(list)
            for name in names
        )
    ).map(list)
    channel = st.sampled_from(["start", "stop", "exit", "graceful", "main", "own", "new"])
    listener = st.sampled_from(names).map(lambda name: {"var": name})
    step = st.one_of(
        st.tuples(st.just("subscribe"), channel, listener),
        st.tuples(st.just("subscribe"), channel, listener, st.sampled_from([5, 50, 95])),
        st.tuples(st.just("unsubscribe"), channel, listener),
        st.tuples(st.just("publish"), channel),
        st.tuples(st.just("publish"), channel, st.integers(0, 3)),
        st.tuples(st.sampled_from(["start", "stop", "graceful", "restart", "exit"])),
        st.tuples(st.just("log"), words("a", "b"), st.sampled_from([10, 20, 40])),
        st.tuples(st.just("log"), words("a", "b")),
    ).map(list)
    run = st.tuples(listeners, st.lists(step, min_size=1, max_size=8)).map(
        lambda two: {"scenario": "bus.run", "listeners": two[0], "steps": two[1]}
    )
    plugin_step = st.sampled_from(["subscribe", "unsubscribe", "start", "stop", "own", "graceful"])
    thread_step = st.sampled_from(
        ["acquire_thread", "release_thread", "stop", "graceful", "acquire_thread"]
    )
    number = st.one_of(st.none(), st.integers(0, 3), st.sampled_from(["root", "no-such-user"]))
    return st.one_of(
        run,
        run,
        run,
        st.lists(words("a", "é", most=3), max_size=3).map(
            lambda errors: {"scenario": "bus.failures", "errors": errors}
        ),
        st.tuples(
            st.lists(st.sampled_from(["start", "stop", "own", "exit"]), max_size=3, unique=True),
            st.lists(plugin_step, max_size=6),
        ).map(lambda two: {"scenario": "bus.plugin", "channels": two[0], "steps": two[1]}),
        st.lists(thread_step, max_size=6).map(
            lambda steps: {"scenario": "bus.threads", "steps": steps}
        ),
        st.tuples(number, number, st.one_of(st.none(), st.integers(0, 511))).map(
            lambda three: {
                "scenario": "bus.drop",
                "uid": three[0],
                "gid": three[1],
                "umask": three[2],
            }
        ),
        st.tuples(words("a", "é", "\n"), st.sampled_from([10, 20, 40]), st.booleans()).map(
            lambda three: {
                "scenario": "bus.log_to",
                "text": three[0],
                "level": three[1],
                "traceback": three[2],
            }
        ),
    )


node_names = st.sampled_from(["a", "b", "c", "index", "default", "new", "x_y", "GET"])
handler_specs = st.fixed_dictionaries(
    {},
    optional={
        "exposed": st.sampled_from([True, True, True, False]),
        "config": pairs(st.sampled_from(["x.a", "x.b"]), st.integers(0, 9), most=2),
    },
)
handlers = st.dictionaries(
    st.sampled_from(["index", "default", "a", "b", "x_y", "GET", "POST", "index", "default"]),
    handler_specs,
    max_size=4,
)
node_extras: dict[str, SearchStrategy[Any]] = {
    "config": pairs(st.sampled_from(["x.a", "x.b", "x.c"]), st.integers(10, 19), most=2),
    "popargs": st.lists(
        st.sampled_from(["year", "month", "a"]), min_size=1, max_size=2, unique=True
    ),
    "dispatch": st.sampled_from(["pop", "child", "nothing", "clear", "insert"]),
    "call": st.booleans(),
}
trees = st.recursive(
    st.fixed_dictionaries({"handlers": handlers}, optional=node_extras),
    lambda inner: st.fixed_dictionaries(
        {"handlers": handlers, "nodes": st.dictionaries(node_names, inner, max_size=3)},
        optional=node_extras,
    ),
    max_leaves=6,
)
tree_paths = st.lists(
    st.sampled_from(["a", "b", "c", "index", "default", "new", "x_y", "x-y", "2024", "", "q"]),
    max_size=5,
).map(lambda parts: "/" + "/".join(parts))


def dispatching() -> Cases:
    """Give trees, and paths to look for in them."""
    query = st.sampled_from(["", "", "?k=1", "?year=7", "?a=1&a=2"])
    host = st.sampled_from([[], [], [["Host", "b.com"]], [["X-Forwarded-Host", "b.com"]]])
    request = st.tuples(
        st.sampled_from(["GET", "GET", "GET", "HEAD", "POST", "PUT", "OPTIONS"]),
        st.tuples(tree_paths, query).map("".join),
        host,
    ).map(list)
    config = pairs(
        st.sampled_from(["/", "/a", "/a/b", "/b", "/x_y", "/a/index"]),
        pairs(st.sampled_from(["x.a", "x.b", "x.d"]), st.integers(20, 29), most=2),
        most=3,
    )
    return st.fixed_dictionaries(
        {
            "scenario": st.just("mounted.dispatch"),
            "tree": trees,
            "requests": st.lists(request, min_size=1, max_size=6),
        },
        optional={
            "config": config,
            "dispatcher": st.sampled_from(["", "", "", "method", "host", "xmlrpc"]),
        },
    )


requests = st.tuples(
    st.sampled_from(["GET", "GET", "POST", "HEAD"]),
    st.sampled_from(["/", "/a/b", "/a?k=1"]),
    st.just([]),
    st.just(""),
    st.sampled_from(["HTTP/1.1", "HTTP/1.1", "HTTP/1.0"]),
).map(list)
urls = st.one_of(
    st.sampled_from(
        ["/end", "end", "../end", "http://other.com/x", "//other.com/x", "?q=1", "", "/é", "/a b"]
    ),
    words("/", "a", "..", "?", "=", "&", "é", " ", '"', "<", "%20", "#", "end", ":", "'"),
)


def raising() -> Cases:
    """Give exceptions of CherryPy, in requests and outside of them."""
    message = st.one_of(st.none(), words("a", "<b>", "é", '"', "'", "&", "%s", "\n", "☃"))
    error: SearchStrategy[Any] = st.tuples(
        st.just("HTTPError"),
        st.one_of(
            st.tuples(st.one_of(statuses, st.integers(400, 599))).map(list),
            st.tuples(st.integers(400, 599), message).map(list),
            st.just([]),
        ),
        st.just({}),
    )
    missing: SearchStrategy[Any] = st.tuples(
        st.just("NotFound"),
        st.one_of(st.just([]), paths.map(lambda path: [path])),
        st.just({}),
    )
    redirect = st.tuples(
        st.just("HTTPRedirect"),
        st.one_of(urls, st.lists(urls, max_size=3), octets(urls)).map(lambda url: [url]),
        st.fixed_dictionaries(
            {},
            optional={
                "status": st.one_of(
                    st.integers(300, 308), st.sampled_from([200, 299, 400, "302", "x", None])
                ),
                "encoding": st.sampled_from(["utf-8", "latin-1"]),
            },
        ),
    )
    internal: SearchStrategy[Any] = st.tuples(
        st.just("InternalRedirect"),
        st.one_of(
            st.sampled_from(["/end", "/end?q=1", "end", "../end", "/nowhere"]).map(
                lambda url: [url]
            ),
            st.tuples(urls, st.sampled_from(["", "q=2"])).map(list),
        ),
        st.just({}),
    )
    raised = st.one_of(error, error, missing, redirect, redirect, internal)
    config = pairs(
        st.sampled_from(["error_page.404", "error_page.default", "error_page.500"]),
        st.sampled_from(["/no/such/file", {"name": "cherrypy._cperror.get_error_page"}]),
        most=1,
    )
    before = st.lists(
        st.tuples(
            st.sampled_from(
                ["Content-Length", "ETag", "X-Own", "Content-Type", "Vary", "Location"]
            ),
            st.sampled_from(["1", '"e"', "text/plain"]),
        ).map(list),
        max_size=2,
    )
    inside = st.tuples(raised, requests, st.one_of(st.none(), config), before).map(
        lambda found: {
            "scenario": "mounted.raising",
            "what": found[0][0],
            "args": found[0][1],
            "kwargs": found[0][2],
            "request": found[1],
            "config": found[2],
            "before": found[3],
        }
    )
    outside = raised.map(
        lambda found: {
            "scenario": "mounted.outside",
            "what": found[0],
            "args": found[1],
            "kwargs": found[2],
        }
    )
    return st.one_of(inside, inside, outside)


def mounting() -> Cases:
    """Give trees of applications, URLs, and middleware."""
    script_name = st.sampled_from(["", "/", "/a", "/a/", "a", "/a/b", "/b", "/a b", "/é"])
    step = st.tuples(script_name, st.sampled_from(["root", "app", "graft"])).map(list)
    asked = st.one_of(
        st.sampled_from(["/", "", "/a", "/a/b/c", "/ab", "/b/", "/c", "//a"]), paths, st.none()
    )
    url_kwargs = st.fixed_dictionaries(
        {},
        optional={
            "path": urls,
            "qs": st.one_of(
                queries, pairs(words("a", "é", " ", most=2), words("b", "é", "&", " "))
            ),
            "script_name": st.one_of(st.none(), script_name),
            "base": st.sampled_from([None, "http://base", "", "https://x/y"]),
            "relative": st.sampled_from([None, True, False, "server"]),
        },
    )
    return st.one_of(
        st.tuples(st.lists(step, max_size=4), st.lists(asked, max_size=4)).map(
            lambda two: {"scenario": "mounted.mount", "steps": two[0], "asked": two[1]}
        ),
        st.fixed_dictionaries(
            {
                "scenario": st.just("mounted.url"),
                "kwargs": url_kwargs,
                "script_name": st.sampled_from(["", "/s", "/s/t"]),
                "path": st.sampled_from(["/", "/p", "/p/q/", "/p/q", "/?k=1", "/é"]),
                "inside": st.sampled_from([True, True, True, False]),
                "base": st.sampled_from(["", "", "1.2.3.4"]),
            }
        ),
        st.fixed_dictionaries(
            {
                "scenario": st.just("mounted.redirected"),
                "to": st.sampled_from(["/x", "x", "/x?q=1", "/start", "../y", "/x/y?a=b&c"]),
                "kwargs": st.fixed_dictionaries({}, optional={"recursive": st.booleans()}),
                "path": st.sampled_from(["/start", "/start/at"]),
            }
        ),
        st.fixed_dictionaries(
            {
                "scenario": st.just("mounted.trapped"),
                "throws": st.sampled_from(["at once", "late", "never"]),
                "pieces": st.integers(0, 2),
            }
        ),
    )


charsets = st.sampled_from(
    ["", "", "", "; charset=utf-8", "; charset=latin-1", "; charset=utf-16", "; charset=no", ";x=y"]
)
form_bodies = words(
    *(
        "a",
        "b",
        "=",
        "&",
        "+",
        "%20",
        "%C3%A9",
        "%E9",
        "\xc3\xa9",
        "\xe9",
        "1",
        ";",
        "%",
        "%4",
        "\r\n",
    ),
    most=16,
)


@st.composite
def multiparts(draw: st.DrawFn) -> tuple[str, str]:
    """Give the content type and the content of multipart bodies, whole or not."""
    kind = draw(st.sampled_from(["form-data"] * 4 + ["mixed", "related", "alternative", "x"]))
    boundary = draw(st.sampled_from(["AaB03x", "b", "-", "a b", "b"]))
    shown = draw(st.sampled_from([f"boundary={boundary}", f'boundary="{boundary}"', "x=y"]))
    disposition = st.sampled_from(
        [
            *('form-data; name="a"', 'form-data; name="b"', "form-data; name=a", "form-data"),
            *('form-data; name="f"; filename="x.txt"', 'form-data; name="f"; filename=""', ""),
            *(
                'attachment; filename="a b.txt"',
                'form-data; name="q\\"x"',
                "form-data; name=\xc3\xa9",
            ),
        ]
    )
    part = st.tuples(
        disposition,
        st.sampled_from(
            ["", "text/plain", "text/plain; charset=latin-1", "application/x", "image/x"]
        ),
        words("x", "\r\n", "y", "\xc3\xa9", "\xe9", "--", "-", "\n", "z" * 20),
    )
    text = draw(st.sampled_from(["", "", "preamble\r\n"]))
    end = draw(st.sampled_from(["\r\n", "\r\n", "\r\n", "\n"]))
    for shown_as, content_type, content in draw(st.lists(part, max_size=4)):
        lines = [f"Content-Disposition: {shown_as}"] if shown_as else []
        lines += [f"Content-Type: {content_type}"] if content_type else []
        lines += draw(st.sampled_from([[], [], ["X-Own: 1", "x-own: 2"], ["X: a", "  folded"]]))
        text += f"--{boundary}{end}" + "".join(line + end for line in lines) + end + content + end
    text += f"--{boundary}" + draw(st.sampled_from(["--\r\n", "--", "--\r\nepilogue", "", "\r\n"]))
    if not draw(st.integers(0, 9)):
        text = text[: len(text) // 2]
    return f"multipart/{kind}; {shown}", text


def entities() -> Cases:
    """Give requests with content."""
    form = st.tuples(
        charsets.map(lambda charset: "application/x-www-form-urlencoded" + charset), form_bodies
    )
    other = st.tuples(
        st.sampled_from(
            ["text/plain", "application/json", "", "x", "text/plain; charset=x", "a/b/c"]
        ),
        form_bodies,
    )
    config = st.one_of(
        st.none(),
        st.none(),
        pairs(
            st.sampled_from(
                [
                    "request.body.attempt_charsets",
                    "request.body.maxbytes",
                    "request.process_request_body",
                    "request.methods_with_bodies",
                ]
            ),
            st.sampled_from([["utf-8"], 10, False, {"tuple": ["GET", "POST"]}, True]),
            most=1,
        ).filter(_is_sensible),
    )
    read = st.tuples(
        config,
        st.one_of(form, multiparts(), multiparts(), other),
        st.sampled_from(["POST", "POST", "POST", "PUT", "GET", "PATCH", "DELETE"]),
    ).map(
        lambda found: {
            "scenario": "entities.read",
            "config": found[0],
            "headers": [["Content-Type", found[1][0]]] if found[1][0] else [],
            "body": found[1][1],
            "method": found[2],
        }
    )
    step = st.one_of(
        st.tuples(st.sampled_from(["read", "readline", "readlines"])),
        st.tuples(st.sampled_from(["read", "readline", "readlines"]), st.integers(0, 12)),
    ).map(list)
    sized = st.fixed_dictionaries(
        {
            "scenario": st.just("entities.sized"),
            "content": st.text("ab\n", max_size=30),
            "length": st.one_of(st.none(), st.integers(0, 35)),
            "maxbytes": st.sampled_from([0, 0, 5, 20]),
            "steps": st.lists(step, max_size=6),
        }
    )
    return st.one_of(read, read, read, sized)


def _is_sensible(config: Any) -> bool:
    wanted = {
        "request.body.attempt_charsets": list,
        "request.body.maxbytes": int,
        "request.process_request_body": bool,
        "request.methods_with_bodies": dict,
    }
    return all(type(value) is wanted[key] for key, value in config["dict"])


def stored() -> Cases:
    """Give sessions, and what is done with them."""
    key = st.sampled_from(["a", "b", "c"])
    value = st.one_of(scalars, st.just([1]), st.just({"dict": [["k", 1]]}))
    step = st.one_of(
        st.tuples(
            st.sampled_from(["__getitem__", "__contains__", "get", "pop", "__delitem__"]), key
        ),
        st.tuples(st.sampled_from(["__setitem__", "get", "setdefault", "pop"]), key, value),
        st.tuples(st.just("update"), pairs(key, value)),
        st.tuples(st.sampled_from(["keys", "values", "items", "clear", "load", "save", "delete"])),
        st.tuples(st.sampled_from(["regenerate", "clean_up", "id", "missing", "regenerated"])),
        st.tuples(st.sampled_from(["acquire_lock", "release_lock", "locked", "loaded", "timeout"])),
    ).map(list)
    identifier = st.sampled_from([None, None, "0" * 40, "x", "../x", "", "a" * 40])
    return st.fixed_dictionaries(
        {
            "scenario": st.just("stored.run"),
            "storage": st.sampled_from(["ram", "file"]),
            "identifier": identifier,
            "steps": st.lists(step, max_size=10),
        }
    )


def tooling() -> Cases:
    """Give handlers under tools of cptools, and requests to them."""
    request = st.tuples(
        st.sampled_from(["GET", "GET", "HEAD", "POST"]),
        st.sampled_from(["/", "", "/sub", "/sub/", "/?a=1", "/?n=x", "/sub?q=1"]),
        st.lists(
            st.sampled_from(
                [
                    ["Referer", "http://example.com/page"],
                    ["Referer", "http://other.com/"],
                    ["Accept", "text/html"],
                    ["Accept", "text/*;q=0.5, application/json"],
                    ["Accept", "image/png"],
                    ["X-Forwarded-For", "1.2.3.4, 5.6.7.8"],
                    ["X-Forwarded-Host", "proxy.com"],
                    ["X-Forwarded-Proto", "https"],
                    ["If-None-Match", '"e"'],
                    ["If-None-Match", "*"],
                    ["If-Match", '"f"'],
                    ["If-Modified-Since", "Thu, 01 Jan 2015 00:00:00 GMT"],
                    ["Accept-Charset", "utf-8"],
                    ["Accept-Charset", "iso-8859-1;q=0.5, *;q=0.1"],
                ]
            ),
            max_size=2,
            unique_by=lambda pair: pair[0],
        ),
        st.just(""),
        st.sampled_from(["HTTP/1.1", "HTTP/1.1", "HTTP/1.0"]),
    ).map(list)
    setting: SearchStrategy[list[Any]] = st.sampled_from(
        [
            [["tools.accept.on", True], ["tools.accept.media", "text/html"]],
            [["tools.accept.on", True], ["tools.accept.media", ["text/plain", "text/html"]]],
            [["tools.allow.on", True], ["tools.allow.methods", ["GET"]]],
            [["tools.allow.on", True], ["tools.allow.methods", "POST"]],
            [["tools.referer.on", True], ["tools.referer.pattern", "http://example"]],
            [
                ["tools.referer.on", True],
                ["tools.referer.pattern", "http://example"],
                ["tools.referer.accept", False],
                ["tools.referer.accept_missing", True],
                ["tools.referer.error", 400],
                ["tools.referer.message", "No <b>"],
            ],
            [["tools.proxy.on", True]],
            [["tools.proxy.on", True], ["tools.proxy.base", "https://site.com"]],
            [["tools.proxy.on", True], ["tools.proxy.local", ""]],
            [["tools.proxy.on", True], ["tools.proxy.scheme", ""], ["tools.proxy.remote", ""]],
            [
                ["tools.response_headers.on", True],
                ["tools.response_headers.headers", [["X-A", "1"]]],
            ],
            [["tools.ignore_headers.on", True], ["tools.ignore_headers.headers", ["Referer"]]],
            [["tools.redirect.on", True], ["tools.redirect.url", "/sub"]],
            [
                ["tools.redirect.on", True],
                ["tools.redirect.url", "/end"],
                ["tools.redirect.internal", False],
            ],
            [["tools.trailing_slash.on", False]],
            [["tools.trailing_slash.on", True], ["tools.trailing_slash.extra", True]],
            [["tools.trailing_slash.on", True], ["tools.trailing_slash.status", 302]],
            [["tools.flatten.on", True]],
            [["tools.etags.on", True]],
            [["tools.etags.on", True], ["tools.etags.autotags", True]],
            [["tools.encode.on", True], ["tools.encode.encoding", "utf-8"]],
            [["tools.encode.on", True], ["tools.encode.encoding", "latin-1"]],
            [["tools.encode.on", False]],
            [["tools.decode.on", True], ["tools.decode.encoding", "latin-1"]],
            [["tools.expires.on", True], ["tools.expires.secs", 0]],
            [["tools.expires.on", True], ["tools.expires.secs", 0], ["tools.expires.force", True]],
            [["tools.autovary.on", True]],
            [["tools.params.on", True]],
            [["tools.log_headers.on", True]],
        ]
    )
    config = st.lists(setting, max_size=2).map(
        lambda found: {"dict": [pair for some in found for pair in some]}
    )
    handler = st.fixed_dictionaries(
        {
            "body": st.sampled_from(
                ["text", "request", "é", "", {"bytes": "b\xe9"}, ["a", "b"], ["é", "b"], None]
            )
        },
        optional={
            "fields": st.lists(
                st.sampled_from(
                    [
                        ["ETag", '"e"'],
                        ["ETag", 'W/"e"'],
                        ["Last-Modified", "Thu, 01 Jan 2015 00:00:00 GMT"],
                        ["Content-Type", "text/plain"],
                        ["Content-Type", "application/json"],
                        ["Vary", "Cookie"],
                        ["X-Own", "é"],
                    ]
                ),
                max_size=2,
                unique_by=lambda pair: pair[0],
            ),
            "status": st.sampled_from([201, "202 Own", 404, 304, 204]),
            "stream": st.booleans(),
        },
    )
    return st.fixed_dictionaries(
        {
            "scenario": st.just("mounted.tools"),
            "config": config,
            "handler": handler,
            "requests": st.lists(request, min_size=1, max_size=3),
        }
    )
