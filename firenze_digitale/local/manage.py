"""`manage.py` in the environment of `make run`: `make manage CMD="create_api_credential --partner …"`."""

import sys

from firenze_digitale.local.environment import development
from firenze_digitale.local.errors import LocalPostgresError


def main() -> None:
    try:
        with development():
            from django.core.management import execute_from_command_line

            execute_from_command_line(["manage.py", *sys.argv[1:]])
    except LocalPostgresError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
