"""Texts that have hurt somebody's program, for every place that takes a text."""

from __future__ import annotations

INJECTIONS = {
    "a script": "<script>alert(1)</script>",
    "an attribute": '"><img src=x onerror=alert(1)>',
    "a javascript address": "javascript:alert(1)",
    "a template": "{{7*7}}",
    "a template's settings": "{{ settings.SECRET_KEY }}",
    "a template tag": "{% debug %}",
    "a shell's variable": "${7*7}",
    "a lookup": "${jndi:ldap://127.0.0.1/a}",
    "a C format": "%s%s%s%n%n%n%x",
    "a Python format": "{0.__class__.__init__.__globals__}",
    "SQL": "' OR 1=1; DROP TABLE plugins_app_user; --",
    "SQL's wildcards": "%_%",
    "shell": "; cat /etc/passwd | sh `id` $(id)",
    "a path": "../../../../etc/passwd",
    "a Windows path": "..\\..\\windows\\win.ini",
    "a URL": "http://169.254.169.254/latest/meta-data/",
    "an XXE": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    "YAML": "!!python/object/apply:os.system ['id']",
    "a spreadsheet": "=cmd|' /C calc'!A0",
    "a header": "x\r\nX-Injected: yes",
    "a terminal's colours": "\x1b[2J\x1b[31m",
    "a regex bomb": "(a+)+$",
    "its food": "a" * 190 + "!",
}
UNICODE = {
    "emoji": "💩👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "right to left": "\u202egnp.exe\u202c",
    "zalgo": "Z\u0351\u036b\u0343a\u0328\u0348l" + "\u0300" * 100,
    "zero width": "a\u200bd\u200cm\u200di\ufeffn",
    "a twin in Cyrillic": "аdmin",
    "full width": "ａｄｍｉｎ",
    "ligatures": "ﬃ ﷺ ß İ ı ſ",
    "not normalised": "e\u0301 \u1100\u1161 \u212b",
    "non-characters": "\uffff \ufdd0 \U0010ffff",
    "the line separator": "a\u2028b\u2029c",
    "nothing but spaces": " \t\u00a0\u3000",
    "Turkish": "İSTANBUL ıi",
}
