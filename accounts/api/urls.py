"""REST of accounts, under /api/v1/."""

from django.urls import path

from accounts.api import views

urlpatterns = [
    path("accounts/", views.AccountsView.as_view(), name="api-accounts"),
    path("accounts/<str:number>/", views.AccountView.as_view(), name="api-account"),
    path("accounts/<str:number>/positions/", views.PositionsView.as_view(), name="api-positions"),
    path("accounts/<str:number>/entries/", views.EntriesView.as_view(), name="api-entries"),
]
