"""The settings, the files that they name, and the age of the tables."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from api.doctor.finding import Finding, error, fine, warning
from api.parts import CHAMPION, read_rules
from api.reference_files import with_kept_tables
from api.settings import Settings, is_loopback
from api.wiring import list_types_in
from engine.catalog import CATALOG
from engine.errors import AssayError
from engine.reference import BinTable, Forwarders, MailDomains, Rates, load_ip_tables
from engine.reference.rates import EMBEDDED_RATES, MAX_AGE_DAYS
from engine.rules import default_source
from engine.score import Scorer
from models.scorer_file import scorers_of

STALE_SOON: Final = timedelta(days=30)
RATES_OLD: Final = timedelta(days=MAX_AGE_DAYS)


def settings_findings(settings: Settings) -> Iterator[Finding]:
    """What can be said of settings that can be used."""
    if is_loopback(settings.host):
        yield fine("listening", f"on {settings.host}, this machine alone")
    else:
        said = f"ASSAY_HOST is {settings.host}: keys and payments travel in plain HTTP beyond this machine"
        yield warning("listening", said, "Put a TLS proxy in front (docs/operating.md#tls) and listen on 127.0.0.1.")


def file_findings(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Every file that the settings name, read as at the start; and how old the tables are."""
    made: dict[str, date] = {}
    tables = with_kept_tables(settings)

    def read_ip() -> None:
        made["ip"] = load_ip_tables(tables.ip_database).locations.built

    def read_rates() -> None:
        made["rates"] = Rates.load(tables.rates or EMBEDDED_RATES, now.date()).newest

    yield _read(
        settings, "ruleset", settings.ruleset, lambda: read_rules(_text(settings.ruleset), list_types_in(settings.data))
    )
    yield _read(settings, "model", settings.model, lambda: _model(settings))
    yield _read(settings, "bin_table", tables.bin_table, lambda: BinTable.load(tables.bin_table))
    yield _read(settings, "ip_database", tables.ip_database, read_ip)
    yield _read(settings, "rates", tables.rates, read_rates)
    yield _read(settings, "mail_domains", tables.mail_domains, lambda: MailDomains.load(tables.mail_domains))
    yield _read(settings, "forwarders", tables.forwarders, lambda: Forwarders.load(tables.forwarders))
    if "ip" in made:
        yield ip_age_finding(made["ip"], now.date(), settings.reference_max_age_days)
    if "rates" in made:
        yield rates_age_finding(made["rates"], now.date())


def ip_age_finding(built: date, today: date, max_age_days: int) -> Finding:
    """Whether the IP table still tells something, and will in a month."""
    last = built + timedelta(days=max_age_days)
    mend = "Give a newer one with 'assay data update' or ASSAY_IP_DATABASE (GeoLite2 and DB-IP come monthly)."
    if today > last:
        said = f"the IP table is of {built} and serves for {max_age_days} days: countries of addresses are unknown"
        return error("ip_age", said, mend)
    if today + STALE_SOON > last:
        return warning("ip_age", f"the IP table is of {built} and tells nothing after {last}", mend)
    return fine("ip_age", f"the IP table is of {built}")


def rates_age_finding(newest: date, today: date) -> Finding:
    """Whether amounts in US dollars are still about right."""
    if today - newest > RATES_OLD:
        said = f"the newest currency rate is of {newest}: amounts in US dollars drift from what they are"
        return warning("rates_age", said, "Give newer ones with 'assay data update' or ASSAY_RATES.")
    return fine("rates_age", f"the newest currency rate is of {newest}")


def _read(settings: Settings, check: str, file: Path | None, read: Callable[[], object]) -> Finding:
    """Whether a file can be used; the shipped part is used where none is named."""
    if file is None and check == "model":
        return fine(check, "the shipped scorecard")
    try:
        read()
    except AssayError as fault:
        said = str(fault) if file is None or str(file) in str(fault) else f"{file}: {fault}"
        return error(check, said, _mend(settings, check, file))
    except (OSError, UnicodeDecodeError) as fault:
        return error(check, f"{file} cannot be read: {fault}", _mend(settings, check, file))
    return fine(check, "as shipped" if file is None else str(file))


def _mend(settings: Settings, check: str, file: Path | None) -> str:
    """What to do about a file: one that a setting names is the operator's own, another lies in the data folder."""
    if file is None or getattr(settings, check) is not None:
        named = f"ASSAY_{check.upper()}"
        return f"Mend the file, or name a readable one in {named}, or unset that: the shipped one is used then."
    databases = sorted(path.stem for path in file.glob("*.mmdb"))
    undo = " or ".join(f"'assay data undo {name}'" for name in databases or [file.stem])
    return f"{undo} brings back what was before; 'assay data update' puts a sound one there."


def _model(settings: Settings) -> Scorer:
    assert settings.model is not None, "the shipped scorecard is no file"
    return scorers_of(settings.data)(settings.model.read_bytes(), CATALOG, CHAMPION)


def _text(file: Path | None) -> str:
    return default_source() if file is None else file.read_text(encoding="utf-8")
