"""The API's edges: one error format, bounded bodies, text that can be written. Body of every refusal: {"code", "message", "extra"}."""

from collections.abc import Mapping
from typing import IO, Any

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework import exceptions
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

from tradingdesk.kernel.errors import DeskError, InvalidRequest, RequestTooLarge
from tradingdesk.kernel.outages import outage, told

log = structlog.get_logger(__name__)


class BoundedJSONParser(JSONParser):
    """Refuses bodies above DATA_UPLOAD_MAX_MEMORY_SIZE before reading them, NaN and Infinity, and anything that is not JSON."""

    strict = True

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        request = (parser_context or {}).get("request")
        length = int(request.META.get("CONTENT_LENGTH") or 0) if request else 0
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if length > limit:
            raise RequestTooLarge("The request body is too large.", bytes=length, maximum=limit)
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise InvalidRequest("The JSON is nested too deeply.") from None


class TextRenderer(JSONRenderer):
    """A refusal repeats what was sent, half a character included: such a half, which no encoding knows, is shown as U+FFFD."""

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None) -> Any:
        try:
            return super().render(data, accepted_media_type, renderer_context)
        except UnicodeEncodeError:
            return super().render(_whole(data), accepted_media_type, renderer_context)


def _whole(data: Any) -> Any:
    if isinstance(data, str):
        return data.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(data, Mapping):
        return {_whole(key): _whole(value) for key, value in data.items()}
    return [_whole(item) for item in data] if isinstance(data, (list, tuple)) else data


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DeskError by its own code and status; DRF's errors in the same shape; anything else stays a bug."""
    if isinstance(error, RequestDataTooBig):
        error = RequestTooLarge("The request body is too large.", maximum=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    if refusal := outage(error):
        return told(context["request"]._request, Response(refusal.as_dict(), status=refusal.http_status), refusal, error)
    if isinstance(error, DeskError):
        return Response(error.as_dict(), status=error.http_status)
    response = drf_exception_handler(error, context)
    if response is not None:
        response.data = _framework_error(error, response.data)
    return response


def _framework_error(error: Exception, data: Any) -> dict[str, Any]:
    if isinstance(error, exceptions.APIException):
        code = str(getattr(error, "default_code", "error")).upper()
        message = str(error.detail) if isinstance(error.detail, str) else "The request is not valid."
        extra = {} if isinstance(error.detail, str) else {"fields": data}
        return {"code": "INVALID_REQUEST" if code in {"PARSE_ERROR", "INVALID"} else code, "message": message, "extra": extra}
    return {"code": "NOT_FOUND", "message": "There is no such thing.", "extra": {}}
