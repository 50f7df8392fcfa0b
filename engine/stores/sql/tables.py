"""The tables, in types that SQLite and Postgres share. Times are whole microseconds since the epoch, UTC."""

from datetime import datetime, timedelta

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from engine.payment import EPOCH, MICROSECOND

# Names are given by rule, so that a migration can name what it changes on every database.
METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only where the type is exactly INTEGER.
ROW_NUMBER = BigInteger().with_variant(Integer, "sqlite")

DECISIONS = Table(
    "decisions",
    METADATA,
    Column("position", ROW_NUMBER, primary_key=True, comment="The order of commits."),
    Column("id", Text, nullable=False),
    Column("merchant_id", Text, nullable=False),
    Column("test_mode", Boolean, nullable=False),
    Column("transaction_id", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("counted_at_us", BigInteger, nullable=False),
    Column("idempotency_key", Text),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("payment", LargeBinary, nullable=False),
    Column("decision", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("supersedes", Text),
    UniqueConstraint("id"),
    # The tenant comes first in each unique key (contract.md, "Who may do what").
    UniqueConstraint("merchant_id", "test_mode", "transaction_id", "stage"),
)
# Partial by its nature: unknown keys are NULL, and NULLs never collide, neither in SQLite nor in Postgres; leaving
# them out saves an index entry for each payment that came without a key.
Index(
    "uq_decisions_idempotency_key",
    DECISIONS.c.merchant_id,
    DECISIONS.c.test_mode,
    DECISIONS.c.idempotency_key,
    unique=True,
    sqlite_where=DECISIONS.c.idempotency_key.is_not(None),
    postgresql_where=DECISIONS.c.idempotency_key.is_not(None),
)
# For reading in the order of observation: whose, and when, is found in the index, so that only rows wanted are read.
Index(
    "ix_decisions_observed",
    DECISIONS.c.sequence,
    DECISIONS.c.at_us,
    DECISIONS.c.merchant_id,
    DECISIONS.c.test_mode,
)

# Nearly no payment replaces another one, so nearly none has an entry.
Index(
    "ix_decisions_supersedes",
    DECISIONS.c.merchant_id,
    DECISIONS.c.test_mode,
    DECISIONS.c.supersedes,
    DECISIONS.c.transaction_id,
    sqlite_where=DECISIONS.c.supersedes.is_not(None),
    postgresql_where=DECISIONS.c.supersedes.is_not(None),
)

# The keys under which a decision was asked for again; the one that it was first asked for with is its own.
IDEMPOTENCY_KEYS = Table(
    "idempotency_keys",
    METADATA,
    Column("merchant_id", Text, primary_key=True),
    Column("test_mode", Boolean, primary_key=True),
    Column("idempotency_key", Text, primary_key=True),
    Column("decision_id", Text, nullable=False),
)
Index("ix_idempotency_keys_decision_id", IDEMPOTENCY_KEYS.c.decision_id)

OUTCOMES = Table(
    "outcomes",
    METADATA,
    Column("position", ROW_NUMBER, primary_key=True, comment="The order of commits."),
    Column("id", Text, nullable=False),
    Column("decision_id", Text, nullable=False),
    Column("merchant_id", Text, nullable=False),
    Column("test_mode", Boolean, nullable=False),
    Column("transaction_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("occurred_at_us", BigInteger),
    Column("received_at_us", BigInteger, nullable=False),
    Column("idempotency_key", Text),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("details", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    # A decision belongs to one transaction, so this is unique exactly where it is without the transaction; with it,
    # the same index finds what was reported of a payment. Each report writes to few indexes: there is one a payment.
    UniqueConstraint(
        "merchant_id", "test_mode", "transaction_id", "decision_id", "fingerprint", name="uq_outcomes_report"
    ),
)
Index(
    "uq_outcomes_idempotency_key",
    OUTCOMES.c.merchant_id,
    OUTCOMES.c.test_mode,
    OUTCOMES.c.idempotency_key,
    unique=True,
    sqlite_where=OUTCOMES.c.idempotency_key.is_not(None),
    postgresql_where=OUTCOMES.c.idempotency_key.is_not(None),
)
# For reading in the order of receipt, as decisions are read in that of observation.
Index("ix_outcomes_received", OUTCOMES.c.received_at_us, OUTCOMES.c.merchant_id, OUTCOMES.c.test_mode)

VERSIONS = Table(
    "versions",
    METADATA,
    Column("kind", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

LABELS = Table(
    "labels",
    METADATA,
    Column("position", ROW_NUMBER, primary_key=True),
    Column("merchant_id", Text, nullable=False),
    Column("test_mode", Boolean, nullable=False),
    Column("transaction_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("is_fraud", Boolean, nullable=False),
    Column("occurred_at_us", BigInteger, nullable=False),
    Column("received_at_us", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    # The same fact sent again is no new label, so the time of receipt is not part of it: the first receipt is when it
    # became known. `is_fraud` is part of it, because a chargeback that was won says something new about the same day.
    UniqueConstraint(
        "merchant_id",
        "test_mode",
        "transaction_id",
        "kind",
        "is_fraud",
        "occurred_at_us",
        "source",
        name="uq_labels_fact",
    ),
)
Index("ix_labels_received_at_us", LABELS.c.received_at_us)
# For pages of one merchant's labels, and of all merchants'.
Index("ix_labels_of_merchant", LABELS.c.merchant_id, LABELS.c.test_mode, LABELS.c.received_at_us)
Index("ix_labels_of_mode", LABELS.c.test_mode, LABELS.c.received_at_us)

# What card schemes report, each step of a case once: open, and with its result.
SCHEME_REPORTS = Table(
    "scheme_reports",
    METADATA,
    Column("position", ROW_NUMBER, primary_key=True, comment="The order of commits."),
    Column("id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("merchant_id", Text, nullable=False),
    Column("test_mode", Boolean, nullable=False),
    Column("transaction_id", Text, nullable=False),
    Column("case_id", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("is_settled", Boolean, nullable=False),
    Column("result", Text),
    Column("network", Text, nullable=False),
    Column("reason_code", Text),
    Column("claim", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("occurred_at_us", BigInteger, nullable=False),
    Column("received_at_us", BigInteger, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False, comment="Of the case; its outcome, once matched, has it too."),
    UniqueConstraint("id"),
    UniqueConstraint(
        "merchant_id", "test_mode", "kind", "case_id", "stage", "is_settled", name="uq_scheme_reports_step"
    ),
)
# For what waits for a payment, and for pages of one merchant's reports and of all merchants'.
Index(
    "ix_scheme_reports_payment",
    SCHEME_REPORTS.c.merchant_id,
    SCHEME_REPORTS.c.test_mode,
    SCHEME_REPORTS.c.transaction_id,
)
Index(
    "ix_scheme_reports_of_merchant",
    SCHEME_REPORTS.c.merchant_id,
    SCHEME_REPORTS.c.test_mode,
    SCHEME_REPORTS.c.kind,
    SCHEME_REPORTS.c.position,
)
Index("ix_scheme_reports_of_mode", SCHEME_REPORTS.c.test_mode, SCHEME_REPORTS.c.kind, SCHEME_REPORTS.c.position)

API_KEYS = Table(
    "api_keys",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("secret_sha256", LargeBinary, nullable=False),
    Column("test_mode", Boolean, nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("merchants", JSON(none_as_null=True)),
    Column("created_at_us", BigInteger, nullable=False),
    Column("expires_at_us", BigInteger),
    Column("revoked_at_us", BigInteger),
)

POLICIES = Table(
    "policies",
    METADATA,
    Column("merchant_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False, comment="A merchant's versions, from 1."),
    Column("published_at_us", BigInteger, nullable=False),
    Column("published_by", Text, nullable=False, comment="The id of the key that published it."),
    Column("version", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

JOBS = Table(
    "jobs",
    METADATA,
    Column("position", ROW_NUMBER, primary_key=True, comment="The order in which they came."),
    Column("id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("merchant_id", Text, nullable=False),
    Column("test_mode", Boolean, nullable=False),
    Column("arguments", LargeBinary, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("idempotency_key", Text),
    Column("created_at_us", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False, comment="The id of the key that asked for it."),
    Column("state", Text, nullable=False),
    Column("is_cancel_wanted", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("fence", BigInteger, nullable=False, comment="How often it was taken: the number of the newest lease."),
    Column("lease_owner", Text),
    Column("lease_until_us", BigInteger, comment="By the reading of the store that gave it, not by the edge's clock."),
    Column("done", BigInteger, nullable=False),
    Column("total", BigInteger),
    Column("words", Text, nullable=False),
    Column("started_at_us", BigInteger),
    Column("finished_at_us", BigInteger),
    Column("failure_code", Text),
    Column("failure_detail", Text),
    Column("result", LargeBinary),
    UniqueConstraint("id"),
)
Index(
    "uq_jobs_idempotency_key",
    JOBS.c.merchant_id,
    JOBS.c.test_mode,
    JOBS.c.kind,
    JOBS.c.idempotency_key,
    unique=True,
    sqlite_where=JOBS.c.idempotency_key.is_not(None),
    postgresql_where=JOBS.c.idempotency_key.is_not(None),
)
Index("ix_jobs_of_merchant", JOBS.c.merchant_id, JOBS.c.test_mode, JOBS.c.kind, JOBS.c.position)
Index("ix_jobs_state", JOBS.c.state, JOBS.c.position)

RULESETS = Table(
    "rulesets",
    METADATA,
    Column("merchant_id", Text, primary_key=True, comment="Empty for the operator's."),
    Column("number", Integer, primary_key=True, autoincrement=False, comment="An owner's versions, from 1."),
    Column("published_at_us", BigInteger, nullable=False),
    Column("published_by", Text, nullable=False, comment="The id of the key that published it."),
    Column("note", Text, nullable=False),
    Column("restores", Integer, comment="The number of the version whose content it is again."),
    Column("awaits", Boolean, nullable=False, comment="Whether it has no effect before another key approves."),
    Column("approved_at_us", BigInteger),
    Column("approved_by", Text),
    Column("version", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

RULESET_DRAFTS = Table(
    "ruleset_drafts",
    METADATA,
    Column("merchant_id", Text, primary_key=True, comment="Empty for the operator's."),
    Column("name", Text, primary_key=True),
    Column("saved_at_us", BigInteger, nullable=False),
    Column("saved_by", Text, nullable=False, comment="The id of the key that saved it."),
    Column("content", LargeBinary, nullable=False),
)

MODEL_CHANGES = Table(
    "model_changes",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False, comment="From 1, in the order of changes."),
    Column("kind", Text, nullable=False),
    Column("model_id", Text, comment="Null for the scorecard, which decides where no model was promoted."),
    Column("at_us", BigInteger, nullable=False),
    Column("by_key", Text, nullable=False, comment="The id of the key that changed it."),
    Column("because", Text, nullable=False),
    Column("is_forced", Boolean, nullable=False, comment="Whether the gate did not pass."),
    Column("gate", LargeBinary, nullable=False, comment="What the gate said of a promotion, JSON, or nothing."),
)

# One row for all that one call changed: the sequence by which lists are rebuilt.
LIST_CHANGES = Table(
    "list_changes",
    METADATA,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("merchant_id", Text, nullable=False, comment="Whose lists; empty: the operator's."),
    Column("at_us", BigInteger, nullable=False),
    Column("by_key", Text, nullable=False, comment="The id of the key that changed them."),
)
Index("ix_list_changes_of_merchant", LIST_CHANGES.c.merchant_id, LIST_CHANGES.c.sequence)

NAMED_LISTS = Table(
    "named_lists",
    METADATA,
    Column("merchant_id", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("added_sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("removed_sequence", BigInteger),
    Column("type", Text, nullable=False),
)

LIST_ENTRIES = Table(
    "list_entries",
    METADATA,
    Column("position", ROW_NUMBER, primary_key=True),
    Column("id", Text, nullable=False, comment="A hash of list, type and value."),
    Column("merchant_id", Text, nullable=False),
    Column("name", Text, nullable=False, comment="The list's."),
    Column("type", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("expires_at_us", BigInteger),
    Column("reason", Text),
    Column("added_sequence", BigInteger, nullable=False),
    Column("removed_sequence", BigInteger),
)
# A value is once in a list, however often it was before.
Index(
    "uq_list_entries_id",
    LIST_ENTRIES.c.id,
    unique=True,
    sqlite_where=LIST_ENTRIES.c.removed_sequence.is_(None),
    postgresql_where=LIST_ENTRIES.c.removed_sequence.is_(None),
)
# For pages of a list, and for what changed from one sequence to another.
Index("ix_list_entries_of_list", LIST_ENTRIES.c.merchant_id, LIST_ENTRIES.c.name, LIST_ENTRIES.c.position)
Index("ix_list_entries_added", LIST_ENTRIES.c.merchant_id, LIST_ENTRIES.c.added_sequence)
Index(
    "ix_list_entries_removed",
    LIST_ENTRIES.c.merchant_id,
    LIST_ENTRIES.c.removed_sequence,
    sqlite_where=LIST_ENTRIES.c.removed_sequence.is_not(None),
    postgresql_where=LIST_ENTRIES.c.removed_sequence.is_not(None),
)


def microseconds(instant: datetime) -> int:
    """An instant as the tables keep it; the assertion catches a time without a zone before it is a wrong one."""
    assert instant.tzinfo is not None, "an instant carries its zone"
    return (instant - EPOCH) // MICROSECOND


def instant(at_us: int) -> datetime:
    """The instant that `microseconds` gave."""
    return EPOCH + timedelta(microseconds=at_us)
