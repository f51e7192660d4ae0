/** The figures of losses, below their table: each where its rows were computed. */
import { html, nothing, type TemplateResult } from 'lit';
import { math } from '../text/math';
import { patient } from '../state/surgery';
import type { FigureId, Loss, LossRow } from '../wasm/simd/lorascope';
import { dataTable, figure, menu, specOf } from './figure-frame';
import type { Context } from './view';

/** Whether a row is of a model with a part of its change undone. */
export function isUndone({ withoutLayer, withoutType }: LossRow): boolean {
  return withoutLayer != null || withoutType != null;
}

/** What a figure must have to say more than the table. */
const SAYS: Readonly<Record<FigureId, (loss: Loss) => boolean>> = {
  loss: ({ rows }) => rows.some((row) => row.arm != null),
  'trade-off': ({ rows, texts }) => texts.length > 1 && rows.some((row) => row.arm != null),
  undo: ({ rows }) => rows.some(isUndone),
};

export function lossFigures(ctx: Context, loss: Loss): TemplateResult | typeof nothing {
  const { state, report } = ctx;
  const kinds = report?.figures.filter(({ id, needs }) => needs === 'loss' && (SAYS[id]?.(loss) ?? true)) ?? [];
  if (kinds.length === 0) return nothing;
  return html`${kinds.map((kind) => {
    const spec = { ...specOf(state, kind.id), model: patient(state) };
    return html`<section class="part framed" id=${kind.id} data-testid="figure" data-figure=${kind.id}>
      <div class="figbar"><h2>${kind.title}</h2>${menu(ctx, kind.id)}</div>
      ${figure(ctx, spec)}
      <p class="small quiet under">${math(kind.note)}</p>
      ${dataTable(ctx, spec)}
    </section>`;
  })}`;
}
