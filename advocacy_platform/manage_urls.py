"""The staff side's addresses, all of them behind the gate."""

from django.urls import path

from advocacy_platform.manage import audit, clock, home, keys, people, sources, staff, stuck

app_name = "manage"
urlpatterns = [
    path("", home.home, name="home"),
    path("staff/", staff.staff, name="staff"),
    path("staff/invite/", staff.invite, name="invite"),
    path("staff/invitations/<uuid:public_id>/resend/", staff.resend, name="resend"),
    path("staff/invitations/<uuid:public_id>/revoke/", staff.revoke, name="revoke"),
    path("staff/<uuid:public_id>/change/", staff.change, name="change"),
    path("staff/<uuid:public_id>/remove/", staff.remove, name="remove"),
    path("keys/", keys.keys, name="keys"),
    path("keys/make/", keys.make, name="make_key"),
    path("keys/<uuid:public_id>/revoke/", keys.revoke, name="revoke_key"),
    path("sources/", sources.sources, name="sources"),
    path("sources/connect/", sources.connect, name="connect_source"),
    path("sources/<slug:key>/imported/", sources.imported, name="source_imported"),
    path("sources/<slug:key>/none/", sources.none, name="source_none"),
    path("people/", people.people, name="people"),
    path("people/<uuid:pk>/", people.person, name="person"),
    path("people/<uuid:pk>/suspend/", people.suspend, name="suspend"),
    path("people/<uuid:pk>/lift/", people.lift, name="lift"),
    path("stuck/", stuck.stuck, name="stuck"),
    path("stuck/<str:kind>/retry/", stuck.retry_all, name="retry_all"),
    path("stuck/<str:kind>/<str:pk>/retry/", stuck.retry, name="retry"),
    path("audit/", audit.audit, name="audit"),
    path("clock/", clock.clock, name="clock"),
]
