"""The routes of the API, as a plain tuple of routers."""

from fastapi import APIRouter

from api.routes import decisions, health, keys

ROUTERS: tuple[APIRouter, ...] = (decisions.router, decisions.reading, keys.router, health.router)
