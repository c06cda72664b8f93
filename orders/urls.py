"""The trader's pages."""

from django.urls import path

from orders import views

urlpatterns = [
    path("trade/", views.trade_home, name="trade-home"),
    path("trade/<str:number>/", views.trade, name="trade"),
    path("trade/<str:number>/live/", views.live, name="trade-live"),
    path("trade/<str:number>/book/", views.book, name="trade-book"),
    path("trade/<str:number>/estimate/", views.estimate, name="trade-estimate"),
    path("trade/<str:number>/orders/", views.place, name="trade-place"),
    path("trade/<str:number>/orders/<int:order_id>/cancel/", views.cancel, name="trade-cancel"),
    path("trade/<str:number>/accounts/", views.accounts, name="trade-accounts"),
    path("trade/<str:number>/close/", views.close, name="trade-close"),
]
