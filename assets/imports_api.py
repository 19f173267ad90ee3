"""Files of any length, brought by a partner's system: taken in, polled, told of row by row, and taken back."""

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as Refusal
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import exceptions, serializers, status
from rest_framework.response import Response
from rest_framework.views import APIView

from assets.bulk_api import ALL_OR_NOTHING, EACH, MODES
from assets.choices import ImportedKind, RowState
from assets.imports import services
from assets.imports_bodies import ImportRowSerializer, ImportSerializer, body_of, body_of_row
from assets.imports_files import MultipartFileParser, WholeFileParser
from assets.models import Asset, Import
from firenze_digitale import problems
from firenze_digitale.api.authentication import refuse_out_of_reach
from firenze_digitale.api.filtering import check_names
from firenze_digitale.api.idempotency import OnceByKey
from firenze_digitale.api.pagination import KeysetPagination
from firenze_digitale.tables import UnreadableFile

YES_OR_NO = ("false", "true")
FILE_NAME = serializers.CharField(max_length=255)
ABOUT = """The body is the file itself: CSV, XLSX, ODS, GeoJSON or KML, whichever it is by its content, or a form with
the file as its part `file`. Its first row names fields, such as `code` and `name_it`, or `attributes.watt` for a single
attribute. The file is checked and stored by the code that serves people at the desk, without asking anybody: what
cannot be understood without asking is refused at once (400).

The answer is 202, and `Location` is where to poll until `finished` is true. Then `state` tells how it went:
`stored`; `previewed`, where rows are wrong and nothing was stored, or where only a preview was asked for; `columns`,
where the file can be read in more than one way, which `questions` tell and a referent answers at the desk; `refused`,
`outdated` or `interrupted`, with the reason in `refusal`. What is wrong with which row is told by its `rows`.

With the mode `each`, what is right is stored even where other rows are wrong. A row whose key is known is changed:
columns that the file lacks keep what they hold, and rows that it lacks stay as they are. With `preview=true` nothing is
stored until it is asked for by `/imports/{id}/store`, and then exactly what the preview has shown."""
ANSWER = {202: OpenApiResponse(ImportSerializer, "It is at work: poll it.")}
NUMBER = OpenApiParameter(
    "id", {"type": "integer", "minimum": 1}, OpenApiParameter.PATH, description="The number of the import."
)
LOCATION = OpenApiParameter(
    "Location",
    {"type": "string", "format": "uri", "maxLength": 2_000},
    OpenApiParameter.HEADER,
    description="Where to poll.",
    response=[202],
)
FILE_TYPES = (
    "text/csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/geo+json",
    "application/vnd.google-earth.kml+xml",
)
FORM = {
    "type": "object",
    "properties": {"file": {"type": "string", "format": "binary"}},
    "required": ["file"],
}


def parameter(name: str, description: str, *, required: bool = False, **schema) -> OpenApiParameter:
    values = {"type": "string", **schema}
    return OpenApiParameter(name, values, OpenApiParameter.QUERY, required=required, description=description)


class ImportView(OnceByKey, APIView):
    """What all addresses of imports have in common: only those of the caller's own partner exist."""

    parameters: frozenset[str] = frozenset()

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        check_names(request, self.parameters)

    def imported(self, number: int) -> Import:
        """The import that the address names, as far as it has come."""
        found = Import.objects.visible_to(self.request.user).for_detail().filter(pk=number).first()
        if found is None:
            raise Http404
        refuse_out_of_reach(self.request.user, found.kind)
        return services.settle(found)

    def choice(self, name: str, among: tuple[str, ...], default: str | None = None) -> str:
        """The value of a parameter that takes some values only."""
        given = self.request.query_params.get(name, default)
        if given not in among:
            raise exceptions.ValidationError({name: [_("It is one of: %(known)s.") % {"known": ", ".join(among)}]})
        return given

    def answer(self, imported: Import, code: int = status.HTTP_200_OK) -> Response:
        address = self.request.build_absolute_uri(reverse("api-imports-detail", args=[imported.pk]))
        headers = {"Location": address} if code == status.HTTP_202_ACCEPTED else {}
        return Response(body_of(imported, address), status=code, headers=headers)


class ImportsView(ImportView):
    """Spreadsheets and other files with more rows than one call takes."""

    parser_classes = (MultipartFileParser, WholeFileParser)
    parameters = frozenset({"kind", "asset", "mode", "preview", "file_name"})
    sent: UploadedFile | None = None

    def finalize_response(self, request, response, *args, **kwargs):
        """Let go of the file, whatever became of it."""
        if self.sent:
            self.sent.close()
        return super().finalize_response(request, response, *args, **kwargs)

    @extend_schema(
        operation_id="imports_create",
        summary="Bring a file",
        description=ABOUT,
        parameters=[
            LOCATION,
            parameter("kind", "What a row of the file is.", required=True, enum=ImportedKind.values),
            parameter(
                "asset", "The asset that all rows belong to, where no column says it.", minLength=1, maxLength=100
            ),
            parameter("mode", "What becomes of right rows.", enum=list(MODES), default=ALL_OR_NOTHING),
            parameter("preview", "Tell what the file would change, and store nothing yet.", enum=list(YES_OR_NO)),
            parameter("file_name", "What you call the file, to find it again.", minLength=1, maxLength=255),
        ],
        request={**dict.fromkeys(FILE_TYPES, OpenApiTypes.BINARY), "multipart/form-data": FORM},
        responses=ANSWER,
    )
    def post(self, request):
        kind = self.choice("kind", tuple(ImportedKind.values))
        refuse_out_of_reach(request.user, kind)
        if not Import.may_be_added_by(request.user):
            raise PermissionDenied
        options = {
            "fixed": self.fixed(kind),
            "each": self.choice("mode", MODES, ALL_OR_NOTHING) == EACH,
            "only_preview": self.choice("preview", YES_OR_NO, "false") == "true",
        }
        return self.answer(self.brought(kind, options), status.HTTP_202_ACCEPTED)

    def brought(self, kind: str, options: dict) -> Import:
        """The import that the body became."""
        who, name = self.request.user, self.file_name()
        if not isinstance(self.request.data, UploadedFile):
            raise exceptions.ValidationError([_("The body is empty: send the file as the body.")])
        named = {"kind": kind, "partner": who.credential.partner, "who": who, "file_name": name or self.sent.name}
        self.sent.seek(0)
        try:
            return services.begin_unattended(file=self.sent.file, **named, **options)
        except UnreadableFile as refusal:
            raise exceptions.ValidationError([str(refusal)]) from refusal

    def file_name(self) -> str | None:
        """What the caller calls the file, if anything."""
        told = self.request.query_params.get("file_name")
        try:
            return None if told is None else FILE_NAME.run_validation(told)
        except exceptions.ValidationError as error:
            raise exceptions.ValidationError({"file_name": error.detail}) from error

    def fixed(self, kind: str) -> dict[str, str]:
        """What the parameters say of every row."""
        code = self.request.query_params.get("asset")
        if code is None:
            return {}
        if kind == ImportedKind.ASSETS:
            raise exceptions.ValidationError({"asset": [_("The rows of this file are assets themselves.")]})
        found = Asset.objects.visible_to(self.request.user).filter(code=code).first() if "\x00" not in code else None
        if found is None:
            raise exceptions.ValidationError({"asset": [_("There is no “%(key)s”: check the code.") % {"key": code}]})
        if not found.may_be_changed_by(self.request.user):
            raise PermissionDenied
        return {"asset": code}


class ImportDetailView(ImportView):
    """How far an import has come, or its receipt."""

    @extend_schema(
        operation_id="imports_retrieve",
        summary="Poll one, or read its receipt",
        parameters=[NUMBER],
        responses={200: ImportSerializer},
    )
    def get(self, request, id):
        return self.answer(self.imported(id))


class ImportRowsView(ImportView):
    """Rows that an import has something to say of."""

    parameters = frozenset({"state", *KeysetPagination.parameters})
    pagination_class = KeysetPagination
    list_key = ("id",)

    @extend_schema(
        operation_id="imports_rows",
        summary="Rows, and what is wrong with them",
        description="Rows of a preview by what would become of them. Once an import is stored, those that were wrong "
        "and were left out; what it has stored is told by the history of the rows.",
        parameters=[
            NUMBER,
            parameter("state", "Which rows.", enum=RowState.values, default=RowState.WRONG),
            *(
                OpenApiParameter(each["name"], each["schema"], OpenApiParameter.QUERY, description=each["description"])
                for each in KeysetPagination().get_schema_operation_parameters(None)
            ),
        ],
        responses={200: ImportRowSerializer(many=True)},
    )
    def get(self, request, id):
        rows = self.imported(id).rows.of_section(self.choice("state", tuple(RowState.values), RowState.WRONG))
        pages = KeysetPagination()
        page = pages.paginate_queryset(rows, request, self)
        return pages.get_paginated_response([body_of_row(row) for row in page])


class ImportStepView(ImportView):
    """A step that an import is asked to take."""

    step: Callable

    def post(self, request, id):
        imported = self.imported(id)
        if not Import.objects.changeable_by(request.user).filter(pk=imported.pk).exists():
            raise PermissionDenied
        try:
            type(self).step(imported, request.user)
        except Refusal as refusal:
            raise problems.Conflict(" ".join(refusal.messages)) from refusal
        return self.answer(services.settle(imported), status.HTTP_202_ACCEPTED)


def step_schema(name: str, summary: str, description: str):
    return extend_schema(
        operation_id=f"imports_{name}",
        summary=summary,
        description=description,
        parameters=[NUMBER, LOCATION],
        request=None,
        responses=ANSWER,
    )


class ImportStoreView(ImportStepView):
    """Stores what a preview has shown."""

    step = services.confirm

    @step_schema("store", "Store what was previewed", "409 where there is no preview, or rows of it are wrong.")
    def post(self, request, id):
        return super().post(request, id)


class ImportUndoView(ImportStepView):
    """Takes back what was stored."""

    step = services.undo

    @step_schema(
        "undo",
        "Take back what was stored",
        "Rows that it added are deleted, and others have their earlier state again: all of them or, where some have "
        "changed since or are in use, none, which `refusal` tells.",
    )
    def post(self, request, id):
        return super().post(request, id)
