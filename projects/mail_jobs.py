"""The queue of e-mails at work outside of any request."""

import logging
from datetime import datetime

from django.utils import timezone
from django_tasks import default_task_backend, task

logger = logging.getLogger(__name__)


@task()
def send_due_notices() -> None:
    """Send what is due; where the mail server would not take it, come back when it is due again."""
    from projects.mail import send_due

    sent = send_due(timezone.now())
    if sent.due_again:
        ask(sent.due_again)


def ask(moment: datetime) -> None:
    """Have the queue looked through at `moment`.

    What was to be told is stored by now: a queue of work that fails must not fail it, and `send_notices` comes by.
    """
    is_later = moment > timezone.now()
    if is_later and not default_task_backend.supports_defer:
        return
    try:
        (send_due_notices.using(run_after=moment) if is_later else send_due_notices).enqueue()
    except Exception:
        logger.exception("the queue of e-mails waits for send_notices")
