"""What a rehearsal leaves behind, and what is made of it later."""

from types import SimpleNamespace

import pytest

from hub.failure import BadInput, Refused
from release import rehearse


@pytest.mark.parametrize("content", ["", "[]", "{}", '"x"'])
def test_a_damaged_rehearsal_is_one_sentence_and_none(tmp_path, content):
    (tmp_path / rehearse.REHEARSED).write_text(content)
    with pytest.raises(BadInput, match="is damaged: run `imprimatur rehearse` again"):
        rehearse.rehearsed_digest(tmp_path)
    assert not rehearse.has_passed(SimpleNamespace(digest="0"), tmp_path)


def test_without_a_rehearsal_there_is_nothing_to_publish(tmp_path):
    with pytest.raises(Refused, match="never rehearsed"):
        rehearse.rehearsed_digest(tmp_path)
    assert not rehearse.has_passed(SimpleNamespace(digest="0"), tmp_path)
