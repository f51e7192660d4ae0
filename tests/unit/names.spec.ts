/** Names in little room, and a run in a link. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { carried } from '../../www/state/carried';
import { lacking, unfit, unplaced } from '../../www/element/asked';
import { own } from '../../www/element/own';
import { middle, parts, placeName, shortened } from '../../www/text/names';

test('a name breaks after its separators and is shortened in the middle', () => {
  expect(parts('acme-legal_v2/final.bin')).toEqual(['acme-', 'legal_', 'v2/', 'final.', 'bin']);
  expect(parts('a--b').join('')).toBe('a--b');
  expect(middle('medqa_llama3_checkpoint_best', 12)).toBe('medqa_…_best');
  expect(middle('r8', 12)).toBe('r8');
});

test('a matrix is named by its place', () => {
  expect(placeName({ layer: 3, typeLabel: 'MLP up' })).toBe('layer 3, MLP up');
  expect(placeName({ layer: undefined, typeLabel: 'other' })).toBe('other');
});

test('names stay apart, whatever they share', () => {
  const front = `acme-legal-contracts-${'x'.repeat(90)}`;
  for (const names of [
    [`${front}-1`, `${front}-2`, `${front}-10`],
    ['run-2025-03-14-lr1e-4-final', 'run-2025-03-15-lr1e-4-final', 'run-2025-03-16-lr1e-4-final'],
    ['מודל-משפטי-ארוך-מאוד-גרסה-1', 'מודל-משפטי-ארוך-מאוד-גרסה-2'],
    ['r8', 'full', 'lora-r64'],
  ]) {
    const short = shortened(names, 12);
    expect(new Set(short).size, short.join(' | ')).toBe(names.length);
    for (const name of short) expect([...name].length).toBeLessThanOrEqual(12);
  }
});

test('what an embed asks for and does not get is said with what there is', () => {
  const there = { figures: ['overview', 'k-curve'], models: ['full', 'lora'] };
  expect(lacking({ figure: 'overview', model: null }, there)).toBe('');
  expect(lacking({ figure: 'overview', model: '2' }, there)).toBe('');
  expect(lacking({ figure: 'overview', model: undefined }, there)).toBe('');
  expect(lacking({ figure: 'pie', model: null }, there)).toBe('There is no figure “pie”. There are overview, k-curve.');
  for (const model of ['3', '0', 'lor', ''])
    expect(lacking({ figure: 'overview', model }, there)).toBe(`There is no model “${model}”. There are full, lora.`);
});

test('an attribute that means nothing is said with what to write instead', () => {
  const of = (all: Record<string, string>) => unfit((name) => all[name]);
  expect(of({})).toBe('');
  expect(
    of({
      k: '384',
      epsilon: '0',
      side: 'both',
      cosine: 'signed',
      vector: '1',
      top: '8192',
      until: '0',
      theme: 'dark',
      caption: 'none',
      controls: 'k, epsilon  step menu',
    }),
  ).toBe('');
  expect(of({ controls: 'none' })).toBe('');
  for (const [name, values] of Object.entries({
    k: ['abc', '', '0', '-3', '1.5', '1e9', '99999999999', 'NaN', '١'],
    epsilon: ['', ' ', '7', '-0.1', 'half', 'NaN', 'Infinity'],
    side: ['up', '', 'Left'],
    cosine: ['cos'],
    vector: ['0', 'first'],
    top: ['all'],
    until: ['-1', '1.5'],
    theme: ['auto'],
    caption: ['below'],
    controls: ['sliders', 'k epsilon dial'],
  }))
    for (const value of values) {
      const said = of({ [name]: value });
      expect(said, `${name}="${value}"`).toContain(`${name}="${value}" means nothing. Write `);
      // What it says to write is fit.
      for (const [, example] of said.slice(said.indexOf('Write')).matchAll(new RegExp(`${name}="([^"]*)"`, 'g')))
        expect(of({ [name]: example! })).toBe('');
    }
  expect(of({ side: 'up' })).toBe('side="up" means nothing. Write side="left", side="right" or side="both".');
  expect(of({ k: 'x'.repeat(1e6) }).length).toBeLessThan(200);
});

test('a matrix that is not there is said with those that are', () => {
  expect(unplaced('x', undefined, [], ['a', 'b'])).toBe('There is no matrix “x”. There are a, b.');
  expect(unplaced('b', 'lora', ['a'], ['a', 'b'])).toBe('“lora” has no matrix “b”. There is a.');
  expect(unplaced('x', 'lora', ['a'], ['a', 'b'])).toBe('There is no matrix “x”. There are a, b.');
  expect(unplaced('x', undefined, [], [])).toBe('There is no matrix “x”. This report has no matrices.');
  expect(
    unplaced(
      'x',
      undefined,
      [],
      Array.from({ length: 30 }, (_, n) => `m${n}`),
    ),
  ).toMatch(/m11 and 18 more\.$/);
});

test('an embed’s colours have names that no page around it uses', () => {
  expect(own(':host{--ink:#000;color:var(--ink);margin:calc(1px - -2px)}.c-lora-1{--c:var(--lora-1)}')).toBe(
    ':host{--lorascope-ink:#000;color:var(--lorascope-ink);margin:calc(1px - -2px)}.c-lora-1{--lorascope-c:var(--lorascope-lora-1)}',
  );
  for (const path of ['element/style.css', 'style/tokens.css', 'style/lessons.css', 'style/menu.css']) {
    const css = readFileSync(new URL(`../../www/${path}`, import.meta.url), 'utf8');
    const names = own(css).match(/--[\w-]+/g) ?? [];
    expect(
      names.filter((name) => !name.startsWith('--lorascope-')),
      path,
    ).toEqual([]);
  }
});

test('a link that is cut off, changed, or made to fill the memory is refused', async () => {
  const deflated = async (text: string) => {
    const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate-raw'));
    return Buffer.from(await new Response(stream).arrayBuffer()).toString('base64url');
  };
  expect(await carried(await deflated('{"a":1}'))).toBe('{"a":1}');
  const whole = await deflated(JSON.stringify(Array.from({ length: 500 }, (_, n) => Math.sin(n))));
  for (const text of [whole.slice(0, whole.length / 2), `!${whole}`, '', await deflated('0'.repeat(17e6))])
    await expect(carried(text)).rejects.toThrow('cut off or changed');
});
