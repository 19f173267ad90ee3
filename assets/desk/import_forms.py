"""Forms of an import: which file for whom, and what holds for the file as a whole."""

import io

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from assets.choices import ImportedKind
from assets.desk.import_words import choices_of
from assets.imports.coordinates import SYSTEMS
from assets.imports.mapping import PREFIX, Mapping
from assets.imports.targets import Target, targets_of
from assets.imports.work import rights_for
from assets.models import Asset, Category, ImportMapping
from partners.models import Partner

FORMATS = ".csv,.txt,.tsv,.xlsx,.ods,.geojson,.json,.kml"
FIXED = "fixed-"
READING = ("crs", "swapped", "numbers", "prefix", "keep_as_attributes", "missing")
#: Of so many assets one is chosen from a list; of more, its code is typed.
MOST_LISTED = 300


class UploadForm(forms.Form):
    """A file or pasted cells, and whose rows they are.

    Args:
        who: asks; partners and saved mappings are within what they keep.
        kind: what the file holds.
        asset: all rows are parts of this one, and so its owner's.
    """

    file = forms.FileField(
        label=_("File"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": FORMATS}),
        help_text=_("CSV, Excel (XLSX), LibreOffice (ODS), GeoJSON or KML."),
    )
    cells = forms.CharField(
        label=_("Or cells, pasted from a spreadsheet"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "class": "vLargeTextField"}),
        help_text=_("With the row that names the columns."),
    )
    partner = forms.ModelChoiceField(
        label=_("Whose rows these are"),
        queryset=Partner.objects.none(),
        empty_label=_("Choose…"),
        error_messages={"required": _("Choose the partner whose rows these are.")},
    )
    saved = forms.ModelChoiceField(
        label=_("Saved mapping of columns"),
        queryset=ImportMapping.objects.none(),
        required=False,
        empty_label=_("none: recognise the columns"),
        help_text=_("How the columns of an earlier file were read."),
    )

    def __init__(self, *args, who, kind: str, asset=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.asset = asset
        self.only_partner = asset.owner if asset else None
        self._scope_partner(who)
        mappings = ImportMapping.objects.visible_to(who).filter(kind=kind).for_list()
        if mappings.exists():
            self.fields["saved"].queryset = mappings
        else:
            del self.fields["saved"]

    def _scope_partner(self, who):
        """Ask for the partner only where there is a choice."""
        kept = Partner.objects.all().whose_assets_are_kept_by(who)
        field = self.fields["partner"]
        if who.access.administrator:
            field.required, field.empty_label = False, _("every partner")
        elif self.only_partner is None and len(few := list(kept[:2])) == 1:
            self.only_partner = few[0]
        if self.only_partner is not None:
            del self.fields["partner"]
        else:
            field.queryset = kept

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file and file.size > settings.MAX_UPLOAD_SIZE:
            raise ValidationError(
                _("The file is too large: %(size)s, at most %(limit)s. Split it and import the parts.")
                % {"size": filesizeformat(file.size), "limit": filesizeformat(settings.MAX_UPLOAD_SIZE)}
            )
        return file

    def clean(self):
        cleaned = super().clean()
        if "file" in self.errors:
            return cleaned
        given = [bool(cleaned.get("file")), bool((cleaned.get("cells") or "").strip())]
        if not any(given):
            raise ValidationError(_("Choose a file, or paste cells."))
        if all(given):
            raise ValidationError(_("There are both a file and pasted cells: leave one of them out."))
        return cleaned

    def brought(self) -> dict:
        """What the form says, as `services.begin` takes it."""
        file, saved = self.cleaned_data.get("file"), self.cleaned_data.get("saved")
        return {
            "file": file or io.BytesIO(self.cleaned_data["cells"].encode()),
            "file_name": file.name if file else "",
            "partner": self.only_partner or self.cleaned_data.get("partner"),
            "saved": saved,
            "fixed": {"asset": self.asset.code} if self.asset else None,
        }


class OptionsForm(forms.Form):
    """What holds for the whole file: values that no column has, coordinates, missing rows, a name to keep it under.

    Args:
        imported: the import at hand.
        who: asks; partners, assets and saved mappings are within what they keep.
        mapping: what is said so far.
    """

    crs = forms.ChoiceField(label=_("Coordinates"), required=False)
    swapped = forms.BooleanField(
        label=_("Latitude and longitude are swapped in the file"),
        required=False,
    )
    numbers = forms.BooleanField(
        label=_("The file has no codes: recognise rows by their place, and number new ones"),
        required=False,
    )
    prefix = forms.CharField(
        label=_("New numbers begin with"),
        required=False,
        max_length=50,
        validators=[RegexValidator(rf"^{PREFIX.pattern}$", _("Begin with a letter or a digit, for example “F”."))],
    )
    keep_as_attributes = forms.BooleanField(
        label=_("Keep columns that the category knows as attributes"),
        required=False,
    )
    missing = forms.ChoiceField(
        label=_("Rows of the registry that the file lacks"),
        choices=[("leave", _("leave them as they are")), ("remove", _("mark them as removed"))],
    )
    save_as = forms.CharField(
        label=_("Save this mapping as"),
        required=False,
        max_length=100,
        help_text=_("A name, to have the columns read in the same way the next time."),
    )
    replace = forms.BooleanField(label=_("Replace the saved mapping of this name"), required=False)

    def __init__(self, data=None, *, imported, who, mapping: Mapping):
        super().__init__(data, initial=self._said(mapping))
        self.imported, self.who = imported, who
        targets = {target.name: target for target in targets_of(imported.kind)}
        placed = () if "latitude" in targets else ("crs", "swapped", "numbers", "prefix", "missing")
        for name in (*placed, *(() if "attributes" in targets else ("keep_as_attributes",))):
            del self.fields[name]
        if "latitude" in targets:
            self._offer_systems()
        self.needed = {target.name for target in targets.values() if target.required}
        for target in targets.values():
            if field := self._fixed_field(target):
                self.fields[FIXED + target.name] = field

    def _offer_systems(self):
        """Reference systems; one has to be chosen where the values do not say which."""
        field, systems = self.fields["crs"], [(system.crs, system.label) for system in SYSTEMS.values()]
        field.required = any(question["about"] == "crs" for question in self.imported.questions)
        field.choices = [("", _("Choose…") if field.required else _("recognised from the values")), *systems]

    @staticmethod
    def _said(mapping: Mapping) -> dict:
        fixed = {FIXED + name: text for name, text in mapping.fixed.items()}
        return {
            **fixed,
            "crs": mapping.crs,
            "swapped": mapping.swapped,
            "numbers": mapping.numbered is not None,
            "prefix": mapping.numbered or "",
            "keep_as_attributes": mapping.keep_as_attributes,
            "missing": mapping.missing,
        }

    def _fixed_field(self, target: Target) -> forms.Field | None:
        """A field for a value that every row has; None for what differs from row to row."""
        offered = {"owner": self._owners, "category": self._categories, "asset": self._assets}
        options = {"label": target.label, "required": False}
        if target.name in offered:
            choices = offered[target.name]()
        elif target.kind == "choice" and not target.is_attribute:
            choices = list(choices_of(target).items())
        else:
            return None
        if target.name == "asset" and not choices and choices is not None:
            options["help_text"] = _("There is no asset yet that they could belong to: add or import that first.")
        if choices is None:
            return forms.CharField(max_length=100, help_text=_("Its code."), **options)
        said = self.initial.get(FIXED + target.name, "")
        kept = [(said, said)] if said and said not in dict(choices) else []
        return forms.ChoiceField(choices=[("", "–"), *choices, *kept], **options)

    def _owners(self):
        if self.imported.partner_id:
            return [(self.imported.partner.code, str(self.imported.partner))]
        return [(row.code, str(row)) for row in Partner.objects.all().whose_assets_are_kept_by(self.who)]

    def _categories(self):
        return [(row.code, str(row)) for row in Category.objects.visible_to(self.who)]

    def _assets(self):
        kind = "material" if self.imported.kind == ImportedKind.PLACEMENTS else "immaterial"
        rows = Asset.objects.changeable_by(rights_for(self.who, self.imported.partner)).filter(category__kind=kind)
        few = list(rows.order_by("name_it", "id")[: MOST_LISTED + 1])
        return None if len(few) > MOST_LISTED else [(row.code, f"{row} ({row.code})") for row in few]

    def clean_save_as(self):
        """Make the mapping that is to be saved, so that its name is refused here."""
        name = self.cleaned_data["save_as"].strip()
        self.saved = None
        if not name:
            return name
        same = {"kind": self.imported.kind, "partner": self.imported.partner, "name": name}
        found = ImportMapping.objects.changeable_by(self.who).filter(**same).first()
        if found and not self.data.get("replace"):
            raise ValidationError(_("There is already a mapping of this name: tick “replace”, or choose another name."))
        self.saved = found or ImportMapping(**same)
        try:
            self.saved.full_clean(exclude=["mapping"])
        except ValidationError as error:
            raise ValidationError(error.messages) from error
        return name

    def tell(self, mapping: Mapping) -> None:
        """Put what the form says, as far as it was understood, into `mapping`."""
        said = self.cleaned_data
        mapping.fixed = {name.removeprefix(FIXED): said[name] for name in said if name.startswith(FIXED) and said[name]}
        mapping.crs, mapping.swapped = said.get("crs") or "", said.get("swapped", False)
        mapping.numbered = (said.get("prefix") or "") if said.get("numbers") else None
        mapping.keep_as_attributes = said.get("keep_as_attributes", False)
        mapping.missing = said.get("missing") or "leave"

    def save_mapping(self, mapping: Mapping) -> None:
        """Keep `mapping` under the name that was given, if one was."""
        if self.saved is not None:
            self.saved.mapping = mapping.to_json()
            self.saved.save()

    # How the page arranges the fields

    @property
    def needed_fields(self) -> list:
        """Values for all rows of what a new row cannot do without."""
        return [field for field in self._fixed() if field.name.removeprefix(FIXED) in self.needed]

    @property
    def other_fields(self) -> list:
        return [field for field in self._fixed() if field.name.removeprefix(FIXED) not in self.needed]

    @property
    def other_is_told(self) -> bool:
        return any(field.value() or field.errors for field in self.other_fields)

    @property
    def reading_fields(self) -> list:
        return [self[name] for name in READING if name in self.fields]

    def _fixed(self) -> list:
        return [self[name] for name in self.fields if name.startswith(FIXED)]
