"""What the log of changes tells of partners, their people and what they signed."""

from firenze_digitale.change_log import SIGNED_IN, Audience, LoggedKind

PARTNERS = LoggedKind("partners", "partners_partner")
REFERENTS = LoggedKind("referents", "partners_referent", audience=Audience(str(SIGNED_IN)), hidden=("user",))
MEMORANDA = LoggedKind("memoranda", "partners_memorandum")
STUDIES = LoggedKind("studies", "partners_study")
MONOGRAPHS = LoggedKind("monographs", "partners_monograph")
