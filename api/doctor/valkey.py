"""The Valkey that is counted in, where the settings name one."""

from collections.abc import Iterator

from api.doctor.finding import Finding, error, fine
from api.settings import Settings, SettingsInvalid, shown_valkey
from api.wiring import valkey_examined
from engine.errors import CountersUnavailable


def valkey_findings(settings: Settings) -> Iterator[Finding]:
    """Whether it answers, and can be counted in; its password is not shown."""
    if settings.valkey is None:
        return
    where = shown_valkey(settings)
    try:
        valkey_examined(settings)
    except SettingsInvalid as invalid:
        yield error("valkey", str(invalid), "Mend ASSAY_VALKEY: no server starts with it.")
    except CountersUnavailable as unavailable:
        mend = "Start it, mend it or its address in ASSAY_VALKEY: velocities are unknown meanwhile."
        yield error("valkey", f"{where}: {unavailable}", mend)
    else:
        yield fine("valkey", f"{where} answers and can be counted in")
