"""The live figure in a page of a browser, as a notebook shows it: the widget's module, its state, and a place to draw into."""

import json
import shutil
import subprocess

import lorascope
import pytest
from conftest import ROOT

pytest.importorskip("anywidget")

#: What a notebook does with a widget: it loads the module, and calls `render` with the model.
PAGE = """<!doctype html><meta charset="utf-8"><title>waiting</title><body><div id="cell" style="width: 700px"></div>
<script type="module">
const state = JSON.parse(document.querySelector('#state').textContent);
const heard = {};
const model = {
  get: (name) => state[name],
  set: (name, value) => { state[name] = value; },
  on: (event, tell) => { heard[event] = tell; },
  save_changes: () => {},
};
try {
  const { default: widget } = await import(URL.createObjectURL(new Blob([state._esm], { type: 'text/javascript' })));
  const cell = document.querySelector('#cell');
  widget.render({ model, el: cell });
  const figure = cell.querySelector('lorascope-figure');
  await new Promise((resolve) => figure.addEventListener('ready', resolve, { once: true }));
  const canvas = (root) => root.querySelector('canvas') ?? [...root.querySelectorAll('*')].map((e) => e.shadowRoot && canvas(e.shadowRoot)).find(Boolean);
  let drawn;
  const colours = new Set();
  for (let n = 0; n < 100 && colours.size <= 5; n++) {
    await new Promise((later) => setTimeout(later, 50));
    drawn = canvas(figure.shadowRoot);
    const pixels = drawn.getContext('2d').getImageData(0, 0, drawn.width, drawn.height).data;
    for (let i = 0; i < pixels.length; i += 4) colours.add(pixels.slice(i, i + 3).join());
  }
  state.attributes = { ...state.attributes, theme: 'dark' };
  heard['change:attributes']();
  document.title = `drawn ${drawn.width} ${colours.size > 5} ${figure.getAttribute('theme')}`;
} catch (error) {
  document.title = `failed: ${error}`;
}
</script>"""


def test_the_widget_draws_in_a_page(layer0, tmp_path):
    node = shutil.which("node")
    if node is None or not (ROOT / "node_modules" / "@playwright").exists():
        pytest.skip("no browser is driven without the packages of the page (npm ci)")
    from lorascope.widget import ELEMENT

    if not ELEMENT.exists():
        pytest.skip("built without the page's element")
    widget = lorascope.analyze(*layer0).figure("epsilon-curve").widget()
    state = {name: getattr(widget, name) for name in ("_esm", "report", "attributes", "selection")}
    held = json.dumps(state).replace("</", "<\\/")
    page = tmp_path / "cell.html"
    page.write_text(f'<script type="application/json" id="state">{held}</script>{PAGE}', encoding="utf-8")
    shown = subprocess.run([node, ROOT / "tests" / "python" / "title.mjs", page.as_uri()], capture_output=True, text=True, timeout=120)
    title = shown.stdout.strip()
    assert title.startswith("drawn") and title.endswith("true dark"), title or shown.stderr
