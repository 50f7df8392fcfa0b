"""The parts that the settings name, read from their files: at start, and again while the server runs."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar

import structlog

from api.champion import Champion
from api.clock import utc_now
from api.reference_files import reference_of, with_kept_tables
from api.settings import Settings
from engine.bundles import Parts
from engine.catalog import CATALOG, read_ruleset, unkept_by_all
from engine.decide import FALLBACK
from engine.errors import AssayError, ModelInvalid, RulesInvalid
from engine.reference import Forwarders, IpTables, MailDomains, Rates, Reference, load_ip_tables
from engine.reference.embedded import embedded
from engine.reference.rates import EMBEDDED_RATES
from engine.rules import Ruleset, default_source
from engine.score import Scorer
from models.scorecard import Scorecard
from models.scorecard_items import ITEMS
from models.scorer_file import scorers_of

log = structlog.get_logger()

CHAMPION: Final = "champion"
"""The role of a scorer that the operator chose."""

_Read = TypeVar("_Read")


class Part(StrEnum):
    """What can be read again from a file of the operator's own."""

    RULESET = "ruleset"
    MODEL = "model"
    IP_DATABASE = "ip_database"
    BIN_TABLE = "bin_table"
    RATES = "rates"
    MAIL_DOMAINS = "mail_domains"
    FORWARDERS = "forwarders"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartState:
    """One part as it is in force: its version, and why its file was not taken where the last good one stays."""

    part: Part
    version: str
    file: Path | None
    """None: the shipped one."""
    fault: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsRead:
    """The parts to put in force, and why the file of each that is not among them was not taken."""

    parts: Parts
    faults: Mapping[Part, str]


def first_parts(settings: Settings, list_names: Collection[str] = (), champion: Champion | None = None) -> PartsRead:
    """Read everything; `list_names` are those that the rules may name. A promoted model goes before the settings' one.

    A model that cannot be used gives way to the champion before it, or to the shipped scorecard, as fallback.

    Raises RulesInvalid or ReferenceInvalid, naming the file and the mend.
    """
    ruleset = ruleset_in(settings, list_names)
    faults: dict[Part, str] = {}
    scorer = _kept(Part.MODEL, lambda: _scorer(settings, champion), None, faults)
    last_good = None if scorer is not None or champion is None else champion.last_good()
    parts = Parts(
        ruleset=ruleset,
        scorer=scorer or last_good or _shipped(settings, role=FALLBACK),
        reference=reference_of(settings),
    )
    return PartsRead(parts=parts, faults=faults)


def parts_again(
    settings: Settings, last: Parts, list_names: Collection[str], champion: Champion | None = None
) -> PartsRead:
    """Read the files of the settings, the data folder and the champion once more; of each the last good one stays."""
    faults: dict[Part, str] = {}
    reference = _reference_again(with_kept_tables(settings), last.reference, faults)
    parts = replace(last, reference=reference)
    if settings.model is not None or (champion is not None and champion.id is not None):
        parts = replace(parts, scorer=_kept(Part.MODEL, lambda: _scorer(settings, champion), last.scorer, faults))
    if settings.ruleset is not None:
        ruleset = _kept(Part.RULESET, lambda: ruleset_in(settings, list_names), last.ruleset, faults)
        parts = replace(parts, ruleset=ruleset)
    return PartsRead(parts=parts, faults=faults)


def states_of(settings: Settings, read: PartsRead, champion: Champion | None = None) -> tuple[PartState, ...]:
    """Each part as it is after a reading; the ruleset is in force until the operator publishes another."""
    parts, data, tables = read.parts, read.parts.reference.versions(), with_kept_tables(settings)
    promoted = None if champion is None else champion.file
    found = (
        (Part.RULESET, parts.ruleset.hash, settings.ruleset),
        (Part.MODEL, "none" if parts.scorer is None else parts.scorer.id, promoted or settings.model),
        (Part.IP_DATABASE, f"{data['ip']}; {data['ip_networks']}", tables.ip_database),
        (Part.BIN_TABLE, data["bins"], tables.bin_table),
        (Part.RATES, data["rates"], tables.rates),
        (Part.MAIL_DOMAINS, data["mail_domains"], tables.mail_domains),
        (Part.FORWARDERS, data["forwarders"], tables.forwarders),
    )
    return tuple(
        PartState(part=part, version=version, file=file, fault=read.faults.get(part)) for part, version, file in found
    )


def alarm(part: Part, error: AssayError) -> None:
    """Say in the log that a part was not taken: the last good one, or the fallback, is in force."""
    log.error("part_not_activated", part=part.value, code=error.code, detail=str(error))


def _kept(part: Part, read: Callable[[], _Read], last: _Read, faults: dict[Part, str]) -> _Read:
    """What is read, or the last one, with the fault noted."""
    try:
        return read()
    except AssayError as error:
        alarm(part, error)
        faults[part] = str(error)
        return last


def read_rules(text: str, list_names: Collection[str] = ()) -> Ruleset:
    """The operator's ruleset of a file, which may name these lists.

    Raises RulesInvalid, also where it counts what is not counted for every merchant.
    """
    ruleset = read_ruleset(text, list_names)
    if unkept := unkept_by_all(ruleset.called):
        raise RulesInvalid(unkept)
    return ruleset


def ruleset_in(settings: Settings, list_names: Collection[str]) -> Ruleset:
    """The rules that the settings name, which may name these lists. Raises RulesInvalid, with the file and the mend."""
    file = settings.ruleset
    if file is None:
        return read_rules(default_source(), list_names)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RulesInvalid(f"The ruleset {file} cannot be read: {error}. Check ASSAY_RULESET.") from error
    try:
        return read_rules(text, list_names)
    except RulesInvalid as error:
        raise RulesInvalid(f"The ruleset {file} (ASSAY_RULESET) has faults.\n\n{error}") from error


def _scorer(settings: Settings, champion: Champion | None) -> Scorer:
    if champion is not None and champion.id is not None:
        return champion.scorer()
    return unpromoted(settings)


def unpromoted(settings: Settings) -> Scorer:
    """What scores where no model was promoted: the settings' one, else the shipped scorecard. Raises ModelInvalid."""
    if settings.model is None:
        return _shipped(settings)
    try:
        content = settings.model.read_bytes()
    except OSError as error:
        raise ModelInvalid(
            f"The model {settings.model} cannot be read: {error.strerror}. Check ASSAY_MODEL."
        ) from error
    try:
        return scorers_of(settings.data)(content, CATALOG, CHAMPION)
    except ModelInvalid as error:
        raise ModelInvalid(f"The model {settings.model} (ASSAY_MODEL) cannot be used: {error}") from error


def _shipped(settings: Settings, role: str = "cold_start") -> Scorecard:
    return Scorecard(ITEMS, CATALOG, settings.fraud_rate, role=role)


def _reference_again(settings: Settings, last: Reference, faults: dict[Part, str]) -> Reference:
    ip, bins, rates, domains = settings.ip_database, settings.bin_table, settings.rates, settings.mail_domains
    forwarders = settings.forwarders
    assert last.bins is not None, "without its tables no server starts"
    assert last.ip is not None, "without its tables no server starts"
    assert last.ip_networks is not None, "without its tables no server starts"
    laid_over = last.bins.again
    of_ip = IpTables(locations=last.ip, networks=last.ip_networks)
    # What was taken away since gives way to the embedded table.
    is_last_ip = ip is None and not (of_ip.locations.info.is_operators or of_ip.networks.info.is_operators)
    if not is_last_ip:
        of_ip = _kept(Part.IP_DATABASE, lambda: load_ip_tables(ip), of_ip, faults)
    is_last_bins = bins is None and not last.bins.info.is_operators
    is_last_rates = rates is None and not last.rates.info.is_operators
    return replace(
        last,
        ip=of_ip.locations,
        ip_networks=of_ip.networks,
        bins=last.bins if is_last_bins else _kept(Part.BIN_TABLE, lambda: laid_over(bins), last.bins, faults),
        rates=last.rates
        if is_last_rates
        else _kept(Part.RATES, lambda: Rates.load(rates or EMBEDDED_RATES, utc_now().date()), last.rates, faults),
        mail_domains=embedded(MailDomains.load)
        if domains is None
        else _kept(Part.MAIL_DOMAINS, lambda: MailDomains.load(domains), last.mail_domains, faults),
        forwarders=embedded(Forwarders.load)
        if forwarders is None
        else _kept(Part.FORWARDERS, lambda: Forwarders.load(forwarders), last.forwarders, faults),
    )
