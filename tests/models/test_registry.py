"""Models as signed files: kept whole or not at all, read back the same, and refused where anything is wrong."""

import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import ModelInvalid
from models.registry import FOLDER, KEY_FILE, Judged, ModelFiles, is_model_id
from models.signing import bundle_of
from tests.models.small_models import judged_as, kept, small_model


@pytest.fixture
def files(tmp_path: Path) -> ModelFiles:
    return ModelFiles(tmp_path)


def test_a_model_is_read_back_as_it_was_kept(files: ModelFiles, tmp_path: Path) -> None:
    model = small_model(learner="linear")
    name = files.put(model)
    assert name == model.id
    assert is_model_id(name)
    assert files.ids() == (name,)
    assert files.model(name).content() == model.content()
    listed = files.listed(name)
    assert (listed.kind, listed.share, listed.lineage["learner"], listed.fault) == ("linear", 1.0, "linear", None)
    assert files.scorer(name, "champion").id == name
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(files.file_of(name).stat().st_mode) == 0o600


def test_the_newest_model_is_listed_first(files: ModelFiles) -> None:
    names = [files.put(small_model(base)) for base in (-1.0, -2.0, -3.0)]
    for place, name in enumerate(names):
        os.utime(files.file_of(name), ns=(place, place))
    (files.file_of(names[0]).parent / "notes.model").write_text("no model")
    assert files.ids() == tuple(reversed(names))


def _flipped(packed: bytes) -> bytes:
    middle = len(packed) // 2
    return packed[:middle] + bytes([packed[middle] ^ 1]) + packed[middle + 1 :]


def _another_content(packed: bytes) -> bytes:
    return replace(bundle_of(packed), content=small_model(-9.0).content()).packed()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_flipped, "cannot be used"),
        (_another_content, "changed after the key"),
        (lambda packed: packed[:100], "cannot be used"),
        (lambda _: b"", "cannot be used"),
        (lambda _: small_model(-3.0).content(), "no bundle"),
    ],
)
def test_a_tampered_file_is_refused_and_named(files: ModelFiles, damage: Callable[[bytes], bytes], said: str) -> None:
    name = files.put(small_model())
    file = files.file_of(name)
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(ModelInvalid, match=said) as refused:
        files.model(name)
    assert str(file) in str(refused.value)
    listed = files.listed(name)
    assert listed.fault == str(refused.value)
    assert not listed.lineage


def test_a_bundle_of_another_installation_is_refused(files: ModelFiles, tmp_path: Path) -> None:
    theirs = ModelFiles(tmp_path / "theirs")
    name = theirs.put(small_model())
    files.put(small_model(-4.0))
    files.file_of(name).write_bytes(theirs.file_of(name).read_bytes())
    with pytest.raises(ModelInvalid, match="signed by the key"):
        files.model(name)


def test_a_model_under_another_ones_name_is_refused(files: ModelFiles) -> None:
    one, other = (files.put(small_model(base)) for base in (-3.0, -4.0))
    files.file_of(one).write_bytes(files.file_of(other).read_bytes())
    with pytest.raises(ModelInvalid, match="under another's name"):
        files.scorer(one, "champion")


def test_a_missing_model_and_a_missing_key_are_told(files: ModelFiles, tmp_path: Path) -> None:
    with pytest.raises(ModelInvalid, match="No such file"):
        files.model("model-000000000000")
    name = files.put(small_model())
    (tmp_path / KEY_FILE).unlink()
    with pytest.raises(ModelInvalid, match="no key yet"):
        files.model(name)


def test_how_a_model_was_judged_is_kept_beside_it(files: ModelFiles) -> None:
    name = kept(files, passes=None)
    assert files.judged(name) is None
    files.judge(name, Judged(said=judged_as(name, None), report="<p>", card="#"))
    assert files.judged(name) == judged_as(name, None)
    assert (files.report_of(name).read_text(), files.card_of(name).read_text()) == ("<p>", "#")
    files.file_of(name).with_suffix(".json").write_text('{"model": "another"}')
    assert files.judged(name) is None


def test_a_training_that_was_killed_leaves_no_model_and_what_it_left_is_removed(
    files: ModelFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stays = kept(files)
    model = small_model(-7.0)
    judged = Judged(said=judged_as(model.id, None), report="<p>", card="#")
    steps = 0

    def killed(_: int) -> None:
        nonlocal steps
        steps -= 1
        if not steps:
            raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", killed)
    # Two for each of four files; the last is after the model has its name.
    for step in range(1, 8):
        steps = step
        with pytest.raises(KeyboardInterrupt):
            files.put(model, judged)
        assert files.ids() == (stays,)
        files.clear_staged()
        assert {each.stem for each in (tmp_path / FOLDER).iterdir()} == {stays}
    assert files.put(model, judged) == model.id


@pytest.mark.parametrize(
    "text", ["", "model-", "model-00000000000", "model-00000000000g", "../../etc/x", "model-0000000000000"]
)
def test_nothing_but_an_id_names_a_file(text: str) -> None:
    assert not is_model_id(text)
