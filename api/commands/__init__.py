"""The commands, one file each, as plain tuples."""

from collections.abc import Callable

import typer

from api.commands import chargebacks, check, data, keys, lists, models, policies, rules
from api.commands.bench import bench
from api.commands.decide import decide
from api.commands.demo import demo
from api.commands.doctor import doctor
from api.commands.features import features
from api.commands.import_ import import_payments
from api.commands.replay import replay
from api.commands.segments import segments
from api.commands.serve import serve_
from api.commands.traffic import traffic
from api.commands.velocities import velocities

COMMANDS: tuple[tuple[str, Callable[..., None]], ...] = (
    ("serve", serve_),
    ("demo", demo),
    ("decide", decide),
    ("import", import_payments),
    ("traffic", traffic),
    *models.COMMANDS,
    ("features", features),
    ("velocities", velocities),
    ("replay", replay),
    ("segments", segments),
    ("doctor", doctor),
    ("bench", bench),
)
GROUPS: tuple[tuple[str, typer.Typer], ...] = (
    ("keys", keys.app),
    ("policy", policies.app),
    ("rules", rules.app),
    ("lists", lists.app),
    ("models", models.app),
    ("chargebacks", chargebacks.app),
    ("data", data.app),
    ("check", check.app),
)
