"""Worked examples with published answers (rules/futures.md §4, §5.3, §5.4, §10) as scenario files, each exact to the cent."""

from pathlib import Path

import pytest

from accounts.models import User
from tests.conftest import OwnDatabase
from tests.factories.books import assert_books_are_right
from tradingdesk.desk.scenario.files import run_file
from tradingdesk.desk.scenario.runner import run
from tradingdesk.desk.scenario.scenario import read_scenario
from tradingdesk.desk.scenario.scratch import scratch_database
from tradingdesk.desk.scenario.stage import build

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((Path(__file__).parent / "files").iterdir())


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_an_example_comes_out_as_published_and_leaves_right_books(scenario_desk: OwnDatabase, file: Path) -> None:
    with scratch_database():
        _, differences = run(build(read_scenario(file), User.objects.create_user("someone")))
        assert differences == []
        assert_books_are_right()


def test_the_example_in_the_readme_runs_and_holds(scenario_desk: OwnDatabase, tmp_path: Path) -> None:
    example = tmp_path / "readme.yaml"
    example.write_text((ROOT / "README.md").read_text().split("```yaml\n")[1].split("```")[0])
    assert run_file(example).lines == []
