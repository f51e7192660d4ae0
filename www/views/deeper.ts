/** Open verdicts and what is missing, one line each, with the button that computes it and what that costs. */
import { html, nothing, type TemplateResult } from 'lit';
import { LONGEST_WINDOW } from '../contract';
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
  const absent = sideless(state);
  if (open.length + absent.length === 0) return nothing;
  const { side } = state.settings;
  const models = report?.models(state.settings) ?? [];
  const undecided = models.reduce((sum, model) => sum + model.undecided, 0);
  const intervals = ` ${undecided > 0 ? counted(undecided, 'vector') : 'No vector'} undecided at this threshold.`;
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
      open.length > 0
        ? line(
            `${matrices(open)} ${open.length === 1 ? 'is' : 'are'} certified, not exact: the strongest vectors only, best matches within bounds. ${window(state, 'computed in')}${intervals}`,
            button('exact-all', 'Compute all exactly', () => app.again(open, { mode: 'exact' }), seconds(state, open)),
          )
        : nothing
    }
  `;
}

const WHOLE = 'The whole needs the checkpoints.';

/** The line of a stored report, of which nothing more can be computed: what it does not hold is said all the same. */
function lacking(state: State): TemplateResult {
  const { side } = state.settings;
  const [absent, unsigned] = [sideless(state), signless(state)];
  const said = [
    absent.length > 0
      ? `The report does not hold the ${side === 'both' ? 'vectors of both sides' : `${side} vectors`} of ${matrices(absent)}. ${WHOLE}`
      : '',
    unsigned.length > 0
      ? `The report does not hold the signs of the best matches of ${matrices(unsigned)}: by this rule nothing of them is known. ${WHOLE}`
      : '',
    absent.length + unsigned.length === 0 ? window(state, 'that the report holds of') : '',
  ];
  return html`${said.filter(Boolean).map((words) => html`<p class="deeper" data-testid="lacking">${words}</p>`)}`;
}

/**
 * Where the window ends among the vectors that are known; empty where no window of the dial goes beyond them. It is said either way, in
 * about as many words, so that no line comes in between while the dial moves.
 */
function window(state: State, known: string): string {
  const { k } = state.settings;
  const far = { ...state, settings: { ...state.settings, k: Math.max(k, LONGEST_WINDOW) } };
  const [all, beyond] = [short(far), short(state)];
  if (all.matrices.length === 0) return '';
  const said = (where: string, of: typeof all, so: string) =>
    `The window k = ${k} ${where} the ${counted(of.vectors, 'vector')} ${known} ${matrices(of.matrices)}; ${so}.`;
  return beyond.matrices.length > 0
    ? said('goes beyond', beyond, 'counts stop there')
    : said('lies within', all, 'counts are whole');
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
