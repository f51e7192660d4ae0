/** Names in little room, and a run in a link. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { carried } from '../../www/state/carried';
import { lacking } from '../../www/element/asked';
import { own } from '../../www/element/own';
import { middle, parts, shortened } from '../../www/text/names';

test('a name breaks after its separators and is shortened in the middle', () => {
  expect(parts('acme-legal_v2/final.bin')).toEqual(['acme-', 'legal_', 'v2/', 'final.', 'bin']);
  expect(parts('a--b').join('')).toBe('a--b');
  expect(middle('medqa_llama3_checkpoint_best', 12)).toBe('medqa_…_best');
  expect(middle('r8', 12)).toBe('r8');
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

test('an embed’s colours have names that no page around it uses', () => {
  expect(own(':host{--ink:#000;color:var(--ink);margin:calc(1px - -2px)}.c-lora-1{--c:var(--lora-1)}')).toBe(
    ':host{--lorascope-ink:#000;color:var(--lorascope-ink);margin:calc(1px - -2px)}.c-lora-1{--lorascope-c:var(--lorascope-lora-1)}',
  );
  for (const path of ['element/style.css', 'style/tokens.css', 'style/lessons.css', 'style/menu.css']) {
    const css = readFileSync(new URL(`../../www/${path}`, import.meta.url), 'utf8');
    const names = own(css).match(/--[\w-]+/g) ?? [];
    expect(names.filter((name) => !name.startsWith('--lorascope-')), path).toEqual([]);
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
