/** What a tab is called. */
import { expect, test } from '@playwright/test';
import { chosenIn } from '../../www/views/chosen';
import { title, type Shown } from '../../www/views/title';
import type { MatrixCell } from '../../www/wasm/simd/lorascope';

const shown: Shown = {
  screen: 'results',
  heading: '2 fine-tunes of MiniLM',
  whole: true,
  base: 'MiniLM',
  models: ['Full', 'LoRA r = 8'],
  model: undefined,
};

test('a title names the models where they are few, else how many there are', () => {
  expect(title(shown)).toBe('Full and LoRA r = 8 of MiniLM · Lorascope');
  expect(title({ ...shown, heading: '3 fine-tunes of MiniLM', models: ['a', 'b', 'c'] })).toBe(
    '3 fine-tunes of MiniLM · Lorascope',
  );
  // How far it is says more than of what.
  expect(title({ ...shown, heading: '12 of 24 matrices', whole: false })).toBe('12 of 24 matrices · Lorascope');
  expect(title({ ...shown, heading: '0 fine-tunes of MiniLM', models: [] })).toBe('0 fine-tunes of MiniLM · Lorascope');
});

test('a matrix is named with the model and the base that it is of', () => {
  const matrix: Shown = { ...shown, screen: 'matrix', heading: 'Layer 0, key', model: 'Full' };
  expect(title(matrix)).toBe('Layer 0, key, Full, MiniLM · Lorascope');
  expect(title({ ...matrix, model: undefined })).toBe('Layer 0, key, MiniLM · Lorascope');
  expect(title({ ...shown, screen: 'plan', heading: 'Plan: 2 fine-tunes of one base' })).toBe(
    'Plan: 2 fine-tunes of one base · Lorascope',
  );
  for (const empty of [title({ ...shown, screen: 'idle' }), title({ ...shown, heading: '' })])
    expect(empty).toBe('Lorascope: what fine-tuning did to a model’s weights');
});

test('the model looked at is the reader’s where it has the matrix', () => {
  const cell = {} as MatrixCell;
  const row = (...cells: (MatrixCell | undefined)[]) => ({ cells }) as Parameters<typeof chosenIn>[0];
  expect(chosenIn(row(cell, cell), 1)).toBe(1);
  expect(chosenIn(row(undefined, cell), 0)).toBe(1);
  expect(chosenIn(row(cell), 7)).toBe(0);
  expect(chosenIn(row(), 2)).toBe(0);
});
