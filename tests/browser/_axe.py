"""What axe objects to on a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = next((Path(__file__).parent / "vendor").glob("axe-core-*/axe.min.js")).read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
VIOLATIONS = """async (rules) => {
  const frame = () => new Promise(requestAnimationFrame);
  await frame();
  await frame();
  const changing = document.getAnimations().filter((each) => each instanceof CSSTransition);
  await Promise.allSettled(changing.map((each) => each.finished));
  const results = await axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
  const told = (nodes) => nodes.slice(0, 3).map((node) => node.html.slice(0, 120));
  return results.violations.map((each) => `${each.id}: ${told(each.nodes)}`);
}"""


def findings(page: Page, width: int) -> list[str]:
    """In light and in dark, and whether the page scrolls sideways. The themes differ in colours
    alone, so all other rules are asked once."""
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": AXE})  # The page's policy forbids a script tag.
    session.detach()
    found = _in("light", page, TAGS) + _in("dark", page, COLOURS)
    page.emulate_media(color_scheme="light")
    wide = page.evaluate("document.documentElement.scrollWidth")
    return [*found, *([f"{wide} px wide"] if wide > width else [])]


def _in(scheme: Any, page: Page, rules: Any) -> list[str]:
    page.emulate_media(color_scheme=scheme)
    return [f"{scheme}: {each}" for each in page.evaluate(VIOLATIONS, rules)]
