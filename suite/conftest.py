"""The door of the claims: `pytest suite/ -k mamba` measures what the store lacks, then judges.

Green is a verdict, whichever it is; red is what `claimbench.alarm` says; everything undecided is a skip that says
why. Drafts are measured too, as exploratory, and are skipped until they are locked. pytest's own `--strict` makes a
contradicted claim red as well.

Modules are imported whole here and in `test_claims.py`: asv imports this folder and looks into every class that it
sees.
"""

from __future__ import annotations

import collections
import pathlib

import pytest

from claimbench import alarm, errors, registry, spec, units

_PUBLISHED = pathlib.Path(__file__).parents[1] / "reports" / "published"
_VERDICTS = pytest.StashKey()
_Judged = collections.namedtuple("_Judged", "verdict tries records state")


def pytest_addoption(parser):
    group = parser.getgroup("claims", "claims of papers")
    group.addoption("--tier", choices=("smoke", "cpu", "gpu"), default="smoke", help="tier to measure and judge at")
    group.addoption("--paper", action="append", default=[], help="only this paper's claims (may be repeated)")
    group.addoption("--claim", action="append", default=[], help="only this claim, by id or label (may be repeated)")
    group.addoption("--kind", action="append", default=[], help="only claims of this kind (may be repeated)")
    group.addoption("--deterministic", action="store_true", help="only one deterministic claim of each paper")
    group.addoption("--store", type=pathlib.Path, default=pathlib.Path("runs"), help="folder of the records")


def pytest_configure(config):
    if hasattr(config, "workerinput") or getattr(config.option, "numprocesses", None):
        raise pytest.UsageError("suite/ times things and starts its own workers: leave out -n")


def pytest_generate_tests(metafunc):
    try:
        claims = [claim for claim in registry.select() if metafunc.function.__name__ != "test_timing" or _timed(claim)]
    except errors.ClaimbenchError as error:
        raise pytest.Collector.CollectError(str(error)) from error
    if "arm" in metafunc.fixturenames:
        # Ids name roles, not arms: an arm may bear another paper's name, and -k would find it there.
        rows = [(claim.id, arm.name, f"{claim.id}-{label}") for claim in claims for arm, label in _labelled(claim)]
        metafunc.parametrize(("claim_id", "arm"), [row[:2] for row in rows], ids=[row[2] for row in rows])
    elif "claim_id" in metafunc.fixturenames:
        ids = [claim.id for claim in claims]
        metafunc.parametrize("claim_id", ids, ids=ids)


def _timed(claim):
    return isinstance(claim, spec.Claim) and claim.metric.unit == "s" and claim.protocol.unit == "process"


def _labelled(claim):
    seen = {}
    for arm in claim.arms:
        seen[arm.role] = seen.get(arm.role, 0) + 1
        yield arm, arm.role if seen[arm.role] == 1 else f"{arm.role}{seen[arm.role]}"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    try:
        wanted = _wanted(config)
    except errors.ClaimbenchError as error:
        raise pytest.UsageError(str(error)) from error
    slugs = set(registry.papers())
    kept, dropped = [], []
    for item in items:
        claim_id = _claim_id(item)
        if claim_id is None:
            kept.append(item)
            continue
        claim = registry.get(claim_id)
        # -k matches substrings: the keyword "benchmark" would make a claim of any paper answer to -k mar.
        others = slugs - {claim.paper}
        item.extra_keyword_matches.update(
            word for word in registry.keywords(claim) if not any(slug in word.lower() for slug in others)
        )
        (kept if wanted is None or claim_id in wanted else dropped).append(item)
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept


def _claim_id(item):
    callspec = getattr(item, "callspec", None)
    return callspec.params.get("claim_id") if callspec else None


def _wanted(config):
    """Ids that the exact options leave, or None where none was given; raises UnknownName."""
    claims = registry.select()
    papers, ids, kinds = (config.getoption(name) for name in ("--paper", "--claim", "--kind"))
    for slug in papers:
        registry.paper_claims(slug)
    for kind in kinds:
        known = {claim.kind for claim in claims}
        if kind not in known:
            raise errors.UnknownName("kind of claim", kind, known)
    if not (papers or ids or kinds or config.getoption("--deterministic")):
        return None
    if papers:
        claims = [claim for claim in claims if claim.paper in papers]
    if ids:
        exact = {registry.get(name).id for name in ids}
        claims = [claim for claim in claims if claim.id in exact]
    if kinds:
        claims = [claim for claim in claims if claim.kind in kinds]
    if config.getoption("--deterministic"):
        claims = _one_deterministic_each(claims, config.getoption("--tier"))
    return {claim.id for claim in claims}


def _one_deterministic_each(claims, tier):
    """Of every paper, the deterministic confirmatory claim that takes least."""
    first = {}
    for claim in claims:
        if (
            isinstance(claim, spec.Claim)
            and claim.role == "confirmatory"
            and claim.protocol.unit == "deterministic"
            and tier in claim.workloads
        ):
            best = first.setdefault(claim.paper, claim)
            if claim.needs.core_seconds[tier] < best.needs.core_seconds[tier]:
                first[claim.paper] = claim
    return list(first.values())


@pytest.fixture(scope="session")
def judged(request):
    """Claim id → (verdict, last tries, records that count, lock state) of every selected claim the tier can test."""
    from claimbench import console, evidence, lock, store
    from claimbench.run import session

    config = request.config
    tier = config.getoption("--tier")
    chosen = sorted({claim_id for item in request.session.items if (claim_id := _claim_id(item))})
    claims = [claim for claim in map(registry.get, chosen) if isinstance(claim, spec.Claim) and tier in claim.workloads]
    records = store.Store(config.getoption("--store"))
    if claims:
        capture = config.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled(), console.LiveProgress() as live:
            session.run_claims(claims, tier, records, on_event=live)
    found = records.records()
    held = lock.Lock.load()
    verdicts = evidence.judge_all(claims, found, held, tier)
    config.stash[_VERDICTS] = verdicts
    return {
        claim.id: _Judged(
            verdict, alarm.last_tries(claim, tier, found), units.collect(claim, tier, found).ok, held.state(claim)
        )
        for claim, verdict in zip(claims, verdicts, strict=True)
    }


@pytest.fixture
def evidence_of(request, judged):
    """What is known of a claim; skips where the tier cannot test it or its trials were skipped."""

    def look(claim_id):
        claim = registry.get(claim_id)
        if isinstance(claim, spec.NotTestable):
            pytest.skip(f"not testable: {claim.reason}")
        if claim_id not in judged:
            pytest.skip(f"not tested at {request.config.getoption('--tier')}; its tiers: {', '.join(claim.workloads)}")
        found = judged[claim_id]
        reasons = {one.status: one.reason for one in found.tries}
        if "skipped" in reasons and "failed" not in reasons:
            pytest.skip(f"trials were skipped: {reasons['skipped']}")
        return found

    return look


@pytest.fixture
def settle(request):
    """Fail where the verdict is red; skip where it decides nothing."""

    def decide(found):
        verdict = found.verdict
        claim = registry.get(verdict.claim)
        binding = found.state == "locked" and claim.role == "confirmatory"
        published = alarm.read_published(_PUBLISHED).get(verdict.claim, {}).get(verdict.tier) if binding else None
        strict = binding and bool(request.config.getoption("strict", default=False))
        if reason := alarm.red(verdict, found.tries, published, strict=strict):
            pytest.fail(reason, pytrace=False)
        if found.state == "draft":
            pytest.skip(f"draft, measured as exploratory: freeze it with claimbench lock {verdict.claim}")
        if found.state == "changed":
            pytest.skip(f"changed since it was locked: raise its version, then claimbench lock {verdict.claim}")
        if verdict.status == "INCONCLUSIVE":
            more = f"; {verdict.further_units} more units an arm would decide" if verdict.further_units else ""
            pytest.skip(f"inconclusive: {verdict.reason}{more}")

    return decide


def pytest_terminal_summary(terminalreporter, config):
    verdicts = config.stash.get(_VERDICTS, [])
    if verdicts:
        from claimbench import console

        terminalreporter.section(f"verdicts at {config.getoption('--tier')}")
        terminalreporter.write_line(console.verdict_table(verdicts))


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_json(config, benchmarks, output_json):
    output_json["claims"] = [verdict.model_dump(mode="json") for verdict in config.stash.get(_VERDICTS, [])]
