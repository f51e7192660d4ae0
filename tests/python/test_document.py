"""The examples of docs/python.md run."""

import re

import lorascope
from conftest import LAYER0, ROOT, TUNED


def test_the_examples_of_the_document_run(tmp_path, monkeypatch):
    for name in ("base", *TUNED):
        (tmp_path / name).symlink_to(LAYER0 / name)
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    known = {}
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) >= 4
    for block in blocks:
        exec(compile(block, "docs/python.md", "exec"), known)
    assert known["report"].intruders == {"r1": 4, "full": 0}
    assert known["whole"].intruders == {"lora_r1": 4}
    assert {"report.json", "report.html", "curve.svg", "map.svg", "card.md"} <= {path.name for path in tmp_path.iterdir()}
    assert lorascope.__version__
