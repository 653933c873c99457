"""The life of a request: every stage, in order."""

import logging
from typing import Any

from cherrypy._config.generations import generation
from cherrypy._http.errors import ProtocolError
from cherrypy._publishing.handlers import mismatch_of
from cherrypy._publishing.namespaces import error_page_key
from cherrypy._publishing.plan import Stage
from cherrypy._request.error_pages import respond_with_failure
from cherrypy._request.finish import discard, finish_plain
from cherrypy._runtime.errors import HTTPError, HTTPRedirect, NotFound
from cherrypy._tools.hooks import run_planned

good_hosts: set[object] = set()
"""Values of the Host field that have been found to be well-formed."""

# any class that an application chooses as request_class and response_class
Request = Any
Response = Any


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
        try:
            if "respond" in request.own_stages:
                request.respond(request.path_info)
            else:
                respond(request, response)
        finally:
            plan = request.plan
            if plan is None or plan.on_end_resource or "hooks" in request.__dict__:
                _run_hooks(request, response, "on_end_resource")
    except request.throws:
        raise
    except Exception:
        _drop_content(request, response)
        if request.plan is None:
            _use_settings_above(request)
            request.app.log.error("", "HTTP", logging.ERROR, True)  # noqa: TRY400, PLE1205 - our own
        if request.throw_errors:
            raise
        _answer_error(request, response)
    if request.method == "HEAD":
        discard(response)


def respond(request: Request, response: Response) -> None:  # noqa: C901, PLR0912, PLR0915 - one request, top down
    """Make the response of a request that goes well, or answers by an error or a redirect.

    Raises:
        BaseException: Whatever else the handler, a hook or a dispatcher raises.
    """
    attributes = request.__dict__
    try:
        request.stage = "process_headers"
        environ = request.wsgi_environ
        if (
            "HTTP_HOST" not in environ
            or environ["HTTP_HOST"] not in good_hosts
            or "process_headers" in request.own_stages
        ):
            request.process_headers()

        request.stage = "get_resource"
        plans = request.app.current_plans
        if plans is None or plans.token is not generation.token:
            plans = request.app.plans()
        path = request.path_info
        resolve = plans.resolve
        if plans.dispatchers or request.dispatch is not plans.dispatch:
            resolve = plans.resolver(request, path)
        if resolve is not None and "get_resource" not in request.own_stages:
            plan = request.plan = resolve(request, path, plans)
        else:
            request.get_resource(path)
            plan = request.plan = plans.of_config(request.config or {})
        if not plan.is_plain:
            plan.apply(request, response)

        if plan.on_start_resource or "hooks" in attributes:
            _run_stages(request, response, "on_start_resource", plan.on_start_resource)

        if request.query_string or "process_query_string" in request.own_stages:
            request.stage = "process_query_string"
            request.process_query_string()

        if request.process_request_body and request.method not in request.methods_with_bodies:
            request.process_request_body = False
        if plan.before_request_body or "hooks" in attributes:
            _run_stages(request, response, "before_request_body", plan.before_request_body)
        if request.process_request_body:
            request.stage = "process_body"
            request.body.process()

        # a request's own hooks may wrap the handler after the encoder did, so it is one of them
        encoder = None if "hooks" in attributes else plan.encoder
        if plan.before_handler or encoder is None:
            _run_stages(request, response, "before_handler", plan.before_handler)

        request.stage = "handler"
        if "handler" in attributes:  # a tool has looked at it, or replaced it
            handler = request.handler
            has_body = handler is not None
            body = handler() if has_body else None
        elif request.callable is None:
            raise NotFound
        else:
            # PERF: what LateParamPageHandler does, without making one
            has_body = True
            parameters = attributes["params"] if "params" in attributes else {}  # noqa: SIM401 - PERF
            try:
                body = request.callable(*request.vpath, **parameters)
            except TypeError:
                mismatch = mismatch_of(request.callable, request.vpath, parameters)
                if mismatch is None:
                    raise
                raise mismatch from None
        if has_body:
            if encoder is not None:
                body = encoder(request, response, body)
            if (
                body.__class__ is bytes
                and not plan.before_finalize
                and response.is_plain
                and "hooks" not in attributes
                and "headers" not in (sent := response.__dict__)
                and "cookie" not in sent
                and "status" not in sent
                and "stream" not in sent
            ):
                finish_plain(response, body)
                return
            response.body = body

        if plan.before_finalize or "hooks" in attributes:
            _run_stages(request, response, "before_finalize", plan.before_finalize)
        request.stage = "finalize"
        if "is_finished" not in response.__dict__:  # by the tool that has answered
            response.finalize()
    except (HTTPRedirect, HTTPError, ProtocolError) as error:
        _drop_content(request, response)
        if request.plan is None:
            _use_settings_above(request)
        if isinstance(error, ProtocolError):  # malformed, wherever it was noticed
            HTTPError(error.status, str(error)).set_response()
        else:
            error.set_response()
        _run_hooks(request, response, "before_finalize", "before_finalize (HTTPError)")
        response.finalize()


def _run_stages(
    request: Request, response: Response, point: str, stages: tuple[Stage, ...]
) -> None:
    """Run the hooks of a point: as planned, unless the request has hooks of its own."""
    request.stage = point
    if "hooks" in request.__dict__:
        request.hooks.run(point)
    else:
        for stage in stages:
            stage(request, response)


def _run_hooks(request: Request, response: Response, point: str, stage: str | None = None) -> None:
    """Run the hooks of a point, wherever the request was when it failed."""
    request.stage = stage or point
    if "hooks" in request.__dict__:
        request.hooks.run(point)
    elif request.plan is not None:
        run_planned(request.plan.hooks[point], request, response)


def _drop_content(request: Request, response: Response) -> None:
    """Close what a handler has opened for content that is not going to be sent."""
    response.__dict__.pop("is_finished", None)
    try:
        discard(response)
    except Exception:
        request.app.log.error("", "HTTP", logging.ERROR, True)  # noqa: TRY400, PLE1205 - our own


def _use_settings_above(request: Request) -> None:
    """Let the configuration of site and application count for a request that never had a plan.

    Its hooks have not run, and do not run now; how errors are shown has to be known all the same.
    """
    plans = request.app.plans()
    for key, value in plans.merged(["/"] if "/" in plans.sections else []).items():
        namespace, _, name = key.partition(".")
        if namespace == "request" and "." not in name:
            setattr(request, name, value)
        elif namespace == "error_page" and (name == "default" or name.isdecimal()):
            request.error_page[error_page_key(name)] = value


def _answer_error(request: Request, response: Response) -> None:
    """Make the response to an unexpected error; what fails in that is only logged."""
    try:
        request.handle_error()
    except request.throws:
        raise
    except Exception:
        if request.throw_errors:
            raise
        request.app.log.error("", "HTTP", logging.ERROR, True)  # noqa: TRY400, PLE1205 - our own
        respond_with_failure(request, response)


def handle_error(request: Request, response: Response) -> None:
    """Make the response to an unexpected error, while it is being handled.

    Raises:
        Exception: A hook or the error page failed.
    """
    try:
        _run_hooks(request, response, "before_error_response")
        if request.error_response:
            request.error_response()
        _run_hooks(request, response, "after_error_response")
        response.finalize()
    except HTTPRedirect as redirect:
        redirect.set_response()
        response.finalize()
