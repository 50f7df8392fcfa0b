"""Rulesets on SQLite: append-only; each owner's newest and the one in force are in memory. Drafts are read anew."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, and_, delete, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DBAPIError

from engine.errors import RulesetChanged, StoreInvalid
from engine.rules import Content, read_source
from engine.rulesets import Draft, PublishedRuleset
from engine.stores.sql.sqlite import reader_engine, unavailable
from engine.stores.sql.tables import RULESET_DRAFTS, RULESETS, instant, microseconds
from engine.stores.sql.writer import Writer

_OPERATOR: Final = ""
"""Stands for the operator in the tables: no merchant's id is empty, and a key holds no NULL."""


class SqlRulesets:
    """The rulesets port on SQLite. What is in memory follows what is durable, never the other way round."""

    def __init__(self, writer: Writer, file: Path) -> None:
        """Load every owner's newest and the one in force. Raises StoreInvalid where one cannot be read."""
        self._writer = writer
        self._file = file
        self._readers = reader_engine(file)
        self._newest: dict[str | None, PublishedRuleset] = {}
        self._in_force: dict[str | None, PublishedRuleset] = {}
        effective = or_(RULESETS.c.awaits.is_(False), RULESETS.c.approved_at_us.is_not(None))
        with self._readers.connect() as connection:
            for wanted, held in ((None, self._newest), (effective, self._in_force)):
                newest = select(RULESETS.c.merchant_id, func.max(RULESETS.c.number).label("number"))
                newest_of = (newest if wanted is None else newest.where(wanted)).group_by(RULESETS.c.merchant_id)
                found = newest_of.subquery()
                is_it = and_(RULESETS.c.merchant_id == found.c.merchant_id, RULESETS.c.number == found.c.number)
                for row in connection.execute(select(RULESETS).join(found, is_it)):
                    published = self._published(row)
                    held[published.owner] = published

    def in_force(self, owner: str | None) -> PublishedRuleset | None:
        """The newest effective version, from memory."""
        return self._in_force.get(owner)

    def newest(self, owner: str | None) -> PublishedRuleset | None:
        """The newest version, from memory."""
        return self._newest.get(owner)

    def all_in_force(self) -> Sequence[PublishedRuleset]:
        """The version in force of every owner that has one."""
        return list(self._in_force.values())

    def append(self, published: PublishedRuleset) -> None:
        """Keep a version durably. Raises RulesetChanged where its number is taken, LedgerUnavailable."""
        new = insert(RULESETS).values(_values_of(published)).on_conflict_do_nothing()
        with self._writer.transaction() as connection:
            is_new = connection.execute(new).rowcount == 1
        if not is_new:
            raise RulesetChanged(f"Version {published.number} of this ruleset was published meanwhile.")
        self._take(published)

    def approve(self, approved: PublishedRuleset) -> None:
        """Keep durably that a version was approved, once. Raises RulesetChanged, LedgerUnavailable."""
        assert approved.approved_at is not None, "it is approved"
        is_it = and_(
            RULESETS.c.merchant_id == _key(approved.owner),
            RULESETS.c.number == approved.number,
            RULESETS.c.awaits.is_(True),
            RULESETS.c.approved_at_us.is_(None),
        )
        said = {"approved_at_us": microseconds(approved.approved_at), "approved_by": approved.approved_by}
        with self._writer.transaction() as connection:
            is_done = connection.execute(update(RULESETS).where(is_it).values(said)).rowcount == 1
        if not is_done:
            raise RulesetChanged(f"Version {approved.number} of this ruleset awaits no approval any more.")
        self._take(approved)

    def find(self, owner: str | None, number: int) -> PublishedRuleset | None:
        """The version of this number. Raises LedgerUnavailable."""
        is_it = and_(RULESETS.c.merchant_id == _key(owner), RULESETS.c.number == number)
        with self._reading() as connection:
            row = connection.execute(select(RULESETS).where(is_it)).one_or_none()
        return None if row is None else self._published(row)

    def history(self, owner: str | None, *, before: int | None, limit: int) -> Sequence[PublishedRuleset]:
        """At most `limit` versions with numbers below `before`, newest first. Raises LedgerUnavailable."""
        asked = select(RULESETS).where(RULESETS.c.merchant_id == _key(owner))
        if before is not None:
            asked = asked.where(RULESETS.c.number < before)
        with self._reading() as connection:
            rows = connection.execute(asked.order_by(RULESETS.c.number.desc()).limit(limit)).all()
        return [self._published(row) for row in rows]

    def save_draft(self, draft: Draft) -> None:
        """Keep a draft durably in place of the owner's of this name. Raises LedgerUnavailable."""
        said = {
            "saved_at_us": microseconds(draft.saved_at),
            "saved_by": draft.saved_by,
            "content": draft.content.text().encode(),
        }
        new = insert(RULESET_DRAFTS).values(merchant_id=_key(draft.owner), name=draft.name, **said)
        with self._writer.transaction() as connection:
            connection.execute(new.on_conflict_do_update(index_elements=["merchant_id", "name"], set_=said))

    def remove_draft(self, owner: str | None, name: str) -> bool:
        """Remove a draft; whether there was one. Raises LedgerUnavailable."""
        with self._writer.transaction() as connection:
            return connection.execute(delete(RULESET_DRAFTS).where(_is_draft(owner, name))).rowcount == 1

    def draft(self, owner: str | None, name: str) -> Draft | None:
        """The owner's draft of this name. Raises LedgerUnavailable."""
        with self._reading() as connection:
            row = connection.execute(select(RULESET_DRAFTS).where(_is_draft(owner, name))).one_or_none()
        return None if row is None else self._draft(row)

    def drafts(self, owner: str | None) -> Sequence[Draft]:
        """The owner's drafts by name. Raises LedgerUnavailable."""
        asked = select(RULESET_DRAFTS).where(RULESET_DRAFTS.c.merchant_id == _key(owner))
        with self._reading() as connection:
            rows = connection.execute(asked.order_by(RULESET_DRAFTS.c.name)).all()
        return [self._draft(row) for row in rows]

    def _take(self, published: PublishedRuleset) -> None:
        self._newest[published.owner] = published
        if published.is_effective:
            self._in_force[published.owner] = published

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self._readers.connect() as connection:
                yield connection
        except DBAPIError as error:
            raise unavailable(error) from error

    def _published(self, row: Any) -> PublishedRuleset:  # noqa: ANN401 - a row's columns have no type
        return PublishedRuleset(
            owner=row.merchant_id or None,
            number=row.number,
            content=self._content(row.content, f"ruleset {row.number}", row.merchant_id),
            published_at=instant(row.published_at_us),
            published_by=row.published_by,
            note=row.note,
            restores=row.restores,
            awaits=row.awaits,
            approved_at=None if row.approved_at_us is None else instant(row.approved_at_us),
            approved_by=row.approved_by,
        )

    def _draft(self, row: Any) -> Draft:  # noqa: ANN401 - a row's columns have no type
        return Draft(
            owner=row.merchant_id or None,
            name=row.name,
            content=self._content(row.content, f"the draft {row.name!r}", row.merchant_id),
            saved_at=instant(row.saved_at_us),
            saved_by=row.saved_by,
        )

    def _content(self, kept: bytes, what: str, merchant_id: str) -> Content:
        content, faults = read_source(kept.decode(errors="replace"), is_merchants=True, is_limited=False)
        if faults:
            of = f"of the merchant {merchant_id!r}" if merchant_id else "of the operator"
            raise StoreInvalid(
                f"{self._file}: {what} {of} cannot be read ({faults[0]}) "
                "Start the version of Assay that wrote it, or restore the file from a backup."
            )
        return content


def _key(owner: str | None) -> str:
    return _OPERATOR if owner is None else owner


def _is_draft(owner: str | None, name: str) -> Any:  # noqa: ANN401 - SQLAlchemy's own
    return and_(RULESET_DRAFTS.c.merchant_id == _key(owner), RULESET_DRAFTS.c.name == name)


def _values_of(published: PublishedRuleset) -> dict[str, object]:
    return {
        "merchant_id": _key(published.owner),
        "number": published.number,
        "published_at_us": microseconds(published.published_at),
        "published_by": published.published_by,
        "note": published.note,
        "restores": published.restores,
        "awaits": published.awaits,
        "approved_at_us": None if published.approved_at is None else microseconds(published.approved_at),
        "approved_by": published.approved_by,
        "version": published.version,
        "content": published.content.text().encode(),
    }
