"""Bodies of partners, their people, what they signed and what was written of them."""

from rest_framework import serializers

from firenze_digitale.api.serializers import DATES_OF_ROW, RegistrySerializer
from partners.models import Memorandum, Monograph, Partner, Referent, Signature, Study

TITLE = ("title_it", "title_en")
DESCRIPTION = ("description_it", "description_en")


class PartnerSerializer(RegistrySerializer):
    """An organisation of the network."""

    class Meta:
        model = Partner
        fields = (
            "code",
            "name_it",
            "name_en",
            "legal_name",
            "kind",
            "sector",
            "website",
            "email",
            "certified_email",
            "ipa_code",
            "vat_number",
            "joined_on",
            "left_on",
            "successor",
            "source",
            *DATES_OF_ROW,
        )


class ReferentSerializer(RegistrySerializer):
    """A person who answers for a partner."""

    class Meta:
        model = Referent
        fields = ("code", "partner", "name", "role", "email", "phone", "active", *DATES_OF_ROW)


class SignatureSerializer(RegistrySerializer):
    """A partner's part in a memorandum."""

    class Meta:
        model = Signature
        fields = ("partner", "role", "signed_on", "source")


class MemorandumSerializer(RegistrySerializer):
    """A memorandum of understanding, and who signed it."""

    last_day = serializers.DateField(read_only=True, help_text="The day until which it holds, extension included.")
    signatures = SignatureSerializer(many=True, read_only=True)

    class Meta:
        model = Memorandum
        fields = (
            "code",
            *TITLE,
            *DESCRIPTION,
            "url",
            "signed_on",
            "starts_on",
            "ends_on",
            "extended_to",
            "last_day",
            "renews",
            "signatures",
            "source",
            *DATES_OF_ROW,
        )


class StudySerializer(RegistrySerializer):
    """A piece of research on what the agencies have."""

    class Meta:
        model = Study
        fields = (
            "code",
            *TITLE,
            *DESCRIPTION,
            "year",
            "promoter",
            "video_title",
            "video_url",
            "source",
            *DATES_OF_ROW,
        )


class MonographSerializer(RegistrySerializer):
    """The part of a study that tells of one partner."""

    class Meta:
        model = Monograph
        fields = (
            "code",
            *TITLE,
            "summary_it",
            "summary_en",
            "study",
            "partner",
            "year",
            "url",
            "source",
            *DATES_OF_ROW,
        )
