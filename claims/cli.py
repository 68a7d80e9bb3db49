"""The command line: the composition root. Each command imports what it needs when it runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter
from cyclopts.exceptions import CycloptsError

from claimbench import __version__
from claimbench.errors import ClaimbenchError

__all__ = ["app", "main"]

TierName = Literal["smoke", "cpu", "gpu"]
Expression = Annotated[
    str | None,
    Parameter(name=["-k", "--select"], help="Claims to select: a word, an id, or words joined by and, or, not."),
]
AtTier = Annotated[
    TierName, Parameter(name="--tier", help="smoke: 2 minutes a paper; cpu: an hour; gpu: one data-centre GPU.")
]
Folder = Annotated[Path, Parameter(name="--store", help="Folder of the records.")]

STORE = Path("runs")
PUBLISHED = Path("reports/published")

app = App(
    name="claimbench",
    help="Claims of deep-learning papers that a machine can check. Start with: claimbench run -k mamba",
    version=__version__,
    help_format="plaintext",
)
data_app = App(name="data", help="The data sets.")
app.command(data_app)


@app.command
def ls(expression: Expression = None, *, json: bool = False) -> None:
    """List the claims, with their tiers and whether they are locked.

    Parameters
    ----------
    json
        One JSON array instead of the table.
    """
    from claimbench import console, registry
    from claimbench.lock import Lock

    print(console.claim_list(registry.select(expression), Lock.load(), as_json=json))


@app.command
def show(claim: str) -> None:
    """Show one claim: statement, source, published figures, arms, what would decide it.

    Parameters
    ----------
    claim
        Id or label, such as MA-01.
    """
    from claimbench import console, registry
    from claimbench.lock import Lock

    print(console.claim_sheet(registry.get(claim), Lock.load()))


@app.command
def plan(expression: Expression = None, *, tier: AtTier = "smoke", store: Folder = STORE) -> int:
    """Show what a run would measure, what the store holds already, and the core-seconds of each paper."""
    from claimbench import console, registry
    from claimbench.lock import Lock
    from claimbench.run.plan import plan as make_plan
    from claimbench.store import Store

    made = make_plan(registry.testable(expression, tier), tier, Store(store), Lock.load())
    print(console.plan_table(made))
    return 0


@app.command
def run(
    expression: Expression = None,
    *,
    tier: AtTier = "smoke",
    store: Folder = STORE,
    fresh: bool = False,
    workers: int = 2,
) -> int:
    """Measure what the store lacks, judge it, and write the report beside the records.

    Parameters
    ----------
    fresh
        Measure everything again; the newest attempt is judged and the number of attempts is printed.
    workers
        Trials side by side; timings are always alone.
    """
    from claimbench import console, registry
    from claimbench.run.session import run_claims
    from claimbench.store import Store

    chosen = registry.testable(expression, tier)
    with console.LiveProgress() as live:
        summary = run_claims(chosen, tier, Store(store), fresh=fresh, workers=workers, on_event=live)
    print(console.summary_line(summary))
    code = _judge(expression, tier, store)
    _write_report(store)
    return code


@app.command
def verdict(expression: Expression = None, *, tier: AtTier = "smoke", store: Folder = STORE) -> int:
    """Judge the records and print the verdict table."""
    return _judge(expression, tier, store)


def _judge(expression: str | None, tier: TierName, store: Path) -> int:
    from claimbench import alarm, console, registry
    from claimbench.evidence import judge_all
    from claimbench.lock import Lock
    from claimbench.spec import Claim
    from claimbench.store import Store

    records, lock = Store(store).records(), Lock.load()
    verdicts = judge_all(registry.select(expression), records, lock, tier)
    print(console.verdict_table(verdicts))
    published, reds = alarm.read_published(PUBLISHED), []
    for one in verdicts:
        claim = registry.get(one.claim)
        if isinstance(claim, Claim):
            binding = lock.state(claim) == "locked" and claim.role == "confirmatory"
            ours = published.get(claim.id, {}).get(tier) if binding else None
            reds.append(alarm.red(one, alarm.last_tries(claim, tier, records), ours))
    for reason in filter(None, reds):
        print(f"red: {reason}", file=sys.stderr)
    return 1 if any(reds) else 0


def _write_report(store: Path) -> None:
    from claimbench.publication import build_pages, write_pages
    from claimbench.store import Store

    out = store / "report"
    write_pages(build_pages(Store(store).records()), out)
    print(f"report: {out / 'INDEX.md'}")


@app.command
def report(*, check: bool = False, store: Folder = STORE) -> int:
    """Write the report of the records in the store.

    Parameters
    ----------
    check
        Instead, build the published pages from the published evidence and compare them byte for byte.
    """
    from claimbench import publication

    if not check:
        _write_report(store)
        return 0
    differences = publication.check(PUBLISHED)
    for line in differences:
        print(line)
    outcome = "differs from its evidence; run claimbench publish" if differences else "reproduced byte for byte"
    print(f"{PUBLISHED}: {outcome}")
    return 1 if differences else 0


@app.command
def publish(expression: Expression = None, *, store: Folder = STORE) -> int:
    """Copy the evidence of locked claims to reports/published and write its pages."""
    from claimbench import publication, registry
    from claimbench.store import Store

    for line in publication.publish(registry.select(expression), Store(store), PUBLISHED):
        print(line)
    return 0


@app.command
def compare(first: Path, second: Path, expression: Expression = None, *, tier: AtTier = "smoke") -> int:
    """Set the verdicts and effects of two stores side by side.

    Parameters
    ----------
    first, second
        Folders of records, such as runs or reports/published/evidence.
    """
    from claimbench import console, registry
    from claimbench.evidence import judge_all
    from claimbench.lock import Lock
    from claimbench.store import Store

    lock = Lock.load()
    sides = [judge_all(registry.select(expression), Store(folder).records(), lock, tier) for folder in (first, second)]
    print(console.comparison(str(first), sides[0], str(second), sides[1]))
    return 0


@app.command
def replay(record: str, *, store: Folder = STORE) -> int:
    """Run the trial of a record again and compare what it gives.

    Parameters
    ----------
    record
        First characters of the trial's identity, as `export csv` and the pages print it.
    """
    from claimbench import console
    from claimbench.replay import replay as run_again
    from claimbench.store import Store

    with console.LiveProgress() as live:
        outcome = run_again(record, Store(store), on_event=live)
    print(console.replay_table(outcome))
    return 0 if outcome.same else 1


@app.command
def lock(expression: Annotated[str, Parameter(help="Claims to lock: ids, labels or an expression.")]) -> int:
    """Freeze claims before their first confirmatory seed."""
    from claimbench import registry
    from claimbench.lock import Lock
    from claimbench.spec import Claim

    held = Lock.load()
    chosen = [claim for claim in registry.select(expression) if isinstance(claim, Claim)]
    lines = held.freeze(chosen, registry.claims().values())
    held.save()
    print("\n".join(lines) or "nothing changed")
    return 0


@app.command
def tune(claim: str, *, tier: AtTier = "smoke", store: Folder = STORE) -> int:
    """Try the claim's grid on pilot seeds, the same for every arm, and print the best values.

    Parameters
    ----------
    claim
        Id or label of a claim with a `tuning` field.
    """
    from claimbench import console, registry
    from claimbench.store import Store
    from claimbench.tuning import tune as try_grid

    with console.LiveProgress() as live:
        tuned = try_grid(registry.get(claim), tier, Store(store), on_event=live)
    print(console.tuning_table(tuned))
    return 1 if tuned.void else 0


@app.command
def power(claim: str, *, tier: AtTier = "smoke", store: Folder = STORE, sd: float | None = None) -> None:
    """Show what a claim's units can decide, how many an effect as large as asked takes, and how many more.

    Parameters
    ----------
    claim
        Id or label of a claim.
    sd
        Standard deviation of one unit (a pair's difference; a logarithm, for factors) in place of the records' own.
    """
    from claimbench import console, registry
    from claimbench.lock import Lock
    from claimbench.power import power_of
    from claimbench.store import Store

    print(console.power_table(power_of(registry.get(claim), tier, Store(store).records(), Lock.load(), sd)))


@app.command
def doctor() -> int:
    """Look at this machine: versions, load, clock, memory, disk, noise."""
    from claimbench import console
    from claimbench.doctor import diagnose

    findings = diagnose()
    print(console.findings_table(findings))
    return 3 if any(finding.status == "fail" for finding in findings) else 0


@data_app.command(name="ls")
def data_ls() -> None:
    """List the data sets: size, licence, whether they are here."""
    from claimbench import console, data

    print(console.data_table(data.listing()))


@data_app.command(name="fetch")
def data_fetch(name: str) -> None:
    """Fetch a data set into the user's cache and verify it."""
    from claimbench import data

    print(data.fetch(name))


@data_app.command(name="verify")
def data_verify() -> int:
    """Verify the sha256 of every data set that is here."""
    from claimbench import console, data

    listing = data.listing(verify=True)
    print(console.data_table(listing))
    return 3 if any(entry.state == "corrupt" for entry in listing) else 0


@app.command
def schema() -> None:
    """Print the JSON schema of a claim."""
    from claimbench.scaffold import schema_text

    print(schema_text(), end="")


@app.command
def new(paper: str, claim: str) -> None:
    """Write the skeleton of a claim.

    Parameters
    ----------
    paper
        Slug of the paper.
    claim
        Name of the claim, in snake case.
    """
    from claimbench.scaffold import write_skeleton

    print(write_skeleton(paper, claim))


@app.command
def export(
    form: Literal["asv", "csv", "parquet"],
    out: Path | None = None,
    *,
    store: Folder = STORE,
) -> None:
    """Export the records: a long table of every sample, or result files for an asv dashboard.

    Parameters
    ----------
    form
        asv, csv or parquet.
    out
        Where to write; default .asv/results for asv, runs.csv or runs.parquet otherwise.
    """
    from claimbench.publication import export as write

    for line in write(form, store, out):
        print(line)


def main(tokens: list[str] | None = None) -> None:
    """Entry point; exits 0 fine, 1 red, 2 usage, 3 environment, store or disk."""
    try:
        code = app(tokens, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        print(f"claimbench: {error}\nsee claimbench --help", file=sys.stderr)
        code = 2
    except ClaimbenchError as error:
        print(f"claimbench: {error}", file=sys.stderr)
        code = error.exit_code
    except KeyboardInterrupt:
        print("\nclaimbench: stopped; finished trials are kept, the same command goes on from here", file=sys.stderr)
        code = 130
    except BrokenPipeError:
        sys.stderr.close()
        code = 0
    sys.exit(code if isinstance(code, int) else 0)
