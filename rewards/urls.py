"""The addresses of schemes and pools."""

from django.urls import path

from rewards.manage import pools
from rewards.pages import wallet

app_name = "rewards"

urlpatterns = [
    path("rewards/", wallet.wallet, name="wallet"),
    path("manage/pools/", pools.pools, name="pools"),
    path("manage/pools/create/", pools.create, name="create_pool"),
    path("manage/pools/<uuid:public_id>/", pools.pool, name="pool"),
]
