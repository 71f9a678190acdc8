"""The routes of django_toolkit.py, which Django imports by their module's name."""

from django.urls import include, path

urlpatterns = [path("o/", include("oauth2_provider.urls", namespace="oauth2_provider"))]
