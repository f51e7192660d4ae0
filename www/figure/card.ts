/** Placement of the hover card: beside the plot, else on the emptier side of the mark, else below the figure; never over the mark's column. */
import type { Readout } from '../wasm/embed/lorascope';

const GAP = 12;

export function hang(card: HTMLElement, { x, y, plotRight }: Readout, canvas: HTMLElement): void {
  const { width, height } = card.getBoundingClientRect();
  const room = { right: canvas.clientWidth, bottom: canvas.clientHeight };
  let left = plotRight + GAP;
  let top = Math.max(0, Math.min(room.bottom - height, y - height / 2));
  if (left + width > room.right) {
    const opposite = y > room.bottom / 2 ? 0 : room.bottom - height;
    if (x + GAP + width <= room.right) {
      left = room.right - width;
      top = opposite;
    } else if (x - GAP - width >= 0) {
      left = 0;
      top = opposite;
    } else {
      left = Math.max(0, Math.min(room.right - width, x - width / 2));
      top = room.bottom;
    }
  }
  card.style.setProperty('left', `${left}px`);
  card.style.setProperty('top', `${top}px`);
}
