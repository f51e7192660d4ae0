/** The state as a link: what is written is read again; what makes no sense is left out. */
import { expect, test } from '@playwright/test';
import { random } from './random';
import { read, write } from '../../www/state/link';
import { defaults, setEpsilon, setSide, type State } from '../../www/state/state';

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

/** The fault in the dials of a link: whatever it says, they stay where the engine and the controls can follow. */
function fault(hash: string): string | undefined {
  const link = read(hash);
  const s = link.dials(defaults());
  const whole = (n: number | undefined, from: number) =>
    n === undefined || (Number.isSafeInteger(n) && n >= from && n <= 0xffffffff);
  const { k, epsilon, side, cosine } = s.settings;
  const counts = whole(k, 1) && whole(s.top, 1) && whole(s.origin.i, 0) && whole(s.origin.j, 0);
  if (!counts || !whole(s.vector, 0) || !whole(s.until, 0)) return 'a number';
  if (!(epsilon >= 0 && epsilon <= 1)) return 'epsilon';
  if (!['left', 'right', 'both'].includes(side) || !['absolute', 'signed'].includes(cosine)) return 'a word';
  // What is written of it is read as the same.
  const again = read(write(s, { theme: link.theme, hide: link.hide, report: link.report }, link.figure));
  const said = ({ theme, hide, figure, dials }: typeof link) =>
    JSON.stringify([theme, hide, figure, dials(defaults()).settings]);
  return said(again) === said(link) ? undefined : 'the way back';
}

test('no link puts a dial where nothing can follow', () => {
  const next = random(7);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!;
  const names = ['v', 'k', 'epsilon', 'side', 'cosine', 'preset', 'vector', 'top', 'i', 'j', 'until', 'fraction'];
  const others = [
    'adapters',
    'sample',
    'experiment',
    'report',
    'matrix',
    'model',
    'figure',
    'theme',
    'hide',
    '__proto__',
    '',
  ];
  const values = [
    '1',
    '0',
    '-1',
    '1e9',
    '4294967296',
    '9007199254740993',
    '9'.repeat(400),
    'NaN',
    'Infinity',
    '0.5',
    '1.1',
  ];
  const words = [
    'both',
    'signed',
    'left',
    'dark',
    'k-curve',
    'menu,about',
    'menu,menu',
    '%',
    '%E0%A4',
    '\u0000',
    '<b>',
    '0x10',
    '',
  ];
  const junk = () => Array.from({ length: 1 + next() * 8 }, () => String.fromCharCode(next() * 0x3000)).join('');
  const faults: string[] = [];
  for (let round = 0; round < 20_000; round++) {
    const parts = Array.from({ length: next() * 8 }, () => {
      const value = next() < 0.2 ? junk() : pick(next() < 0.5 ? values : words);
      return `${pick(next() < 0.7 ? names : others)}${next() < 0.9 ? '=' : ''}${value}`;
    });
    const hash = `#${parts.join(pick(['&', '&', '&', '&&', ';']))}`;
    const wrong = fault(hash);
    if (wrong !== undefined) faults.push(`${wrong}: ${hash}`);
  }
  expect(faults.slice(0, 5)).toEqual([]);
});

test('a link of megabytes is read in no time', () => {
  const start = performance.now();
  for (const hash of [
    `#v=1&k=${'9'.repeat(4_000_000)}`,
    `#v=1&hide=${'menu,'.repeat(800_000)}`,
    `#${'k=3&'.repeat(500_000)}`,
    `#v=1&matrix=${'x'.repeat(4_000_000)}`,
    `#${'%'.repeat(2_000_000)}`,
  ]) {
    expect(fault(hash), hash.slice(0, 40)).toBeUndefined();
  }
  expect(performance.now() - start).toBeLessThan(5000);
});
