"""No run starts whose data licence and use do not compose."""

import pytest

from hub.failure import Refused
from release.gate import may_train


def test_texts_for_research_never_train_a_commercial_version() -> None:
    may_train("adapted", "research", ["Apache-2.0"], ["CC-BY-NC-4.0", "CC0-1.0"])
    may_train("adapted", "commercial", ["Apache-2.0"], ["CC-BY-4.0"])
    with pytest.raises(Refused, match=r"not trained \(commercial use\): CC-BY-NC-4\.0 of"):
        may_train("adapted", "commercial", ["Apache-2.0"], ["CC-BY-NC-4.0", "CC0-1.0"])


def test_what_is_not_known_is_not_permission() -> None:
    with pytest.raises(Refused, match=r"Made-Up-1\.0 of its base does not allow"):
        may_train("adapted", "research", ["Made-Up-1.0"], ["CC0-1.0"])
    with pytest.raises(Refused, match=r"Made-Up-1\.0 of its texts does not allow"):
        may_train("adapted", "research", ["CC0-1.0"], ["Made-Up-1.0"])
