"""The addresses of schemes and pools."""

from django.urls import path

from rewards.manage import pools

app_name = "rewards"

urlpatterns = [
    path("manage/pools/", pools.pools, name="pools"),
    path("manage/pools/create/", pools.create, name="create_pool"),
    path("manage/pools/<uuid:public_id>/", pools.pool, name="pool"),
]
