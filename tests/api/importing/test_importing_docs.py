"""docs/importing.md: its example is run as it stands."""

import re
from pathlib import Path

from models.history import histories_in
from tests.api.importing.desk import Desk

PAGE = Path("docs/importing.md")


def test_the_example_of_the_page_does_what_the_page_says(desk: Desk) -> None:
    blocks = dict(re.findall(r"```\w+ (\S+)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
    file, mapping = (desk.file(name, blocks[name]) for name in ("payments.csv", "map.toml"))
    summary = desk.run(file, mapping).summary
    assert (summary["decided"], summary["rejected_by_code"]) == (2, {"currency_unknown": 1})
    assert summary["warnings_by_code"] == {}
    assert (summary["labels"]["recorded"], summary["labels"]["rejected_by_code"]) == (1, {})
    assert summary["unmapped_columns"] == []


def test_the_example_of_a_history_does_what_the_page_says(desk: Desk) -> None:
    blocks = dict(re.findall(r"```\w+ (\S+)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
    heading, *lines = blocks["payments.csv"].splitlines()
    more = ("ok,2026-02-03 09:15,,t1", "refused,2026-02-03 09:41,,t1", "ok,,2026-02-09 08:00,t2")
    rows = [f"{line},{cells}" for line, cells in zip(lines, more, strict=True)]
    file = desk.payments(*rows, heading=f"{heading},Result,Answered,Refunded,Terminal")
    fields, _, _ = blocks["map.toml"].partition("[labels]")
    terminal = 'custom.terminal = { column = "Terminal", velocity_key = true }\n'
    mapping = fields.replace("custom.status", f"{terminal}custom.status") + blocks["history.toml"]
    summary = desk.run(file, mapping, "--history", "--name", "last-year").summary
    assert (summary["kept"], summary["rejected_by_code"]) == (2, {"currency_unknown": 1})
    assert (summary["labels"], summary["frauds"]) == (1, 1)
    assert summary["events"] == {"authorized": 1, "declined": 1, "disputed": 1}
    names = [each.name for each in histories_in(desk.data)[0].features]
    assert {"usual_amount", "count_by_custom_terminal_within_7d_status_disputed"} <= set(names)
    assert "custom_terminal_payments_30d" in names
