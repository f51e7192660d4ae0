"""Fixtures: the folders that Rust's own tests read, and the program that the module is held against."""

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "tests" / "fixtures"
LAYER0 = FIXTURES / "minilm-layer0"
TUNED = ("full", "lora_r1", "lora_r8", "lora_r64")


@pytest.fixture
def layer0():
    """The first layer of the experiment: the base, and its models by label."""
    return LAYER0 / "base", {name: LAYER0 / name for name in TUNED}


@pytest.fixture
def program():
    """Runs `lorascope` and returns its report; None where nothing can be analysed."""
    path = Path(os.environ.get("LORASCOPE_PROGRAM", ROOT / "target" / "debug" / "lorascope"))
    if not path.exists():
        pytest.skip("the program lorascope is not built (cargo build)")

    def run(folder, *args):
        output = folder / "by-program.json"
        done = subprocess.run([path, "analyze", *map(str, args), "-o", output], capture_output=True, text=True)
        assert done.returncode in (0, 3), done.stderr
        return json.loads(output.read_text()) if output.exists() else None

    return run


def numbers(report):
    """What two runs must agree on: not who computed, and how long it took."""
    report = json.loads(report) if isinstance(report, str) else report
    report["generator"].pop("threads", None)
    for model in report["models"]:
        for matrix in model["matrices"]:
            matrix.pop("seconds", None)
    return report
