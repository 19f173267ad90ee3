"""Degrees from the systems that offices hand out: known places, there and back, and systems told by their values."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer
from pyproj.aoi import AreaOfInterest

from assets.imports.coordinates import (
    SYSTEMS,
    outside_florence,
    recognise_crs,
    to_degrees,
)

PROJECTED = ["EPSG:3003", "EPSG:25832", "EPSG:6707", "EPSG:3857"]
CENTIMETRE = 9e-8
FLORENCE = AreaOfInterest(11.0, 43.6, 11.5, 43.95)
INTO = {crs: Transformer.from_crs("EPSG:4326", crs, always_xy=True, area_of_interest=FLORENCE) for crs in SYSTEMS}


def place(crs, x, y) -> tuple[float, float]:
    (longitude,), (latitude,) = to_degrees(crs, [x], [y])
    return longitude, latitude


def near(point, tolerance=1e-7):
    return pytest.approx(point, abs=tolerance)


class TestKnownPlaces:
    """Pairs that others have published."""

    @pytest.mark.parametrize("crs", ["EPSG:25832", "EPSG:6707"])
    def test_florence_in_utm(self, crs):
        assert place(crs, 681557.249, 4848756.386) == near((11.2558, 43.7696))

    def test_the_example_of_the_epsg_guidance_note_in_web_mercator(self):
        degrees = (-(100 + 20 / 60), 24 + 22 / 60 + 54.433 / 3600)
        assert place("EPSG:3857", -11169055.58, 2800000.00) == near(degrees, 1e-6)

    def test_gauss_boaga_as_cs2cs_and_postgis_have_it(self):
        assert place("EPSG:3003", 1604272, 4875650) == near(place("EPSG:25832", 604242.97, 4875633.36), 2e-7)
        mercator = place("EPSG:3857", 1013714.5417662, 5692462.5159013)
        assert place("EPSG:3003", 1508344.37775706, 5032839.29823095) == near(mercator, 2e-7)

    def test_gauss_boaga_is_shifted_between_data_and_not_only_unprojected(self):
        longitude, latitude = place("EPSG:3003", 1681577.04, 4849160.94)
        ballpark = Transformer.from_crs("EPSG:3003", "EPSG:4265", always_xy=True).transform(1681577.04, 4849160.94)
        assert abs(longitude - ballpark[0]) > 1e-4
        assert (longitude, latitude) == near((11.2558, 43.7731))


class TestThereAndBack:
    @pytest.mark.parametrize("crs", PROJECTED)
    @settings(max_examples=60, deadline=None)
    @given(longitude=st.floats(11.0, 11.5), latitude=st.floats(43.6, 43.95))
    def test_to_the_centimetre(self, crs, longitude, latitude):
        assert place(crs, *INTO[crs].transform(longitude, latitude)) == near((longitude, latitude), CENTIMETRE)

    def test_degrees_stay_as_they_are(self):
        assert place("EPSG:4326", 11.206410523893547, 43.798197209454436) == (11.206410523893547, 43.798197209454436)

    def test_none_at_all(self):
        assert to_degrees("EPSG:3003", [], []) == ([], [])

    @pytest.mark.parametrize("crs", PROJECTED)
    def test_what_is_no_place_is_infinite_and_no_error(self, crs):
        longitude, latitude = place(crs, 1e300, 1e300)
        assert not (abs(longitude) <= 180 and abs(latitude) <= 90)


def grid() -> tuple[list[float], list[float]]:
    """Points all over the city."""
    points = [(11.15 + 0.02 * i, 43.73 + 0.01 * j) for i in range(10) for j in range(10)]
    return [x for x, _y in points], [y for _x, y in points]


def given_in(crs: str) -> tuple[list[float], list[float]]:
    xs, ys = INTO[crs].transform(*grid())
    return list(xs), list(ys)


class TestRecognising:
    @pytest.mark.parametrize("crs", SYSTEMS)
    def test_each_by_its_values_and_swapped_axes_too(self, crs):
        xs, ys = given_in(crs)
        told = "EPSG:25832" if crs == "EPSG:6707" else crs
        assert recognise_crs(xs, ys) == (told, False)
        assert recognise_crs(ys, xs) == (told, True)

    @pytest.mark.parametrize("crs", SYSTEMS)
    def test_a_few_wrong_points_do_not_matter(self, crs):
        xs, ys = given_in(crs)
        assert recognise_crs([*xs, 0, 0, 11.2], [*ys, 0, 1e9, 43.7])[1] is False

    def test_two_systems_in_one_file_are_not_decided_between(self):
        (xs, ys), (others_x, others_y) = given_in("EPSG:4326"), given_in("EPSG:3003")
        assert recognise_crs(xs + others_x, ys + others_y) is None

    def test_points_elsewhere_can_only_be_degrees(self):
        assert recognise_crs([9.19, 12.49], [45.46, 41.9]) == ("EPSG:4326", False)

    @pytest.mark.parametrize("points", [([], []), ([1e6], [2e6]), ([200.0], [10.0])])
    def test_values_that_say_nothing(self, points):
        assert recognise_crs(*points) is None


@pytest.mark.parametrize(
    ("latitude", "longitude", "outside"),
    [
        (43.77, 11.25, False),
        (43.88, 11.1, False),
        (43.6, 11.5, False),
        (45.46, 9.19, True),
        (11.25, 43.77, True),
        (0, 0, True),
    ],
)
def test_the_florence_area_is_a_box_around_the_city(latitude, longitude, outside):
    assert outside_florence(latitude, longitude) is outside
