"""REST of the market side, below /api/v1/."""

from django.urls import path

from quotes.api import views

urlpatterns = [
    path("markets/", views.MarketsView.as_view(), name="api-markets"),
    path("instruments/", views.InstrumentsView.as_view(), name="api-instruments"),
    path("quotes/", views.QuotesView.as_view(), name="api-quotes"),
    path("bars/", views.BarsView.as_view(), name="api-bars"),
]
