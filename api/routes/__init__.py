"""The routes of the API, as a plain tuple of routers."""

from fastapi import APIRouter

from api.routes import (
    chargebacks,
    decisions,
    health,
    installation,
    keys,
    labels,
    metrics,
    outcomes,
    policies,
    transactions,
)

ROUTERS: tuple[APIRouter, ...] = (
    decisions.router,
    decisions.reading,
    transactions.router,
    outcomes.router,
    outcomes.reading,
    labels.router,
    chargebacks.router,
    policies.router,
    keys.router,
    installation.router,
    health.router,
    metrics.router,
)
