"""Pages of the admin that draw on several apps; included before the admin's own."""

from django.contrib import admin
from django.urls import path

from tradingdesk.desk.admin_views import account_scenario

urlpatterns = [path("accounts/account/<int:account_id>/scenario/", admin.site.admin_view(account_scenario), name="admin_account_scenario")]
