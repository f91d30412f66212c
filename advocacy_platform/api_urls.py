"""Every address of the API, below /api/; what is not here answers a JSON 404."""

from django.urls import path, re_path

from advocacy_platform import api_views
from advocates.api import Me
from integrations import hooks
from referrals import api as referrals_api
from rewards import api as rewards_api
from rewards import api_catalogue, api_payouts

app_name = "api"

urlpatterns = [
    path("v1/", api_views.Root.as_view(), name="root"),
    path("v1/me", Me.as_view(), name="me"),
    path("v1/audit", api_views.Audit.as_view(), name="audit"),
    path("v1/key", api_views.Key.as_view(), name="key"),
    path("v1/events", api_views.Events.as_view(), name="events"),
    path("v1/orders", referrals_api.Orders.as_view(), name="orders"),
    path("v1/orders/bulk", referrals_api.BulkOrders.as_view(), name="orders_bulk"),
    # A shop's own id may hold anything, a slash as well.
    path("v1/orders/<str:source>/<path:order>/refunds", referrals_api.Refunds.as_view(), name="refunds"),
    path("v1/orders/<str:source>/<path:order>/disputes", referrals_api.Disputes.as_view(), name="disputes"),
    path("v1/orders/<str:source>/<path:order>", referrals_api.Order.as_view(), name="order"),
    path("v1/refunds/bulk", referrals_api.BulkRefunds.as_view(), name="refunds_bulk"),
    path("v1/advocates/<str:public_id>/balances", rewards_api.Balances.as_view(), name="balances"),
    path("v1/advocates/<str:public_id>/rewards", rewards_api.Rewards.as_view(), name="rewards"),
    path("v1/leads", referrals_api.Leads.as_view(), name="leads"),
    path("v1/leads/bulk", referrals_api.BulkLeads.as_view(), name="leads_bulk"),
    path("v1/touches", referrals_api.Touches.as_view(), name="touches"),
    path("v1/catalogue", api_catalogue.Catalogue.as_view(), name="catalogue"),
    path("v1/redemptions", api_catalogue.Redemptions.as_view(), name="redemptions"),
    path("v1/redemptions/<uuid:public_id>", api_catalogue.OneRedemption.as_view(), name="redemption"),
    path("v1/payouts", api_payouts.Payouts.as_view(), name="payouts"),
    path("v1/payouts/<uuid:public_id>", api_payouts.OnePayout.as_view(), name="payout"),
    path("hooks/<slug:key>", hooks.hook, name="hook"),
    re_path(r"", api_views.Nowhere.as_view()),
]
