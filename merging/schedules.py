"""The papers' merges, ready-made: mergekit configurations of a base model and its adapted copy.

    ready("definemed-slerp", ["base", "adapted"])

    merging:
      adapted-slerp: {ready: biomistral-slerp, of: [base, adapted]}

Only DeFineMed prints its whole configuration. What the others leave unsaid comes from the cards
and configurations around their models; what those leave unsaid too is chosen here, and marked so.
"""

from typing import Any

SLERP_BY_COMPONENT: list[dict[str, Any]] = [
    {"filter": "self_attn", "value": [0, 0.5, 0.3, 0.7, 1]},
    {"filter": "mlp", "value": [1, 0.5, 0.7, 0.3, 0]},
    {"value": 0.5},
]
"""printed by DeFineMed (A.4) and the example of a gradient that mergekit itself ships: attention
moves towards the adapted model with depth, the feed-forward layers away from it"""

_HALF = {"density": 0.5, "weight": 0.5}

_READY: dict[str, dict[str, Any]] = {
    # Labrak et al. 2024, 5.3: "equally weighted parameters (50% each)"; the paper prints no more.
    # Schedule, type, density and normalisation are those of the models' cards and configurations.
    "biomistral-slerp": {
        "merge_method": "slerp",
        "parameters": {"t": SLERP_BY_COMPONENT},
        "dtype": "bfloat16",
    },
    # the type is only known of the SLERP; chosen alike
    "biomistral-ties": {
        "merge_method": "ties",
        "parameters": {**_HALF, "normalize": True},
        "dtype": "bfloat16",
    },
    "biomistral-dare": {"merge_method": "dare_ties", "parameters": _HALF, "dtype": "bfloat16"},
    # as printed in A.4
    "definemed-slerp": {
        "merge_method": "slerp",
        "parameters": {"t": SLERP_BY_COMPONENT},
        "dtype": "float16",
    },
    # the paper prints no schedule, its card says t = 0.5; the type of the training, chosen here
    "partages-slerp": {"merge_method": "slerp", "parameters": {"t": 0.5}, "dtype": "bfloat16"},
}

NAMES = tuple(_READY)


def ready(name: object, of: object) -> dict[str, Any]:
    """The configuration `name` for `of` = [base, adapted]; raises ValueError with one sentence."""
    if name not in _READY:
        raise ValueError(f"no merge is called {name}: use one of {', '.join(NAMES)}")
    if not isinstance(of, list | tuple) or len(of) != 2:
        raise ValueError(f"{name} needs `of: [BASE, ADAPTED]`, the names of two models")
    base, adapted = of
    models = [{"model": base}, {"model": adapted}]
    return {**_READY[str(name)], "base_model": base, "models": models}
