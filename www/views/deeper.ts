/** Open verdicts and what is missing, one line each, with the button that computes it and what that costs. */
import { html, nothing, type TemplateResult } from 'lit';
import { exactSeconds } from '../state/cost';
import { counted, duration } from '../text/format';
import { certified, isCertified, short, sideless, signless } from '../state/modes';
import type { State } from '../state/state';
import type { Context } from './view';

/** The offers for the whole run. */
export function deeper({ state, app, report }: Context): TemplateResult | typeof nothing {
  if (state.status === 'running') return nothing;
  if (state.stored) return lacking(state);
  const open = certified(state);
  const beyond = short(state);
  const absent = sideless(state);
  if (open.length + absent.length === 0) return nothing;
  const { k, side } = state.settings;
  const models = report?.models(state.settings) ?? [];
  const undecided = models.reduce((sum, model) => sum + model.undecided, 0);
  const intervals = undecided > 0 ? ` ${counted(undecided, 'vector')} undecided at this threshold.` : '';
  return html`
    ${
      absent.length > 0
        ? line(
            `The ${side === 'both' ? 'vectors of both sides' : `${side} vectors`} are not computed in ${matrices(absent)}.`,
            button('compute-side', 'Compute them', () => app.again(absent, { side: 'both' })),
          )
        : nothing
    }
    ${
      beyond.matrices.length > 0
        ? line(
            `The window k = ${k} goes beyond the ${counted(beyond.vectors, 'vector')} computed in ${matrices(beyond.matrices)}; counts stop there.`,
            button(
              'exact-k',
              'Compute the whole k axis',
              () => app.again(beyond.matrices, { mode: 'exact' }),
              seconds(state, beyond.matrices),
            ),
          )
        : nothing
    }
    ${
      open.length > 0
        ? line(
            `${matrices(open)} ${open.length === 1 ? 'is' : 'are'} certified, not exact: the strongest vectors only, best matches within bounds.${intervals}`,
            button('exact-all', 'Compute all exactly', () => app.again(open, { mode: 'exact' }), seconds(state, open)),
          )
        : nothing
    }
  `;
}

/** The line of a stored report, of which nothing more can be computed: what it does not hold is said all the same. */
function lacking(state: State): TemplateResult {
  const { k, side } = state.settings;
  const [beyond, absent, unsigned] = [short(state), sideless(state), signless(state)];
  const said = [
    absent.length > 0
      ? `The report does not hold the ${side === 'both' ? 'vectors of both sides' : `${side} vectors`} of ${matrices(absent)}.`
      : '',
    unsigned.length > 0
      ? `The report does not hold the signs of the best matches of ${matrices(unsigned)}: by this rule nothing of them is known.`
      : '',
    beyond.matrices.length > 0
      ? `The window k = ${k} goes beyond the ${counted(beyond.vectors, 'vector')} that the report holds of ${matrices(beyond.matrices)}; counts stop there.`
      : '',
  ];
  return html`${said.filter(Boolean).map((words) => html`<p class="deeper" data-testid="lacking">${words} The whole needs the checkpoints.</p>`)}`;
}

/** The offers for one matrix. */
export function deeperHere({ state, app }: Context): TemplateResult | typeof nothing {
  const at = state.plan?.matrices.findIndex((m) => m.name === state.open) ?? -1;
  if (state.status === 'running' || state.stored || !isCertified(state.results.get(at))) return nothing;
  return line(
    'This matrix is certified, not exact: its strongest vectors only, best matches within bounds.',
    button('exact-matrix', 'Compute exactly', () => app.again([at], { mode: 'exact' }), seconds(state, [at])),
  );
}

function line(words: string, action: TemplateResult): TemplateResult {
  return html`<p class="deeper"><span>${words}</span> ${action}</p>`;
}

function button(id: string, label: string, press: () => void, cost = ''): TemplateResult {
  return html`<button class="btn" data-testid=${id} @click=${press}>${label}</button>${cost ? html` <span class="faint nowrap">${cost}</span>` : nothing}`;
}

function seconds({ plan, run, earlier, engine }: State, matrices: readonly number[]): string {
  return plan ? `about ${duration(Math.max(1, exactSeconds(plan, matrices, run, earlier, engine?.threads ?? 1)))}` : '';
}

function matrices(some: readonly number[]): string {
  return counted(some.length, 'matrix', 'matrices');
}
