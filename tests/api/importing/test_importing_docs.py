"""docs/importing.md: its example is run as it stands."""

import re
from pathlib import Path

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
