"""The addresses of wallets, the catalogue, payouts and pools."""

from django.urls import path

from rewards.manage import approvals, grants, ledger, payout_batches, pools, rewards
from rewards.manage import catalogue as manage_catalogue
from rewards.manage import payouts as manage_payouts
from rewards.manage import redemptions as manage_redemptions
from rewards.pages import catalogue, payout_details, payouts, redemptions, statements, tier, wallet

app_name = "rewards"

urlpatterns = [
    path("rewards/", wallet.wallet, name="wallet"),
    path("rewards/tier/", tier.tier, name="tier"),
    path("rewards/catalogue/", catalogue.catalogue, name="catalogue"),
    path("rewards/catalogue/<uuid:public_id>/", catalogue.item, name="item"),
    path("rewards/redemptions/", redemptions.redemptions_list, name="redemptions"),
    path("rewards/redemptions/<uuid:public_id>/", redemptions.redemption, name="redemption"),
    path("rewards/redemptions/<uuid:public_id>/call-off/", redemptions.call_off, name="call_off_redemption"),
    path("payouts/", payouts.payouts, name="payouts"),
    path("payouts/request/<str:currency>/", payouts.request_payout, name="request_payout"),
    path("payouts/<uuid:public_id>/cancel/", payouts.cancel_payout, name="cancel_payout"),
    path("payouts/details/", payout_details.payout_details, name="payout_details"),
    path("payouts/details/undo/<str:token>/", payout_details.undo_payout_details, name="undo_payout_details"),
    path("statement/", statements.statement, name="statement"),
    path("statement/<int:year>/", statements.statement, name="statement_year"),
    path("statement/<int:year>/export/", statements.export_statement, name="export_statement"),
    path("statement/<int:year>/<int:month>/", statements.statement_month, name="statement_month"),
    path("statement/<int:year>/<int:month>/export/", statements.export_statement, name="export_statement_month"),
    path("manage/payouts/", manage_payouts.manage_payouts, name="manage_payouts"),
    path("manage/payouts/<uuid:public_id>/", manage_payouts.payout, name="payout"),
    path("manage/payouts/<uuid:public_id>/decline/", manage_payouts.decline_payout, name="decline_payout"),
    path("manage/payouts/<uuid:public_id>/paid/", manage_payouts.mark_payout_paid, name="mark_payout_paid"),
    path("manage/payouts/<uuid:public_id>/failed/", manage_payouts.mark_payout_failed, name="mark_payout_failed"),
    path("manage/payouts/batches/", payout_batches.payout_batches, name="payout_batches"),
    path("manage/payouts/batches/make/", payout_batches.make_payout_batch, name="make_payout_batch"),
    path("manage/payouts/batches/<uuid:public_id>/", payout_batches.payout_batch, name="payout_batch"),
    path(
        "manage/payouts/batches/<uuid:public_id>/approve/",
        payout_batches.approve_payout_batch,
        name="approve_payout_batch",
    ),
    path(
        "manage/payouts/batches/<uuid:public_id>/dissolve/",
        payout_batches.dissolve_payout_batch,
        name="dissolve_payout_batch",
    ),
    path(
        "manage/payouts/batches/<uuid:public_id>/export/",
        payout_batches.export_payout_batch,
        name="export_payout_batch",
    ),
    path(
        "manage/payouts/batches/<uuid:public_id>/paid/",
        payout_batches.mark_payout_batch_paid,
        name="mark_payout_batch_paid",
    ),
    path("manage/rewards/", ledger.ledger, name="ledger"),
    path("manage/rewards/transfers/", ledger.transfers, name="transfers"),
    path("manage/rewards/transfers/export/", ledger.export_transfers, name="export_transfers"),
    path("manage/rewards/approvals/", approvals.manage_approvals, name="manage_approvals"),
    path("manage/rewards/approvals/decide/", approvals.decide_approvals, name="decide_approvals"),
    path("manage/rewards/proposals/<uuid:public_id>/agree/", approvals.agree_proposal, name="agree_proposal"),
    path("manage/rewards/proposals/<uuid:public_id>/decline/", approvals.decline_proposal, name="decline_proposal"),
    path("manage/rewards/give/<uuid:person>/", rewards.give_reward, name="give_reward"),
    path("manage/rewards/<uuid:public_id>/", rewards.manage_reward, name="manage_reward"),
    path("manage/rewards/<uuid:public_id>/release/", rewards.release_reward, name="release_reward"),
    path("manage/rewards/<uuid:public_id>/correct/", rewards.correct_reward, name="correct_reward"),
    path("manage/catalogue/", manage_catalogue.manage_catalogue, name="manage_catalogue"),
    path("manage/catalogue/add/", manage_catalogue.add_item, name="add_item"),
    path("manage/catalogue/<uuid:public_id>/", manage_catalogue.change_item, name="change_item"),
    path("manage/catalogue/<uuid:public_id>/offer/", manage_catalogue.offer_item, name="offer_item"),
    path("manage/catalogue/<uuid:public_id>/withdraw/", manage_catalogue.withdraw_item, name="withdraw_item"),
    path("manage/redemptions/", manage_redemptions.manage_redemptions, name="manage_redemptions"),
    path("manage/redemptions/take-up/", manage_redemptions.take_up_redemptions, name="take_up_redemptions"),
    path("manage/redemptions/<uuid:public_id>/", manage_redemptions.manage_redemption, name="manage_redemption"),
    path(
        "manage/redemptions/<uuid:public_id>/arrived/",
        manage_redemptions.mark_redemption_arrived,
        name="mark_redemption_arrived",
    ),
    path(
        "manage/redemptions/<uuid:public_id>/failed/",
        manage_redemptions.mark_redemption_failed,
        name="mark_redemption_failed",
    ),
    path("manage/grants/", grants.manage_grants, name="manage_grants"),
    path("manage/grants/<uuid:public_id>/", grants.manage_grant, name="manage_grant"),
    path("manage/pools/", pools.pools, name="pools"),
    path("manage/pools/create/", pools.create, name="create_pool"),
    path("manage/pools/<uuid:public_id>/", pools.pool, name="pool"),
]
