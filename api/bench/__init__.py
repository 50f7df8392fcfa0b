"""Measuring: the figures that Assay promises, each as one entry in a tuple."""

from api.bench.enrichments import ENRICHMENT
from api.bench.l1_handbook import L1
from api.bench.l2_ulb import L2
from api.bench.l6_reasons import L6
from api.bench.measure import Benchmark
from api.bench.s1_pipeline import S1
from api.bench.s2_http import S2
from api.bench.s3_arrivals import S3
from api.bench.s6_hot_key import S6
from api.bench.s7_backfill import S7
from api.bench.s8_backtest import S8
from api.bench.s9_training import S9
from api.bench.s10_restart import S10
from api.bench.s13_rules import S13

BENCHMARKS: tuple[Benchmark, ...] = (S1, S2, S3, S6, S7, S8, S9, S10, S13, L1, L2, L6, ENRICHMENT)
