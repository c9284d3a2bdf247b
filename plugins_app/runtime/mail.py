"""Mail through Django's configured backend."""

from __future__ import annotations

from collections.abc import Sequence

from asgiref.sync import sync_to_async
from django.core.mail import send_mail


class DjangoMail:
    async def send(self, *, to: Sequence[str], subject: str, text: str, html: str = "") -> None:
        """Raises what the mail backend raises."""
        await sync_to_async(send_mail, thread_sensitive=False)(
            subject, text, None, list(to), html_message=html or None
        )
