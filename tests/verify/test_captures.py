"""The pictures in docs/captures/ are what the commands print."""

import re
import uuid
from xml.etree import ElementTree

from local_aws.embedded_aws import EmbeddedAws
from tests.captures import FOLDER, captures
from tests.readme import PAGES
from tests.synthesis import INSTANCE

SHOWN = {file.name: file.read_text() for file in FOLDER.iterdir()}


def test_the_captures_are_what_the_commands_print(embedded_aws: EmbeddedAws) -> None:
    """If the change is meant: python -m tests.captures"""
    name = f"p{uuid.uuid4().hex}"[: len(INSTANCE.name)]
    assert captures(embedded_aws, name) == SHOWN


def test_a_picture_loads_nothing_from_elsewhere_and_is_well_formed() -> None:
    pictures = [text for name, text in SHOWN.items() if name.endswith(".svg")]
    assert len(pictures) > 3
    for picture in pictures:
        ElementTree.fromstring(picture)
        assert set(re.findall(r"https?://[\w./]+|@import|@font-face|url\((?!#)", picture)) <= {
            "http://www.w3.org/2000/svg",
            "https://s3.us",  # the AWS Service URL
        }


def test_each_capture_is_on_a_page_a_picture_with_words_for_who_cannot_see_it() -> None:
    pages = {page: page.read_text() for page in PAGES}
    for name in SHOWN:
        shown = "![" if name.endswith(".svg") else "["
        link = re.compile(rf"{re.escape(shown)}[^\]]{{20,}}\]\((docs/)?captures/{re.escape(name)}\)")
        assert [page for page, text in pages.items() if link.search(text)], name
