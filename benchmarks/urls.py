"""Every address of the site, and one more: what an answer costs that does nothing but know who asks."""

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from advocacy_platform import urls
from referrals.api import Orders


class Empty(APIView):
    """Read the same body with the same key, and answer."""

    permission_classes = Orders.permission_classes
    throttle_classes = Orders.throttle_classes

    def post(self, request: Request) -> Response:
        """Answer that it was read."""
        return Response({"fields": len(request.data)}, 201)


urlpatterns = [path("api/v1/empty", Empty.as_view()), *urls.urlpatterns]
handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500
