/** The page in every engine, from the sample to the exports. */
import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkModel, reference } from '../browser/reference';
import { type Saved, same, sameWords } from './same';
import {
  computeSample,
  dist,
  eachTab,
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
import { TAKES_FOLDERS, testid } from './tab';

const now = eachTab();
let site: Awaited<ReturnType<typeof host>>;

test.describe.configure({ mode: 'serial' });
test.beforeAll(async () => {
  site = await host();
});
test.afterAll(() => site.close());

/** Figures that are there, and those whose canvas holds more than one colour and says in words what it shows. */
const drawn = (): Promise<{ drawn: number; all: number }> =>
  now.tab.run((css) => {
    const all = [...document.querySelectorAll(css)];
    const many = (figure: Element) => {
      const canvas = figure.querySelector('canvas');
      if (!canvas) return false;
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      const colours = new Set(new Uint32Array(data.buffer));
      return colours.size > 3 && (canvas.getAttribute('aria-label') ?? '').length > 12;
    };
    return { drawn: all.filter(many).length, all: all.length };
  }, testid('figure'));

test('the sample: stopped, gone on with, with the numbers of the reference', async () => {
  const { tab } = now;
  await tab.open(`${site.url}/`);
  await ready(tab, /^threads\+/);
  await computeSample(tab);
  // In the page: a driver takes longer to press than a run may take to end.
  await tab.run(
    (progress, cancel) =>
      new Promise<void>((stopped) => {
        const look = setInterval(() => {
          if (Number(document.querySelector(progress)?.getAttribute('aria-valuenow') ?? 0) < 1) return;
          clearInterval(look);
          document.querySelector<HTMLElement>(cancel)!.click();
          stopped();
        }, 10);
      }),
    testid('progress'),
    testid('cancel'),
  );
  await state(tab, 'cancelled');
  await tab.click(testid('analyze'));
  await state(tab, 'done');
  expect(await tab.count(testid('model-row'))).toBe(4);
  const saved = await report<Saved>(tab);
  checkModel(saved.models.find(({ label }) => /^full$/i.test(label))!, reference('sample-expected', 'full'));
  same(saved, 'sample');
});

test('what is done is kept over a reload', async () => {
  const { tab } = now;
  await tab.reload();
  await ready(tab);
  await computeSample(tab);
  await state(tab, 'done');
  expect(await tab.text(testid('status'))).toContain('24 of 24 from earlier');
});

test('every figure of the run and of a matrix is drawn', async () => {
  const { tab } = now;
  const there = (id: string) => expect.poll(() => tab.count(`[data-figure=${id}]`)).toBe(1);
  const eachIsDrawn = () =>
    expect
      .poll(
        async () => {
          const { drawn: some, all } = await drawn();
          return all > 0 ? all - some : undefined;
        },
        { timeout: 30_000 },
      )
      .toBe(0);
  await there('epsilon-curve');
  await eachIsDrawn();
  await tab.click(`${testid('matrix-row')} td`);
  await there('spectrum');
  await eachIsDrawn();
  await tab.press('\uE00C');
  await there('epsilon-curve');
});

test('a slider moves the counts, and the mouse brings numbers', async () => {
  const { tab } = now;
  await tab.fill(testid('epsilon-slider'), '0.9');
  const typed = () => tab.run((at) => document.querySelector<HTMLInputElement>(at)!.value, testid('epsilon-exact'));
  await expect.poll(typed).toBe('0.90');
  await tab.fill(testid('epsilon-slider'), '0.5');
  await tab.run(() => document.querySelector('[data-figure=k-curve] canvas')!.scrollIntoView({ block: 'center' }));
  await tab.hover('[data-figure=k-curve] canvas');
  await tab.reaches('[data-figure=k-curve] .card', '', /k = \d+/);
});

test('menus and dialogs open and close', async () => {
  const { tab } = now;
  const open = () => tab.count('[data-figure=k-curve] [role=menu]');
  await tab.click('[data-figure=k-curve] lorascope-menu button');
  await expect.poll(open).toBe(1);
  await tab.press('\uE00C');
  await expect.poll(open).toBe(0);
  await tab.press('?');
  await expect.poll(() => tab.count('dialog:modal')).toBe(1);
  await tab.press('\uE00C');
  await expect.poll(() => tab.count('dialog:modal')).toBe(0);
});

test('a figure is saved as SVG, PNG, CSV and HTML, and the HTML lives from the disk', async () => {
  const { tab } = now;
  const save = async (kind: string) => {
    await tab.click('[data-figure=k-curve] lorascope-menu button');
    return tab.download(() => tab.click(`[data-figure=k-curve] ${testid(`export-${kind}`)}`));
  };
  expect(readFileSync(await save('svg'), 'utf8')).toContain('<svg');
  expect(
    readFileSync(await save('png'))
      .subarray(1, 4)
      .toString(),
  ).toBe('PNG');
  expect(readFileSync(await save('csv'), 'utf8').split('\n').length).toBeGreaterThan(5);
  const page = await save('html');
  expect(await wrong(tab)).toEqual([]);
  await tab.open(pathToFileURL(page).href);
  await tab.reaches('lorascope-figure >>> canvas', 'aria-label', /.{12}/);
});

test('the element draws on a page of somebody else', async () => {
  const { tab } = now;
  const blog = mkdtempSync(join(tmpdir(), 'lorascope-blog-'));
  copyFileSync(`${root}www/public/gallery/sample.json`, join(blog, 'sample.json'));
  copyFileSync(`${dist}lorascope-figure.js`, join(blog, 'lorascope-figure.js'));
  writeFileSync(
    join(blog, 'index.html'),
    '<!doctype html><meta charset="utf-8"><title>A blog</title><script type="module" src="lorascope-figure.js"></script><lorascope-figure src="sample.json" figure="overview"></lorascope-figure>',
  );
  const other = await host({ '/': blog }, {});
  await tab.open(`${other.url}/`);
  await tab.reaches('lorascope-figure >>> canvas', 'aria-label', /.{12}/);
  expect(await wrong(tab)).toEqual([]);
  await other.close();
});

test('a lesson computes in its worker', async () => {
  const { tab } = now;
  await tab.open(`${site.url}/#v=1&lesson=why-a-product`);
  await tab.reaches(testid('lesson'), 'data-lesson', 'why-a-product');
  await tab.reaches('lorascope-lesson-view canvas', 'aria-label', /.{12}/);
  expect(await wrong(tab)).toEqual([]);
  // What is drawn at random is drawn alike everywhere.
  const said = () => [...document.querySelectorAll('.read')].map((line) => line.textContent).join('\n');
  const words = await tab.run(said);
  expect(words).toContain('intruder');
  sameWords(words, 'why-a-product');
});

test('folders, with their paths', async () => {
  const { tab } = now;
  if (!TAKES_FOLDERS.has(tab.name))
    test.info().annotations.push({ type: 'seen', description: 'yes, from files: its driver chooses no folder' });
  await tab.open(`${site.url}/?store=off`);
  await ready(tab);
  const folder = (name: string) =>
    tab.chooseFolder(testid('folder-input'), `${root}tests/fixtures/minilm-layer0/${name}`);
  await folder('base');
  await planned(tab, 1);
  await folder('lora_r8');
  await planned(tab, 3);
  // An adapter has the name of its folder.
  expect(await tab.text(`${testid('plan-row')} td b`)).toBe('lora_r8');
  expect(await wrong(tab)).toEqual([]);
});

test('on a host without headers the page isolates itself', async () => {
  const { tab } = now;
  const plain = await host(undefined, {});
  await tab.open(`${plain.url}/`);
  await ready(tab, /^threads\+/);
  expect(await tab.run(() => crossOriginIsolated)).toBe(true);
  await plain.close();
});
