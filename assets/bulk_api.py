"""Many assets, or many placements, in one call of the API."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from assets.bulk import OUTCOMES, REFUSED, Answer, RowsRefused, store_rows
from assets.bulk_rows import LONGEST_KEY, RowOfMany, RowsReader
from assets.serializers import AssetSerializer, PlacementSerializer
from firenze_digitale.api.filtering import check_names
from firenze_digitale.api.idempotency import OnceByKey
from firenze_digitale.api.parsing import StrictJSONParser
from firenze_digitale.api.serializers import UNKNOWN_FIELD

MOST_ROWS = 10_000
MOST_BYTES = 20 * 2**20
MOST_ERRORS = 1_000
ALL_OR_NOTHING, EACH = MODES = ("all_or_nothing", "each")
ABOUT = """Adds the rows whose key is new, and changes those whose key is known. A row is the body of a single POST, of
which only the key must be said each time: fields that are left out keep what they hold or, where the row is new, begin
as they would in a POST; a new row must say what a POST must. A field of attributes is replaced as a whole.

With the mode `all_or_nothing`, which holds unless another is asked for, either all rows are stored or none: where any
is wrong, the answer is 400 (403 where nothing is wrong but that rows are not the caller's), and its `errors` name each
by its place, such as `rows.17.latitude`; at most 1,000 of them are told. With the mode `each`, what is right is stored,
and each wrong row is answered with the outcome `refused` and its errors.

The rows that are named are locked before they are compared, in one order for all callers: no update is lost, and what
says nothing new is `unchanged` and leaves no trace in history. For more rows, or for a spreadsheet, see `/imports`."""


class LargeJSONParser(StrictJSONParser):
    """JSON of the size of ten thousand rows."""

    most_bytes = MOST_BYTES


class AssetRowSerializer(RowOfMany, AssetSerializer):
    """An asset among many: its code, and what else is to be said of it."""


class PlacementRowSerializer(RowOfMany, PlacementSerializer):
    """A placement among many: its asset and code, and what else is to be said of it."""


class RowErrorSerializer(serializers.Serializer):
    """What is wrong with one field of a row."""

    field = serializers.CharField(max_length=2_000, help_text="Empty for the row as a whole.")
    message = serializers.CharField(max_length=20_000)


class RowAnswerSerializer(serializers.Serializer):
    """What became of one row."""

    index = serializers.IntegerField(min_value=0, max_value=MOST_ROWS - 1, help_text="Its place in `rows`, from 0.")
    key = serializers.CharField(max_length=LONGEST_KEY, allow_null=True, help_text="Its key, where the row says one.")
    outcome = serializers.ChoiceField(choices=OUTCOMES)
    errors = RowErrorSerializer(many=True, help_text="Why it was refused; else empty.")


def counts_serializer() -> serializers.Serializer:
    """How many rows each outcome has."""
    fields = {name: serializers.IntegerField(min_value=0, max_value=MOST_ROWS) for name in OUTCOMES}
    return type("BulkCountsSerializer", (serializers.Serializer,), {"__doc__": counts_serializer.__doc__, **fields})()


class BulkAnswerSerializer(serializers.Serializer):
    """What became of all rows, in their order."""

    mode = serializers.ChoiceField(choices=MODES)
    counts = counts_serializer()
    rows = RowAnswerSerializer(many=True)


def body_of(row: type[serializers.Serializer]) -> type[serializers.Serializer]:
    """The serializer of a body that holds rows of the given kind, for the document of the API."""
    name = row.__name__.replace("RowSerializer", "BulkSerializer")
    mode = serializers.ChoiceField(choices=MODES, default=ALL_OR_NOTHING, help_text="What becomes of right rows.")
    rows = serializers.ListField(child=row(), min_length=1, max_length=MOST_ROWS)
    return type(name, (serializers.Serializer,), {"__doc__": "Many rows at once.", "mode": mode, "rows": rows})


def bulk_schema(row: type[serializers.Serializer], operation_id: str):
    return extend_schema(
        operation_id=operation_id,
        summary="Add or change many",
        description=ABOUT,
        request={"application/json": body_of(row)},
        responses={200: OpenApiResponse(BulkAnswerSerializer, "What became of each row.")},
    )


class BulkView(OnceByKey, APIView):
    """Takes many rows of one kind."""

    parser_classes = (LargeJSONParser,)
    row_serializer: type[serializers.ModelSerializer]

    def post(self, request):
        check_names(request, set())
        serializer = self.row_serializer(context={"request": request})
        if not serializer.Meta.model.may_be_added_by(request.user):
            raise PermissionDenied
        mode, rows = told(request.data)
        try:
            answers = store_rows(RowsReader(serializer), rows, request.user, each=mode == EACH)
        except RowsRefused as refused:
            problem = exceptions.PermissionDenied if refused.denied else exceptions.ValidationError
            raise problem({"rows": errors_told(refused.answers)}) from refused
        return Response({"mode": mode, "counts": counted(answers), "rows": [body_of_answer(one) for one in answers]})


class AssetBulkView(BulkView):
    """Many assets."""

    row_serializer = AssetRowSerializer

    @bulk_schema(AssetRowSerializer, "assets_bulk")
    def post(self, request):
        return super().post(request)


class PlacementBulkView(BulkView):
    """Many placements."""

    row_serializer = PlacementRowSerializer

    @bulk_schema(PlacementRowSerializer, "placements_bulk")
    def post(self, request):
        return super().post(request)


def told(body: object) -> tuple[str, list]:
    """Return the mode and the rows of a body.

    Raises:
        ValidationError: it is not one, with what is wrong named.
    """
    if not isinstance(body, dict):
        raise exceptions.ValidationError([_("The body is an object with the member “rows”.")])
    errors = {name: [UNKNOWN_FIELD] for name in body.keys() - {"mode", "rows"}}
    mode, rows = body.get("mode", ALL_OR_NOTHING), body.get("rows")
    if not isinstance(mode, str) or mode not in MODES:
        errors["mode"] = [_("It is one of: %(known)s.") % {"known": ", ".join(MODES)}]
    if not isinstance(rows, list) or not rows:
        errors["rows"] = [_("This is a list of rows, at least one.")]
    elif len(rows) > MOST_ROWS:
        errors["rows"] = [_("At most %(most)s rows at once: bring more as a file, by an import.") % {"most": MOST_ROWS}]
    if errors:
        raise exceptions.ValidationError(errors)
    return mode, rows


def errors_told(answers: list[Answer]) -> dict:
    """Return what is wrong, by the row's place and field: all of it, up to a bound."""
    told, count, wrong = {}, 0, [answer for answer in answers if answer.outcome == REFUSED]
    for position, answer in enumerate(wrong):
        if count >= MOST_ERRORS:
            more = len(wrong) - position
            sentence = ngettext("%(count)s more row is wrong.", "%(count)s more rows are wrong.", more)
            return {**told, "": [sentence % {"count": more}]}
        fields: dict[str, list[str]] = {}
        for field, message in answer.errors:
            fields.setdefault(field, []).append(message)
        told[str(answer.index)] = fields
        count += len(answer.errors)
    return told


def counted(answers: list[Answer]) -> dict[str, int]:
    counts = dict.fromkeys(OUTCOMES, 0)
    for answer in answers:
        counts[answer.outcome] += 1
    return counts


def body_of_answer(answer: Answer) -> dict:
    return {
        "index": answer.index,
        "key": answer.key,
        "outcome": answer.outcome,
        "errors": [{"field": field, "message": message} for field, message in answer.errors],
    }
