"""One's own profile over the API."""

from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from advocates import profiles
from advocates.models import Advocate


class MeSerializer(serializers.ModelSerializer):
    """What one shows of oneself; `id`, `email`, `avatar` and `joined_at` are told and not taken."""

    id = serializers.UUIDField(source="person_id", read_only=True)
    email = serializers.EmailField(source="user.email", read_only=True)
    avatar = serializers.SerializerMethodField()

    class Meta:
        model = Advocate
        fields = ("id", "email", "avatar", "joined_at", *profiles.FIELDS)
        read_only_fields = ("joined_at",)
        # Whether a username is free is known when it is saved, and not a moment earlier.
        extra_kwargs = {"username": {"validators": Advocate._meta.get_field("username").validators}}

    def get_avatar(self, advocate: Advocate) -> str | None:
        """The picture's address."""
        return advocate.avatar.url if advocate.avatar else None

    def to_internal_value(self, data: Any) -> Any:
        """The validated changes; a field that cannot be changed is refused by name."""
        taken = super().to_internal_value(data)
        if unknown := sorted(set(data) - set(profiles.FIELDS)):
            raise serializers.ValidationError(
                {name: serializers.ErrorDetail(_("This can't be changed here."), code="unknown") for name in unknown}
            )
        return taken


class Me(APIView):
    """The advocate who asks."""

    def get(self, request: Request) -> Response:
        """Tell one's own profile."""
        return Response(MeSerializer(_own(request)).data)

    def patch(self, request: Request) -> Response:
        """Change some of one's own profile."""
        advocate = _own(request)
        serializer = MeSerializer(advocate, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        return Response(MeSerializer(profiles.change(advocate, **serializer.validated_data)).data)


def _own(request: Request) -> Advocate:
    advocate = Advocate.objects.select_related("user").filter(user=request.user.pk).first()
    if advocate is None:
        raise Http404
    return advocate
