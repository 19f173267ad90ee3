"""Imports of spreadsheets: the file, what it would change, the receipt of what it has changed."""

import hashlib
from pathlib import PurePath

from django.core.validators import MinValueValidator
from django.db import connection, models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from assets.choices import ImportedKind, ImportState, RowState
from assets.exchange_querysets import ImportMappingQuerySet, ImportQuerySet, ImportRowQuerySet
from firenze_digitale.access import access_of
from firenze_digitale.base_models import RegistryModel, one_of
from firenze_digitale.history import recorded
from partners.models import Partner, User

CHUNK_BYTES = 2**20
#: First key of the advisory locks that workers hold; the second is the import's number.
WORK_LOCK = 0x1A9027
MAPPING_NAME_TAKEN = _("There is already a mapping with this name.")


class OnBehalf(RegistryModel):
    """Something that is done for one partner; without a partner it is an administrator's, for all of them."""

    kind = models.CharField(_("what"), max_length=20, choices=ImportedKind)
    partner = models.ForeignKey(
        Partner, verbose_name=_("partner"), on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta(RegistryModel.Meta):
        abstract = True

    @classmethod
    def may_be_added_by(cls, who) -> bool:
        access = access_of(who)
        return access.writes and (access.administrator or bool(access.partner_ids))

    def may_be_stored_by(self, who) -> bool:
        access = access_of(who)
        return access.writes and (access.administrator or self.partner_id in access.partner_ids)


class Import(OnBehalf):
    """One file brought into the registry, or about to be: its preview first, then its receipt."""

    NATURAL_KEY = ("pk",)

    made_by = models.ForeignKey(
        User, verbose_name=_("made by"), on_delete=models.SET_NULL, null=True, related_name="imports"
    )
    file_name = models.CharField(_("file"), max_length=255)
    sha256 = models.CharField("SHA-256", max_length=64)
    size = models.BigIntegerField(_("size in bytes"), validators=[MinValueValidator(0)])
    facts = models.JSONField(_("how the file is written"), default=dict)
    mapping = models.JSONField(_("mapping of columns"), default=dict)
    state = models.CharField(_("state"), max_length=20, choices=ImportState, default=ImportState.COLUMNS)
    done = models.BigIntegerField(_("done"), default=0)
    total = models.BigIntegerField(_("to do"), default=0)
    counts = models.JSONField(_("rows"), default=dict)
    questions = models.JSONField(_("questions"), default=list)
    refusal = models.TextField(_("why it was refused"), blank=True)
    context_id = models.UUIDField(null=True, editable=False)
    undo_context_id = models.UUIDField(null=True, editable=False)
    previewed_at = models.DateTimeField(_("previewed at"), null=True)
    stored_at = models.DateTimeField(_("stored at"), null=True)
    undone_at = models.DateTimeField(_("undone at"), null=True)
    undone_by = models.ForeignKey(
        User, verbose_name=_("undone by"), on_delete=models.SET_NULL, null=True, related_name="+"
    )

    objects = ImportQuerySet.as_manager()

    class Meta(OnBehalf.Meta):
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-pk"]
        constraints = [one_of("import", "kind", ImportedKind), one_of("import", "state", ImportState)]
        indexes = [models.Index(fields=["partner", "-id"], name="import_of_partner")]

    def __str__(self):
        return self.file_name

    def get_absolute_url(self):
        return reverse("admin:assets_import_change", args=[self.pk])

    def note(self, file, keep=lambda number, content: None) -> None:
        """Note name, size and SHA-256 of `file` (binary); `keep` is given each numbered piece of its content."""
        self.file_name = PurePath(self.file_name.replace("\\", "/")).name[:255] or str(_("pasted cells"))
        digest, self.size, number = hashlib.sha256(), 0, 0
        while content := file.read(CHUNK_BYTES):
            digest.update(content)
            self.size += len(content)
            keep(number, content)
            number += 1
        self.sha256 = digest.hexdigest()
        self.save()

    def keep(self, file) -> None:
        """Note `file`, and keep its content until the import is over."""
        self.size = 0
        self.save()
        self.note(file, lambda number, content: self.chunks.create(number=number, content=content))

    def write_to(self, file) -> None:
        """Write the kept content to `file`, and go back to its beginning."""
        for content in self.chunks.order_by("number").values_list("content", flat=True).iterator(chunk_size=1):
            file.write(content)
        file.seek(0)

    def forget_file(self, *, but_what_was_wrong: bool = False) -> None:
        """Delete what was only needed until the end: the content and the report of the preview."""
        self.chunks.all().delete()
        (self.rows.exclude(state=RowState.WRONG) if but_what_was_wrong else self.rows.all()).delete()

    @property
    def is_at_work(self) -> bool:
        return self.state in ImportState.at_work()

    @property
    def changes_something(self) -> bool:
        return any(self.counts.get(name) for name in ("new", "changed", "removed"))

    @property
    def may_be_undone(self) -> bool:
        return self.state == ImportState.STORED and self.context_id is not None

    def is_held(self) -> bool:
        """Whether a worker is at it, or was so a moment ago."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objid = %s"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))",
                [WORK_LOCK, self.pk],
            )
            return cursor.fetchone()[0]


class ImportChunk(models.Model):
    """A piece of the content of an import's file, kept until the import is over."""

    of = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="chunks")
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["of", "number"], name="import_chunk_once")]

    def __str__(self):
        return f"{self.of_id}/{self.number}"


class ImportRow(models.Model):
    """What an import would do to one row of the registry, or what is wrong with a row of its file."""

    # Only ever written and deleted with its import: asking for each row whether that exists would double the cost.
    of = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rows", db_index=False, db_constraint=False)
    number = models.PositiveIntegerField(null=True)
    state = models.CharField(max_length=10, choices=RowState)
    key = models.CharField(max_length=210)
    target_id = models.BigIntegerField(null=True)
    seen_at = models.DateTimeField(null=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    problems = models.JSONField(default=list)
    cells = models.JSONField(null=True)

    objects = ImportRowQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["of", "state", "id"], name="import_row_by_state")]

    def __str__(self):
        return self.key


@recorded()
class ImportMapping(OnBehalf):
    """How the columns of a partner's spreadsheet are read, kept under a name for the next time."""

    NATURAL_KEY = ("pk",)

    name = models.CharField(_("name"), max_length=100)
    mapping = models.JSONField(_("mapping of columns"), default=dict)

    objects = ImportMappingQuerySet.as_manager()

    class Meta(OnBehalf.Meta):
        verbose_name = _("saved mapping")
        verbose_name_plural = _("saved mappings")
        ordering = ["name", "pk"]
        constraints = [
            one_of("importmapping", "kind", ImportedKind),
            models.UniqueConstraint(
                fields=["partner", "kind", "name"],
                name="import_mapping_named_once",
                violation_error_message=MAPPING_NAME_TAKEN,
            ),
            models.UniqueConstraint(
                fields=["kind", "name"],
                condition=models.Q(partner=None),
                name="import_mapping_for_all_named_once",
                violation_error_message=MAPPING_NAME_TAKEN,
            ),
        ]

    def __str__(self):
        return self.name
