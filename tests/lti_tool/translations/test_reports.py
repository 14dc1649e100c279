"""What reports are called and defined as is said in each language too, though the words stand below the tool."""

from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import lti_tool.reporting
import xapi.reports
from lti_tool import translations


def test_every_word_of_a_report_is_translated() -> None:
    words = set()
    for package in (xapi.reports, lti_tool.reporting):
        for folder in package.__path__:
            keywords = {"N_": None, "_": None, "lazy_gettext": None}
            found = extract_from_dir(Path(folder), method_map=[("**.py", "python")], keywords=keywords)
            words |= {message for _, _, message, _, _ in found}
    assert len(words) > 60
    for language in translations.offered()[1:]:
        with (translations.FOLDER / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
            known = {message.id for message in read_po(file, locale=language) if message.string}
        assert sorted(map(str, words - known)) == []
