"""Partners, referents, memoranda, studies and monographs on the API."""

from firenze_digitale.api.viewsets import READ, READ_AND_WRITE, RegistryViewSet
from partners import filters, models, serializers


class PartnerViewSet(RegistryViewSet):
    """Organisations of the network."""

    model = models.Partner
    serializer_class = serializers.PartnerSerializer
    filterset_class = filters.PartnerFilter


class ReferentViewSet(RegistryViewSet):
    """People who answer for a partner; their contact data can be kept up to date. Nobody sees them without a login."""

    model = models.Referent
    serializer_class = serializers.ReferentSerializer
    filterset_class = filters.ReferentFilter
    http_method_names = (*READ, "patch")


class MemorandumViewSet(RegistryViewSet):
    """Memoranda of understanding, and who signed them."""

    model = models.Memorandum
    serializer_class = serializers.MemorandumSerializer
    filterset_class = filters.MemorandumFilter


class StudyViewSet(RegistryViewSet):
    """The research that the network started from."""

    model = models.Study
    serializer_class = serializers.StudySerializer
    filterset_class = filters.StudyFilter


class MonographViewSet(RegistryViewSet):
    """Parts of a study, one for each partner."""

    model = models.Monograph
    serializer_class = serializers.MonographSerializer
    filterset_class = filters.MonographFilter
    http_method_names = READ_AND_WRITE
