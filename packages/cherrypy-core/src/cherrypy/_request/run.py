"""The life of a request: every stage, in order."""

import logging
from typing import TYPE_CHECKING

from cherrypy._config.generations import generation
from cherrypy._http.errors import ContentError, ProtocolError
from cherrypy._publishing.handlers import FOUND, mismatch_of
from cherrypy._publishing.namespaces import error_page_key
from cherrypy._publishing.plan import AS_PLANNED, EARLY
from cherrypy._request.error_pages import respond_with_error, respond_with_failure
from cherrypy._request.finish import discard, finish_plain, finish_redirect
from cherrypy._runtime.errors import HTTPError, HTTPRedirect
from cherrypy._runtime.messages import Request, Response, Stage
from cherrypy._runtime.state import is_untouched, note_own_methods

if TYPE_CHECKING:
    from cherrypy._runtime.layers import Layers, Settings

good_hosts: set[object] = set()
"""Values of the Host field that have been found to be well-formed."""

_SET_ERROR = HTTPError.set_response
_SET_REDIRECT = HTTPRedirect.set_response


def run(request: Request, response: Response) -> None:
    """Handle a request, errors included, up to a response that is ready to be sent.

    Args:
        request: Request whose method, path, query and headers are set.
        response: Gets ``status_line``, ``field_lines`` and ``body``.

    Raises:
        BaseException: Only what ``request.throws`` lists, and every error if
            ``request.throw_errors`` is on.
    """
    try:
        if "respond" in request.own_methods:
            request.respond(request.path_info)
        else:
            respond(request, response)
    except request.throws:
        raise
    except Exception:
        _answer_error(request, response)
    if request.method == "HEAD":
        discard(response)


def respond(request: Request, response: Response) -> None:
    """Make the response of a request that goes well, or answers by an error or a redirect.

    The hooks ``on_end_resource`` are a part of it: a method that is put in place of
    ``Request.respond`` has them run by calling the original, or does without.

    Raises:
        BaseException: Whatever else the handler, a hook or a dispatcher raises.
    """
    try:
        try:
            _find_resource(request, response)
            _receive(request, response)
            _handle(request, response)
        except (HTTPRedirect, HTTPError, ProtocolError) as error:
            _respond_with(error, request, response)
    finally:
        if request.plan.on_end_resource:
            run_hooks(request, response, "on_end_resource")


def _find_resource(request: Request, response: Response) -> None:
    """Check the header fields, find the handler, and have its configuration count."""
    request.stage = "process_headers"
    if (
        request.wsgi_environ.get("HTTP_HOST") not in good_hosts
        or "process_headers" in request.own_methods
    ):
        request.process_headers()

    request.stage = "get_resource"
    app = request.app
    plans = app.current_plans
    if plans is None or plans.token is not generation.token:
        plans = app.plans()
    path = request.path_info
    resolve = plans.resolve
    if plans.dispatchers or request.dispatch is not plans.dispatch:
        resolve = plans.resolver(request, path)
    if resolve is not None and "get_resource" not in request.own_methods:
        plan = resolve(request, response, path, plans)
        request.own_config = AS_PLANNED
    else:
        request.get_resource(path)
        note_own_methods(request)
        plan = plans.of_config(request.config or {})
    if request.plan is not EARLY:
        plan = plan.joined(request)
    request.plan = plan
    if not plan.is_plain:
        plan.apply(request, response)


def _receive(request: Request, response: Response) -> None:
    """Take in what the client sends: the query, and the body."""
    stages = request.plan.on_start_resource
    if stages:
        run_stages(request, response, "on_start_resource", stages)
        note_own_methods(request)
    if request.query_string or "process_query_string" in request.own_methods:
        request.stage = "process_query_string"
        request.process_query_string()
    if request.process_request_body and request.method not in request.methods_with_bodies:
        request.process_request_body = False
    stages = request.plan.before_request_body
    if stages:
        run_stages(request, response, "before_request_body", stages)
    stages = request.plan.gates
    if stages:
        request.passed_gates = request.plan.gate_callbacks
        run_stages(request, response, "before_handler", stages)
    if request.process_request_body:
        handler = request.found_handler
        if isinstance(handler, HTTPError) and handler.code == 405:  # not read unless replaced
            request.is_body_deferred = True
            return
        request.stage = "process_body"
        request.body.process()


def _handle(request: Request, response: Response) -> None:
    """Call the handler, and make the response of what it returns."""
    plan = request.plan
    if plan.before_handler:
        run_stages(request, response, "before_handler", plan.before_handler)

    handler = request.found_handler
    if request.is_body_deferred and handler is not None and not isinstance(handler, HTTPError):
        request.stage = "process_body"  # a hook has replaced the error
        request.body.process()
    request.stage = "handler"
    if handler is not None:  # or else a tool has answered
        if handler is FOUND:  # PERF: what LateParamPageHandler does, without making one
            if request.callable is None:
                raise request.not_found()
            try:
                body = request.callable(*request.vpath, **request.params)
            except TypeError:
                mismatch = mismatch_of(request.callable, request.vpath, request.params)
                if mismatch is None:
                    raise
                raise mismatch from None
        else:
            body = handler()
        if plan.encoder is not None:
            body = plan.encoder(request, response, body)
        if body.__class__ is bytes and not request.plan.before_finalize and is_untouched(response):
            finish_plain(response, body)
            return
        response.body = body

    stages = request.plan.before_finalize
    if stages:
        run_stages(request, response, "before_finalize", stages)
    request.stage = "finalize"
    if not response.is_finished:
        response.finalize()


def run_stages(request: Request, response: Response, point: str, stages: tuple[Stage, ...]) -> None:
    """Do what is planned for a hook point."""
    request.stage = point
    for stage in stages:
        stage(request, response)


def run_hooks(request: Request, response: Response, point: str) -> None:
    """Run the hooks of a point, wherever the request was when it failed or ended."""
    run_stages(request, response, point, request.plan.stages[point])


def _respond_with(
    error: HTTPRedirect | HTTPError | ProtocolError, request: Request, response: Response
) -> None:
    """Make the response an error or a redirect that was raised."""
    _drop_content(request, response)
    if request.plan.is_early:
        _use_settings_above(request)
    if isinstance(error, ProtocolError):  # malformed, wherever it was noticed
        error = HTTPError(error.status, str(error))
    if isinstance(error, HTTPError) and error.__class__.set_response is _SET_ERROR:
        respond_with_error(request, response, error)
    elif isinstance(error, HTTPRedirect) and error.__class__.set_response is _SET_REDIRECT:
        if finish_redirect(error, request, response):
            return
        error.answer(response)
    else:  # replaced by a subclass, or by a program that has patched the class
        error.set_response()
    run_stages(
        request,
        response,
        "before_finalize (HTTPError)",
        request.plan.stages["before_finalize"],
    )
    response.finalize()


def _drop_content(request: Request, response: Response) -> None:
    """Close what a handler has opened for content that is not going to be sent."""
    response.is_finished = False
    response.field_lines = None
    try:
        discard(response)
    except Exception:  # the answer is another one already
        _log_failure(request)


def _log_failure(request: Request) -> None:
    request.app.log.error(context="HTTP", severity=logging.ERROR, traceback=True)


def _use_settings_above(request: Request) -> None:
    """Let the configuration of site and application count for a request that never had a plan.

    Its hooks have not run, and do not run now; how errors are shown has to be known all the same.
    """
    plans = request.app.plans()
    path = request.path_info
    sections = [name for name in plans.sections if f"{path}/".startswith(name.rstrip("/") + "/")]
    of_root: Settings = getattr(request.app.root, "_cp_config", {})
    layers: Layers = [of_root, *sorted(sections, key=len)]
    for key, value in plans.merged(layers).items():
        namespace, _, name = key.partition(".")
        if namespace == "request" and "." not in name:
            setattr(request, name, value)
        elif namespace == "error_page" and (name == "default" or name.isdecimal()):
            request.error_page[error_page_key(name)] = value


def _answer_error(request: Request, response: Response) -> None:
    """Make the response to an unexpected error; what fails in that is only logged."""
    _drop_content(request, response)
    if request.plan.is_early:
        _use_settings_above(request)
        _log_failure(request)
    if request.throw_errors:
        raise  # noqa: PLE0704 - the error that is being handled
    try:
        request.handle_error()
    except request.throws:
        raise
    except Exception:
        if request.throw_errors:
            raise
        _log_failure(request)
        respond_with_failure(request, response)


def answer_late(request: Request, response: Response, error: Exception) -> None:
    """Make the response to an error in a body of which nothing has been sent, while it is handled.

    The hooks have run by then, and do not run again.

    Raises:
        Exception: ``request.throw_errors`` is on.
    """
    if isinstance(error, ContentError):
        error = HTTPError(error.status, error.reason)
    if not isinstance(error, (HTTPError, HTTPRedirect)):
        _answer_error(request, response)
        return
    try:
        _drop_content(request, response)
        error.set_response()
        response.finalize()
    except Exception:
        _log_failure(request)
        respond_with_failure(request, response)


def handle_error(request: Request, response: Response) -> None:
    """Make the response to an unexpected error, while it is being handled.

    Raises:
        Exception: A hook or the error page failed.
    """
    try:
        run_hooks(request, response, "before_error_response")
        if request.error_response:
            request.error_response()
        run_hooks(request, response, "after_error_response")
        response.finalize()
    except HTTPRedirect as redirect:
        redirect.set_response()
        response.finalize()
