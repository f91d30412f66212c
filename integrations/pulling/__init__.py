"""Asking shops what changed: so that a message that was lost is missed by nobody."""
