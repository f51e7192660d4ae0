/** The numbers of each engine, held against the reference where there is one, and against Chromium's. */
import { readdirSync } from 'node:fs';
import { makeModel } from '../benches/data/make.mjs';
import { single } from '../benches/data/shapes.mjs';
import { inFull } from '../browser/breadth';
import { checkModel, reference } from '../browser/reference';
import { fixture } from '../browser/support';
import { type Saved, same } from './same';
import { choose, eachTab, expect, host, planned, ready, report, state, test, wrong } from './support';
import { type Tab, testid } from './tab';

const now = eachTab();
let site: Awaited<ReturnType<typeof host>>;
test.beforeEach(async () => {
  site = await host();
});
test.afterEach(async () => {
  expect(await wrong(now.tab)).toEqual([]);
  await site.close();
});

async function opened(query: string, build = /^threads\+/): Promise<Tab> {
  await now.tab.open(`${site.url}/?store=off${query}`);
  await ready(now.tab, build);
  return now.tab;
}

async function analyzed(tab: Tab): Promise<Saved> {
  await tab.click(testid('analyze'));
  await state(tab, 'done');
  const saved = await report<Saved>(tab);
  expect(saved.models.flatMap((model) => model.matrices).length).toBeGreaterThan(0);
  return saved;
}

const LAYER = [fixture('minilm-layer0/base/model.safetensors'), fixture('minilm-layer0/full/model.safetensors')];
for (const [build, query, runs] of [
  ['threads', '', /^threads\+/],
  ['one thread', '&build=simd', /^simd$/],
] as const) {
  inFull(`numbers: minilm, layer 0, ${build}`, async () => {
    const tab = await opened(query, runs);
    await choose(tab, LAYER);
    const saved = await analyzed(tab);
    checkModel(saved.models[0]!, reference('minilm-expected', 'full', /layer\.0\./));
    same(saved, `minilm-layer0-${build}`);
  });
}

inFull('numbers: a certified pair of 2048 x 2048', async () => {
  const folder = test.info().outputPath('pair');
  const { base, tuned } = makeModel(folder, single(2048, 2048), 'lora16');
  const tab = await opened('');
  await tab.chooseFolder(testid('folder-input'), base);
  await planned(tab, 1);
  await tab.chooseFolder(testid('folder-input'), tuned[0]!);
  await planned(tab, 3);
  const saved = await analyzed(tab);
  const matrices = saved.models.flatMap((model) => model.matrices);
  expect(matrices.map(({ mode, certified }) => [mode, certified])).toEqual([['certified', true]]);
  same(saved, 'certified-2048');
});

for (const [number, name] of [
  '01-lora-with-trainable-tokens',
  '08-openclip-multihead-attention',
  '21-colqwen-model-prefix',
  '31-flux-lora-no-alpha',
  '39-alpha-in-file-metadata',
].entries()) {
  inFull(`numbers: field case ${number + 1}, ${name.replace(/^\d+-/, '').replaceAll('-', ' ')}`, async () => {
    const tab = await opened('');
    let files = 0;
    for (const part of readdirSync(fixture(`field/${name}`), { withFileTypes: true }).filter((p) => p.isDirectory())) {
      const folder = fixture(`field/${name}/${part.name}`);
      files += readdirSync(folder).length;
      await tab.chooseFolder(testid('folder-input'), folder);
      await planned(tab, files);
    }
    same(await analyzed(tab), name);
  });
}
