"""The loop's templates: their programs stand alone, every setting does something, nothing leaks between the splits."""

from __future__ import annotations

import ast
import json
import re
import shutil
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
import torch
from loops import process

from claimbench.errors import UnknownName
from claimbench.impls.ai_scientist.loop.runs import Results
from claimbench.impls.ai_scientist.loop.template import Settings, Template
from claimbench.impls.ai_scientist.templates import NAMES, load
from claimbench.impls.ai_scientist.templates.diffusion import experiment as diffusion
from claimbench.impls.ai_scientist.templates.grokking import experiment as grokking
from claimbench.impls.ai_scientist.templates.language import experiment as language
from claimbench.impls.ai_scientist.templates.planted import experiment as planted

EXPERIMENTS: dict[str, ModuleType] = {
    "diffusion": diffusion,
    "grokking": grokking,
    "language": language,
    "planted": planted,
}


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings of a few steps."""
    monkeypatch.setattr(grokking, "STEPS", 40)
    monkeypatch.setattr(grokking, "EVERY", 10)
    monkeypatch.setattr(diffusion, "EXAMPLES", 12_800)
    monkeypatch.setattr(diffusion, "POINTS", 200)
    monkeypatch.setattr(language, "WINDOWS", 192)
    monkeypatch.setattr(language, "TESTED", 16)


def values(name: str, settings: Settings, seeds: list[int], part: str = "validation") -> dict[str, tuple[float, ...]]:
    found = EXPERIMENTS[name].run(settings, seeds, part)
    results = Results.model_validate({**json.loads(json.dumps(found)), "wall_seconds": 0.0})
    assert set(results.values) == {metric.name for metric in load(name).metrics}
    return results.values


def measured(name: str, settings: Settings, seeds: list[int], part: str = "validation") -> list[float]:
    return list(values(name, settings, seeds, part)[load(name).metric.name])


def test_templates_are_found_by_name() -> None:
    assert [load(name).name for name in NAMES] == list(NAMES) == sorted(EXPERIMENTS)
    with pytest.raises(UnknownName, match="did you mean grokking"):
        load("groking")


@pytest.mark.parametrize("name", NAMES)
def test_what_is_said_of_a_template_fits_its_space(name: str) -> None:
    template = load(name)
    for known in template.known:
        assert set(known.levers) <= set(template.space.ideas)
        assert re.search(r"\(\d{4}\), ", known.reference)
    assert template.space.tuned
    assert len(template.seeds.held_out) >= 6
    everything = (*template.seeds.tuning, *template.seeds.held_out, *template.seeds.second)
    assert min(everything) >= 1000
    assert max(everything) < 10_000


@pytest.mark.parametrize("name", NAMES)
def test_a_program_needs_nothing_of_this_suite(name: str) -> None:
    tree = ast.parse(load(name).experiment.read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not [module for module in imported if module.startswith("claimbench")]


@pytest.mark.parametrize("name", NAMES)
def test_every_level_of_every_lever_does_something(name: str) -> None:
    template = load(name)
    baseline = template.space.baseline()
    default = values(name, baseline, [900])
    for lever in template.space.levers:
        for level in lever.levels:
            found = values(name, baseline | {lever.name: level}, [900])
            assert (found == default) is (level == baseline[lever.name]), (lever.name, level)


@pytest.mark.parametrize("name", NAMES)
def test_a_seeds_result_is_its_own_and_the_same_each_time(name: str) -> None:
    settings = load(name).space.baseline()
    both = measured(name, settings, [900, 901])
    assert both == measured(name, settings, [900, 901])
    assert both[0] != both[1]
    # Networks that train side by side share no arithmetic but the shape of the batch.
    assert [measured(name, settings, [seed])[0] for seed in (900, 901)] == pytest.approx(both, rel=0.02)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "planted"])
def test_validation_and_test_are_different_data(name: str) -> None:
    settings = load(name).space.baseline()
    assert measured(name, settings, [900]) != measured(name, settings, [900], "test")


def test_a_program_runs_by_itself(tmp_path: Path) -> None:
    template: Template = load("planted")
    shutil.copyfile(template.experiment, tmp_path / "experiment.py")
    asked = {"settings": template.space.baseline(), "seeds": [900], "evaluate_on": "test"}
    (tmp_path / "settings.json").write_text(json.dumps(asked))
    outcome = process(("python3", "experiment.py", "--out_dir=results"), tmp_path, template.limits)
    assert outcome.status == "ok", outcome.stderr
    results = Results.model_validate_json((tmp_path / "results" / "final_info.json").read_bytes())
    assert list(results.values["error"]) == planted.run(**asked)["values"]["error"]  # type: ignore[arg-type]


@pytest.mark.parametrize("name", NAMES)
def test_programs_write_what_they_return(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module(EXPERIMENTS[name].__name__)
    asked = {"settings": load(name).space.baseline(), "seeds": [900], "evaluate_on": "validation"}
    (tmp_path / "settings.json").write_text(json.dumps(asked))
    monkeypatch.setattr(module, "__file__", str(tmp_path / "experiment.py"))
    monkeypatch.setattr("sys.argv", ["experiment.py", f"--out_dir={tmp_path / 'out'}"])
    module.main()
    results = Results.model_validate_json((tmp_path / "out" / "final_info.json").read_bytes())
    assert results.settings == asked["settings"]


def test_the_table_of_sums_is_split_into_three() -> None:
    x, y = grokking.splits([900, 901])
    assert x.shape == (2, 529, 46)
    for inputs, sums in zip(x, y, strict=True):
        first, second = inputs[:, :23].argmax(1), inputs[:, 23:].argmax(1)
        assert len({(int(a), int(b)) for a, b in zip(first, second, strict=True)}) == 529
        assert torch.equal((first + second) % 23, sums)
    assert not torch.equal(y[0], y[1])


def test_first_weights_are_the_same_at_any_scale() -> None:
    one, two = grokking.start([900], 1.0), grokking.start([900], 2.0)
    for small, large in zip(one, two, strict=True):
        assert torch.equal(2 * small, large)


def test_energy_distance_is_known_for_points() -> None:
    here, there = torch.zeros(1, 5, 2), torch.tensor([3.0, 4.0]).expand(1, 5, 2)
    assert diffusion.energy_distance(here, there).item() == pytest.approx(10.0)
    assert diffusion.energy_distance(there, there).item() == 0.0


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_noise_grows_with_its_level(schedule: str) -> None:
    kept = diffusion.signal(schedule)
    assert len(kept) == 40
    assert bool((kept[1:] <= kept[:-1]).all())
    assert kept[0] > 0.98
    assert kept[-1] < 0.01


def test_sampling_with_a_perfect_denoiser_ends_at_the_data() -> None:
    point = torch.tensor([1.5, -0.5]).expand(1, 7, 2)
    draw = torch.Generator().manual_seed(0)
    found = diffusion.sample(
        lambda x, level: point, diffusion.signal("cosine"), lambda: torch.randn(1, 7, 2, generator=draw)
    )
    assert torch.allclose(found, point, atol=1e-6)


def test_text_is_held_out_by_blocks() -> None:
    text = language.blocks()
    sizes = {name: len(part) for name, part in text.items()}
    assert sizes["training"] > 7 * sizes["validation"]
    assert abs(sizes["validation"] - sizes["test"]) <= 1
    seen = {tuple(block.tolist()) for block in text["training"]}
    assert not [block for name in ("validation", "test") for block in text[name] if tuple(block.tolist()) in seen]


def test_a_language_model_sees_no_byte_that_comes_later() -> None:
    model = language.Model({"activation": "relu", "head": "tied"})
    tokens = torch.randint(256, (1, 20), generator=torch.Generator().manual_seed(0))
    other = tokens.clone()
    other[0, 12] = (other[0, 12] + 1) % 256
    before, after = model(tokens), model(other)
    assert torch.equal(before[:, :12], after[:, :12])
    assert not torch.equal(before[:, 12:], after[:, 12:])


@pytest.mark.parametrize(
    ("schedule", "warmup", "expected"),
    [
        pytest.param("constant", 0.0, [1, 1, 1, 1], id="constant"),
        pytest.param("linear", 0.0, [1, 0.75, 0.5, 0.25], id="linear"),
        pytest.param("cosine", 0.0, [1, 0.8536, 0.5, 0.1464], id="cosine"),
        pytest.param("constant", 0.5, [0.5, 1, 1, 1], id="warm-up"),
    ],
)
def test_step_sizes_follow_their_schedule(schedule: str, warmup: float, expected: list[float]) -> None:
    found = [language.factor(step, 4, {"schedule": schedule, "warmup": warmup}) for step in range(4)]
    assert found == pytest.approx(expected, abs=1e-4)


def test_a_language_models_bits_are_those_after_the_last_step() -> None:
    for batch in load("language").space.lever("batch_size").levels:
        assert isinstance(batch, int)
        assert 1920 % (batch * language.CURVE) == 0 == language.WINDOWS % (batch * language.CURVE)
