"""The command line of the loop: `python -P -m claimbench.impls.ai_scientist.loop`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from cyclopts import App
from cyclopts.exceptions import CycloptsError

from claimbench.errors import ClaimbenchError, SpecError
from claimbench.impls.ai_scientist.chat import ChatModel
from claimbench.impls.ai_scientist.loop.asked import read_asked
from claimbench.impls.ai_scientist.loop.explore import Effort
from claimbench.impls.ai_scientist.loop.loop import Loop
from claimbench.impls.ai_scientist.loop.publish import check_paper
from claimbench.impls.ai_scientist.templates import load

__all__ = ["app", "main"]

_MODULE = "python -P -m claimbench.impls.ai_scientist.loop"

app = App(name=_MODULE, help="From an idea to a reviewed paper about a small experiment.", help_format="plaintext")


@app.default
def write(
    *,
    template: str,
    out: Path,
    seed: int = 0,
    budget_seconds: float = 600.0,
    pilot: int | None = None,
    search: int | None = None,
    archive: Path | None = None,
    language_model: bool = False,
    dollars: float = 1.0,
    calls: int = 100,
) -> None:
    """Write a paper, or go on with one that was interrupted.

    Parameters
    ----------
    template
        diffusion, grokking, language, or planted, which trains nothing.
    out
        Folder of the paper and its logs; one that holds an interrupted loop is gone on with.
    seed
        What the proposers draw from.
    budget_seconds
        Time of all runs together, about; fewer are made where they take long.
    pilot
        Runs that a language model is shown before it has an idea, in place of what the budget allows; with --search.
    search
        Runs of the search after that, in place of what the budget allows; with --pilot.
    archive
        File of earlier papers, which ideas must differ from; default one in the folder.
    language_model
        Ask the model that CLAIMBENCH_LLM_URL and its like name, in place of the embedded proposer and reviewer.
    dollars
        The most that the language model may cost.
    calls
        The most requests to the language model.
    """
    if (pilot is None) != (search is None):
        raise SpecError("give both --pilot and --search, or neither")
    effort = Effort(pilot=pilot, search=search) if pilot is not None and search is not None else None
    model = _model(out, dollars, calls) if language_model else None
    options = ["--template", template, "--seed", str(seed), *(["--language-model"] if model else [])]
    loop = Loop(
        load(template),
        out,
        seed=seed,
        budget_s=budget_seconds,
        effort=effort,
        model=model,
        archive=archive,
        command=shlex.join([*_MODULE.split(), *options, "--out", "FOLDER"]),
    )
    loop.run()


@app.command
def check(folder: Path) -> None:
    """Compute every number of a paper again from the logs beside it.

    Parameters
    ----------
    folder
        Folder of a paper that was written.
    """
    found = check_paper(folder, load(read_asked(folder).template), folder)
    print(f"{found.numbers} numbers computed again from the logs, {found.tabulated} of them in tables: all the same")


def _model(out: Path, dollars: float, calls: int) -> ChatModel:
    from claimbench.impls.ai_scientist.budget import Budget, Ledger
    from claimbench.impls.ai_scientist.endpoint import from_environment
    from claimbench.impls.ai_scientist.transcripts import Recorder

    out.mkdir(parents=True, exist_ok=True)
    ledger = Ledger(Budget(dollars=dollars, calls=calls), out / "ledger.jsonl")
    return Recorder(from_environment(ledger), out / "transcript.jsonl")


def main(tokens: list[str] | None = None) -> None:
    """Entry point; exits 0 fine, 2 usage, 3 where something outside must be mended, 130 stopped."""
    code = 0
    try:
        app(tokens, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        print(f"loop: {error}\nsee {_MODULE} --help", file=sys.stderr)
        code = 2
    except ClaimbenchError as error:
        print(f"loop: {error}", file=sys.stderr)
        code = error.exit_code
    except KeyboardInterrupt:
        print("\nloop: stopped; what is done is kept, the same command goes on from here", file=sys.stderr)
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
