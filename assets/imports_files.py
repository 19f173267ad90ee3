"""Files in the body of a request: by themselves, or as the one part of a form. They are put aside, not into memory.

Either parser leaves the file at its view as `sent`, which lets go of it in the end.
"""

import shutil

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import BaseParser, MultiPartParser

from firenze_digitale.api.parsing import TooLarge

PART = "file"


class WholeFileParser(BaseParser):
    """The body is the file, whatever it is said to be: what it is shows by its content."""

    media_type = "*/*"

    def parse(self, stream, media_type=None, parser_context=None) -> UploadedFile:
        sent = parser_context["view"].sent = TemporaryUploadedFile(PART, media_type, 0, None)
        shutil.copyfileobj(_Bounded(stream, settings.MAX_UPLOAD_SIZE), sent.file)
        return sent


class MultipartFileParser(MultiPartParser):
    """A form (RFC 7578) whose only part is the file."""

    def parse(self, stream, media_type=None, parser_context=None) -> UploadedFile:
        parsed = super().parse(stream, media_type, parser_context)
        files = parsed.files.getlist(PART)
        if len(files) != 1 or len(parsed.files) > 1 or parsed.data:
            raise ValidationError({PART: [_("Send the file as the only part of the form, called “file”.")]})
        sent = parser_context["view"].sent = files[0]
        if sent.size > settings.MAX_UPLOAD_SIZE:
            raise TooLarge
        return sent


class _Bounded:
    """A stream of which no more than so many bytes are read."""

    def __init__(self, stream, most: int):
        self.stream, self.left = stream, most

    def read(self, size: int) -> bytes:
        piece = self.stream.read(size)
        self.left -= len(piece)
        if self.left < 0:
            raise TooLarge
        return piece
