"""Looks before the end, as the judge sees them: which units count, which boundary, what is said; and hashes."""

from __future__ import annotations

import json
import math
from collections import Counter
from importlib.resources import files

import numpy as np
import pytest
from factories import HEALTHY, claim, judged, record, units
from scipy.special import stdtrit
from toys import toy

from claimbench import registry
from claimbench.expectation import Difference, Equivalent, NotWorse, Ratio
from claimbench.lock import Lock
from claimbench.record import Record
from claimbench.rules import decide
from claimbench.spec import Claim, Protocol
from claimbench.stats.sequential import shares
from claimbench.verdict import judge

MEASURE = "092e25a98ad1a775be586a903562eef6747d0d0d58e738702ccab1be09e24dc3"
JUDGE = "855464e6b999bdd3aa380a465a241bfaa1f728a12950a37083c0e86e9f522ca6"
LOOKS = (16, 32, 48)
PROTOCOL = Protocol(unit="seed", n={"smoke": 48}, n_min=8, paired=True, interim={"smoke": LOOKS[:2]})


def looked_at(**changes: object) -> Claim:
    fields = {"protocol": PROTOCOL} | changes
    return claim(Difference(subject="ours", baseline="theirs", at_least=0.5), **fields)


def gains(mean: float, n: int, spread: float = 1.0, seed: int = 0) -> dict[str, list[float]]:
    rng = np.random.default_rng(seed)
    return {"ours": rng.normal(mean, spread, n).tolist(), "theirs": [0.0] * n}


@pytest.mark.parametrize(("n", "look", "counted"), [(16, 1, 16), (20, 1, 16), (32, 2, 32), (47, 2, 32), (48, 3, 48)])
def test_units_up_to_the_last_complete_look_are_judged_at_its_level(n: int, look: int, counted: int) -> None:
    of = looked_at()
    seen = judged(of, units(of, gains(0.8, n)), m=2)
    assert (seen.look, seen.n["ours"]) == (look, counted)
    effect = seen.parts[0].effect
    assert effect is not None
    assert effect.level == pytest.approx(1 - shares(LOOKS, 0.025)[look - 1])


def test_nothing_is_judged_before_the_first_look_and_a_failed_unit_completes_one() -> None:
    of = looked_at()
    seen = judged(of, units(of, gains(30.0, 15)))
    assert (seen.status, seen.look, seen.parts) == ("INCONCLUSIVE", 0, ())
    assert "before the first look, at 16 units an arm" in seen.reason
    whole = units(of, gains(3.0, 16))
    failed = whole[3].model_copy(update={"status": "failed", "reason": "out of memory", "samples": {}})
    seen = judged(of, [*whole[:3], failed, *whole[4:]])
    assert (seen.look, seen.n["ours"]) == (1, 15)


def test_an_undecided_look_says_that_it_goes_on_and_the_last_one_does_not() -> None:
    of = looked_at()
    early, late = judged(of, units(of, gains(0.5, 16))), judged(of, units(of, gains(0.5, 48)))
    assert (early.status, late.status) == ("INCONCLUSIVE", "INCONCLUSIVE")
    assert "this was look 1 of 3, and claimbench run measures on" in early.reason
    assert "look" not in late.reason


def test_few_pairs_at_an_early_look_are_not_invalid() -> None:
    few = PROTOCOL.model_copy(update={"n": {"smoke": 24}, "interim": {"smoke": (8,)}})
    of = looked_at(protocol=few)
    seen = judged(of, units(of, gains(30.0, 8)))
    assert seen.status == "INCONCLUSIVE"
    assert "tests disagree" in seen.reason, "eight pairs reach 2^-8, and the first look asks for less"


def test_what_is_looked_at_errs_no_more_often_than_what_is_not() -> None:
    """False REPRODUCED at the threshold itself, over all looks: by arrays, which spot draws tie to the judge."""
    reps, asked = 20_000, 0.5
    x = np.random.default_rng(7).normal(asked, 1.0, (reps, LOOKS[-1]))
    status = np.full(reps, "INCONCLUSIVE", dtype=object)
    for n, part in zip(LOOKS, shares(LOOKS, 0.05), strict=True):
        mean = x[:, :n].mean(axis=1)
        half = stdtrit(n - 1, 1 - part / 2) * x[:, :n].std(axis=1, ddof=1) / math.sqrt(n)
        open_ = np.flatnonzero(status == "INCONCLUSIVE")
        status[open_] = [decide(mean[i] - half[i], mean[i] + half[i], 0.0, asked) for i in open_]
    seen = Counter(status.tolist())
    bound = 0.025 + 3 * math.sqrt(0.025 / reps)
    assert 0.015 < seen["REPRODUCED"] / reps <= bound
    assert seen["CONTRADICTED"] / reps <= bound
    of = looked_at()
    for row in range(12):
        found = "INCONCLUSIVE"
        for n in LOOKS:
            columns = {"ours": x[row, :n].tolist(), "theirs": [0.0] * n}
            found = judge(of, "smoke", 1, units(of, columns), HEALTHY).status
            if found != "INCONCLUSIVE":
                break
        assert found in (status[row], "INCONCLUSIVE"), "the exact test may take it back"


def test_a_large_effect_is_decided_early() -> None:
    of = looked_at()
    decided = [judged(of, units(of, gains(2.5, 16, seed=seed))).status for seed in range(20)]
    assert decided.count("REPRODUCED") >= 15


# Fields that came later change no hash of what does not use them.


def test_the_locked_claims_are_still_locked() -> None:
    lock = Lock.load()
    states = {one.id: lock.state(one) for one in registry.claims().values() if isinstance(one, Claim)}
    committed = json.loads((files("claimbench") / "LOCK.json").read_text(encoding="utf-8"))
    assert all(states[name] in ("locked", "changed") for name in committed)
    for name, entry in committed.items():
        expectation = entry["judgements"][-1]["expectation"]
        assert all(expectation.get(field, True) for field in ("relative", "of_means")), name


def test_a_claim_that_uses_no_new_field_has_the_hash_it_always_had() -> None:
    # Taken before the fields were added.
    assert toy().measure_sha() == MEASURE
    assert toy().judge_sha({"smoke": 3}) == JUDGE
    ratio = toy(expectation=Ratio(subject="ours", baseline="theirs", at_least=2.0))
    assert "of_means" not in ratio.expectation.model_dump()
    for old, new in (
        (Ratio(subject="ours", baseline="theirs", at_least=2.0), {"of_means": True}),
        (NotWorse(subject="ours", baseline="theirs", margin=0.1), {"relative": True}),
        (Equivalent(subject="ours", baseline="theirs", margin=0.1), {"relative": True}),
    ):
        changed = old.model_copy(update=new)
        assert toy(expectation=changed).judge_sha({"smoke": 3}) != toy(expectation=old).judge_sha({"smoke": 3})
        assert type(old).model_validate(changed.model_dump(mode="json")) == changed
    protocol = toy().protocol
    for update in ({"cluster": "user"}, {"interim": {"smoke": (6,)}}):
        changed = protocol.model_copy(update=update)
        assert toy(protocol=changed).measure_sha() != MEASURE
        assert Protocol.model_validate(changed.model_dump(mode="json")) == changed


def test_pilot_seeds_confirm_nothing() -> None:
    tuning = {"option": "rate", "grid": (1.0, 2.0, 3.0), "seeds": (1000, 1001)}
    with pytest.raises(ValueError, match=r"\[1000, 1001\] are seeds of smoke that confirm"):
        toy(protocol=Protocol(unit="seed", n={"smoke": 1500}, n_min=6, paired=True), tuning=tuning)
    assert toy(tuning=tuning).tuning is not None


def of_arm(records: list[Record], arm: str) -> list[Record]:
    return [one for one in records if one.arm == arm]


def test_a_look_is_complete_when_every_arm_is() -> None:
    of = looked_at()
    records = units(of, gains(0.8, 32))
    short = [*of_arm(records, "ours"), *of_arm(records, "theirs")[:20]]
    assert judged(of, short).look == 1
    batch = record(of, "theirs", range(20, 32), samples={"score": [0.0] * 12})
    assert judged(of, [*short, batch]).look == 2
