"""The AI Scientist's released data: readers, the reviewer's measures, correlations, thresholds, numbers in logs."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claimbench.errors import HostError
from claimbench.impls.ai_scientist.agreement import (
    correlation,
    difference_interval,
    model_mean,
    model_others,
    model_person,
    person_others,
    person_person,
)
from claimbench.impls.ai_scientist.consistency import accuracy, ends_of, f1, matthews, share_by_accuracy, share_by_f1
from claimbench.impls.ai_scientist.data import (
    load_examples,
    load_ratings,
    load_reviews,
    load_submissions,
    load_texts,
)
from claimbench.impls.ai_scientist.numbers import check, logged, spreads, stands, tabulated
from claimbench.impls.ai_scientist.published import Figure
from claimbench.impls.ai_scientist.reviewer import METRICS, Confusion, area, coin, confusion, half_widths, score_auc
from claimbench.impls.ai_scientist.thresholds import best_threshold, shares_accepted, split_half

NAN = float("nan")
RATINGS = (
    "paper_id\t0\t1\t2\t3\t4\t5\t6\tdecision\na\t5.0\t6.0\t\t\t\t\t\tReject\nb\t8.0\t8.0\t6.0\t\t\t\t\tAccept (Oral)\n"
)
REVIEWS = "paper_id,Overall,Confidence,Decision\nb,7,4,Accept\na,3,5,Reject\n"
TEXTS = (
    "paper_id,characters,has_anonymous_authors,has_acknowledgement,published_header,under_review_header\n"
    "b,10,0,1,0,0\na,20,1,0,0,1\n"
)
CONFUSIONS = st.builds(Confusion, *(st.integers(1, 400) for _ in range(4)))


def written(folder: Path, content: str, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(content.encode()) if name.endswith(".gz") else content.encode())
    return path


def archive(folder: Path, files: dict[str, str]) -> Path:
    path = folder / "examples.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(f"example_papers/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content.encode()))
    return path


def test_tables_are_read_in_the_order_of_the_ratings(tmp_path: Path) -> None:
    papers = load_submissions(written(tmp_path, RATINGS, "ratings.tsv"))
    assert papers.ids == ("a", "b")
    assert papers.accepted.tolist() == [False, True]
    assert papers.mean_scores.tolist() == pytest.approx([5.5, 22 / 3])
    reviews = load_reviews(written(tmp_path, REVIEWS, "reviews.csv.gz"), papers.ids)
    assert (reviews.overall.tolist(), reviews.accepts.tolist()) == ([3.0, 7.0], [False, True])
    assert reviews.confidence.tolist() == [5.0, 4.0]
    texts = load_texts(written(tmp_path, TEXTS), papers.ids)
    assert texts.characters.tolist() == [20.0, 10.0]
    assert texts.anonymous.tolist() == texts.under_review.tolist() == [True, False]
    assert (texts.acknowledgement.tolist(), texts.published.tolist()) == ([False, True], [False, False])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("paper_id,Overall,Confidence,Decision\n", "no rows", id="empty"),
        pytest.param("id,Overall\na,3\n", "no column 'paper_id'", id="column"),
        pytest.param(REVIEWS.replace("Accept", "Perhaps"), "'Perhaps' is none", id="decision"),
        pytest.param(REVIEWS.replace("7", "good"), "row 1: 'good' is no number", id="score"),
    ],
)
def test_reviews_that_are_not_the_ones_are_refused(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(HostError, match=message):
        load_ratings(written(tmp_path, content))


def test_reviews_of_other_papers_or_twice_of_one_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, REVIEWS)
    for ids in (("a", "c"), ("a",)):
        with pytest.raises(HostError, match="other papers"):
            load_reviews(path, ids)
    with pytest.raises(HostError, match="other papers"):
        load_reviews(written(tmp_path, REVIEWS + "a,3,5,Reject\n"), ("a", "b"))
    with pytest.raises(HostError, match="decision 'Withdrawn' is none"):
        load_submissions(written(tmp_path, RATINGS.replace("Reject", "Withdrawn"), "ratings.tsv"))


def test_examples_need_their_source_review_and_results(tmp_path: Path) -> None:
    files = {
        "x/latex/template.tex": r"\begin{tabular}{l}1.0\end{tabular}",
        "x/review.txt": json.dumps({"Overall": 4}),
        "x/run_1/final_info.json": json.dumps({"d": {"means": {"kl": 2.0}}}),
        "x/run_0/final_info.json": json.dumps({"d": {"means": {"kl": 1.0}}}),
    }
    (one,) = load_examples(archive(tmp_path, files))
    assert (one.name, one.review["Overall"]) == ("x", 4)
    assert [run["d"]["means"]["kl"] for run in one.results] == [1.0, 2.0]
    for missing in ("x/review.txt", "x/latex/template.tex"):
        with pytest.raises(HostError, match="x lacks"):
            load_examples(archive(tmp_path, {name: text for name, text in files.items() if name != missing}))


def test_measures_of_a_table_by_hand() -> None:
    accepted = np.array([1, 1, 1, 0, 0, 0, 0, 0], dtype=bool)
    accepts = np.array([1, 1, 0, 1, 0, 0, 0, 0], dtype=bool)
    found = confusion(accepted, accepts)
    assert found == Confusion(2, 1, 1, 4)
    assert found.table() == pytest.approx(
        {"balanced_accuracy": 11 / 15, "accuracy": 6 / 8, "f1": 2 / 3, "auc": 11 / 15, "fpr": 1 / 5, "fnr": 1 / 3}
    )
    assert found.mcc == pytest.approx(7 / 15)
    assert coin(accepted).table() == pytest.approx(
        {"balanced_accuracy": 0.5, "accuracy": 0.5, "f1": 3 / 7, "auc": 0.5, "fpr": 0.5, "fnr": 0.5}
    )


def test_constants_are_worth_a_half_or_nothing() -> None:
    accepted = np.arange(10) < 4
    always, never = (confusion(accepted, np.full(10, says)) for says in (True, False))
    assert (always.balanced_accuracy, never.balanced_accuracy, always.mcc, never.mcc) == (0.5, 0.5, 0, 0)
    assert (always.accuracy, never.accuracy) == (0.4, 0.6)
    assert (always.f1, never.f1) == (pytest.approx(8 / 14), 0.0)


@given(CONFUSIONS)
def test_a_decisions_area_is_its_balanced_accuracy(found: Confusion) -> None:
    assert found.auc == pytest.approx(found.balanced_accuracy, abs=1e-12)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 10)), min_size=4, max_size=40))
def test_measures_agree_with_scikit_learn(papers: list[tuple[bool, int]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    accepted = np.array([True, False, *(yes for yes, _ in papers)])
    score = np.array([5.0, 5.0, *(float(value) for _, value in papers)])
    accepts = score >= 6
    found = confusion(accepted, accepts)
    assert found.accuracy == pytest.approx(metrics.accuracy_score(accepted, accepts))
    assert found.balanced_accuracy == pytest.approx(metrics.balanced_accuracy_score(accepted, accepts))
    assert found.f1 == pytest.approx(metrics.f1_score(accepted, accepts, zero_division=0))
    assert found.auc == pytest.approx(metrics.roc_auc_score(accepted, accepts))
    assert found.mcc == pytest.approx(metrics.matthews_corrcoef(accepted, accepts))
    assert area(accepted, score) == pytest.approx(metrics.roc_auc_score(accepted, score))


def test_the_scores_interval_has_delongs_variance() -> None:
    accepted = np.array([1, 1, 1, 0, 0], dtype=bool)
    found = score_auc(accepted, np.array([3.0, 2.0, 1.0, 2.0, 0.0]))
    # Placements 1, .75, .5 of the accepted, 1/2 and 1 of the rejected.
    assert found.estimate == pytest.approx(0.75)
    assert found.se == pytest.approx(np.sqrt(0.0625 / 3 + 0.125 / 2))
    assert (found.low, found.high) == (pytest.approx(0.75 - 1.959964 * found.se), 1.0)


def test_half_widths_are_those_of_resampled_papers() -> None:
    found = Confusion(112, 72, 97, 219)
    widths = half_widths(found, 4000, 900)
    assert set(widths) == set(METRICS)
    assert widths["fpr"] == pytest.approx(1.96 * np.sqrt(found.fpr * (1 - found.fpr) / 316), abs=0.004)
    assert widths["fnr"] == pytest.approx(1.96 * np.sqrt(found.fnr * (1 - found.fnr) / 184), abs=0.006)
    assert half_widths(found, 4000, 900) == widths
    assert half_widths(Confusion(184, 0, 316, 0), 500, 900)["accuracy"] == 0


def test_every_pair_of_reviewers_counts_and_a_paper_counts_once() -> None:
    scores = np.array([[1.0, 3.0, NAN], [5.0, 6.0, 8.0], [3.0, 3.0, NAN], [8.0, 10.0, NAN]])
    pairs: list[tuple[float, float, float]] = []
    for row in scores:
        own = row[~np.isnan(row)]
        both = [(a, b) for i, a in enumerate(own) for j, b in enumerate(own) if i != j]
        pairs += [(a, b, 1 / len(both)) for a, b in both]
    x, y, weight = np.array(pairs).T
    covariance = np.cov(x, y, aweights=weight, ddof=0)
    expected = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert person_person(scores).r == pytest.approx(expected)


def test_correlations_with_two_reviewers_each_are_plain_ones() -> None:
    random = np.random.default_rng(900)
    scores = random.integers(1, 11, (40, 2)).astype(float)
    model = random.integers(1, 11, 40).astype(float)
    both = np.concatenate([scores, scores[:, ::-1]])
    assert person_person(scores).r == pytest.approx(np.corrcoef(both.T)[0, 1])
    assert person_others(scores).r == pytest.approx(person_person(scores).r)
    assert model_mean(model, scores).r == pytest.approx(np.corrcoef(model, scores.mean(axis=1))[0, 1])
    assert model_others(model, scores).r == pytest.approx(model_person(model, scores).r)
    assert model_person(model, scores).r == pytest.approx(np.corrcoef(np.tile(model, 2), scores.T.ravel())[0, 1])


def test_a_mean_is_easier_to_agree_with_than_a_person() -> None:
    """Reviewers of one worth and noise, the model among them: like for like, none is ahead."""
    random = np.random.default_rng(901)
    worth = random.normal(size=4000)
    scores, model = worth[:, None] + random.normal(size=(4000, 4)), worth + random.normal(size=4000)
    assert model_mean(model, scores).r > person_person(scores).r + 0.1
    assert model_mean(model, scores).r > person_others(scores).r + 0.01
    for with_model, with_person in (
        (model_person(model, scores), person_person(scores)),
        (model_others(model, scores), person_others(scores)),
    ):
        low, high = difference_interval(with_model, with_person, 400, 900)
        assert low < 0 < high
        assert high - low < 0.1


def test_each_reviewer_is_left_out_in_turn() -> None:
    scores = np.array([[1.0, 3.0, 5.0], [6.0, 8.0, NAN]])
    # Means of the others 4, 3 and 2 of the first paper, 8 and 6 of the second, each paper counting once.
    x, y = np.array([2.0] * 3 + [9.0] * 2), np.array([4.0, 3.0, 2.0, 8.0, 6.0])
    covariance = np.cov(x, y, aweights=[1 / 3] * 3 + [1 / 2] * 2, ddof=0)
    expected = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert model_others(np.array([2.0, 9.0]), scores).r == pytest.approx(expected)


def test_a_correlation_does_not_change_with_scale() -> None:
    random = np.random.default_rng(902)
    pairs = [(random.normal(size=3), random.normal(size=3)) for _ in range(20)]
    turned = [(7 - 2 * x, 3 + y) for x, y in pairs]
    assert correlation(turned).r == pytest.approx(-correlation(pairs).r)


def test_the_best_threshold_by_hand() -> None:
    accepted = np.array([0, 0, 0, 1, 1], dtype=bool)
    score = np.array([3.0, 5.0, 6.0, 6.0, 8.0])
    assert best_threshold(accepted, score) == 6
    assert shares_accepted(accepted, score, 2) == {6: 0.5}
    assert shares_accepted(accepted, score, 1) == {3: 0.0, 5: 0.0, 6: 0.5, 8: 1.0}


def test_a_threshold_that_means_nothing_is_worth_nothing_elsewhere() -> None:
    random = np.random.default_rng(903)
    accepted, score = np.arange(200) < 80, random.integers(1, 11, 200).astype(float)
    found = split_half(accepted, score, 500, 900)
    # Over all 200 papers any threshold has some balanced accuracy of its own; on a half chosen elsewhere, less.
    assert found.held_out < found.in_sample
    assert sum(found.chosen.values()) == pytest.approx(1.0)
    clear = split_half(accepted, np.where(accepted, 8.0, 3.0), 50, 900)
    assert (clear.in_sample, clear.held_out, clear.chosen) == (1.0, 1.0, {4: 1.0})


@pytest.mark.parametrize("share", [0.1, 0.26, 0.5])
def test_shares_are_found_again_from_accuracy_and_f1(share: float) -> None:
    rates = (0.17, 0.52)
    assert share_by_accuracy(*rates, accuracy(*rates, share)) == pytest.approx(share)
    assert share_by_f1(*rates, f1(*rates, share)) == pytest.approx(share)


@given(CONFUSIONS)
def test_f1_and_matthews_follow_from_rates_and_share(found: Confusion) -> None:
    share = found.accepted / (found.accepted + found.rejected)
    assert f1(found.fpr, found.fnr, share) == pytest.approx(found.f1)
    assert matthews(found.fpr, found.fnr, share) == pytest.approx(found.mcc)


def test_ends_are_those_of_what_rounding_leaves_open() -> None:
    assert Figure("0.17").ends == pytest.approx((0.165, 0.175))
    assert Figure("250").ends == (249.5, 250.5)
    assert ends_of(lambda a, b: a - b, Figure("0.5"), Figure("0.2")) == pytest.approx((0.2, 0.4))


TABLE = r"""
\begin{tabular}{lccc}
\toprule
Model & Loss & \multicolumn{2}{c}{Steps to 99\% Acc} \\
\midrule
1.25 & \cmidrule(lr){2-5} 3.5 \\
Combined (15\%) & 0.354 & \textbf{37.42} $\pm$ 0.5 & 2363 \\ % 9.99 & 8.88 \\
Every 2 layers & -1.50 & 7500.0* & --- \\
$\eta_e = 3$ & 12\% & ± 215 & {1,5} \\
\bottomrule
\end{tabular}
Loss was 77.7 & 66.6 \\
"""


def test_numbers_are_those_of_cells_without_words() -> None:
    assert tabulated(TABLE) == ("1.25", "3.5", "0.354", "37.42", "0.5", "2363", "-1.50", "7500.0", "12", "215")


def test_numbers_stand_where_a_logged_value_rounds_to_them() -> None:
    values = sorted(logged([{"a": {"means": {"x": 0.3536, "y": [2363.33, True]}}, "b": "7"}]))
    assert values == [0.3536, 2363.33]
    for text, found in (
        ("0.354", True),
        ("0.353", False),
        ("0.35", True),
        ("2363", True),
        ("2363.3", True),
        ("1", False),
    ):
        assert stands(Decimal(text), values) is found, text
    assert stands(Decimal("0.3"), [0.25])
    assert stands(Decimal("0.2"), [0.25])


def test_spreads_are_those_of_lists_of_seeds() -> None:
    found = list(spreads({"a": {"seeds": [1.0, 3.0], "alone": [5.0], "words": ["x", "y"]}, "mean": 2.0}))
    # Deviation 1 by n and √2 by n - 1; errors are these over √2.
    assert found == pytest.approx([1, np.sqrt(0.5), 1.96 * np.sqrt(0.5), np.sqrt(2), 1, 1.96])
    bar = r"\begin{tabular}{c}2.0 $\pm$ 1.96 \\ \end{tabular}"
    assert check(bar, [{"mean": 2.0, "seeds": [1.0, 3.0]}]).share == 1
    assert check(bar, [{"mean": 2.0}]).share == 0.5


@given(st.floats(-1e4, 1e4), st.integers(0, 4))
def test_what_is_rounded_stands_and_what_is_far_does_not(value: float, digits: int) -> None:
    printed = Decimal(f"{value:.{digits}f}")
    assert stands(printed, [value])
    assert not stands(printed + 2 * Decimal(1).scaleb(-digits), [value])


def test_made_up_numbers_do_not_stand_but_by_chance() -> None:
    random = np.random.default_rng(904)
    values = random.uniform(0, 1, 30)
    rows = " ".join(
        f"{value:.4f} & {noise:.4f} \\\\" for value, noise in zip(values, random.uniform(0, 1, 30), strict=True)
    )
    found = check(rf"\begin{{tabular}}{{cc}}{rows}\end{{tabular}}", [{"all": values.tolist()}])
    assert found.numbers == 60
    assert 30 <= found.standing <= 32
    assert found.by_chance < 0.05
    with pytest.raises(ValueError, match="no table"):
        check("no tables", [{}])
