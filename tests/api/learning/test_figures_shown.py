"""The table of a judgement, as a terminal shows it."""

from rich.console import Console

from api.commands.models.figures import difference_table


def test_at_80_columns_an_interval_stays_on_its_line() -> None:
    change = {"value": 0.0, "low": -0.2243, "high": 0.5567}
    row = {"name": "stopped_good", "challenger": {"value": 0.5}, "champion": {"value": 0.5}, "difference": change}
    console = Console(width=80)
    with console.capture() as shown:
        console.print(difference_table([row], "this model", "the scorecard"))
    assert shown.get().count("\n") == 2
    assert "-22.43 to +55.67 %" in shown.get()
