"""Charts of all pages: made from the rollups, drawn by static/js/charts.js.

A page puts `toolbar` and `shells` into its context and includes `admin/charts/_ranges.html` and
`admin/charts/_chart.html`; its scripts are those of `admin/charts/_scripts.html`.
"""

from plugins_app.admin.charts.asked import Asked, asked, asked_or_day
from plugins_app.admin.charts.ranges import Toolbar, toolbar
from plugins_app.admin.charts.shell import Shell, shell, shells

__all__ = ["Asked", "Shell", "Toolbar", "asked", "asked_or_day", "shell", "shells", "toolbar"]
