"""Screenshots of the main pages, of the demo's data: python -m tests.browser.images

Written to docs/images, where the README and the docs show them."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM, ROOT, log_in, serving

IMAGES = ROOT / "docs" / "images"
BUSY = "whatsapp.send_message"
PAGES = {
    "dashboard": "/admin/",
    "marketplace": "/admin/plugins/",
    "try": "/admin/plugins/finance.exchange_rate/try/",
    "metrics": f"/admin/plugins/{BUSY}/metrics/",
    "executions": "/admin/executions/",
    "health": "/admin/health/",
}
DARK = ("dashboard",)
SIZE = {"width": 1280, "height": 860}


def main() -> None:
    if not Path(CHROMIUM).exists():
        sys.exit(f"There is no Chromium at {CHROMIUM}")
    IMAGES.mkdir(exist_ok=True)
    with (
        TemporaryDirectory() as folder,
        serving(Path(folder), ["seed_demo"]) as site,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for scheme in ("light", "dark"):
            context = browser.new_context(
                base_url=site.url,
                viewport=SIZE,  # type: ignore[arg-type]
                color_scheme=scheme,  # type: ignore[arg-type]
                reduced_motion="reduce",
            )
            page = context.new_page()
            log_in(page)
            for name, path in PAGES.items():
                if scheme == "light" or name in DARK:
                    take(page, path, name if scheme == "light" else f"{name}-dark")
            context.close()
        browser.close()


def take(page: Page, path: str, name: str) -> None:
    page.goto(path)
    if name == "try":
        page.keyboard.press("Tab")
        page.locator("[data-run]").click()
        page.locator("[data-result]").wait_for()
    page.wait_for_load_state("networkidle")
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=IMAGES / f"{name}.png")
    sys.stdout.write(f"docs/images/{name}.png\n")


if __name__ == "__main__":
    main()
