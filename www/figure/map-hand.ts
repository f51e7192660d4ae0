/** Zoom and pan of a similarity map: drag, two fingers, double click, Ctrl with the wheel (a pinch on a trackpad), the keys + and −. */
import { CORNER } from '../contract';
import type { Cell } from '../wasm/embed/lorascope';
import type { FigureView } from './figure';

const STEP = 1.5;
/** Pixels that a hand may tremble. */
const STILL = 4;

export class MapHand {
  readonly #figure: FigureView;
  /** The start of a drag: the pointer's place on the screen and on the map, and the map's window then. */
  #from: { x: number; y: number; cell: Cell; origin: Cell; moved: boolean } | undefined;
  /** The start of a pinch: the fingers' distance, the map's size then, and the cell between them. */
  #pinch: { span: number; top: number; cell: Cell } | undefined;
  /** True after a press that moved the map: its click opens nothing. */
  dragged = false;

  constructor(figure: FigureView) {
    this.#figure = figure;
  }

  press(event: PointerEvent): void {
    this.dragged = false;
    const cell = this.#cell(event);
    if (!this.#figure.look || !cell || event.pointerType === 'touch' || event.button !== 0) return;
    this.#from = { x: event.offsetX, y: event.offsetY, cell, origin: this.#origin, moved: false };
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
  }

  /** Whether the pointer holds the map. */
  drag(event: PointerEvent): boolean {
    const from = this.#from;
    if (!from) return false;
    if (!from.moved && Math.hypot(event.offsetX - from.x, event.offsetY - from.y) < STILL) return false;
    from.moved = true;
    this.dragged = true;
    const cell = this.#cell(event);
    // The cell that was taken stays under the pointer. Both were read with the window now shown, which has moved since.
    if (!cell) return true;
    const now = this.#origin;
    const origin = { i: now.i + from.cell.i - cell.i, j: now.j + from.cell.j - cell.j };
    this.#look(this.#top, origin);
    return true;
  }

  /** Two fingers hold the map: apart they bring it closer, together they move it. One finger scrolls the page. */
  readonly fingers = (event: TouchEvent): void => {
    const [a, b] = Array.from(event.touches);
    if (!this.#figure.look || !a || !b || event.touches.length > 2) {
      this.#pinch = undefined;
      return;
    }
    event.preventDefault();
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const span = Math.max(1, Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY));
    const middle = { offsetX: (a.clientX + b.clientX) / 2 - box.left, offsetY: (a.clientY + b.clientY) / 2 - box.top };
    const cell = this.#cell(middle);
    if (!cell) return;
    const [shown, origin, from] = [this.#top, this.#origin, (this.#pinch ??= { span, top: this.#top, cell })];
    const top = Math.max(4, Math.round((from.top * from.span) / span));
    // The cell that was taken stays between the fingers.
    const keep = (held: number, now: number, first: number) => held - ((now - first) * top) / shown;
    this.#look(top, { i: keep(from.cell.i, cell.i, origin.i), j: keep(from.cell.j, cell.j, origin.j) });
  };

  readonly release = (): void => {
    this.#from = undefined;
  };

  readonly wheel = (event: WheelEvent): void => {
    if (!event.ctrlKey || !this.#figure.look) return;
    event.preventDefault();
    this.#zoom(Math.exp(event.deltaY / 100), this.#cell(event));
  };

  readonly closer = (event: MouseEvent): void => {
    this.#zoom(1 / (STEP * STEP), this.#cell(event));
  };

  /** Whether the key was meant for the map. */
  key(key: string): boolean {
    if (!this.#figure.look || (key !== '+' && key !== '-')) return false;
    const { i, j } = this.#figure.pointer.focus ?? {};
    this.#zoom(key === '+' ? 1 / STEP : STEP, i == null || j == null ? undefined : { i, j });
    return true;
  }

  /** The cell stays where it is on the screen. */
  #zoom(factor: number, cell: Cell | undefined): void {
    if (!this.#figure.look) return;
    const [old, { i, j }] = [this.#top, this.#origin];
    const top = Math.max(4, Math.round(old * factor));
    const at = cell ?? { i: i + old / 2, j: j + old / 2 };
    const keep = (place: number, from: number) => place - ((place - from) * top) / old;
    this.#look(top, { i: keep(at.i, i), j: keep(at.j, j) });
  }

  #look(top: number, { i, j }: Cell): void {
    this.#figure.look?.(top, { i: Math.max(0, Math.round(i)), j: Math.max(0, Math.round(j)) });
  }

  get #top(): number {
    return this.#figure.spec.top ?? CORNER;
  }

  get #origin(): Cell {
    return this.#figure.spec.origin ?? { i: 0, j: 0 };
  }

  #cell({ offsetX, offsetY }: Pick<MouseEvent, 'offsetX' | 'offsetY'>): Cell | undefined {
    const { i, j } = this.#figure.report.view?.hover(this.#figure.request, offsetX, offsetY)?.focus ?? {};
    return i == null || j == null ? undefined : { i, j };
  }
}
