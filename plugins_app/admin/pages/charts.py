"""One chart: for the script that draws it, for a spreadsheet, and as a page of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from plugins_app.admin.access import KEYS, METRICS, VIEW, caller, needs
from plugins_app.admin.charts import asked, asked_or_day, shell, toolbar
from plugins_app.admin.charts.links import executions
from plugins_app.admin.charts.payload import csv_text, payload
from plugins_app.admin.charts.registry import Definition, definition
from plugins_app.core.errors import PluginNotFound
from plugins_app.models import ApiKey
from plugins_app.services import catalogue
from plugins_app.services.windows import BadWindow


@dataclass(frozen=True, slots=True)
class Of:
    """What the address asks for a chart of; both None: all plugins."""

    plugin: str | None = None
    key: str | None = None

    @property
    def kept(self) -> dict[str, str]:
        """Parameters that links of the page keep."""
        return {name: value for name, value in asdict(self).items() if value}


Answer = Callable[[HttpRequest, Definition, Of], HttpResponse]


def _chart(answer: Answer) -> Callable[..., HttpResponse]:
    """The chart that the address names, of the plugin and the span that it asks for."""

    @require_safe
    @needs(VIEW)
    @needs(METRICS)
    @wraps(answer)
    def found(request: HttpRequest, slug: str) -> HttpResponse:
        try:
            chart, of = definition(slug), Of(_plugin(request), _key(request))
        except (KeyError, PluginNotFound) as error:
            raise Http404(slug) from error
        if not chart.fits(of.plugin, of.key):
            raise Http404(slug)
        try:
            return answer(request, chart, of)
        except BadWindow as error:
            return JsonResponse({"code": "invalid_range", "detail": str(error)}, status=400)

    return found


def _plugin(request: HttpRequest) -> str | None:
    name = request.GET.get("plugin")
    return catalogue.view(caller(request), name).name if name else None


def _key(request: HttpRequest) -> str | None:
    """Its prefix. Whoever may not see keys sees no figures of one."""
    if not (prefix := request.GET.get("key", "").replace("\0", "")[:16]):
        return None
    known = request.user.has_perm(KEYS) and ApiKey.objects.filter(prefix=prefix).exists()
    if not known:
        raise Http404(prefix)
    return prefix


@_chart
def chart_json(request: HttpRequest, chart: Definition, of: Of) -> HttpResponse:
    drawn = payload(chart.made(asked(request.GET, of.plugin, of.key)))
    return JsonResponse({**drawn, "executions": executions(request, of.key)})


@_chart
def chart_csv(request: HttpRequest, chart: Definition, of: Of) -> HttpResponse:
    wanted = asked(request.GET, of.plugin, of.key)
    name = "-".join(filter(None, (of.plugin or of.key, chart.slug, wanted.window.name)))
    response = HttpResponse(csv_text(chart.made(wanted)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


@_chart
def chart_page(request: HttpRequest, chart: Definition, of: Of) -> HttpResponse:
    wanted, problem = asked_or_day(request.GET, of.plugin, of.key)
    context = {
        "title": chart.title,
        "chart": shell(chart.slug, wanted),
        "table": chart.made(wanted),
        "toolbar": toolbar(wanted, **of.kept),
        "problem": problem,
        "alone": True,
        "plugin": of.plugin,
    }
    return render(request, "admin/charts/chart.html", context)
