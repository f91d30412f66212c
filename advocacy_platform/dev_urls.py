"""The developer's addresses, which a live site does not have."""

from django.urls import path

from advocacy_platform import dev

app_name = "dev"
urlpatterns = [
    path("", dev.home, name="home"),
    path("mail/", dev.mail_list, name="mail"),
    path("mail/<int:pk>/", dev.message, name="message"),
    path("mail/<int:pk>/html/", dev.message_html, name="message_html"),
]
