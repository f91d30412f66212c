"""The room's addresses; its door for shops is the API's."""

from django.urls import path

from integrations.manage import deliveries, endpoints, shops

app_name = "integrations"
urlpatterns = [
    path("manage/webhooks/", endpoints.endpoints, name="endpoints"),
    path("manage/webhooks/add/", endpoints.add, name="add_endpoint"),
    path("manage/webhooks/<uuid:public_id>/", endpoints.endpoint, name="endpoint"),
    path("manage/webhooks/<uuid:public_id>/change/", endpoints.change, name="change_endpoint"),
    path("manage/webhooks/<uuid:public_id>/secret/", endpoints.secret, name="endpoint_secret"),
    path("manage/webhooks/<uuid:public_id>/switch/", endpoints.switch, name="switch_endpoint"),
    path("manage/webhooks/<uuid:public_id>/repeat/", endpoints.repeat, name="repeat_events"),
    path("manage/shops/<slug:key>/", shops.shop, name="shop"),
    path("manage/shops/<slug:key>/set-up/", shops.set_up, name="set_up"),
    path("manage/shops/<slug:key>/secret/", shops.secret, name="secret"),
    path("manage/shops/<slug:key>/test/", shops.send_test, name="send_test"),
    path("manage/shops/<slug:key>/<uuid:public_id>/", deliveries.delivery, name="delivery"),
    path("manage/shops/<slug:key>/<uuid:public_id>/replay/", deliveries.replay, name="replay"),
]
