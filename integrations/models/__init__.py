"""The rows of the room."""

from integrations.models.connection import Connection, Rejection
from integrations.models.delivery import Delivery
from integrations.models.endpoint import Dispatch, Endpoint
from integrations.models.pull import Pull
from integrations.models.table import Import, Slice

__all__ = ["Connection", "Delivery", "Dispatch", "Endpoint", "Import", "Pull", "Rejection", "Slice"]
