"""The map of the site; no logic."""

from django.contrib import admin
from django.urls import path

from tradingdesk.desk import health

websocket_urlpatterns: list = []
urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("admin/", admin.site.urls),
]
