"""How static files are served in production: compressed, with the hash of their content in their names."""

from whitenoise.storage import CompressedManifestStaticFilesStorage

#: What others ship beside the files that the pages and the admin use; hashing and compressing it takes half a minute.
NEVER_ASKED_FOR = (
    "_virtual/",
    "admin/js/vendor/jquery/jquery.js",
    "admin/js/vendor/select2/select2.full.js",
    "admin/js/vendor/xregexp/xregexp.js",
    "fonts/Lora/",
    "fonts/Roboto_Mono/",
    "js/bootstrap-italia",
    "js_lib_leaflet/leaflet-src",
    "js_lib_leaflet/leaflet.js.map",
    "plugins/",
    "rest_framework/",
)


class RegistryStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Bears with style sheets and scripts of others that refer to files which they do not carry."""

    # Our modules import each other: by their hashed names too.
    support_js_module_import_aggregation = True

    def post_process(self, paths, dry_run=False, **options):
        asked_for = {name: path for name, path in paths.items() if not name.startswith(NEVER_ASKED_FOR)}
        return super().post_process(asked_for, dry_run, **options)

    def _stored_name(self, name, hashed_files):
        try:
            return super()._stored_name(name, hashed_files)
        except ValueError:
            return name
