"""Settings: the only reader of the environment. Every name is ASSAY_<NAME>."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """How one installation runs."""

    model_config = SettingsConfigDict(env_prefix="ASSAY_", extra="ignore")

    data: Path = Field(default=Path("var/assay"), description="The data folder: ledger, lock, operator's key.")
    host: str = Field(default="127.0.0.1", description="The address to listen on.")
    port: int = Field(default=8080, ge=0, le=65535, description="The port to listen on; 0 takes a free one.")
    ip_database: Path | None = Field(
        default=None, description="A GeoIP2 or GeoLite2 .mmdb of your own; the DB-IP country table otherwise."
    )
    bin_table: Path | None = Field(default=None, description="A BIN table (CSV) laid over the embedded one.")
    rates: Path | None = Field(default=None, description="Currency rates (CSV) in place of the embedded ones.")
    ruleset: Path | None = Field(default=None, description="A ruleset (TOML) in place of the shipped one.")
    fraud_rate: float = Field(
        default=0.012, gt=0, lt=0.5, description="The share of fraud among your payment attempts, as you know it."
    )
