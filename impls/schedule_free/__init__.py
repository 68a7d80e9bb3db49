"""Schedule-Free optimisers (arXiv 2405.15682), their variants, and the averages that they are compared with."""

from claimbench.impls.schedule_free.adamw import AdamWScheduleFree
from claimbench.impls.schedule_free.averaging import Averaged, polyak_ruppert, primal_averaging
from claimbench.impls.schedule_free.divergence import DivergenceDetector
from claimbench.impls.schedule_free.optimiser import ScheduleFree
from claimbench.impls.schedule_free.radam import RAdamScheduleFree
from claimbench.impls.schedule_free.sgd import SGDScheduleFree
from claimbench.impls.schedule_free.variants import ALG1, ALGOPERF, ALGOPERF_SELF_TUNING, PACKAGE, VARIANTS, Variant

__all__ = [
    "ALG1",
    "ALGOPERF",
    "ALGOPERF_SELF_TUNING",
    "PACKAGE",
    "VARIANTS",
    "AdamWScheduleFree",
    "Averaged",
    "DivergenceDetector",
    "RAdamScheduleFree",
    "SGDScheduleFree",
    "ScheduleFree",
    "Variant",
    "polyak_ruppert",
    "primal_averaging",
]
