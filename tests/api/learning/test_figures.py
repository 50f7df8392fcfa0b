"""A judgement in a terminal of 80 columns."""

from rich.console import Console

from api.commands.models.figures import SHOWN, difference_table


def test_a_judgement_beside_the_scorecard_fits_80_columns() -> None:
    found = [
        {
            "name": name,
            "challenger": {"value": 0.4706},
            "champion": {"value": 0.0588},
            "difference": {"value": 0.4118, "low": -0.1739, "high": 0.8005},
        }
        for name, _, _ in SHOWN
    ]
    console = Console(width=80)
    with console.capture() as captured:
        console.print(difference_table(found, "this model", "the scorecard"))
    lines = captured.get().splitlines()
    assert len(lines) == 1 + len(SHOWN)
    assert "-17.39 to +80.05 %" in lines[2]
