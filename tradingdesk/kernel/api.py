"""The API's edges: one error format, bounded bodies. Body of every refusal: {"code", "message", "extra"}."""

from collections.abc import Mapping
from typing import IO, Any

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework import exceptions
from rest_framework.parsers import JSONParser
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

from tradingdesk.kernel.errors import DeskError, InvalidRequest, RequestTooLarge

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


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DeskError by its own code and status; DRF's errors in the same shape; anything else stays a bug."""
    if isinstance(error, RequestDataTooBig):
        error = RequestTooLarge("The request body is too large.", maximum=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
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
