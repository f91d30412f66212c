"""The room's addresses; its door for shops is the API's."""

from django.urls import path

from integrations.manage import deliveries, endpoints, files, pulls, shops

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
    path("manage/shops/<slug:key>/missed/", pulls.pulls, name="pulls"),
    path("manage/shops/<slug:key>/missed/stop/", pulls.stop_pulls, name="stop_pulls"),
    path("manage/shops/<slug:key>/files/", files.files, name="files"),
    path("manage/shops/<slug:key>/files/<uuid:public_id>/", files.file, name="file"),
    path("manage/shops/<slug:key>/files/<uuid:public_id>/columns/", files.columns, name="file_columns"),
    path("manage/shops/<slug:key>/files/<uuid:public_id>/take/", files.take, name="take_file"),
    path("manage/shops/<slug:key>/files/<uuid:public_id>/drop/", files.drop, name="drop_file"),
    path("manage/shops/<slug:key>/files/<uuid:public_id>/bad/", files.bad, name="bad_rows"),
    path("manage/shops/<slug:key>/<uuid:public_id>/", deliveries.delivery, name="delivery"),
    path("manage/shops/<slug:key>/<uuid:public_id>/replay/", deliveries.replay, name="replay"),
]
