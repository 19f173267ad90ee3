"""Files that tests of the import's pages bring, and how they are brought."""

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from assets.models import Import
from tests.admin.test_pages import INLINE

HEADER = "code,address,latitude,longitude,status\n"


def rows(*codes: str, address="Via Roma") -> str:
    return HEADER + "".join(f"{code},{address},43.77,11.25,active\n" for code in codes)


def step(name: str, imported, *args) -> str:
    """Address of one of the pages of an import."""
    return reverse(f"admin:assets_import_{name}", args=[imported.pk, *args])


def upload_url(kind: str = "placement", asset=None) -> str:
    return reverse(f"admin:assets_{kind}_import") + (f"?asset={asset.pk}" if asset else "")


def upload(client, content, *, kind="placement", asset=None, name="fontanelli.csv", **data):
    """Send a file as the page of the upload does."""
    file = SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)
    return client.post(upload_url(kind, asset), {"file": file, **data})


def brought(client, content, **options) -> Import:
    """The import that a file has become."""
    before = set(Import.objects.values_list("pk", flat=True))
    answer = upload(client, content, **options)
    assert answer.status_code == 302, answer.context["form"].errors
    return Import.objects.exclude(pk__in=before).get()


def opened(client, imported):
    """The page that an import is at."""
    answer = client.get(step("change", imported), follow=True)
    assert answer.status_code == 200
    assert not INLINE.findall(answer.content.decode())
    return answer


def confirm(client, imported, **changed):
    """Press the button of the preview that is open."""
    seen = opened(client, imported).context["seen"]
    answer = client.post(step("confirm", imported), {"seen": seen, **changed})
    imported.refresh_from_db()
    return answer


def filled_in(page) -> dict:
    """What a browser would send of the form of columns just as its page shows it."""
    table, form, data = page.context["table"], page.context["form"], {}
    for column in table.columns:
        data[f"column-{column.number}"] = column.header
        for slot in column.slots:
            place = f"{column.number}-{slot.number}"
            skipped = "-" if column.is_skipped and slot.number == 0 else ""
            data[f"target-{place}"] = slot.target.name if slot.target else skipped
            if slot.target and not slot.is_proposed:
                data[f"for-{place}"] = slot.target.name
            for style in slot.styles:
                data[f"{style.about}-{place}"] = style.told
            if slot.values:
                data[f"found-{place}"] = [value.found for value in slot.values]
                data[f"means-{place}"] = [value.means for value in slot.values]
    for field in form:
        if field.value() not in (None, False):
            data[field.html_name] = field.value()
    return data
