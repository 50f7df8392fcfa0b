"""The routes of the API, as a plain tuple of routers."""

from fastapi import APIRouter

from api.routes import (
    backtests,
    chargebacks,
    decisions,
    health,
    installation,
    keys,
    labels,
    linked,
    list_entries,
    lists,
    metrics,
    model_jobs,
    models,
    outcomes,
    policies,
    rules,
    ruleset_drafts,
    rulesets,
    transactions,
)

ROUTERS: tuple[APIRouter, ...] = (
    decisions.router,
    decisions.reading,
    transactions.router,
    linked.router,
    outcomes.router,
    outcomes.reading,
    labels.router,
    chargebacks.router,
    policies.router,
    backtests.router,
    rules.router,
    rulesets.router,
    ruleset_drafts.router,
    list_entries.router,
    lists.router,
    model_jobs.router,
    models.router,
    keys.router,
    installation.router,
    health.router,
    metrics.router,
)
