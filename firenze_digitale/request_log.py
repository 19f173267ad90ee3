"""One log line a request, with an id that joins all lines of it; no secrets, no personal data."""

import json
import logging
import re
import time
import uuid
from contextvars import ContextVar

logger = logging.getLogger("firenze_digitale.requests")
request_id: ContextVar[str] = ContextVar("request_id", default="-")
SAFE_ID = re.compile(r"^[A-Za-z0-9-]{8,64}$")


class RequestLogMiddleware:
    """Gives each request an id, returns it as `X-Request-ID`, and logs method, route, status and time.

    The address logged is the route's pattern, never the path or the query: those may name people.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        given = request.headers.get("X-Request-ID", "")
        token = request_id.set(given if SAFE_ID.match(given) else uuid.uuid4().hex)
        started = time.monotonic()
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = request_id.get()
            match = request.resolver_match
            fields = {
                "method": request.method,
                "route": f"/{match.route}" if match else None,
                "status": response.status_code,
                "milliseconds": round(1000 * (time.monotonic() - started), 1),
            }
            level = logging.INFO if match else logging.DEBUG  # static files are answered before any route
            logger.log(level, "%(method)s %(route)s %(status)s, %(milliseconds)s ms", fields, extra={"fields": fields})
            return response
        finally:
            request_id.reset(token)


class RequestIdFilter(logging.Filter):
    """Puts the id of the request under way on every log record."""

    def filter(self, record):
        record.request_id = request_id.get()
        return True


class JsonFormatter(logging.Formatter):
    """A log record as one line of JSON."""

    def format(self, record):
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname,
            "logger": record.name,
            "request_id": getattr(record, "request_id", "-"),
            **getattr(record, "fields", {"message": record.getMessage()}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)
