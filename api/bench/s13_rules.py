"""S13: what fifty rules cost on one payment."""



PAYMENTS = 500
"""Different ones, again and again."""
WARM_UP = 2_000
_NS_PER_US = 1_000
