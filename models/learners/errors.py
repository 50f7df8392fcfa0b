"""Why nothing was trained: each names what is wrong with the data or the order, and the mend."""

from engine.errors import AssayError


class TrainingRefused(AssayError):
    """What was asked for cannot be trained; nothing was written."""

    code = "training_refused"


class LearnerUnknown(TrainingRefused):
    """There is no learner of the name."""

    code = "learner_unknown"


class LearnerMissing(TrainingRefused):
    """The learner needs a package that is not installed."""

    code = "learner_missing"


class LearnerFailed(TrainingRefused):
    """The analyst's own estimator cannot be fitted, or says no probability."""

    code = "learner_failed"


class ParametersInvalid(TrainingRefused):
    """A parameter that the learner does not have, or out of its range."""

    code = "parameters_invalid"


class NoPayments(TrainingRefused):
    """No payment to learn from."""

    code = "no_payments"


class NoPositives(TrainingRefused):
    """No fraud among what is learnt from."""

    code = "no_positives"


class NoNegatives(TrainingRefused):
    """Nothing but fraud among what is learnt from."""

    code = "one_class"


class NothingKnown(TrainingRefused):
    """Every feature that was asked for is unknown in every payment."""

    code = "nothing_known"


class ConstantFeatures(TrainingRefused):
    """Features that say the same of every payment teach nothing."""

    code = "constant_features"


class LeakingFeatures(TrainingRefused):
    """Features that tell the label: known after the decision only, or too good to have been known before."""

    code = "leaking_features"


class FeaturesUnfit(TrainingRefused):
    """Features that the catalogue does not have, or that name someone, and so are never learnt from."""

    code = "features_unfit"


class AnotherCatalog(TrainingRefused):
    """The rows are of a catalogue that means something else by a feature's name."""

    code = "another_catalog"
