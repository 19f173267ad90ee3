"""Sentences of Django's own admin that the registry's catalogue says without an article.

Django's Italian writes “Il asset”: an article would have to agree with a name that is only known later.
"""

from django.utils.translation import gettext_noop

WITHOUT_ARTICLE = (
    gettext_noop("The {name} “{obj}” was added successfully."),
    gettext_noop("The {name} “{obj}” was added successfully. You may add another {name} below."),
    gettext_noop("The {name} “{obj}” was changed successfully."),
    gettext_noop("The {name} “{obj}” was changed successfully. You may edit it again below."),
    gettext_noop("The {name} “{obj}” was changed successfully. You may add another {name} below."),
    gettext_noop("The %(name)s “%(obj)s” was deleted successfully."),
)
