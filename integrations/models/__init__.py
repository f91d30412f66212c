"""The rows of the room."""

from integrations.models.connection import Connection, Rejection
from integrations.models.delivery import Delivery
from integrations.models.endpoint import Dispatch, Endpoint

__all__ = ["Connection", "Delivery", "Dispatch", "Endpoint", "Rejection"]
