"""Schemes and their plans, occasions, rewards and grants, the ledger, payouts, the catalogue, and pools of codes."""

from rewards.models.catalogue import Item, Redemption
from rewards.models.day import LedgerDay
from rewards.models.ledger import Account, AccountKind, Seal, Transfer
from rewards.models.occasion import Award, Count, Occasion, Side
from rewards.models.payout import Payout, PayoutBatch, PayoutDetails
from rewards.models.pool import Pool, PoolCode
from rewards.models.proposal import Proposal
from rewards.models.reward import Grant, Reward
from rewards.models.scheme import Plan, Scheme
from rewards.models.tier import Standing

__all__ = [
    "Account",
    "AccountKind",
    "Award",
    "Count",
    "Grant",
    "Item",
    "LedgerDay",
    "Occasion",
    "Payout",
    "PayoutBatch",
    "PayoutDetails",
    "Plan",
    "Pool",
    "PoolCode",
    "Proposal",
    "Redemption",
    "Reward",
    "Scheme",
    "Seal",
    "Side",
    "Standing",
    "Transfer",
]
