"""The lock: drafts, frozen claims, families that grow, changes that are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from toys import Toy, toy

from claimbench.errors import HostError, LockError
from claimbench.expectation import Difference
from claimbench.lock import Lock

STRICTER = Difference(subject="ours", baseline="theirs", at_least=0.3)


@pytest.fixture
def lock(tmp_path: Path) -> Lock:
    return Lock.load(tmp_path / "LOCK.json")


def test_a_claim_is_a_draft_until_it_is_locked_and_survives_the_file(lock: Lock) -> None:
    assert lock.state(toy()) == "draft"
    lock.freeze([toy()], [toy()])
    lock.save()
    again = Lock.load(lock.path)
    assert again.state(toy()) == "locked"
    assert again.family("toy", "smoke") == 1
    assert again.state(toy(workloads={"smoke": Toy(size=4)})) == "changed"
    assert again.state(toy(expectation=STRICTER)) == "changed"


def test_a_change_needs_a_new_version(lock: Lock) -> None:
    lock.freeze([toy()], [toy()])
    with pytest.raises(LockError, match="raise its version above 1"):
        lock.freeze([toy(expectation=STRICTER)], [toy(expectation=STRICTER)])
    changed = toy(expectation=STRICTER, version=2)
    lock.freeze([changed], [changed])
    assert lock.state(changed) == "locked"
    assert [past.version for past in lock.history(changed)] == [1, 2]


def test_a_new_measurement_starts_a_new_history(lock: Lock) -> None:
    lock.freeze([toy()], [toy()])
    changed = toy(workloads={"smoke": Toy(size=4)}, version=2)
    lock.freeze([changed], [changed])
    assert [past.version for past in lock.history(changed)] == [2]
    assert lock.history(toy()) == ()


def test_a_family_that_grows_is_appended_to_every_members_history(lock: Lock) -> None:
    first, second = toy(), toy(id="toy.other", label="TO-02")
    lock.freeze([first], [first])
    lock.freeze([second], [first, second])
    assert lock.family("toy", "smoke") == 2
    assert [past.family["smoke"] for past in lock.history(first)] == [1, 2]
    assert lock.state(first) == lock.state(second) == "locked"


def test_a_selection_cannot_lock_past_a_changed_neighbour(lock: Lock) -> None:
    first, second = toy(), toy(id="toy.other", label="TO-02")
    lock.freeze([first], [first])
    changed = toy(expectation=STRICTER)
    with pytest.raises(LockError, match=r"toy\.better changed"):
        lock.freeze([second], [changed, second])


def test_locking_twice_changes_nothing(lock: Lock) -> None:
    lock.freeze([toy()], [toy()])
    assert lock.freeze([toy()], [toy()]) == []
    assert len(lock.history(toy())) == 1


def test_a_file_that_is_no_lock_and_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    broken = tmp_path / "LOCK.json"
    broken.write_text('{"toy.better": 3}')
    with pytest.raises(LockError, match="restore it from git"):
        Lock.load(broken)
    nowhere = Lock({}, tmp_path / "LOCK.json" / "LOCK.json")
    with pytest.raises(HostError, match="writable checkout"):
        nowhere.save()
