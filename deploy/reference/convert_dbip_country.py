"""Convert DB-IP Lite's country table into the shape geoip2 reads, for ``engine/reference/data/``.

Usage::

    python deploy/reference/convert_dbip_country.py dbip-country.mmdb engine/reference/data/dbip-country.mmdb

DB-IP publishes flat records (``{"country_code": "US"}``, database type ``country ipvAll``), which geoip2's
``Reader.country()`` refuses. The output holds the same networks as ``{"country": {"iso_code": "US"}}`` under the type
``DBIP-Country-Lite``. It keeps the source's build date, so that the same input gives the same bytes and the version
Assay reports tells how old the data is, not when it was converted.

Run by whoever refreshes the table (some two minutes, about 2 GB of memory); needs the packages ``maxminddb`` and
``mmdb-writer``. Afterwards update the date in ``engine/reference/data/NOTICE.md`` and run
``pytest tests/engine/reference``.
"""

import argparse
from pathlib import Path
from typing import cast

import maxminddb
from mmdb_writer import MMDBWriter, TreeWriter
from netaddr import IPSet

DATABASE_TYPE = "DBIP-Country-Lite"
DESCRIPTION = {"en": "DB-IP Lite country data (CC BY 4.0, https://db-ip.com), as geoip2 country records"}


def convert(source: Path, target: Path) -> int:
    """Write the networks of ``source`` to ``target``; return how many there are.

    Raises ``maxminddb.InvalidDatabaseError`` where the source is no mmdb file, ``KeyError`` where a record has no
    ``country_code``.
    """
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type=DATABASE_TYPE)
    networks = 0
    with maxminddb.open_database(source) as reader:
        for network, record in reader:
            code = cast("dict[str, str]", record)["country_code"]
            writer.insert_network(IPSet([str(network)]), {"country": {"iso_code": code}})
            networks += 1
        meta = {
            "ip_version": 6,
            "database_type": DATABASE_TYPE,
            "languages": ["en"],
            "binary_format_major_version": 2,
            "binary_format_minor_version": 0,
            "description": DESCRIPTION,
            # MMDBWriter.to_db_file would stamp the present time.
            "build_epoch": reader.metadata().build_epoch,
        }
    TreeWriter(writer.tree, meta).write(str(target))
    return networks


def main() -> None:
    """Read the two paths from the command line and convert."""
    parser = argparse.ArgumentParser(description="Convert DB-IP Lite country data for Assay.")
    parser.add_argument("source", type=Path, help="DB-IP's dbip-country.mmdb")
    parser.add_argument("target", type=Path, help="where to write the converted table")
    arguments = parser.parse_args()
    networks = convert(arguments.source, arguments.target)
    print(f"{networks:,} networks written to {arguments.target}")


if __name__ == "__main__":
    main()
