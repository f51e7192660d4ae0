/** `<lorascope-figure>`: one live figure of a report that Lorascope saved. Importing the module defines the element. */

// figures: generated from the core's list
export type FigureName =
  | 'similarity'
  | 'spectrum'
  | 'sigma-vs-cosine'
  | 'vector'
  | 'evolution'
  | 'over-steps'
  | 'epsilon-curve'
  | 'size-of-change'
  | 'threshold'
  | 'overview'
  | 'effective-rank'
  | 'k-curve'
  | 'surgery'
  | 'loss'
  | 'trade-off'
  | 'forgetting'
  | 'undo'
  | 'intruders'
  | 'rounded-count'
  | 'weakest-match'
  | 'stable-rank'
  | 'participation-ratio'
  | 'frobenius'
  | 'sigma-before'
  | 'sigma-after'
  | 'change-ratio'
  | 'threshold-margin'
  | 'intruder-energy'
  | 'tied-angle';
// figures end

/** The mark that was clicked. Vectors count from 1, as the figures print them. */
export interface Selection {
  matrix: string | undefined;
  model: string | undefined;
  i: number | undefined;
  j: number | undefined;
  epsilon: number | undefined;
  k: number | undefined;
}

/** Attributes and properties have the same names. */
export interface LorascopeFigureElement extends HTMLElement {
  /** Address of a report. Without it, a `<script type="application/json">` inside the element is the report. */
  src: string | null;
  /**
   * A lesson by its id instead of a figure: `how-alone`, `making-an-intruder`, `why-a-product`, `the-first-step`, `train-it-here`. Its dials are
   * attributes (`lambda="1.1"`), `hide` names those that are not shown, `words` shows its sentences, `step` is how far a training goes by itself.
   * `lorascope-lessons.js` is taken from beside this module; a bundled page imports `lorascope/lessons` instead.
   */
  lesson: string | null;
  figure: FigureName;
  /** A model by its label, or by its number from 1. */
  model: string | null;
  /** A matrix by its name in the base; by default the first with a similarity map. */
  matrix: string | null;
  /** How many of the strongest vectors are looked at. */
  k: number | null;
  /** A vector whose best match is below this is an intruder. */
  epsilon: number | null;
  side: 'left' | 'right' | 'both' | null;
  cosine: 'absolute' | 'signed' | null;
  /** A fine-tuned vector, from 1. */
  vector: number | null;
  /** Rows and columns of a similarity map. */
  top: number | null;
  /** The training step up to which an evolution is drawn. */
  until: number | null;
  /** The factor of every change with which the threshold is asked what would cross. */
  times: number | null;
  /** The k curve as a share of all vectors. */
  fraction: boolean;
  /** A measure by layer without full fine-tunes; the attribute is `adapters-only`. */
  adaptersOnly: boolean;
  /** By default the colour scheme of the page around it: light where that declares none. */
  theme: 'light' | 'dark' | null;
  /** Dials shown, of `k`, `epsilon`, `step`, `times`, and `menu`; `none` shows none; by default what the figure has. */
  controls: string | null;
  /** A title above and a line below say what is shown, by which rule, from which base. `title`: the title alone; `none`: neither. */
  caption: 'none' | 'title' | null;
  addEventListener(
    type: 'ready',
    listener: (event: CustomEvent<{ alt: string }>) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: 'select',
    listener: (event: CustomEvent<Selection>) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener<K extends keyof HTMLElementEventMap>(
    type: K,
    listener: (event: HTMLElementEventMap[K]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

export declare const LorascopeFigure: { new (): LorascopeFigureElement; prototype: LorascopeFigureElement };

declare global {
  interface HTMLElementTagNameMap {
    'lorascope-figure': LorascopeFigureElement;
  }
}
