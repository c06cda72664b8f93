"""The map of the site; no logic."""

from django.contrib import admin
from django.urls import include, path, re_path

from tradingdesk.desk import health
from tradingdesk.desk.consumers import MarketConsumer, NowhereConsumer
from tradingdesk.kernel import pages

websocket_urlpatterns = [
    path("ws/market/<slug:market>/", MarketConsumer.as_asgi()),
    re_path("", NowhereConsumer.as_asgi()),
]
urlpatterns = [
    path("favicon.ico", pages.favicon),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("admin/", include("quotes.admin_urls")),
    path("admin/", include("tradingdesk.desk.admin_urls")),
    path("admin/", admin.site.urls),
    path("", include("accounts.urls")),
    path("", include("orders.urls")),
    path("api/v1/", include("quotes.urls")),
    path("api/v1/", include("accounts.api.urls")),
    path("api/v1/", include("orders.api.urls")),
]
handler400 = "tradingdesk.kernel.pages.bad_request"
handler403 = "tradingdesk.kernel.pages.permission_denied"
handler404 = "tradingdesk.kernel.pages.page_not_found"
handler500 = "tradingdesk.kernel.pages.server_error"
