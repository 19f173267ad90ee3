"""What one may do on the desk, as the models and their querysets say it."""

from django.core.exceptions import EmptyResultSet

from firenze_digitale.access import access_of

MOST_KNOWN = 10_000
#: Whether a verb of a model may hold rows for somebody. It follows from their rights alone, and every page of the desk
#: asks it of every model.
KNOWN: dict[tuple, bool] = {}


def may_hold_rows(queryset) -> bool:
    """Whether a queryset can hold anything at all; told from its conditions, without asking the database."""
    try:
        queryset.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return False
    return True


def verb_may_hold_rows(model, verb: str, who) -> bool:
    """The same of a verb of a model, worked out once for the same rights."""
    key = (model, verb, access_of(who), getattr(who, "pk", None))
    if key not in KNOWN:
        if len(KNOWN) >= MOST_KNOWN:
            KNOWN.clear()
        KNOWN[key] = may_hold_rows(getattr(model._default_manager, verb)(who))
    return KNOWN[key]


class Rights:
    """Permissions of an admin class, from the verbs of its model. Answers are kept for the length of a request."""

    #: The rows an admin class's permissions are about: of its own model, or of the parent's for an inline.
    @property
    def judged_model(self):
        return self.model

    def allows(self, request, verb: str, row=None) -> bool:
        """Whether the asker's rows by `verb` (“changeable_by”) hold `row`, or any at all."""
        answers = request.__dict__.setdefault("_rights", {})
        key = (self.judged_model, verb, row and row.pk)
        if key not in answers:
            answers[key] = verb_may_hold_rows(self.judged_model, verb, request.user)
            if row is not None and answers[key]:
                rows = getattr(self.judged_model._default_manager, verb)(request.user)
                answers[key] = rows.filter(pk=row.pk).exists()
        return answers[key]

    def has_view_permission(self, request, obj=None) -> bool:
        return self.allows(request, "visible_to", obj)

    def has_change_permission(self, request, obj=None) -> bool:
        return self.allows(request, "changeable_by", obj)

    def has_delete_permission(self, request, obj=None) -> bool:
        return self.allows(request, "deletable_by", obj)

    def has_add_permission(self, request) -> bool:
        return self.model.may_be_added_by(request.user)

    def has_module_permission(self, request) -> bool:
        return self.has_view_permission(request)
