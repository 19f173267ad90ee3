"""OGC API - Features, part 1 (OGC 17-069r4): QGIS and GDAL open the units in the field by the address `/api/v1/ogc`."""
