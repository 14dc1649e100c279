"""Secrets at rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from social_layer.sealing import SealBroken, Sealer

OLD, NEW, OTHER = "old" * 12, "new" * 12, "other" * 12


@given(plain=some.text())
def test_what_was_sealed_opens_again(plain: str) -> None:
    sealed = Sealer([OLD]).seal(plain)
    assert Sealer([OLD]).open(sealed) == plain


def test_after_a_change_of_keys_old_seals_open_and_new_ones_are_made_with_the_new_key() -> None:
    before, after = Sealer([OLD]), Sealer([NEW, OLD])
    assert after.open(before.seal("a secret")) == "a secret"
    assert Sealer([NEW]).open(after.seal("a secret")) == "a secret"
    with pytest.raises(SealBroken):
        before.open(after.seal("a secret"))


def test_a_seal_names_its_key_and_hides_its_secret() -> None:
    sealer = Sealer([NEW, OLD])
    sealed = sealer.seal("a secret")
    assert sealed.startswith(f"{sealer.key_id}.")
    assert "secret" not in sealed
    assert sealed != sealer.seal("a secret")


@pytest.mark.parametrize("sealed", ["", "x", "x.y", "."])
def test_what_is_no_seal_does_not_open(sealed: str) -> None:
    with pytest.raises(SealBroken):
        Sealer([OLD]).open(sealed)


def test_an_altered_seal_does_not_open() -> None:
    sealer = Sealer([OLD])
    sealed = sealer.seal("a secret")
    middle = len(sealed) // 2
    with pytest.raises(SealBroken, match="altered"):
        sealer.open(sealed[:middle] + ("A" if sealed[middle] != "A" else "B") + sealed[middle + 1 :])


def test_each_purpose_has_its_own_keys_the_newest_first() -> None:
    sealer = Sealer([NEW, OLD])
    assert sealer.keys_for("bearer") == [*Sealer([NEW]).keys_for("bearer"), *Sealer([OLD]).keys_for("bearer")]
    assert not set(sealer.keys_for("bearer")) & set(sealer.keys_for("seal"))


def test_a_blind_digest_finds_the_same_value_after_a_change_of_keys_and_tells_purposes_apart() -> None:
    assert Sealer([OLD]).blind("voice", "ada") == Sealer([NEW, OLD]).blind("voice", "ada")
    assert Sealer([OLD]).blind("voice", "ada") != Sealer([OLD]).blind("other", "ada")
    assert Sealer([OLD]).blind("voice", "ada") != Sealer([OTHER]).blind("voice", "ada")


def test_without_a_key_there_is_no_sealer() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Sealer([])
