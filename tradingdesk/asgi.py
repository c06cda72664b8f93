"""HTTP through Django, WebSockets through the quotes consumers; static files are WhiteNoise's, inside Django."""

import os
from functools import partial

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from daphne import http_protocol
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tradingdesk.settings")
http = get_asgi_application()

from tradingdesk.kernel.sockets import Patient  # noqa: E402  (apps must be ready first)
from tradingdesk.urls import websocket_urlpatterns  # noqa: E402  (apps must be ready first)

# Forms are Django's to read: the server would read them too, on its event loop, and answer a broken one with an empty 400.
http_protocol.WebRequest = partial(http_protocol.WebRequest, parsePOSTFormSubmission=False)
sockets = Patient(AuthMiddlewareStack(URLRouter(websocket_urlpatterns)))
application = ProtocolTypeRouter({"http": http, "websocket": AllowedHostsOriginValidator(sockets)})
