"""The live figure in a notebook: the element of a web page, ``<lorascope-figure>``, as an anywidget (Jupyter, Colab, VS Code, marimo)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

if TYPE_CHECKING:
    from .report import Figure

#: The module that a web page loads; `npm run build` puts it here.
ELEMENT = Path(__file__).with_name("lorascope-figure.js")

#: The element reads its report from a script inside it, and its figure from attributes.
RENDER = """
function render({ model, el }) {
  const figure = document.createElement('lorascope-figure');
  const data = document.createElement('script');
  data.type = 'application/json';
  data.textContent = model.get('report');
  figure.append(data);
  const attend = () => {
    for (const [name, value] of Object.entries(model.get('attributes'))) figure.setAttribute(name, value);
  };
  attend();
  model.on('change:attributes', attend);
  figure.addEventListener('select', ({ detail }) => {
    model.set('selection', { ...detail });
    model.save_changes();
  });
  el.replaceChildren(figure);
}
export default { render };
"""


class FigureWidget(anywidget.AnyWidget):
    """A figure that can be pointed at; ``selection`` is the mark that was clicked last (vectors from 1)."""

    _esm = RENDER
    report = traitlets.Unicode().tag(sync=True)
    attributes = traitlets.Dict().tag(sync=True)
    selection = traitlets.Dict().tag(sync=True)

    def __init__(self, figure: Figure) -> None:
        if not ELEMENT.exists():
            raise FileNotFoundError(f"{ELEMENT.name} is not in this installation: build the page first (npm run build), then pip install .")
        super().__init__(
            _esm=f"{ELEMENT.read_text(encoding='utf-8')}\n{RENDER}",
            report=figure.part,
            attributes=attributes(figure.id, figure.wanted),
        )


def attributes(figure: str, wanted: dict[str, Any]) -> dict[str, str]:
    """What was asked of a figure, as attributes of the element."""
    known = {"figure": figure}
    for name in ("model", "matrix", "vector", "top", "until", "times"):
        if wanted.get(name) is not None:
            known[name] = str(wanted[name])
    for name in ("fraction", "adapters_only"):
        if wanted.get(name):
            known[name.replace("_", "-")] = ""
    if "dark" in wanted:
        known["theme"] = "dark" if wanted["dark"] else "light"
    return known
