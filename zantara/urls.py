from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from plugins_app.api.probes import livez, prometheus, readyz
from plugins_app.api.problem_pages import problem_list, problem_page

urlpatterns = [
    path("", RedirectView.as_view(url="/admin/plugins/")),
    path("admin/", admin.site.urls),
    path("api/", include("plugins_app.api.urls")),
    path("problems/", problem_list, name="problems"),
    path("problems/<str:slug>", problem_page, name="problem"),
    path("livez", livez),
    path("readyz", readyz),
    path("metrics", prometheus),
]

handler400 = "zantara.errors.bad_request"
handler403 = "zantara.errors.forbidden"
handler404 = "zantara.errors.not_found"
handler500 = "zantara.errors.server_error"
