"""Settings: the only reader of the environment. Every name is ASSAY_<NAME>."""

import os
from collections.abc import Mapping
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from engine.errors import AssayError
from engine.reference import EMBEDDED_MAX_AGE_DAYS
from engine.suggest import listed, nearest

_PREFIX: Final = "ASSAY_"
_NOT_SETTINGS: Final = ("ASSAY_KEY", "ASSAY_OPERATOR_KEY", "ASSAY_CI", "ASSAY_UPDATE_GOLDEN")
"""Shells hold keys in the first two as docs/api.md shows, the tests read the others: no misspelt settings."""
_SHOWN_CHARACTERS: Final = 60
_SECRET: Final = ("valkey",)
_VALKEY_SCHEMES: Final = ("valkey", "valkeys", "redis", "rediss", "unix")


class LogLevel(StrEnum):
    """How much is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class RulesApproval(StrEnum):
    """Whose published rules wait until another key approves them."""

    NONE = "none"
    OPERATOR = "operator"
    ALL = "all"


class SettingsInvalid(AssayError):
    """Settings that cannot be used: names each variable or option, the cause and the mend."""

    code = "settings_invalid"


class Settings(BaseSettings):
    """How one installation runs."""

    model_config = SettingsConfigDict(env_prefix="ASSAY_", extra="ignore")

    data: Path = Field(default=Path("var/assay"), description="The data folder: ledger, lock, operator's key.")
    host: str = Field(default="127.0.0.1", description="The address to listen on.")
    port: int = Field(default=8080, ge=0, le=65535, description="The port to listen on; 0 takes a free one.")
    ip_database: Path | None = Field(
        default=None,
        description="A GeoIP2 or GeoLite2 .mmdb, or a folder of them; the embedded tables otherwise.",
    )
    bin_table: Path | None = Field(default=None, description="A BIN table (CSV) laid over the embedded one.")
    rates: Path | None = Field(default=None, description="Currency rates (CSV) in place of the embedded ones.")
    mail_domains: Path | None = Field(
        default=None, description="Disposable, free and relay mail domains (CSV) laid over the embedded ones."
    )
    forwarders: Path | None = Field(
        default=None, description="Addresses of freight forwarders (CSV) in place of the embedded ones."
    )
    mx_lookups: bool = Field(
        default=False,
        description="Whether the DNS is asked where an e-mail domain's mail goes, for at most 40 ms a decision.",
    )
    ruleset: Path | None = Field(default=None, description="The operator's ruleset (TOML), until one is published.")
    rules_approval: RulesApproval = Field(
        default=RulesApproval.NONE,
        description="Whose published rules wait for a second key's approval: none, operator or all.",
    )
    model: Path | None = Field(
        default=None,
        description="A scorecard (JSON) or a trained model (artefact or signed bundle) in place of the shipped one.",
    )
    fraud_rate: float = Field(
        default=0.012, gt=0, lt=0.5, description="The share of fraud among your payment attempts, as you know it."
    )
    key_rate: float | None = Field(
        default=None, gt=0, le=1_000_000, description="Decisions a second that one API key may ask for; none: no limit."
    )
    reference_max_age_days: int = Field(
        default=EMBEDDED_MAX_AGE_DAYS,
        ge=1,
        le=36_500,
        description="An IP table built longer ago than this tells nothing: its features are unknown (`geo_stale`).",
    )
    valkey: SecretStr | None = Field(
        default=None,
        description="The URL of a Valkey to count in, in place of memory: valkey://user:password@host:6379/0.",
    )
    segments: bool = Field(
        default=True, description="Whether the server writes closed hours of the ledger as Parquet files."
    )
    log: LogLevel = Field(default=LogLevel.INFO, description="From which level on events are logged.")

    @field_validator("valkey")
    @classmethod
    def _valkey_named(cls, value: SecretStr | None) -> SecretStr | None:
        """An empty one is none, as for a variable that is set to nothing."""
        if value is None or not value.get_secret_value():
            return None
        _require_valkey_url(value.get_secret_value())
        return value


def read_settings(given: Mapping[str, Any]) -> Settings:
    """The environment's settings, with what the command line gives (by field) laid over them.

    Raises SettingsInvalid with every fault, and for a variable ASSAY_... that is none of ours: it would be ignored.
    """
    settings, faults = settings_and_faults(given)
    if settings is None or faults:
        raise SettingsInvalid("\n".join(faults))
    return settings


def settings_and_faults(given: Mapping[str, Any]) -> tuple[Settings | None, list[str]]:
    """As `read_settings`, with every fault beside the settings; None where a value cannot be used."""
    faults = [_unknown(name) for name in sorted(os.environ) if _is_unknown(name)]
    try:
        return Settings.model_validate(dict(given)), faults
    except ValidationError as error:
        wrong = [_wrong(str(each["loc"][0]), each["msg"], each["input"], given) for each in error.errors()]
        return None, faults + wrong


def shown_valkey(settings: Settings) -> str:
    """Where it is, without user and password."""
    assert settings.valkey is not None, "there is one to be shown"
    parts = urlsplit(settings.valkey.get_secret_value())
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def _require_valkey_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("no URL: a password's odd characters are written as %XX") from None
    if parts.scheme not in _VALKEY_SCHEMES:
        raise ValueError(f"no URL of a Valkey: it begins with {listed([f'{each}://' for each in _VALKEY_SCHEMES])}")
    if parts.scheme == "unix":
        if not parts.path.startswith("/"):
            raise ValueError("no path of a socket: unix:///run/valkey.sock")
    elif not parts.hostname or port == 0:
        raise ValueError("without a host: valkey://host:6379/0")
    elif not (parts.path in ("", "/") or parts.path.removeprefix("/").isdecimal()):
        raise ValueError("with a path that is no number of a database: valkey://host:6379/0")


def is_loopback(host: str) -> bool:
    """Whether a server that listens there can be reached from this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _variables() -> tuple[str, ...]:
    return tuple(f"{_PREFIX}{name.upper()}" for name in Settings.model_fields)


def _is_unknown(name: str) -> bool:
    # Case is ignored, as pydantic-settings ignores it.
    return name.upper().startswith(_PREFIX) and name.upper() not in (*_variables(), *_NOT_SETTINGS)


def _unknown(name: str) -> str:
    close = nearest(name.upper().removeprefix(_PREFIX), [each.removeprefix(_PREFIX) for each in _variables()])
    hint = f"did you mean {_PREFIX}{close}?" if close else f"there are {listed(_variables())}."
    return f"{name} is no setting: {hint} Unset it, or mend its name."


def _wrong(field: str, cause: str, value: object, given: Mapping[str, Any]) -> str:
    source = f"--{field.replace('_', '-')}" if field in given else f"{_PREFIX}{field.upper()}"
    described = Settings.model_fields[field]
    what = described.description or ""
    default = "" if described.default is None else f" The default is {described.default}."
    # What may hold a password is not shown.
    shown = "" if field in _SECRET else f" {str(value)[:_SHOWN_CHARACTERS]!r}"
    cause = cause.removeprefix("Value error, ")
    return f"{source} is{shown}: {_uncapitalized(cause)}. It is {_uncapitalized(what)}{default}"


def _uncapitalized(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
