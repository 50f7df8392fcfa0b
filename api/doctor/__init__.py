"""`assay doctor`'s checks: what is wrong with an installation, and the mend of each."""

from api.doctor.examination import examination
from api.doctor.finding import Finding, Level

__all__ = ["Finding", "Level", "examination"]
