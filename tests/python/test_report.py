"""Reports: tables, rules, figures, files, and what a notebook shows."""

import base64
import json

import lorascope
import pytest


@pytest.fixture(scope="module")
def report():
    from conftest import LAYER0, TUNED

    return lorascope.analyze(LAYER0 / "base", {name: LAYER0 / name for name in TUNED})


def test_tables(report):
    rows = report.rows()
    assert len(rows) == 24 and {row["model"] for row in rows} and rows[0]["intruders"] >= 0
    assert report.to_csv().count("\n") > 24
    assert [model["name"] for model in report.models] == ["full", "lora_r1", "lora_r8", "lora_r64"]
    assert "intruders" in repr(report) and "<table>" in report._repr_html_()


def test_a_data_frame(report):
    pytest.importorskip("pandas")
    frame = report.to_pandas()
    assert len(frame) == 24
    assert frame["intruders"].sum() == sum(report.intruders.values())


def test_another_rule_without_computing_again(report):
    strict = report.under(epsilon=0.9)
    assert strict.settings["epsilon"] == 0.9 and report.settings["epsilon"] == 0.5
    assert sum(strict.intruders.values()) > sum(report.intruders.values())
    assert strict.under(epsilon=0.5).intruders == report.intruders


def test_a_report_is_saved_and_opened(report, tmp_path):
    report.save(tmp_path / "report.json")
    again = lorascope.Report.open(tmp_path / "report.json")
    assert again.json() == report.json() and again.intruders == report.intruders
    report.save(tmp_path / "report.html")
    assert "<svg" in (tmp_path / "report.html").read_text()
    report.card(tmp_path / "card.md")
    assert "card.svg" in (tmp_path / "card.md").read_text() and (tmp_path / "card.svg").exists()
    (tmp_path / "no.json").write_text("{}")
    with pytest.raises(lorascope.FileError):
        lorascope.Report.open(tmp_path / "no.json")


def test_figures(report, tmp_path):
    figure = report.figure("epsilon-curve", width=500)
    assert figure.svg.startswith("<svg") and 'width="500"' in figure.svg
    for ending in ("svg", "csv", "json"):
        figure.save(tmp_path / f"figure.{ending}")
        assert (tmp_path / f"figure.{ending}").stat().st_size > 100
    assert set(figure.data) >= {"columns", "rows"}
    assert report.figure("similarity", model="full").svg != report.figure("similarity", model=2).svg
    with pytest.raises(lorascope.UsageError, match="epsilon-curve"):
        report.figure("nothing")
    with pytest.raises(lorascope.UsageError, match="models of the report"):
        report.figure("similarity", model="nobody")
    with pytest.raises(lorascope.UsageError, match="unknown field"):
        report.figure("similarity", colour="red")
    with pytest.raises(lorascope.UsageError, match="training run"):
        report.figure("over-steps")
    assert "epsilon-curve" in lorascope.figures()


def test_what_a_notebook_shows(report):
    figure = report.figure("epsilon-curve")
    shown = figure._repr_mimebundle_()
    drawn = shown[0] if isinstance(shown, tuple) else shown
    assert drawn["image/svg+xml"] == figure.svg


def test_the_live_figure(report):
    pytest.importorskip("anywidget")
    from lorascope.widget import ELEMENT

    if not ELEMENT.exists():
        pytest.skip("built without the page's element")
    figure = report.figure("similarity", model="lora_r8", top=16, dark=True)
    widget = figure.widget()
    assert widget.attributes == {"figure": "similarity", "model": "lora_r8", "top": "16", "theme": "dark"}
    # What the figure does not draw stays here.
    assert len(widget.report) < len(report.json())
    assert json.loads(widget.report)["models"]
    data, _ = figure._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data


def test_a_picture_in_pixels(report, tmp_path):
    try:
        report.figure("epsilon-curve").save(tmp_path / "figure.png")
    except lorascope.FileError as why:
        pytest.skip(str(why))
    assert (tmp_path / "figure.png").read_bytes().startswith(base64.b64decode("iVBORw0KGgo="))
