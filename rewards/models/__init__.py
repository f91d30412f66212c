"""Schemes and their plans, occasions, rewards and grants, the ledger, and pools of discount codes."""

from rewards.models.ledger import Account, AccountKind, Seal, Transfer
from rewards.models.occasion import Award, Count, Occasion, Side
from rewards.models.pool import Pool, PoolCode
from rewards.models.reward import Grant, Reward
from rewards.models.scheme import Plan, Scheme

__all__ = [
    "Account",
    "AccountKind",
    "Award",
    "Count",
    "Grant",
    "Occasion",
    "Plan",
    "Pool",
    "PoolCode",
    "Reward",
    "Scheme",
    "Seal",
    "Side",
    "Transfer",
]
