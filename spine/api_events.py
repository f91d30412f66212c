"""Events as systems read them, whether they fetch them or are sent them."""

from typing import Any

from rest_framework import serializers

from spine.models import Event


class EventSerializer(serializers.ModelSerializer):
    """One event; its data are what was recorded, of whom and of what."""

    id = serializers.UUIDField(source="public_id")
    type = serializers.CharField(source="name")
    version = serializers.SerializerMethodField()
    # DRF takes declared fields out of the class, so the serializer's own `data` stays.
    data = serializers.SerializerMethodField()  # type: ignore[assignment]

    class Meta:
        model = Event
        fields = ["position", "id", "type", "at", "version", "data"]

    def get_version(self, event: Event) -> int:
        """The version that its object had then; what has no versions stays at 1."""
        return int(event.payload.get("version", 1))

    def get_data(self, event: Event) -> dict[str, Any]:
        subject = {"kind": event.subject_kind, "id": event.subject_id}
        person = str(event.person) if event.person else None
        told = {name: value for name, value in event.payload.items() if name != "version"}
        return {"subject": subject, "person": person, **told}
