"""L1: skipped where its data is not there, and by the book where it is: who is left out, and which days are folds."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.bench import handbook, l1_handbook
from api.cli import app
from api.importing.mapping_file import bind_history, load_mapping


def test_without_the_data_nothing_is_measured_and_the_reason_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(l1_handbook, "FILE", Path("/nowhere/handbook/book.parquet"))
    result = CliRunner().invoke(app, ["bench", "L1", "--json"], catch_exceptions=False)
    assert "L1 ap_7d skipped: no data: there is no handbook/book.parquet in ../shared/data" in result.output
    assert not [line for line in result.stdout.splitlines() if line.startswith("{")]


def test_the_folds_are_the_books() -> None:
    tests = [fold.test for fold in handbook.folds(7.0)]
    assert tests[0] - timedelta(days=14) == datetime(2018, 7, 25, tzinfo=UTC)
    assert tests[-1] + handbook.WEEK == datetime(2018, 9, 5, tzinfo=UTC)


def test_the_mapping_counts_all_that_ratios_are_made_of() -> None:
    columns = ("TRANSACTION_ID", "TX_DATETIME", "TX_AMOUNT_CENTS", "CUSTOMER_ID", "TERMINAL_ID", "TX_FRAUD")
    mapping = bind_history(handbook.MAPPING, load_mapping(handbook.MAPPING), columns, None)[1]
    names = {each.name for each in mapping.velocities}
    assert {name for pair in handbook.RATIOS for name in pair} <= {*names, *handbook.OTHERS}


def test_the_measures_have_the_promised_names(capsys: pytest.CaptureFixture[str]) -> None:
    listed = CliRunner().invoke(app, ["bench", "L1", "--list", "--json"], catch_exceptions=False)
    assert [each["measure"] for each in json.loads(listed.stdout)["measures"]] == [
        f"{what}_{name}" for name in ("7d", "all") for what in handbook.FIGURES
    ]
    assert capsys.readouterr().out == ""
