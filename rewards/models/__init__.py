"""Schemes, their plans, what rewards were asked for, and pools of discount codes."""

from rewards.models.occasion import Occasion
from rewards.models.pool import Pool, PoolCode
from rewards.models.scheme import Plan, Scheme

__all__ = ["Occasion", "Plan", "Pool", "PoolCode", "Scheme"]
