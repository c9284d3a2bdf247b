"""How a plugin is called from elsewhere, ready to be copied."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from plugins_app.admin.snippets import curl, needs_key
from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.tools import anthropic_tools, openai_tools

_PYTHON = """\
import os

import httpx

answer = httpx.post(
    {url!r},
    json={body},
    headers={headers},
    timeout={timeout:g},
)
answer.raise_for_status()
print(answer.json()["data"])
"""
_JAVASCRIPT = """\
const answer = await fetch({url}, {{
  method: "POST",
  headers: {headers},
  body: JSON.stringify({body}),
}});
if (!answer.ok) throw new Error((await answer.json()).detail);
console.log((await answer.json()).data);
"""


@dataclass(frozen=True, slots=True)
class Sample:
    slug: str
    title: str
    code: str


def samples(plugin: LoadedPlugin, base: str) -> list[Sample]:
    """`base` is where the API is, without a slash at its end."""
    return list(_samples(plugin, base))


def _samples(plugin: LoadedPlugin, base: str) -> Iterator[Sample]:
    url = f"{base}/api/plugins/{plugin.name}/execute"
    examples = plugin.metadata.examples
    body = {"input_data": examples[0].input if examples else {}}
    yield Sample("curl", "curl", curl(plugin, base))
    yield Sample("python", "Python", _python(plugin, url, body))
    yield Sample("javascript", "JavaScript", _javascript(plugin, url, body))
    yield Sample("anthropic", "Tool definition, Anthropic", _json(anthropic_tools([plugin])[0]))
    yield Sample("openai", "Tool definition, OpenAI", _json(openai_tools([plugin])[0]))


def _python(plugin: LoadedPlugin, url: str, body: dict[str, Any]) -> str:
    key = '{"Authorization": f"Bearer {os.environ[\'ZANTARA_API_KEY\']}"}'
    headers = key if needs_key(plugin) else "{}"
    text = _PYTHON.format(
        url=url, body=repr(body), headers=headers, timeout=plugin.metadata.call_timeout + 5
    )
    return text if needs_key(plugin) else text.removeprefix("import os\n\n")


def _javascript(plugin: LoadedPlugin, url: str, body: dict[str, Any]) -> str:
    key = ', "Authorization": `Bearer ${process.env.ZANTARA_API_KEY}`' if needs_key(plugin) else ""
    headers = f'{{ "Content-Type": "application/json"{key} }}'
    return _JAVASCRIPT.format(
        url=json.dumps(url), headers=headers, body=json.dumps(body, ensure_ascii=False)
    )


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
