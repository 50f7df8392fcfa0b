"""Training, judging and comparing models as jobs beside the decisions."""
