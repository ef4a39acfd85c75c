"""Rendered output is compared with text files, so that a change of wording is seen in review."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode


class TextFile(SingleFileSnapshotExtension):
    """One readable file for each snapshot."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@pytest.fixture
def text_file(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """A snapshot kept as a text file."""
    return snapshot.use_extension(TextFile)


class MarkdownFile(TextFile):
    """One that an editor shows as GitHub would."""

    file_extension = "md"


@pytest.fixture
def markdown_file(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """A snapshot kept as a Markdown file."""
    return snapshot.use_extension(MarkdownFile)
