"""REST of orders, under /api/v1/."""

from django.urls import path

from orders.api import views

urlpatterns = [
    path("orders/", views.OrdersView.as_view(), name="api-orders"),
    path("orders/batch/", views.BatchView.as_view(), name="api-orders-batch"),
    path("orders/<int:order_id>/", views.OrderView.as_view(), name="api-order"),
    path("orders/<int:order_id>/cancel/", views.CancelView.as_view(), name="api-order-cancel"),
]
