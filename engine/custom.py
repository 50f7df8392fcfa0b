"""Custom fields that a merchant's policy declares: features, and keys of velocities, of the merchant's own."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from engine.features import Feature, FeatureType, Value
from engine.velocity import Count, Distinct, Total, Velocity

_NOT_IN_NAMES: Final = re.compile(r"[^a-z0-9]+")
_WINDOWS: Final = {"1h": "in the last hour", "24h": "in the last 24 hours", "30d": "in the last 30 days"}


class CustomType(StrEnum):
    """What a declared custom field holds; a value of another type is unknown."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"


_TYPES: Final = {
    CustomType.STRING: FeatureType.STRING,
    CustomType.NUMBER: FeatureType.NUMBER,
    CustomType.BOOLEAN: FeatureType.BOOLEAN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomField:
    """A custom field that is declared: recorded as a feature, and counted by where it is a key.

    `name` is as in the request's `custom` and in rules' `::name::`. Two names of one policy whose features would have
    the same name cannot both be declared.
    """

    name: str
    type: CustomType
    is_velocity_key: bool = False

    @property
    def feature_name(self) -> str:
        """The name of its feature: `custom_` and the name in lower case, anything else than letters and digits as _."""
        return f"custom_{_NOT_IN_NAMES.sub('_', self.name.lower()).strip('_')}"

    def feature(self) -> Feature:
        """Declare the feature that holds its value."""
        return Feature(
            name=self.feature_name,
            type=_TYPES[self.type],
            doc=f"The merchant's own field {self.name!r}.",
            source="request /custom",
            case_sensitive=self.type is CustomType.STRING,
        )

    def value(self, custom: Mapping[str, str | int | float | bool]) -> Value:
        """Its value among a payment's custom fields; None where it is not there or of another type."""
        value = custom.get(self.name)
        match self.type:
            case CustomType.STRING:
                return value if isinstance(value, str) else None
            case CustomType.BOOLEAN:
                return value if isinstance(value, bool) else None
            case CustomType.NUMBER:
                return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def velocities(self) -> tuple[Velocity, ...]:
        """What is counted by it, where it is a key: payments, US dollars and different cards."""
        if not self.is_velocity_key:
            return ()
        name, key = self.feature_name, (self.feature_name,)
        said = f"with this {self.name!r}"
        return tuple(
            velocity
            for window, words in _WINDOWS.items()
            for velocity in (
                Velocity(
                    name=f"{name}_payments_{window}",
                    key=key,
                    aggregate=Count(),
                    window=window,
                    doc=f"Payments {said} {words}, this one not counted.",
                ),
                Velocity(
                    name=f"{name}_amount_usd_{window}",
                    key=key,
                    aggregate=Total("amount_in_usd"),
                    window=window,
                    doc=f"US dollars asked for {said} {words}, this payment not counted.",
                ),
                Velocity(
                    name=f"{name}_distinct_cards_{window}",
                    key=key,
                    aggregate=Distinct("card", "cards"),
                    window=window,
                    doc=f"Different cards seen {said} {words}, by payments other than this one.",
                ),
            )
        )
