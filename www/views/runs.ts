/** The engine in one line: not asked for yet, the step of its start, then its build and the reason for it. */
import { counted } from '../text/format';
import type { Step } from '../engine/steps';
import type { State } from '../state/state';

const STEPS: Readonly<Record<Step, string>> = {
  fetch: 'loading it',
  compile: 'compiling it',
  threads: 'starting its threads',
  'warm-up': 'warming up',
};

export function runs({ engine, starting }: Pick<State, 'engine' | 'starting'>): string {
  if (starting) {
    const again = starting.attempt > 1 ? `, try ${starting.attempt}${starting.threads ? '' : ', without threads'}` : '';
    return `The engine starts: ${STEPS[starting.step]}${again}.`;
  }
  if (!engine) return 'Nothing yet. The engine is fetched when files come, or something is to be computed.';
  const on = engine.threads === 1 ? 'one thread' : counted(engine.threads, 'thread');
  return `The engine, on ${on} with SIMD.${engine.why ? ` Runs ${engine.why}.` : ''}`;
}
