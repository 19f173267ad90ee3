"""The house keeps its shape: one direction, no signals, rooms of a size that a person can read."""

import ast
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command

ROOT = Path(__file__).resolve().parent.parent
BELOW = {"partners": set(), "assets": {"partners"}, "projects": {"partners", "assets"}}
CODE = [path for app in (*BELOW, "firenze_digitale") for path in sorted((ROOT / app).rglob("*.py"))]


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return names


@pytest.mark.parametrize("app", BELOW)
def test_an_app_knows_only_those_below_it(app):
    above = set(BELOW) - BELOW[app] - {app}
    for path in (ROOT / app).rglob("*.py"):
        roots = {name.split(".")[0] for name in imported(path)}
        assert not roots & above, f"{path.relative_to(ROOT)} imports upward"


@pytest.mark.parametrize("word", ["django.db.models.signals", "django.dispatch"])
def test_no_business_is_done_in_signals(word):
    assert not [path for path in CODE if any(name.startswith(word) for name in imported(path))]


def test_modules_stay_short_enough_to_read():
    long = {path.relative_to(ROOT): n for path in CODE if (n := len(path.read_text().splitlines())) > 450}
    assert not {path: n for path, n in long.items() if "migrations" not in path.parts}


def test_every_model_says_in_one_line_what_a_row_is():
    for app in BELOW:
        for model in apps.get_app_config(app).get_models():
            if not hasattr(model, "pgh_tracked_model"):
                assert not model.__doc__.startswith(f"{model.__name__}("), f"{model.__name__} has no docstring"


def test_migrations_are_up_to_date(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
