"""What one may do on the desk, as the models and their querysets say it."""

from django.core.exceptions import EmptyResultSet


def may_hold_rows(queryset) -> bool:
    """Whether a queryset can hold anything at all; told from its conditions, without asking the database."""
    try:
        queryset.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return False
    return True


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
            rows = getattr(self.judged_model._default_manager, verb)(request.user)
            answers[key] = may_hold_rows(rows) and (row is None or rows.filter(pk=row.pk).exists())
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
