#!/usr/bin/env python
"""Django's command line for ZANTARA."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zantara.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)

    from plugins_app.management import others

    others.note(sys.argv[1:])


if __name__ == "__main__":
    main()
