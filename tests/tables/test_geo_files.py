"""Points of maps: GeoJSON, KML, KMZ."""

import codecs
import json

import pytest

from firenze_digitale.tables import UnreadableFile, limits
from tests.tables.files import KML_HEAD, feature, kml, package, point, read, table

PLACE = point(11.25, 43.77)
CRS = "urn:ogc:def:crs:EPSG::3003"


def geojson(*features: dict, **members) -> bytes:
    return json.dumps({"type": "FeatureCollection", **members, "features": features}).encode()


def placemark(content: str, attributes: str = "") -> str:
    return f"<Placemark {attributes}>{content}<Point><coordinates>11.25,43.77,0 </coordinates></Point></Placemark>"


def test_the_columns_of_geojson_are_all_properties_in_their_order_and_the_place():
    content = geojson(
        feature({"nome": "A", "watt": 35}, PLACE),
        feature({"watt": 1.5, "acceso": True, "altro": {"a": [1]}, "elenco": ["x", 1]}, point(11, 43) | {"bbox": []}),
        feature(None, None),
        feature({"nome": "", "acceso": None}, {"type": "Point", "coordinates": []}),
        feature({}, {"type": "MultiPoint", "coordinates": [[11.3, 43.7, 50.0]]}),
    )
    opened = table(content)
    assert opened.headers == ["nome", "watt", "acceso", "altro", "elenco", "longitude", "latitude"]
    assert list(opened.rows()) == [
        (1, ["A", 35, None, None, None, 11.25, 43.77]),
        (2, [None, 1.5, True, {"a": [1]}, '["x", 1]', 11, 43]),
        (3, [None] * 7),
        (4, [None] * 7),
        (5, [None, None, None, None, None, 11.3, 43.7]),
    ]
    assert (opened.facts, opened.crs) == ({"format": "geojson"}, "EPSG:4326")


def test_identities_and_places_never_stand_for_properties_of_the_same_name():
    content = geojson(feature({"a": 1, "latitude": "x"}, PLACE, id="f.1"), feature({"a": 2}, PLACE, id=2))
    headers, rows = read(content)
    assert headers == ["id", "a", "latitude", "longitude", "latitude (2)"]
    assert rows == [(1, ["f.1", 1, "x", 11.25, 43.77]), (2, [2, 2, None, 11.25, 43.77])]
    assert read(geojson(feature({"id": "own"}, PLACE, id="f.1")))[1] == [(1, ["own", 11.25, 43.77])]


@pytest.mark.parametrize(
    ("name", "crs"),
    [
        (CRS, "EPSG:3003"),
        ("EPSG:25832", "EPSG:25832"),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326"),
        ("urn:ogc:def:crs:EPSG:9.8:6707", "EPSG:6707"),
        ("urn:x:unknown", None),
    ],
)
@pytest.mark.parametrize("is_first", [True, False])
def test_a_declared_system_of_coordinates_is_told_wherever_it_stands(name, crs, is_first):
    content = {"type": "FeatureCollection", "features": [feature({"a": 1}, point(1_681_000, 4_848_000))]}
    member = {"crs": {"type": "name", "properties": {"name": name}}}
    opened = table(json.dumps({**member, **content} if is_first else {**content, **member}).encode())
    assert (opened.crs, opened.facts["crs"]) == (crs, name)
    assert list(opened.rows()) == [(1, [1, 1_681_000, 4_848_000])]


def test_features_without_a_collection_are_read_too():
    features = [feature({"a": 1}, PLACE), feature({"a": 2}, PLACE)]
    expected = (["a", "longitude", "latitude"], [(1, [1, 11.25, 43.77]), (2, [2, 11.25, 43.77])])
    for content in (json.dumps(features), "\n".join(map(json.dumps, features)), f"\n{json.dumps(features, indent=1)}"):
        assert read(content.encode()) == expected
        assert read(codecs.BOM_UTF8 + content.encode()) == expected


LINE = {"type": "LineString", "coordinates": [[11, 43], [12, 44]]}
OUTLINE = {"type": "Polygon", "coordinates": [[[11, 43]] * 30_000]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (geojson(feature({}, PLACE), feature({}, LINE)), "Feature 2 .*LineString.*centroids"),
        (geojson(feature({}, OUTLINE)), "Feature 1 .*Polygon.*centroids"),
        (geojson(feature({}, {"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]})), "Feature 1 .*MultiPoint"),
        (geojson(feature({}, {"type": "Point", "coordinates": ["11", "43"]})), "Feature 1 .*coordinates"),
        (geojson(feature({}, {"type": "Point", "coordinates": [True, 43]})), "Feature 1 .*coordinates"),
        (geojson(feature({}, {"type": "Point", "coordinates": 7})), "Feature 1 .*coordinates"),
        (geojson(feature({}, {"type": "Point"})), "Feature 1 .*coordinates"),
        (geojson(feature({}, {"type": ["x"]})), "Feature 1 "),
        (geojson(feature({}, 7)), "Feature 1 "),
        (geojson(feature([1], PLACE)), "no GeoJSON"),
        (geojson({"attributes": {}, "geometry": {"x": 1}}), "no GeoJSON"),
        (geojson(feature({"a": "x\x00"}, PLACE)), "Row 1: .*cannot be read"),
        (geojson(feature({"a": {"b": "x\x00"}}, PLACE)), "Row 1: .*cannot be read"),
        (geojson(feature({"a": "x" * 40_000}, PLACE)), "Row 1: .*32767"),
        (geojson(feature({"a": "x" * 3_000_000}, PLACE)), "Feature 1 is too large"),
        (geojson(feature({f"p{number}": 1 for number in range(501)}, PLACE)), "500 columns"),
        (geojson(feature({"a": 1}, PLACE))[:-3], "no JSON"),
        (b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"a":1e999}}]}', "no JSON"),
        ('{"type":"Feature","properties":{"a":"è"}}'.encode("cp1252"), "UTF-8"),
        (b'{"a": 1}', "no GeoJSON"),
        (b"{}", "no GeoJSON"),
        (b"[[1, 2]]", "no GeoJSON"),
        (b'[{"a": 1}]', "no GeoJSON"),
        (b'{"type": "Topology", "objects": {}}', "no GeoJSON"),
    ],
)
def test_what_is_no_point_is_refused_by_its_number(content, message):
    with pytest.raises(UnreadableFile, match=message):
        list(table(content).rows())


def test_an_empty_collection_is_a_table_without_rows():
    assert read(geojson()) == (["longitude", "latitude"], [])


def test_features_have_their_limit(monkeypatch):
    monkeypatch.setattr(limits, "MAX_ROWS", 2)
    with pytest.raises(UnreadableFile, match="2 rows"):
        table(geojson(*[feature({}, PLACE)] * 3))
    with pytest.raises(UnreadableFile, match="2 rows"):
        table(kml(placemark("") * 3))


@pytest.mark.parametrize(
    "head",
    [
        KML_HEAD,
        KML_HEAD.replace("http://www.opengis.net/kml/2.2", "http://earth.google.com/kml/2.1"),
        KML_HEAD.replace(' xmlns="http://www.opengis.net/kml/2.2"', ""),
        KML_HEAD.replace("<kml ", '<kml xsi:schemaLocation="x" '),
    ],
)
def test_placemarks_are_rows_in_folders_of_any_depth_and_kml_of_any_version(head):
    content = (
        '<name>doc</name><Schema name="s"><SimpleField name="watt" type="int"/></Schema><Folder><name>f</name>'
        + placemark("<name>A &amp; B</name><description><![CDATA[<b>è</b>]]></description>", 'id="p.1"')
        + "<Folder>"
        + placemark(
            '<name> C\n</name><styleUrl>#x</styleUrl><ExtendedData><SchemaData schemaUrl="#s">'
            '<SimpleData name="watt">35</SimpleData></SchemaData><Data name="via"><displayName>Via</displayName>'
            "<value>Roma</value></Data></ExtendedData>"
        )
        + "<Placemark><name>D</name></Placemark></Folder></Folder>"
    )
    opened = table(kml(content, head))
    assert opened.headers == ["id", "name", "description", "watt", "via", "longitude", "latitude"]
    assert list(opened.rows()) == [
        (1, ["p.1", "A & B", "<b>è</b>", None, None, 11.25, 43.77]),
        (2, [None, "C", None, "35", "Roma", 11.25, 43.77]),
        (3, [None, "D", None, None, None, None, None]),
    ]
    assert (opened.facts, opened.crs) == ({"format": "kml"}, "EPSG:4326")


def test_prefixes_in_front_of_kmls_elements_change_nothing():
    content = placemark("<name>A</name>").replace("</", "</k:").replace("<", "<k:").replace("<k:/k:", "</k:")
    assert read(f'<k:kml xmlns:k="http://www.opengis.net/kml/2.2">{content}</k:kml>'.encode())[1] == [
        (1, ["A", 11.25, 43.77])
    ]


def test_kmz_is_kml_in_a_package():
    content = kml(placemark("<name>A</name>"))
    for name in ("doc.kml", "files/punti.KML"):
        opened = table(package({name: content, "files/icon.png": b"x"}))
        assert (opened.facts["format"], list(opened.rows())) == ("kmz", [(1, ["A", 11.25, 43.77])])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (kml(placemark("") + "<Placemark><Polygon/></Placemark>"), "Feature 2 .*Polygon.*centroids"),
        (kml("<Placemark><MultiGeometry><LineString/></MultiGeometry></Placemark>"), "Feature 1 .*LineString"),
        (kml(placemark("<Point><coordinates>1,2</coordinates></Point>")), "Feature 1 .*MultiGeometry"),
        (kml("<Placemark><Point><coordinates>1 2</coordinates></Point></Placemark>"), "Feature 1 .*coordinates"),
        (kml("<Placemark><Point><coordinates>nan,2</coordinates></Point></Placemark>"), "Feature 1 .*coordinates"),
        (kml(placemark(f"<name>{'x' * 40_000}</name>")), "Row 1: .*32767"),
        (kml("<name>no placemarks</name>"), "no placemarks"),
        (kml(placemark(""))[:-5], "damaged"),
        (b"<?xml version='1.0'?><gpx/>", "XML of the kind gpx.*GeoJSON"),
        (b"<?xml version='1.0'?><Workbook/>", "XML.*XLSX"),
        (b"<Root>", "XML of the kind Root"),
        (b"<!DOCTYPE html><html><body><table>", "HTML.*XLSX"),
    ],
)
def test_kml_that_is_no_table_of_points_is_refused_in_words(content, message):
    with pytest.raises(UnreadableFile, match=message):
        list(table(content).rows())
