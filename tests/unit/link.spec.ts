/** The state as a link: what is written is read again; what makes no sense is left out. */
import { expect, test } from '@playwright/test';
import { read, write } from '../../www/link';
import { defaults, setEpsilon, setSide, type State } from '../../www/state';

const plain = { theme: undefined, hide: [], report: undefined } as const;

function applied(hash: string): State {
  return read(hash).dials(defaults());
}

test('the defaults need no link', () => {
  expect(write(defaults(), plain)).toBe('');
  expect(applied('')).toEqual(defaults());
});

test('what is written is read again', () => {
  const dials = { ...setSide(setEpsilon(defaults(), 0.37), 'both'), fraction: true, adaptersOnly: true };
  const hash = write(dials, { theme: 'dark', hide: ['menu', 'about'], report: 'a/b c.json' }, 'k-curve');
  expect(hash).toMatch(/^#v=1&/);
  const link = read(hash);
  expect([link.theme, link.hide, link.report, link.figure]).toEqual([
    'dark',
    ['menu', 'about'],
    'a/b c.json',
    'k-curve',
  ]);
  expect(link.dials(defaults())).toEqual(dials);
  const open = {
    ...dials,
    open: 'encoder.layer.0.q&k=v.weight',
    vector: 7,
    top: 96,
    origin: { i: 3, j: 4 },
    until: 300,
  };
  const again = read(write(open, plain));
  expect(again.matrix).toBe(open.open);
  expect(again.dials(defaults())).toMatchObject({ vector: 7, top: 96, origin: { i: 3, j: 4 }, until: 300 });
});

test('nonsense and other versions leave the defaults', () => {
  for (const hash of [
    '#v=1&k=-3&epsilon=7&side=up&preset=x&theme=pink&hide=everything&vector=zero&top=NaN',
    '#v=9&k=3&epsilon=0.1',
    '#&&==',
    '#%E0%A4%A',
  ]) {
    expect(applied(hash).settings.epsilon, hash).toBe(0.5);
    expect(applied(hash).settings.side, hash).toBe('left');
    expect(read(hash).hide, hash).toEqual([]);
  }
  expect(applied('#v=9&k=3').settings.k).toBe(10);
  expect(applied('#v=1&k=-3').settings.k).toBe(10);
});
