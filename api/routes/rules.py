"""Rules: those in force for a merchant, and the check of one."""

import asyncio
from dataclasses import replace

from fastapi import APIRouter, Request

from api.auth import SCOPE_FIELD, ScopedRoute
from api.calls import require_query
from api.rule_owners import Owner, reads_rules_of, rules_of
from api.schemas import PROBLEM_RESPONSES
from api.schemas.rule_check import CheckShown, RuleTextBody, found_in_set, found_in_text
from api.schemas.ruleset import RulesShown, shown_placed
from engine.access import Scope
from engine.catalog import catalog_for
from engine.in_force import uncountable_for
from engine.rules import Declared, check_rules
from engine.rulesets import Origin, Placed, placed, placed_in

router = APIRouter(tags=["Rules"], route_class=ScopedRoute)

_READ = {SCOPE_FIELD: Scope.RULES_READ.value}


@router.get("/v1/rules", summary="List the rules in force", openapi_extra=_READ, responses=PROBLEM_RESPONSES)
async def list_rules(request: Request, merchant_id: Owner = None) -> RulesShown:
    """Every rule that concerns a merchant's payments, with its mode, where it comes from and whether it holds."""
    require_query(request, "merchant_id")
    owner, desk = reads_rules_of(request, merchant_id), rules_of(request)
    snapshots = desk.snapshots
    published = desk.rulesets.in_force(None)
    # Not the operator's in force: what is left out of it is shown too.
    operator = snapshots.operator if published is None else published.content
    own = None if owner is None else desk.rulesets.in_force(owner)
    snapshot = snapshots.default if owner is None else snapshots.of(owner)
    placing = placed_in(placed(operator, None if own is None else own.content), snapshot.ruleset.content)
    concerning = sorted(placing, key=_by_origin_and_id)
    left_out = [said for said in (snapshots.left_out.get(None), snapshots.left_out.get(owner)) if said]
    return RulesShown(
        merchant_id=owner,
        ruleset=snapshot.ruleset.hash,
        rules=[shown_placed(each) for each in concerning],
        left_out=", ".join(dict.fromkeys(left_out)) or None,
    )


def _by_origin_and_id(each: Placed) -> tuple[bool, str]:
    return each.origin is Origin.OWN, each.rule.id


@router.post("/v1/rules/check", summary="Check a rule", openapi_extra=_READ, responses=PROBLEM_RESPONSES)
async def check_one_rule(request: Request, wanted: RuleTextBody, merchant_id: Owner = None) -> CheckShown:
    """Every fault of a rule's text and reason, with its place; nothing is kept."""
    require_query(request, "merchant_id")
    owner, desk = reads_rules_of(request, merchant_id), rules_of(request)
    snapshots = desk.snapshots
    declared = () if owner is None else snapshots.of(owner).custom_fields
    sent = Declared(label="", id="", name="", text=wanted.text, reason=wanted.reason)
    catalog = await asyncio.to_thread(catalog_for, [sent], declared)
    found = await asyncio.to_thread(check_rules, [sent], catalog, snapshots.list_names(owner))
    faults = [
        found_in_text(each.diagnostic, wanted.text if each.key == "text" else wanted.reason, f"/{each.key}", None)
        for each in found
        if each.diagnostic is not None
    ]
    uncounted = await asyncio.to_thread(uncountable_for, owner, [sent], declared)
    faults += found_in_set([replace(each, pointer="/text") for each in uncounted])
    return CheckShown(is_sound=not faults, faults=faults)
