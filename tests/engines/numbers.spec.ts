/** The same numbers everywhere: what each engine reports is held against the reference where there is one, and against Chromium's. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { checkModel, reference } from '../browser/reference';
import type { Model } from '../browser/schema';
import { fixture } from '../browser/support';
import {
  browser,
  choose,
  dist,
  engine,
  expect,
  host,
  planned,
  ready,
  report,
  root,
  state,
  test,
  wrong,
} from './support';
import { type Tab, testid } from './tab';

interface Saved {
  models: Model[];
  settings: { k: number; epsilon: number };
}

let tab: Tab;
let site: Awaited<ReturnType<typeof host>>;
test.beforeAll(async () => {
  const opened = await browser();
  if (opened) tab = opened;
});
test.afterAll(() => tab?.driver.close());
test.beforeEach(async () => {
  test.skip(!tab, `no ${engine()} here`);
  site = await host();
});
test.afterEach(async () => {
  if (!tab) return;
  expect(await wrong(tab)).toEqual([]);
  await site.close();
});

const folder = (path: string): string[] =>
  readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !/README|expected|\.md$/.test(entry.name))
    .map((entry) => `${entry.parentPath}/${entry.name}`);

async function analyzed(address = '?store=off'): Promise<Saved> {
  await ready(tab, address.includes('simd') ? /^simd$/ : /^threads\+/);
  await tab.click(testid('analyze'));
  await state(tab, 'done');
  return report<Saved>(tab);
}

/** Counts and verdicts are equal; best matches to what single precision leaves. */
function same(ours: Saved, name: string): void {
  const kept = `${root}test-results/engines-numbers`;
  mkdirSync(kept, { recursive: true });
  const file = `${kept}/${name}.json`;
  if (engine() === 'chromium') writeFileSync(file, JSON.stringify(ours));
  if (!existsSync(file)) return;
  const theirs = JSON.parse(readFileSync(file, 'utf8')) as Saved;
  expect(ours.models.map((m) => m.label)).toEqual(theirs.models.map((m) => m.label));
  let furthest = 0;
  for (const [at, model] of ours.models.entries()) {
    const other = theirs.models[at]!;
    expect(model.matrices.map(verdict), model.label).toEqual(other.matrices.map(verdict));
    for (const [n, matrix] of model.matrices.entries())
      for (const [j, cosine] of (matrix.left?.maxCos ?? []).slice(0, 10).entries())
        furthest = Math.max(furthest, Math.abs(cosine - (other.matrices[n]!.left?.maxCos[j] ?? Number.NaN)));
  }
  test
    .info()
    .annotations.push({ type: 'furthest', description: `${name}: best matches within ${furthest.toExponential(1)}` });
  expect(furthest).toBeLessThan(1e-4);
}

const verdict = (m: Model['matrices'][number]) => [
  m.name,
  m.status,
  m.mode,
  m.certified,
  m.left?.maxCos.slice(0, 10).filter((cosine) => cosine < 0.5).length,
];

for (const build of ['threads', 'simd']) {
  test(`the sample, ${build}`, async () => {
    await tab.open(`${site.url}/?store=off${build === 'simd' ? '&build=simd' : ''}`);
    await ready(tab, build === 'simd' ? /^simd$/ : /^threads\+/);
    await tab.click(testid('try-sample'));
    await state(tab, 'done');
    const saved = await report<Saved>(tab);
    expect(saved.models).toHaveLength(4);
    const full = saved.models.find((model) => model.label === 'full' || /full/i.test(model.label))!;
    checkModel(full, reference('sample-expected', 'full'));
    same(saved, `sample-${build}`);
  });
}

test('minilm, layer 0', async () => {
  await tab.open(`${site.url}/?store=off`);
  await ready(tab);
  await choose(tab, [fixture('minilm-layer0/base/model.safetensors'), fixture('minilm-layer0/full/model.safetensors')]);
  const saved = await analyzed();
  checkModel(saved.models[0]!, reference('minilm-expected', 'full', /layer\.0\./));
  same(saved, 'minilm-layer0');
});

test('a certified pair', async () => {
  await tab.open(`${site.url}/?store=off&mode=certified`);
  await ready(tab);
  await choose(tab, [...folder(fixture('planted/base')), ...folder(fixture('planted/lambda_1.5'))]);
  const saved = await analyzed();
  expect(saved.models[0]!.matrices.some((m) => m.mode === 'certified')).toBe(true);
  same(saved, 'certified');
});

const FIELD = [
  '01-lora-with-trainable-tokens',
  '08-openclip-multihead-attention',
  '21-colqwen-model-prefix',
  '31-flux-lora-no-alpha',
  '39-alpha-in-file-metadata',
];

for (const name of FIELD) {
  test(`field ${name}`, async () => {
    await tab.open(`${site.url}/?store=off`);
    await ready(tab);
    for (const part of readdirSync(fixture(`field/${name}`), { withFileTypes: true }).filter((p) => p.isDirectory()))
      await tab.chooseFolder(testid('folder-input'), fixture(`field/${name}/${part.name}`));
    await planned(
      tab,
      await tab.run(() => Number(document.querySelector('[data-testid=plan] .sub')!.textContent!.split(' ')[0])),
    );
    const saved = await analyzed();
    expect(saved.models.length).toBeGreaterThan(0);
    same(saved, name);
  });
}

test('dist is what ships', () => expect(existsSync(`${dist}index.html`)).toBe(true));
