"""Why a table does not tell what it was asked: causes of unknowns that several tables share."""

from typing import Final

from engine.features import Unknown

NOT_FOUND: Final = Unknown("not_found")
"""A table that holds such things was asked, and holds none for this."""
NO_TABLE: Final = Unknown("no_table")
"""No table of this installation holds such things: the embedded ones do not, and the operator gave none."""
NOT_LISTED: Final = Unknown("not_listed")
"""It is in no list. The lists are not complete, so this proves nothing."""
NO_GEO: Final = Unknown("geo")
"""The table of where IP addresses are is missing."""
NO_NETWORKS: Final = Unknown("ip_networks")
"""The tables of the networks around IP addresses are missing."""
STALE_GEO: Final = Unknown("geo_stale")
"""The table that would tell of an IP address is too old: networks move."""
