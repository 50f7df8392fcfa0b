"""Artefacts: what was kept comes back, and what was made to harm or to mislead is refused by name."""

import struct
from collections.abc import Callable, Mapping
from dataclasses import replace
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalog import CATALOG
from engine.errors import ModelInvalid
from engine.features import Catalog, Feature, FeatureType
from models.archive import packed, unpacked
from models.artifact import model_of
from models.foreign import foreign_of
from models.inputs import Inputs
from models.model import Model, model_id
from models.scorer import scorer_of
from tests.models.trained import foreign_model, forest_model, linear_model, made_features

KINDS = pytest.mark.parametrize("made", [forest_model, linear_model, foreign_model])


@KINDS
def test_what_was_kept_comes_back_and_scores_the_same(made: Callable[[], Model]) -> None:
    model = made()
    content = model.content()
    again = model_of(content, is_verified=True)
    assert again.content() == content
    assert again.id == model.id == model_id(content)
    features = made_features(np.random.default_rng(1))
    before, after = (scorer_of(each, CATALOG, "champion").score(features) for each in (model, again))
    assert (before.probability, before.base) == (after.probability, after.base)


def test_the_same_model_is_kept_in_the_same_bytes() -> None:
    model = forest_model()
    again = replace(model, lineage=dict(reversed(list(model.lineage.items()))))
    assert again.content() == model.content()


def test_an_estimator_is_not_loaded_without_a_verified_signature() -> None:
    class Bomb:
        def predict_proba(self) -> None: ...

        def __reduce__(self) -> Any:
            return (pytest.fail, ("it was loaded",))

    manifest, _ = unpacked(foreign_model().content())
    content = packed(manifest, {"estimator": np.frombuffer(foreign_of(Bomb(), 1).content, dtype=np.uint8)})
    with pytest.raises(ModelInvalid, match="signed bundle"):
        model_of(content)


def test_a_catalogue_with_more_features_in_other_places_serves_too() -> None:
    more = Catalog(
        [Feature(name="new", type=FeatureType.NUMBER, doc="New.", source="test"), *reversed(CATALOG.features)]
    )
    model, features = forest_model(), made_features(np.random.default_rng(2))
    moved = made_features(np.random.default_rng(2)).__class__(
        more, tuple(None if each.name == "new" else features[each.name] for each in more)
    )
    here = scorer_of(model, CATALOG, "champion").score(features)
    there = scorer_of(model_of(model.content(), more), more, "champion").score(moved)
    assert here.probability == there.probability
    words = [[part.words.filled(each.values) for part in score.contributions]
             for score, each in ((here, features), (there, moved))]  # fmt: skip
    assert words[0] == words[1]


def test_another_catalogue_is_refused_by_the_features_it_lacks() -> None:
    content = forest_model().content()
    fewer = Catalog([each for each in CATALOG if each.name not in ("local_hour", "cart_quantity")])
    with pytest.raises(ModelInvalid, match=r"no (local_hour, cart_quantity|cart_quantity, local_hour) here"):
        model_of(content, fewer)
    changed = Catalog(
        [
            Feature(name="local_hour", type=FeatureType.STRING, doc="x", source="test")
            if each.name == "local_hour"
            else each
            for each in CATALOG
        ]
    )
    with pytest.raises(ModelInvalid, match=r"local_hour \(string, not integer\)"):
        model_of(content, changed)


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    manifest, arrays = unpacked(forest_model().content())
    change(manifest)
    return packed(manifest, arrays)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda said: said.update(format="other"), "no model of Assay's"),
        (lambda said: said.update(format_version=2), "version 2"),
        (lambda said: said.update(more=1), "no less and no more"),
        (lambda said: said.pop("share"), "no less and no more"),
        (lambda said: said.update(kind="pickle"), "/kind"),
        (lambda said: said.update(kind="linear"), "arrays are"),
        (lambda said: said.update(kind="foreign"), "arrays are"),
        (lambda said: said.update(base=None), "/base"),
        (lambda said: said.update(share=1.5), "/share"),
        (lambda said: said.update(share="1"), "/share"),
        (lambda said: said["inputs"].clear(), "1 to 2,000 inputs"),
        (lambda said: said.update(calibration={}), "/calibration"),
        (lambda said: said["calibration"].update(log_odds=[3, 2, 1]), "/calibration"),
        (lambda said: said["calibration"].update(log_odds=7), "/calibration/log_odds"),
        (lambda said: said.update(features=[]), "/features"),
        (lambda said: said["features"].update(moon_phase="string"), "no moon_phase here"),
        (lambda said: said.update(lineage=[]), "/lineage"),
        (lambda said: said["scorecard"].pop("base"), "an object of"),
        (lambda said: said["features"].pop("local_hour"), "/features"),
    ],
)
def test_a_manifest_that_is_wrong_is_named(change: Callable[[dict[str, Any]], object], said: str) -> None:
    with pytest.raises(ModelInvalid, match=said):
        model_of(changed(change))


def archive_of(members: Mapping[str, bytes], **given: Any) -> bytes:
    kept = BytesIO()
    with ZipFile(kept, "w", **given) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return kept.getvalue()


def members_of(content: bytes) -> dict[str, bytes]:
    with ZipFile(BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def array_bytes(header: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()


def header(type_: str = "<f8", shape: str = "(0,)") -> bytes:
    return array_bytes(f"{{'descr': '{type_}', 'fortran_order': False, 'shape': {shape}, }}\n")


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"manifest.json": None}, "no manifest.json"),
        ({"manifest.json": b"{"}, "not JSON"),
        ({"manifest.json": b"[]"}, "an object"),
        ({"value.npy": header(shape="(10**12,)")}, "no row"),
        ({"value.npy": header(shape="(999999999999,)")}, "as long as"),
        ({"value.npy": header("|O", "(1,)") + bytes(8)}, "no row"),
        ({"value.npy": header(shape="(1, 1)") + bytes(8)}, "no row"),
        ({"value.npy": header(shape="(1,)") + bytes(9)}, "as long as"),
        ({"value.npy": header().replace(b"\x93NUMPY\x01\x00", b"\x93NUMPY\x01\x00\x01")}, "no row"),
        ({"value.npy": array_bytes("__import__('os').abort()\n")}, "no row"),
        ({"value.npy": array_bytes("(" * 900 + "\n")}, "no row"),
        ({"value.npy": b"\x93NUMPY\x02\x00" + bytes(20)}, "no row"),
        ({"value.npy": b"\x80\x04."}, "no row"),
        ({"other.npy": header()}, "arrays are"),
        ({"value.npy": None}, "arrays are"),
        ({"value.npy": header("<i4", "(1,)") + bytes(4)}, "value: it is one row of float64"),
        ({str(number): b"" for number in range(40)}, "at most 32 members"),
    ],
)
def test_members_that_are_wrong_are_named(members: dict[str, bytes | None], said: str) -> None:
    kept: dict[str, bytes | None] = {**members_of(forest_model().content()), **members}
    with pytest.raises(ModelInvalid, match=said):
        model_of(archive_of({name: each for name, each in kept.items() if each is not None}))


def test_an_archive_that_would_swell_is_refused() -> None:
    members = members_of(forest_model().content())
    with pytest.raises(ModelInvalid, match="stored, not compressed"):
        model_of(archive_of({**members, "bomb": bytes(10**6)}, compression=ZIP_DEFLATED))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**31), st.integers(0, 255), st.integers(1, 8), st.booleans())
def test_damage_is_refused_or_harms_nobody(at: int, value: int, length: int, is_cut: bool) -> None:
    content = bytearray(linear_model().content())
    at %= len(content)
    if is_cut:
        del content[at:]
    else:
        content[at : at + length] = bytes([value]) * length
    try:
        model = model_of(bytes(content))
    except ModelInvalid:
        return
    assert scorer_of(model, CATALOG, "champion").score(made_features(np.random.default_rng(3))).probability >= 0


def test_parts_of_two_models_are_no_model() -> None:
    model = forest_model()
    with pytest.raises(ModelInvalid, match="/inputs: the forest is of"):
        replace(model, inputs=Inputs(model.inputs.inputs[1:], CATALOG))


def test_what_is_no_archive_is_refused() -> None:
    for content in (b"", b"PK\x03\x04", orjson.dumps({}), bytes(1_000)):
        with pytest.raises(ModelInvalid):
            model_of(content)
