"""What the demonstration shows, in order."""

from dataclasses import dataclass
from types import ModuleType

from exchange import Call
from pages import (
    authentication,
    builtin,
    caching,
    configuration,
    cookies,
    engine,
    errors,
    files,
    forms,
    hooks,
    json_documents,
    login,
    logs,
    methods,
    mounting,
    parameters,
    paths,
    publishing,
    redirects,
    remote_calls,
    sessions,
    streaming,
    testing,
    tools,
)


@dataclass(frozen=True)
class Example:
    """One capability, and requests that show it.

    Args:
        module: The example; its source is shown.
        title: Title of its page.
        sentence: What it is, in one sentence.
        calls: Requests to make; at least one.
        frame: Where the browser itself makes the requests: a file of HTML in ``pages``.
    """

    module: ModuleType
    title: str
    sentence: str
    calls: tuple[Call, ...]
    frame: str = ""

    @property
    def name(self) -> str:
        """Name in URLs."""
        return self.module.__name__.rpartition(".")[2].replace("_", "-")

    @property
    def mount_point(self) -> str:
        """Where the example is mounted."""
        return f"/try/{self.name}"


HANDLERS = (
    Example(
        publishing,
        "Publishing objects",
        "A path leads through the attributes of objects to a method that is exposed.",
        (
            Call("/", "the root object"),
            Call("/songs/", "an attribute of it"),
            Call("/songs", "is sent to the URL with the slash"),
            Call("/songs/newest", "a method of the attribute"),
            Call("/songs/news.txt", "another name of this method"),
            Call("/about", "a function"),
            Call("/diary", "is not exposed"),
        ),
    ),
    Example(
        parameters,
        "Parameters",
        "Fields of the query and of forms are keyword arguments of the handler.",
        (
            Call("/?name=Ada", "one parameter"),
            Call("/?name=Ada&loud=yes", "two of them"),
            Call("/?name=%3Cb%3EAda", "what comes from outside is escaped"),
            Call("/basket?fruit=fig&fruit=plum", "a name that comes twice gives a list"),
            Call("/bill?prices=12.50&prices=7.50&guests=4", "numbers"),
            Call("/bill?prices=much", "no number"),
            Call("/anything?a=1&b=&%C3%A7=%E2%82%AC", "any names"),
            Call("/?nmae=Ada", "a parameter that the handler does not have"),
            Call("/", "a form", "POST", form={"name": "Ada & Grace"}),
        ),
    ),
    Example(
        paths,
        "Path segments",
        "Segments of the path that lead to no attribute are arguments, too.",
        (
            Call("/month/2026/05", "positional arguments"),
            Call("/month", "a missing argument"),
            Call("/any/where", "default answers what nobody else does"),
            Call("/AC%2FDC", "an encoded slash separates nothing"),
            Call("/music/Simone/Pastel-Blues/", "popargs names segments"),
            Call("/music/Simone/Pastel-Blues/cover", "and goes on after them"),
            Call("/members/Ada/", "_cp_dispatch finds the object itself"),
            Call("/members/nobody/", "or finds nothing, and default answers"),
        ),
    ),
    Example(
        methods,
        "REST",
        "With the MethodDispatcher, the methods of an object are those of HTTP.",
        (
            Call("/", "show the collection"),
            Call("/2", "show one of it"),
            Call("/", "add one", "POST", form={"title": "Mississippi Goddam"}),
            Call("/2", "change one", "PUT", form={"title": "My Baby Just Cares"}),
            Call("/1", "remove one", "DELETE"),
            Call("/2", "a method that it does not have", "PATCH", content="?"),
            Call("/", "HEAD is GET without the content", "HEAD"),
            Call("/counter/increase", "expose(methods=...) without this dispatcher"),
            Call("/counter/increase", "the method that is answered", "POST"),
        ),
    ),
    Example(
        mounting,
        "Several applications",
        "Applications live side by side: each has its mount point, settings and log.",
        (
            Call("/", "one application"),
            Call("/roses/", "another one, mounted below it"),
            Call("/roses/latest", "the longest mount point wins"),
            Call("/houses/", "one that looks at the host"),
            Call("/houses/", "the same for another host", headers={"Host": "intranet.example"}),
            Call("/clock/any/path", "a WSGI application of another framework"),
        ),
    ),
)

MESSAGES = (
    Example(
        forms,
        "Forms and files",
        "Fields of a form are arguments; a file is an object that can be read.",
        (
            Call("/order", "a form", "POST", form={"fruit": "figs", "gift": "yes"}),
            Call("/order", "a field too many", "POST", form={"fruit": "figs", "color": "red"}),
            Call(
                "/raw",
                "any other content",
                "POST",
                {"Content-Type": "application/octet-stream"},
                content="0123456789",
            ),
        ),
        "forms.html",
    ),
    Example(
        json_documents,
        "JSON",
        "Tools make values of what clients send, and documents of what handlers return.",
        (
            Call(
                "/order",
                "a document that fits the annotation",
                "POST",
                {"Content-Type": "application/json"},
                content='{"fruit": "fig", "count": 3, "wanted": "2026-05-04"}',
            ),
            Call(
                "/order",
                "one that does not: 422 says where",
                "POST",
                {"Content-Type": "application/json", "Accept": "application/json"},
                content='{"fruit": "fig", "count": "three"}',
            ),
            Call(
                "/echo",
                "any document",
                "POST",
                {"Content-Type": "application/json"},
                content='["Sinnerman", null, 10.5]',
            ),
            Call(
                "/echo",
                "no document: 400 says where",
                "POST",
                {"Content-Type": "application/json", "Accept": "application/json"},
                content='{"a": 1, "a": NaN}',
            ),
            Call("/prices", "an array that is sent item by item"),
        ),
        "json_documents.html",
    ),
    Example(
        redirects,
        "Redirects",
        "A redirect is raised: nothing of the handler runs after it.",
        (
            Call("/old", "303 See Other, relative to the URL"),
            Call("/older", "301 Moved Permanently"),
            Call("/inside", "another page under the same URL"),
            Call("/links", "URLs made by cherrypy.url"),
        ),
    ),
    Example(
        errors,
        "Errors and their pages",
        "Errors are raised, and answered with a page; an application can draw its own.",
        (
            Call("/buy?fruit=figs&count=2", "all goes well"),
            Call("/buy?fruit=kiwis", "404, with the page of the application"),
            Call("/buy?fruit=figs&count=few", "an exception made a 400"),
            Call("/buy?fruit=plums", "a status with a reason of its own"),
            Call("/weigh", "an unexpected error"),
            Call("/plain/buy?fruit=kiwis", "404, with CherryPy's page"),
            Call("/plain/weigh_in_the_workshop", "with the traceback"),
            Call(
                "/api/buy?fruit=plums",
                "for programs: problem details",
                headers={"Accept": "application/json"},
            ),
        ),
        "errors.html",
    ),
    Example(
        cookies,
        "Cookies",
        "Cookies come with the request, and are set on the response.",
        (
            Call("/", "no cookie"),
            Call("/", "one", headers={"Cookie": "taste=sour"}),
            Call("/", "a broken one harms no other", headers={"Cookie": "b@d(=1; taste=sour"}),
            Call("/fill?taste=bitter", "set it"),
            Call("/empty", "delete it"),
        ),
        "cookies.html",
    ),
    Example(
        sessions,
        "Sessions",
        "A session is what a site keeps for a visitor from request to request.",
        (
            Call("/", "a visitor without a session: it begins"),
            Call("/", "an id that the site has not issued", headers={"Cookie": "session_id=1"}),
            Call("/leaflet/", "a lazy session: reading begins none"),
            Call("/leaflet/choose?colour=green", "storing does"),
        ),
        "sessions.html",
    ),
    Example(
        login,
        "Logging in",
        "Who has logged in is known by their session.",
        (
            Call("/", "the form"),
            Call(
                "/login",
                "log in: the session gets a new id",
                "POST",
                form={"name": "ada", "password": "engine"},
            ),
            Call(
                "/login",
                "with another password",
                "POST",
                form={"name": "ada", "password": "loom"},
            ),
        ),
        "login.html",
    ),
    Example(
        streaming,
        "Streaming",
        "A page that is streamed is sent as it is made.",
        (
            Call("/buffered", "made first, then sent: it has a length"),
            Call("/file", "a file"),
            Call("/events", "events, sent as they happen"),
            Call("/countdown", "a generator"),
        ),
        "streaming.html",
    ),
    Example(
        files,
        "Files",
        "A directory is served by one setting, with all that browsers ask of files.",
        (
            Call("/orchard/orchard.css", "a style sheet"),
            Call("/orchard/", "the index of the directory"),
            Call("/orchard", "is sent to the URL with the slash"),
            Call("/orchard/tree.5ca1ab1e.svg", "a picture that never changes", "HEAD"),
            Call("/harvest", "a download"),
            Call("/orchard/orchard.css", "a part of it", headers={"Range": "bytes=0-24"}),
            Call("/orchard/orchard.css", "two parts", headers={"Range": "bytes=0-3,-2"}),
            Call("/orchard/orchard.css", "a client has it", headers={"If-None-Match": "*"}),
            Call("/list/", "the list of what is there"),
            Call("/orchard/../app.py", "nothing outside of it"),
        ),
        "files.html",
    ),
    Example(
        remote_calls,
        "Remote calls",
        "Methods of an object can be called by programs, with XML-RPC.",
        (
            Call(
                "/",
                "ServerProxy(url).add(2, 3)",
                "POST",
                {"Content-Type": "text/xml"},
                content="<methodCall><methodName>add</methodName><params>"
                "<param><value><int>2</int></value></param>"
                "<param><value><int>3</int></value></param></params></methodCall>",
            ),
            Call(
                "/",
                "ServerProxy(url).divide(1, 0)",
                "POST",
                {"Content-Type": "text/xml"},
                content="<methodCall><methodName>divide</methodName><params>"
                "<param><value><int>1</int></value></param>"
                "<param><value><int>0</int></value></param></params></methodCall>",
            ),
        ),
    ),
)

SETTINGS = (
    Example(
        configuration,
        "Configuration",
        "Settings have three places; what is nearest to the handler wins.",
        (
            Call("/", "cherrypy.config, for the whole site"),
            Call("/hawaii", "a section of the application"),
            Call("/fiji", "the handler itself"),
            Call("/aotearoa", "the handler, and a section for its path"),
            Call("/ferry", "a section for yourself"),
        ),
    ),
    Example(
        builtin,
        "Built-in tools",
        "Tools do what many pages need and none is about; these are some of them.",
        (
            Call("/book", "HTML or plain text: the client decides"),
            Call("/book", "it likes the text", headers={"Accept": "text/plain, */*;q=0.1"}),
            Call("/book", "it likes something else", headers={"Accept": "image/png"}),
            Call("/shelf", "header fields"),
            Call("/picture", "shown on other pages", headers={"Referer": "http://thief.example/"}),
            Call("/picture", "on its own", headers={"Referer": "http://library.example/a"}),
            Call("/rack", "another page in place of it"),
            Call(
                "/visitor",
                "behind a proxy",
                headers={
                    "X-Forwarded-For": "192.0.2.7",
                    "X-Forwarded-Host": "library.example",
                    "X-Forwarded-Proto": "https",
                },
            ),
        ),
    ),
    Example(
        authentication,
        "Names and passwords",
        "Tools refuse who has no password, and tell the handler who has one.",
        (
            Call("/", "for everybody"),
            Call("/basic/", "without a password: how to send it"),
            Call(
                "/basic/",
                "the right one",
                headers={"Authorization": "Basic YWRhOmFuYWx5dGljYWw="},
            ),
            Call("/basic/", "another one", headers={"Authorization": "Basic YWRhOmd1ZXNz"}),
            Call("/basic/", "none at all", headers={"Authorization": "Basic ???"}),
            Call("/digest/", "Digest: the strongest algorithm first"),
        ),
        "authentication.html",
    ),
    Example(
        caching,
        "Caching and compression",
        "Tools keep answers, shorten them, and spare the client what it has already.",
        (
            Call("/headline", "the answer has an ETag"),
            Call("/headline", "a client that has it already", headers={"If-None-Match": "*"}),
            Call("/article", "as it is"),
            Call("/article", "compressed", headers={"Accept-Encoding": "gzip"}),
            Call("/weather", "kept for five seconds"),
            Call("/weather", "a client that insists", headers={"Cache-Control": "no-cache"}),
            Call("/crossword", "good for an hour"),
        ),
    ),
    Example(
        tools,
        "Your own tools",
        "A tool is a function that settings or a decorator turn on for a part of the site.",
        (
            Call("/", "turned on for the application: see X-Duration"),
            Call("/minerals", "with an argument, by a decorator"),
            Call("/cellar", "a tool can refuse, and another one is off here"),
        ),
    ),
    Example(
        hooks,
        "Hooks",
        "A request goes through named points; functions can be hooked to each.",
        (
            Call("/", "the way of a request: see X-Points"),
            Call("/lost", "the way of an error"),
            Call("/detour", "a hook for one request"),
        ),
    ),
)

SITE = (
    Example(
        logs,
        "Logs",
        "There is a log of requests, and one of everything else.",
        (
            Call("/read", "the last lines"),
            Call("/write", "write a line"),
            Call("/storm", "write an error with its traceback"),
        ),
    ),
    Example(
        engine,
        "The engine",
        "The engine starts and stops the parts of a site; yours can be among them.",
        (
            Call("/", "how it is"),
            Call("/ring", "publish a message, and hear the answers"),
        ),
    ),
    Example(
        testing,
        "Testing",
        "Tests ask an application without a server: a client calls it in the same process.",
        (
            Call("/", "run the tests"),
            Call("/counter/", "what they are about"),
            Call("/counter/add", "changes it", "POST", form={"amount": "2"}),
        ),
    ),
)

GROUPS = {
    "From a URL to a handler": HANDLERS,
    "What comes in, what goes out": MESSAGES,
    "Settings and tools": SETTINGS,
    "The running site": SITE,
}
"""The examples, by what they are about."""

EXAMPLES = tuple(example for group in GROUPS.values() for example in group)
