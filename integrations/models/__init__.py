"""The rows of the room."""

from integrations.models.connection import Connection, Rejection
from integrations.models.delivery import Delivery

__all__ = ["Connection", "Delivery", "Rejection"]
