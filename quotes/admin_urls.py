"""Pages of the admin that belong to no registered model; included before the admin's own."""

from django.contrib import admin
from django.urls import path

from quotes.admin_views import ticks

urlpatterns = [path("quotes/ticks/", admin.site.admin_view(ticks), name="admin_ticks")]
