"""What can go wrong, as one tree: each leaf has a stable code, a message that names the field and the mend."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class AssayError(Exception):
    """The root of everything that the caller or the world did wrong; a fault of ours is an assert."""

    code: ClassVar[str] = "assay_error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One wrong value: where it stands (JSON pointer), a stable code, what is wrong and how to mend it."""

    pointer: str
    code: str
    detail: str


class PaymentInvalid(AssayError):
    """A payment that cannot be decided: every fault found, not the first alone."""

    code = "payment_invalid"

    def __init__(self, *faults: Fault) -> None:
        """Keep the faults; at least one."""
        assert faults, "an invalid payment has a fault"
        super().__init__("; ".join(f"{fault.pointer}: {fault.detail}" for fault in faults))
        self.faults = faults


class CaseContradicted(PaymentInvalid):
    """A scheme's report that cannot be true beside an earlier one of its case: nothing of the request was recorded."""

    code = "case_contradicted"


class MalformedJson(AssayError):
    """A body that is not a JSON object; line and column count from 1, as the parser met the fault."""

    code = "json_malformed"

    def __init__(self, cause: str, line: int, column: int) -> None:
        """`cause` never quotes the body: it may hold card data."""
        super().__init__(f"The body is not a JSON object: {cause} at line {line} column {column}.")
        self.line = line
        self.column = column


class ReferenceInvalid(AssayError):
    """A reference table (IP, BIN, rates) that cannot be read: names the file, the cause and the mend."""

    code = "reference_invalid"


class RulesInvalid(AssayError):
    """A ruleset that does not check: the message is the rendered diagnostics, `faults` those of each rule."""

    code = "rules_invalid"

    def __init__(self, message: str, faults: Sequence[Fault] = ()) -> None:
        """Keep the faults; a file as a whole may be at fault without any."""
        super().__init__(message)
        self.faults = tuple(faults)


class PolicyInvalid(AssayError):
    """A policy that cannot hold: every fault found, not the first alone."""

    code = "policy_invalid"

    def __init__(self, *faults: Fault) -> None:
        """Keep the faults; at least one."""
        assert faults, "an invalid policy has a fault"
        super().__init__("; ".join(f"{fault.pointer}: {fault.detail}" for fault in faults))
        self.faults = faults


class PolicyChanged(AssayError):
    """Someone else published a policy of this merchant meanwhile: look at it, then publish again."""

    code = "policy_changed"


class RulesetChanged(AssayError):
    """Someone else published rules of this owner meanwhile: look at them, then publish again."""

    code = "ruleset_changed"


class RulesetRefused(AssayError):
    """A ruleset whose every rule is sound and that cannot be published all the same: every fault found."""

    code = "ruleset_refused"

    def __init__(self, *faults: Fault) -> None:
        """Keep the faults; at least one."""
        assert faults, "a refused ruleset has a fault"
        super().__init__("; ".join(f"{fault.pointer}: {fault.detail}" for fault in faults))
        self.faults = faults


class ApprovalRefused(AssayError):
    """A version that this key cannot approve, or that awaits no approval."""

    code = "approval_refused"


class ListsInvalid(AssayError):
    """A list or an entry that cannot be: every fault found, not the first alone."""

    code = "list_invalid"

    def __init__(self, *faults: Fault) -> None:
        """Keep the faults; at least one."""
        assert faults, "an invalid list has a fault"
        super().__init__("; ".join(f"{fault.pointer}: {fault.detail}" for fault in faults))
        self.faults = faults


class ListExists(AssayError):
    """A list of that name is there already, of the merchant or of the operator."""

    code = "list_exists"


class ListInUse(AssayError):
    """A list that rules in force name: without it their conditions would be unknown."""

    code = "list_in_use"


class DatasetInvalid(AssayError):
    """Payments that cannot be learnt from, or a period that holds none: names what is wrong and the mend."""

    code = "dataset_invalid"


class ModelInvalid(AssayError):
    """A model's file that cannot be used: names what is wrong and where."""

    code = "model_invalid"


class ModelChanged(AssayError):
    """Someone else changed the models in force meanwhile: look at them, then try again."""

    code = "model_changed"


class PromotionRefused(AssayError):
    """A model that cannot be put where it was to be put: says why, and what would mend it."""

    code = "promotion_refused"


class ScoreInvalid(AssayError):
    """A scorer gave no probability: the payment is decided without a score."""

    code = "score_invalid"


class LedgerUnavailable(AssayError):
    """The ledger could not make the decision durable, so there is no answer: retry with the same key."""

    code = "ledger_unavailable"


class CountersUnavailable(AssayError):
    """The counters do not answer: the payment is decided with its velocities unknown."""

    code = "counters_unavailable"


class CountersWarming(CountersUnavailable):
    """The counters lost what they held, and are not filled from the ledger yet."""

    code = "velocity_warming"


class DeadlineExceeded(AssayError):
    """The decision was not durable in time; it may become so, and a retry with the same key then gets it."""

    code = "deadline_exceeded"


class Overloaded(AssayError):
    """More work than can be done in time is waiting: this call was turned away before anything was done for it."""

    code = "overloaded"


class RateLimited(AssayError):
    """The key made more calls than it may."""

    code = "rate_limited"


class DataFolderInUse(AssayError):
    """Another process holds the data folder's lock: SQLite has one writer, always."""

    code = "data_folder_in_use"


class SegmentsInUse(AssayError):
    """Another process writes segments of this data folder."""

    code = "segments_in_use"


class IdempotencyKeyReused(AssayError):
    """The key is known, with another body."""

    code = "idempotency_key_reused"


class IdempotencyInProgress(AssayError):
    """The same key is being decided and did not end within the time budget."""

    code = "idempotency_in_progress"


class StoreInvalid(AssayError):
    """A data folder or its database that cannot be opened: names the file, the cause and the mend."""

    code = "store_invalid"


class VersionNotKept(AssayError):
    """A version that a decision names, and the ledger keeps nothing or something else of it."""

    code = "version_not_kept"


class VersionTooOld(AssayError):
    """A version that a decision names is kept as it was, and this version of Assay cannot read it."""

    code = "version_too_old"


class TooManyJobs(AssayError):
    """The merchant has as many open jobs as it may have."""

    code = "too_many_jobs"


class JobFinished(AssayError):
    """The job has ended already."""

    code = "job_finished"


class LeaseLost(AssayError):
    """The job was taken by another worker, or has ended: nothing of this one's is written any more."""

    code = "lease_lost"
