"""What the report draws, as plotly's own data: no figure objects, so nothing of plotly is loaded to make one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from engine.policy import Policy
from models.evaluation.figures import Evaluation

Plot = Mapping[str, Any]

_COLOURS: Final = ("#1d4ed8", "#c2410c", "#6b7280")
"""The model, the champion, rules and scorecard: apart also for those who do not see red and green."""
_DASHES: Final = ("solid", "dash", "dot")
_GOOD, _FRAUD = "#0f766e", "#b91c1c"
_PERCENT: Final = 100
_WHOLE: Final = (0, 100)


def plots(named: Sequence[tuple[str, Evaluation]], policy: Policy) -> dict[str, Plot | None]:
    """Each by its place in the report; None where there is nothing to draw. The first is the model itself."""
    model = named[0][1]
    has_fraud = model.population.frauds > 0
    return {
        "precision": _precision(named) if has_fraud else None,
        "calibration": _calibration(model) if model.calibration.bins else None,
        "money": _money(named, policy) if model.population.counted else None,
        "scores": _scores(model) if model.population.counted else None,
    }


def _lines(named: Sequence[tuple[str, Evaluation]]) -> Iterator[tuple[Evaluation, dict[str, Any]]]:
    for (name, each), colour, dash in zip(named, _COLOURS, _DASHES, strict=False):
        yield each, {"type": "scatter", "mode": "lines", "name": name, "line": {"color": colour, "dash": dash}}


def _precision(named: Sequence[tuple[str, Evaluation]]) -> Plot:
    data = [
        line | {"x": _percents(each.curves.recall), "y": _percents(each.curves.precision)}
        for each, line in _lines(named)
    ]
    x, y = _axis("Fraud found", "%", _WHOLE), _axis("Of what is flagged, fraud", "%", [0, 103])
    return {"data": data, "layout": _layout(x, y)}


def _calibration(model: Evaluation) -> Plot:
    bins = model.calibration.bins
    observed = [each.observed.value or 0.0 for each in bins]
    above = [(each.observed.high or at) - at for each, at in zip(bins, observed, strict=True)]
    below = [at - (each.observed.low or 0.0) for each, at in zip(bins, observed, strict=True)]
    expected = _percents([each.expected for each in bins])
    largest = max(*expected, *_percents(observed), 0.1) * 1.1
    right = {
        "type": "scatter",
        "mode": "lines",
        "name": "right",
        "x": [0, largest],
        "y": [0, largest],
        "line": {"color": "#9ca3af", "dash": "dot", "width": 1},
        "hoverinfo": "skip",
    }
    made = {
        "type": "scatter",
        "mode": "markers",
        "name": "payments with neighbouring scores",
        "x": expected,
        "y": _percents(observed),
        "text": [f"{each.payments:,} payments" for each in bins],
        "marker": {"color": _COLOURS[0], "size": 8},
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": _percents(above),
            "arrayminus": _percents(below),
            "thickness": 1,
            "width": 3,
        },
    }
    x, y = _axis("Fraud expected", "%", [0, largest]), _axis("Fraud known", "%", None)
    return {"data": [right, made], "layout": _layout(x, y)}


def _money(named: Sequence[tuple[str, Evaluation]], policy: Policy) -> Plot:
    data = [
        line | {"x": each.curves.threshold_percent, "y": [cents / 100 for cents in each.curves.net_usd_cents]}
        for each, line in _lines(named)
    ]
    best = max(value for line in data for value in line["y"])
    # Blocking nearly everything is so dear that all else would look flat beside it.
    limits = [-0.6 * best, 1.15 * best] if best > 0 else None
    layout = _layout(_axis("Block from this score on", "%", _WHOLE), _axis("Worth in US dollars", "", limits))
    if policy.block_at_percent is not None:
        at = policy.block_at_percent
        layout["shapes"] = [
            {"type": "line", "x0": at, "x1": at, "yref": "paper", "y0": 0, "y1": 1, "line": {"color": "#9ca3af"}}
        ]
        layout["annotations"] = [
            {"x": at, "yref": "paper", "y": 0, "text": "today", "showarrow": False, "xanchor": "left", "xshift": 4}
        ]
    return {"data": data, "layout": layout}


def _scores(model: Evaluation) -> Plot:
    edges = model.curves.score_percent
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": edges,
            # A step reaches to the next edge; the last edge ends it.
            "y": [*_percents(shares), 0],
            "line": {"shape": "hv", "color": colour, "width": 1.5},
            "fill": "tozeroy",
            "fillcolor": f"{colour}33",
        }
        for name, shares, colour in (
            ("good payments", model.curves.good_share, _GOOD),
            ("fraud", model.curves.fraud_share, _FRAUD),
        )
    ]
    x = _axis("Score (each step is half as high again)", "%", None) | {
        "type": "log",
        "tickvals": [0.01, 0.1, 1, 10, 100],
        "ticktext": ["0.01 %", "0.1 %", "1 %", "10 %", "100 %"],
    }
    return {"data": data, "layout": _layout(x, _axis("Share of each kind", "%", None))}


def _percents(shares: Sequence[float]) -> list[float]:
    return [round(each * _PERCENT, 4) for each in shares]


def _axis(title: str, unit: str, limits: Sequence[float] | None) -> dict[str, Any]:
    return {
        "title": {"text": title, "standoff": 8},
        "ticksuffix": f" {unit}" if unit else "",
        "gridcolor": "#e5e7eb",
        "zerolinecolor": "#d1d5db",
        "automargin": True,
        **({"range": list(limits)} if limits else {}),
        **({"dtick": 25} if limits == _WHOLE else {}),
    }


def _layout(x: Mapping[str, Any], y: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "xaxis": x,
        "yaxis": y,
        "height": 340,
        "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
        "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0},
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": "#1f2937"},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "hovermode": "closest",
    }
