"""The params tool: parameters as the annotations of a handler say."""

import functools
from collections.abc import Callable
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cherrypy
from cherrypy.lib import parameters
from wsgi_client import Client

pytestmark = pytest.mark.usefixtures("site")


def double(text: str) -> str:
    return text * 2


def picky(text: str) -> str:
    raise KeyError(text)


class _Root:
    _cp_config: ClassVar[Any] = {"tools.params.on": True}

    @cherrypy.expose
    def scalars(
        self, number: int, ratio: float = 1.5, word: str = "w", *, flag: bool = False
    ) -> str:
        return repr((number, ratio, word, flag))

    @cherrypy.expose
    def several(self, numbers: list[int] = [], words: list = []) -> str:  # type: ignore[type-arg]  # noqa: B006
        return repr((numbers, words))

    @cherrypy.expose
    def optional(self, a: int | None = 7, b: Optional[str] = None, c: "int | None" = None) -> str:  # noqa: UP045
        return repr((a, b, c))

    @cherrypy.expose
    def called(self, a: double = "") -> str:  # type: ignore[valid-type]
        return repr(a)

    @cherrypy.expose
    def annotated(self, a: Annotated[int, "of something"] = 0) -> str:
        return repr(a)

    @cherrypy.expose
    def wrong(self, a: lambda: None) -> str:  # type: ignore[valid-type]
        return repr(a)

    @cherrypy.expose
    def unknown(self, a: "NoSuchType" = 0, b: Annotated[int, "of something"] = 0) -> str:  # type: ignore[name-defined]  # noqa: F821
        return repr((a, b))

    @cherrypy.expose
    def untouched(self, a: int | bytes = 0, b: Any = 0, c: None = None, d=0) -> str:  # type: ignore[no-untyped-def]  # noqa: ANN001
        return repr((a, b, c, d))

    @cherrypy.expose
    def rest(self, *path: int, **others: int) -> str:
        return repr((path, others))

    @cherrypy.expose
    def fails(self, a: picky) -> str:  # type: ignore[valid-type]
        return repr(a)

    @cherrypy.expose
    @cherrypy.tools.params(exception=KeyError, error="422 No")
    def told(self, a: picky) -> str:  # type: ignore[valid-type]
        return repr(a)

    part = functools.partial(scalars, None)  # type: ignore[arg-type]  # no instance is needed
    part.exposed = True  # type: ignore[attr-defined]

    class _Called:
        exposed = True

        def __call__(self, number: int) -> str:
            return repr(number)

    instance = _Called()


def ask(target: str) -> tuple[int, str]:
    answer = Client(cherrypy.Application(_Root())).get(target)
    return answer.code, answer.text


@pytest.mark.parametrize(
    ("target", "body"),
    [
        ("/scalars?number=5", "(5, 1.5, 'w', False)"),
        ("/scalars?number=-5&ratio=2&word=7&flag=1", "(-5, 2.0, '7', True)"),
        ("/scalars?number=1&flag=False", "(1, 1.5, 'w', False)"),
        ("/scalars?number=1&flag=ON", "(1, 1.5, 'w', True)"),  # a ticked box
        ("/scalars?number=1&flag=", "(1, 1.5, 'w', False)"),
        ("/scalars/5", "('5', 1.5, 'w', False)"),  # the path is not converted
        ("/several?numbers=1&numbers=2&words=a", "([1, 2], ['a'])"),
        ("/several?numbers=1", "([1], [])"),
        ("/optional?a=&b=&c=5", "(None, '', 5)"),
        ("/optional?a=1", "(1, None, None)"),
        ("/called?a=x", "'xx'"),
        ("/annotated?a=4", "4"),
        ("/unknown?a=1&b=2", "('1', 2)"),
        ("/untouched?a=1&b=2&c=3&d=4", "('1', '2', '3', '4')"),
        ("/rest/1?b=2", "(('1',), {'b': '2'})"),
        ("/part?number=3", "(3, 1.5, 'w', False)"),
        ("/instance?number=3", "3"),
    ],
)
def test_parameters_are_converted(target: str, body: str) -> None:
    assert ask(target) == (200, body)


@pytest.mark.parametrize(
    ("target", "code", "message"),
    [
        ("/scalars?number=x", 400, "invalid literal for int() with base 10:"),
        ("/scalars?number=", 400, "invalid literal for int() with base 10:"),
        ("/scalars?number=1&ratio=x", 400, "could not convert string to float:"),
        ("/scalars?number=1&flag=perhaps", 400, "invalid bool:"),
        ("/scalars?number=1&number=2", 400, "Multiple values for parameters: number"),
        ("/scalars?number=1&word=a&word=b", 400, "Multiple values for parameters: word"),
        ("/scalars?word=x", 404, "Missing parameters: number"),
        ("/scalars?number=1&more=2", 404, "Unexpected query string parameters: more"),
        ("/several?numbers=1&numbers=x", 400, "invalid literal for int() with base 10:"),
        ("/fails?a=1", 500, "unexpected condition"),
        ("/wrong?a=1", 500, "unexpected condition"),
        ("/scalars?number=1&flag=1&flag=0", 400, "Multiple values for parameters: flag"),
        ("/told?a=1", 422, "1"),
    ],
)
def test_a_parameter_that_can_not_be_converted_is_an_error(
    target: str, code: int, message: str
) -> None:
    found, text = ask(target)
    assert found == code
    assert message in text


@pytest.mark.parametrize("name", ["number", "flag"])
def test_an_upload_is_no_text(name: str) -> None:
    content = (
        f"--x\r\nContent-Disposition: form-data; name={name}; filename=f\r\n\r\n5\r\n--x--\r\n"
    )
    answer = Client(cherrypy.Application(_Root())).post(
        "/scalars?ratio=1", content.encode(), Content_Type="multipart/form-data; boundary=x"
    )
    assert (answer.code, f"No text for parameters: {name}" in answer.text) == (400, True)


def test_flags_are_not_converted_twice() -> None:
    class Root:
        @cherrypy.expose
        @cherrypy.tools.params()
        def index(self, *, flag: bool = False) -> str:
            cherrypy.tools.params.callable()
            return repr((flag, cherrypy.request.params))

    answer = Client(cherrypy.Application(Root())).get("/?flag=on")
    assert answer.text == "(True, {'flag': True})"


@given(st.text(max_size=8), st.sampled_from(["number", "ratio", "flag", "word"]))
def test_no_text_is_an_unexpected_error(text: str, name: str) -> None:
    class Root:
        @cherrypy.expose
        @cherrypy.tools.params()
        def index(
            self, number: int = 0, ratio: float = 0, *, flag: bool = False, word: str = ""
        ) -> str:
            return repr((number, ratio, flag, word))

    target = "/?" + cherrypy.url(qs={name: text}).partition("?")[2]
    assert Client(cherrypy.Application(Root())).get(target).code in {200, 400, 404}


@pytest.mark.parametrize("text", ["\u0661\u0662", "1_000", "\uff11"])
@pytest.mark.parametrize("kind", [int, float, Fraction])
def test_digits_are_those_of_ascii(text: str, kind: Callable[[str], object]) -> None:
    converter = parameters._converter(kind)
    assert converter is not None
    with pytest.raises(ValueError, match="invalid number"):
        converter(text)
    assert converter(" 12 ") == 12
