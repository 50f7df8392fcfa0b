"""Signed models: whoever did not sign them, and whatever was changed after it, is refused."""

import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from engine.catalog import CATALOG
from engine.errors import ModelInvalid
from models.archive import packed, unpacked
from models.scorer_file import KEY_FILE, scorer_of_content, scorers_of
from models.signing import bundle_of, signing_key_at, signing_key_in, verified
from tests.models.trained import foreign_model, forest_model


def test_a_bundle_is_read_back_and_verified_by_the_key_that_signed_it(tmp_path: Path) -> None:
    key = signing_key_in(tmp_path / "key")
    bundle = key.signed(forest_model().content())
    again = bundle_of(bundle.packed())
    assert again == bundle
    assert again.key_id == key.id
    assert verified(again, signing_key_in(tmp_path / "key")) == forest_model().content()


def test_the_key_is_its_owners_alone_and_made_once(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "key"
    assert signing_key_at(path) is None
    with ThreadPoolExecutor(8) as threads:
        made = {key.id for key in threads.map(lambda _: signing_key_in(path), range(8))}
    assert len(made) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["key"]


def test_a_changed_model_another_key_and_no_key_are_refused(tmp_path: Path) -> None:
    key, other = signing_key_in(tmp_path / "key"), signing_key_in(tmp_path / "other")
    bundle = key.signed(b"content")
    with pytest.raises(ModelInvalid, match="changed after the key"):
        verified(replace(bundle, content=b"contents"), key)
    with pytest.raises(ModelInvalid, match="changed after the key"):
        verified(replace(bundle, signature=bytes(64)), key)
    with pytest.raises(ModelInvalid, match=f"signed by the key {other.id}, and this installation's key is {key.id}"):
        verified(other.signed(b"content"), key)
    with pytest.raises(ModelInvalid, match="has no key yet"):
        verified(bundle, None)


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nxx\n-----END PRIVATE KEY-----\n"])
def test_a_key_that_cannot_be_read_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(ModelInvalid, match=str(tmp_path / "key")):
        signing_key_in(tmp_path / "key")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("key", "zz", "/key"), ("signature", "00", "/signature"), ("format", "x", "no bundle"),
     ("format_version", 2, "version 2"), ("more", 1, "no bundle")],
)  # fmt: skip
def test_a_bundle_that_is_wrong_is_named(tmp_path: Path, name: str, value: object, said: str) -> None:
    manifest, arrays = unpacked(signing_key_in(tmp_path / "key").signed(b"content").packed())
    with pytest.raises(ModelInvalid, match=said):
        bundle_of(packed({**manifest, name: value}, arrays))


def test_an_analysts_estimator_is_served_from_a_bundle_that_was_signed_here(tmp_path: Path) -> None:
    content = foreign_model().content()
    packed_bundle = signing_key_in(tmp_path / KEY_FILE).signed(content).packed()
    scorer = scorers_of(tmp_path)(packed_bundle, CATALOG, "champion")
    assert scorer.id == foreign_model().id
    assert scorer.content() == packed_bundle
    with pytest.raises(ModelInvalid, match="has no key yet"):
        scorer_of_content(packed_bundle, CATALOG, "champion")
    with pytest.raises(ModelInvalid, match="signed bundle alone"):
        scorers_of(tmp_path)(content, CATALOG, "champion")
    signing_key_in(tmp_path / "elsewhere" / KEY_FILE)
    with pytest.raises(ModelInvalid, match="signed by the key"):
        scorers_of(tmp_path / "elsewhere")(packed_bundle, CATALOG, "champion")


def test_a_forest_is_kept_without_its_signature_so_that_it_replays_anywhere(tmp_path: Path) -> None:
    content = forest_model().content()
    scorer = scorers_of(tmp_path)(signing_key_in(tmp_path / KEY_FILE).signed(content).packed(), CATALOG, "champion")
    assert scorer.content() == content
    assert scorer_of_content(content, CATALOG, "champion").id == scorer.id
