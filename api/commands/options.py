"""Options that several commands take."""

from pathlib import Path
from typing import Annotated

import typer

from api.settings import Settings, read_settings

Data = Annotated[
    Path | None, typer.Option("--data", help="The data folder [ASSAY_DATA; var/assay].", show_default=False)
]
Host = Annotated[
    str | None, typer.Option("--host", help="The address to listen on [ASSAY_HOST; 127.0.0.1].", show_default=False)
]
Port = Annotated[
    int | None, typer.Option("--port", help="The port; 0 takes a free one [ASSAY_PORT; 8080].", show_default=False)
]


def settings_with(**given: str | int | Path | None) -> Settings:
    """The environment's settings, with what the command line gives laid over them. Raises SettingsInvalid."""
    return read_settings({name: value for name, value in given.items() if value is not None})
