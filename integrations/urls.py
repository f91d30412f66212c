"""The room's addresses; its door for shops is the API's."""

from django.urls import path

from integrations.manage import deliveries, shops

app_name = "integrations"
urlpatterns = [
    path("manage/shops/<slug:key>/", shops.shop, name="shop"),
    path("manage/shops/<slug:key>/set-up/", shops.set_up, name="set_up"),
    path("manage/shops/<slug:key>/secret/", shops.secret, name="secret"),
    path("manage/shops/<slug:key>/test/", shops.send_test, name="send_test"),
    path("manage/shops/<slug:key>/<uuid:public_id>/", deliveries.delivery, name="delivery"),
    path("manage/shops/<slug:key>/<uuid:public_id>/replay/", deliveries.replay, name="replay"),
]
