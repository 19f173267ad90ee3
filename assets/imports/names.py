"""What columns are called in the files of offices and geographic systems, Italian and English."""

ALIASES: dict[str, tuple[str, ...]] = {
    "code": (
        "codice", "cod", "code", "id", "fid", "ogc_fid", "gid", "oid", "uid", "objectid", "globalid", "matricola",
        "identificativo", "codice identificativo", "codice univoco", "sigla", "identifier", "id impianto",
        "codice impianto", "id elemento", "codice elemento",
    ),
    "asset": ("bene", "codice bene", "codice del bene", "risorsa", "codice risorsa", "asset code", "codice asset"),
    "owner": (
        "proprietario", "ente", "ente proprietario", "titolare", "partner", "agenzia", "azienda", "gestore", "owner",
        "organisation", "organization",
    ),
    "category": ("categoria", "categoria del bene", "category", "tipo di bene", "tipologia di bene"),
    "name_it": ("nome", "denominazione", "nome del bene", "name", "nome italiano", "nome it"),
    "name_en": ("nome inglese", "english name", "nome en"),
    "title_it": ("titolo", "nome", "denominazione", "title", "name", "titolo italiano", "titolo it"),
    "title_en": ("titolo inglese", "english title", "titolo en"),
    "description_it": ("descrizione", "description", "descrizione italiano", "descrizione it"),
    "description_en": ("descrizione inglese", "english description", "descrizione en"),
    "quantity": ("quantita", "qta", "qty", "quantity", "consistenza", "numero", "numero elementi", "count"),
    "unit": ("unita", "unita di misura", "um", "udm", "unit", "unit of measure"),
    "attributes": ("attributi", "caratteristiche", "attributes", "properties"),
    "exchange_status": ("stato di scambio", "stato scambio", "scambio", "scambiabile", "scambiabilita"),
    "conditions_it": ("condizioni", "condizioni di scambio", "conditions", "vincoli"),
    "conditions_en": ("condizioni inglese", "english conditions"),
    "visibility": ("visibilita", "visibility"),
    "contact": ("contatto", "referente", "referente ict", "contact"),
    "theme": ("tema europeo", "tema dei dati", "tema dcat", "data theme", "dcat theme", "theme"),
    "rights_holder": (
        "titolare dei diritti", "titolare dei dati", "titolare del dato", "detentore dei diritti", "rights holder",
    ),
    "mapped_on": ("data mappatura", "mappato il", "data rilievo", "data censimento", "data rilevazione",
        "rilevato il", "ultimo rilievo", "rilievo",),
    "last_confirmed_on": ("data conferma", "confermato il", "ultima conferma", "last confirmed"),
    "source": ("fonte", "source", "documento"),
    "address": (
        "indirizzo", "localizzazione", "ubicazione", "via", "strada", "toponimo", "luogo", "nome via", "address",
        "street", "location", "indirizzo completo", "via e civico", "via e numero civico",
    ),
    "district": (
        "quartiere", "circoscrizione", "district", "quart", "num quartiere", "numero quartiere",
        "n quartiere",
    ),
    "latitude": (
        "lat", "latitudine", "latitude", "y", "coord y", "coordinata y", "y coord", "point y", "nord", "northing",
        "coord nord", "lat wgs84", "latitudine wgs84", "lat dd", "gb y", "gb n", "wgs84 y", "utm y", "utm n",
    ),
    "longitude": (
        "lon", "long", "lng", "longitudine", "longitude", "x", "coord x", "coordinata x", "x coord", "point x",
        "est", "easting", "coord est", "lon wgs84", "long wgs84", "longitudine wgs84", "lon dd", "long dd", "gb x",
        "gb e", "wgs84 x", "utm x", "utm e",
    ),
    "status": ("stato", "stato impianto", "stato di servizio", "stato di esercizio", "state", "status"),
    "format": ("formato", "format", "formato del file", "tipo di file", "file type"),
    "access_url": (
        "url", "link", "collegamento", "indirizzo", "indirizzo web", "indirizzo internet", "sito", "sito web",
        "access url", "download url",
    ),
    "licence": ("licenza", "licenza d'uso", "licence", "license"),
    "update_frequency": ("frequenza", "aggiornamento", "frequenza di aggiornamento", "frequency", "periodicita"),
    "has_personal_data": ("dati personali", "contiene dati personali", "privacy", "personal data"),
}  # fmt: skip
