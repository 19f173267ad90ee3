"""Who reads what is said of charts, and the queue of the e-mails that tell of it."""

from django.db.models import QuerySet

from firenze_digitale.access import access_of
from projects.querysets import ChartPartQuerySet


class ChartCommentQuerySet(ChartPartQuerySet):
    """What is said of a chart is for those who take part in it, and for city staff."""

    def visible_to(self, who):
        return self.filter(chart__in=self._charts().discussed_by(who))

    def changeable_by(self, who):
        """None: what was said stays said."""
        return self.none()

    def for_list(self):
        return self.select_related("author")


class ChartNoticeQuerySet(QuerySet):
    """The queue of e-mails, which administrators look after."""

    #: A quarter of an hour, three tries; an hour, and then hourly for three days.
    MOST_ATTEMPTS = 75

    def visible_to(self, who):
        return self.all() if access_of(who).administrator else self.none()

    def changeable_by(self, who):
        """None: nobody writes notices by hand."""
        return self.none()

    def deletable_by(self, who):
        return self.none()

    def unsent(self):
        """Notices that no mail server has taken yet and that are still tried."""
        return self.filter(sent_at=None, attempts__lt=self.MOST_ATTEMPTS)

    def waiting(self, now):
        """Notices that are due and that no mail server has taken yet."""
        return self.unsent().filter(due_at__lte=now)

    def failed(self):
        """Notices that nobody tries any more."""
        return self.filter(sent_at=None, attempts__gte=self.MOST_ATTEMPTS)

    def try_again(self, who, now) -> int:
        """Let what was not sent be tried at once, from the start; return how many."""
        return self.visible_to(who).filter(sent_at=None).update(attempts=0, due_at=now)
