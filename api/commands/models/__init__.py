"""`assay train`, `evaluate`, `compare`, `promote`, `rollback` and `assay models`."""
