"""Ways to load a text."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from relay.config import ConfigError, Loaded, load
from relay.known import KnownProvider
from relay.redact.hold import faults
from tests.config.shapes import ENVIRON, KNOWN, MINIMAL


@pytest.fixture
def known() -> Mapping[str, KnownProvider]:
    return KNOWN


@pytest.fixture
def environ() -> dict[str, str]:
    return dict(ENVIRON)


@pytest.fixture
def minimal() -> str:
    return MINIMAL


@pytest.fixture
def load_text(tmp_path: Path) -> Callable[..., Loaded]:
    """Load a text as `relay.yaml`, with an environment."""

    def loaded(text: str, environ: Mapping[str, str] = ENVIRON, name: str = "relay.yaml") -> Loaded:
        path = tmp_path / name
        path.write_text(text)
        return load(path, KNOWN, environ, faults)

    return loaded


@pytest.fixture
def faults_of(load_text: Callable[..., Loaded]) -> Callable[..., list[str]]:
    """Load a text that can't be used; give its faults as `line: path: reason`, without the folder."""

    def found(text: str, environ: Mapping[str, str] = ENVIRON) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            load_text(text, environ)
        return [str(fault).rpartition("/relay.yaml:")[2] for fault in caught.value.faults]

    return found
