/** `<lorascope-figure>` on other people's pages: no headers, no worker, from a file beside the page or from the npm package. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, test, type Page } from '@playwright/test';
import { plainHost, type Host } from './plain-host';
import { troubles } from './support';

const root = fileURLToPath(new URL('../../', import.meta.url));
const page1 = (body: string) =>
  `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>A blog</title><style>body{margin:20px auto;max-width:700px}</style>${body}`;

let host: Host;
let folder: string;
test.beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lorascope-blog-'));
  for (const report of ['sample.json', 'series.json'])
    copyFileSync(join(root, 'www/public/gallery', report), join(folder, report));
  copyFileSync(join(root, 'dist/lorascope-figure.js'), join(folder, 'lorascope-figure.js'));
  host = await plainHost({ '/': folder });
});
test.afterAll(() => host.close());

async function blog(page: Page, body: string): Promise<void> {
  writeFileSync(join(folder, 'index.html'), page1(`<script type="module" src="lorascope-figure.js"></script>${body}`));
  await page.goto(`${host.url}/`);
}

test('the module is one file of under 375 kB compressed', () => {
  const module = readFileSync(join(root, 'dist/lorascope-figure.js'));
  expect(gzipSync(module, { level: 9 }).length).toBeLessThan(375_000);
  expect(module.toString()).not.toMatch(/\bnew Worker\b|from\s*"\.\//);
  // Only a lesson asks for more.
  expect(module.toString().match(/\bimport\s*\(/g)?.length ?? 0).toBeLessThanOrEqual(1);
});

test('attributes, dials, events, theme', async ({ page }) => {
  const wrong = await troubles(page);
  await blog(
    page,
    '<lorascope-figure id="f" src="sample.json" figure="epsilon-curve" epsilon="0.3"></lorascope-figure>',
  );
  const element = page.locator('#f');
  const canvas = element.locator('canvas');
  await expect(canvas).toHaveAttribute('aria-label', /at epsilon = 0.30/);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
  await element.locator('input[type=range]').fill('0.7');
  await expect(canvas).toHaveAttribute('aria-label', /at epsilon = 0.70/);
  await expect(element).toHaveAttribute('epsilon', '0.7');

  await element.evaluate((e) => e.setAttribute('figure', 'overview'));
  await expect(canvas).toHaveAttribute('aria-label', /layer|Layer/);
  await page.evaluate(() => {
    document.addEventListener('select', (event) =>
      Object.assign(globalThis, { chosen: (event as CustomEvent).detail as unknown }),
    );
  });
  await canvas.focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  const chosen = () =>
    page.evaluate(() => (globalThis as unknown as { chosen: { matrix: string; model: string } }).chosen);
  expect((await chosen()).matrix).toMatch(/^encoder\.layer\./);

  const corner = () =>
    canvas.evaluate((c) => [
      ...(c as HTMLCanvasElement)
        .getContext('2d')!
        .getImageData(1, (c as HTMLCanvasElement).height - 2, 1, 1)
        .data.slice(0, 3),
    ]);
  expect(await corner()).toEqual([255, 255, 255]);
  await element.evaluate((e) => e.setAttribute('theme', 'dark'));
  await expect.poll(corner).toEqual([17, 19, 20]);

  await element.evaluate((e) => e.setAttribute('controls', 'none'));
  await expect(element.locator('input, button')).toHaveCount(0);
  expect(wrong).toEqual([]);
});

test('nothing is fetched before it comes near the viewport, and ready is said once drawn', async ({ page }) => {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await page.addInitScript(() => document.addEventListener('ready', () => Object.assign(globalThis, { ready: true })));
  await blog(
    page,
    '<div style="height:4000px">far above</div><lorascope-figure src="series.json" figure="evolution">Until then these words.</lorascope-figure>',
  );
  await expect(page.locator('lorascope-figure')).toContainText('Until then');
  await page.waitForTimeout(500);
  expect(asked).not.toContain('/series.json');
  await page.locator('lorascope-figure').scrollIntoViewIfNeeded();
  await expect(page.locator('lorascope-figure canvas')).toBeVisible();
  expect(asked).toContain('/series.json');
  expect(await page.evaluate(() => (globalThis as unknown as { ready?: boolean }).ready)).toBe(true);
});

test('several figures share one page and one fetch; what does not load says so', async ({ page }) => {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await blog(
    page,
    `<lorascope-figure src="sample.json" figure="similarity" model="lora-r1" k="5"></lorascope-figure>
    <lorascope-figure src="sample.json" figure="k-curve" fraction></lorascope-figure>
    <lorascope-figure src="none.json"></lorascope-figure>`,
  );
  await expect(page.locator('lorascope-figure canvas')).toHaveCount(2);
  await expect(page.locator('lorascope-figure').last().getByRole('alert')).toContainText(
    'none.json did not load (404)',
  );
  await expect(page.locator('lorascope-figure canvas').first()).toHaveAttribute('aria-label', /LoRA r = 1/);
  expect(asked.filter((path) => path === '/sample.json')).toHaveLength(1);
  // A second figure leaves the first one's report alone.
  await page
    .locator('lorascope-figure')
    .first()
    .evaluate((e) => e.setAttribute('src', 'series.json'));
  await page
    .locator('lorascope-figure')
    .nth(1)
    .evaluate((e) => e.setAttribute('k', '3'));
  await expect(page.locator('lorascope-figure').nth(1).locator('canvas')).toHaveAttribute('aria-label', /k = 0\.8 %/);
});

test('a figure says what it shows and of what; what is not there is said in words', async ({ page }) => {
  await blog(
    page,
    `<lorascope-figure src="sample.json" figure="similarity" model="lora-r1"></lorascope-figure>
    <lorascope-figure src="sample.json" figure="overview" caption="title"></lorascope-figure>
    <lorascope-figure src="sample.json" figure="overview" caption="none"></lorascope-figure>
    <lorascope-figure src="sample.json" figure="pie"></lorascope-figure>
    <lorascope-figure src="sample.json" figure="similarity" model="nobody"></lorascope-figure>
    <lorascope-figure src="sample.json" figure="similarity" matrix="nowhere"></lorascope-figure>`,
  );
  const [full, title, none, ...missing] = await page.locator('lorascope-figure').all();
  await expect(full!.locator('.title')).toHaveText('Similarity: layer 0, query, LoRA r = 1, all-MiniLM-L6-v2');
  await expect(full!.locator('.caption')).toContainText('k = 10, ε = 0.50');
  await full!.locator('input[type=range]').last().fill('0.7');
  await expect(full!.locator('.caption')).toContainText('ε = 0.70');
  await expect(title!.locator('.title')).toHaveText('Where they are, all-MiniLM-L6-v2');
  await expect(title!.locator('.caption')).toHaveCount(0);
  await expect(none!.locator('canvas')).toBeVisible();
  await expect(none!.locator('.title, .caption')).toHaveCount(0);
  for (const [at, words] of ['no figure “pie”', 'no model “nobody”', 'no matrix “nowhere”'].entries()) {
    await missing[at]!.scrollIntoViewIfNeeded();
    await expect(missing[at]!.getByRole('alert')).toContainText(words);
  }
  await missing[0]!.evaluate((e) => e.setAttribute('figure', 'overview'));
  await expect(missing[0]!.locator('canvas')).toBeVisible();
});

test('what cannot be meant is said in words, with what to write, and is drawn once it is written', async ({ page }) => {
  const wrong = await troubles(page);
  writeFileSync(join(folder, 'page.json'), '<!doctype html><title>Not found</title>');
  await blog(
    page,
    `<lorascope-figure src="sample.json" figure="epsilon-curve" k="ten"></lorascope-figure>
    <lorascope-figure src="sample.json" figure="similarity" side="up"></lorascope-figure>
    <lorascope-figure src="sample.json" figure="vector" vector="0"></lorascope-figure>
    <lorascope-figure src="sample.json" figure="overview" controls="sliders"></lorascope-figure>
    <lorascope-figure src="sample.json" figure="similarity" matrix="encoder.layer.0.attention.key.weight"></lorascope-figure>
    <lorascope-figure src="page.json"></lorascope-figure>`,
  );
  const figures = await page.locator('lorascope-figure').all();
  for (const [at, words] of [
    'k="ten" means nothing. Write how many of the strongest vectors are looked at, a whole number from 1 on: k="10".',
    'side="up" means nothing. Write side="left", side="right" or side="both".',
    'vector="0" means nothing. Write which fine-tuned vector, a whole number from 1 on: vector="1".',
    'controls="sliders" means nothing.',
    'There are encoder.layer.0.attention.',
    'page.json is not a report.',
  ].entries())
    await expect(figures[at]!.getByRole('alert')).toContainText(words);
  for (const figure of figures)
    await expect(figure.getByRole('alert')).not.toContainText(/JsValue|deserialize|undefined/);
  await figures[0]!.evaluate((e) => e.setAttribute('k', '12'));
  await expect(figures[0]!.locator('.caption')).toContainText('k = 12');
  await figures[1]!.evaluate((e) => Object.assign(e, { side: 'left', epsilon: Number.NaN }));
  await expect(figures[1]!.getByRole('alert')).toContainText('epsilon="NaN" means nothing');
  await figures[1]!.evaluate((e) => Object.assign(e, { epsilon: 0.4 }));
  await expect(figures[1]!.locator('canvas')).toBeVisible();
  expect(wrong).toEqual([]);
});

test('a figure takes the colour scheme of the page around it, and nothing else of it', async ({ page }) => {
  const figure = '<lorascope-figure src="sample.json" figure="effective-rank"></lorascope-figure>';
  const ground = () => page.locator('lorascope-figure').evaluate((e) => getComputedStyle(e).backgroundColor);
  const drawn = () =>
    page.locator('lorascope-figure canvas').evaluate((c) => [
      ...(c as HTMLCanvasElement)
        .getContext('2d')!
        .getImageData(1, (c as HTMLCanvasElement).height - 2, 1, 1)
        .data.slice(0, 3),
    ]);
  const light = async () => {
    await expect.poll(ground).toBe('rgb(255, 255, 255)');
    await expect.poll(drawn).toEqual([255, 255, 255]);
  };
  const dark = async () => {
    await expect.poll(ground).toBe('rgb(17, 19, 20)');
    await expect.poll(drawn).toEqual([17, 19, 20]);
  };
  // Most blogs declare no scheme: they are light, whatever the reader's system has.
  await page.emulateMedia({ colorScheme: 'dark' });
  await blog(page, `<style>body{background:#fbf3e2}</style>${figure}`);
  await light();
  // A switch of the page's own.
  await page.evaluate(() => document.documentElement.style.setProperty('color-scheme', 'dark'));
  await dark();
  await page.evaluate(() => document.documentElement.style.setProperty('color-scheme', 'light'));
  await light();
  await page.evaluate(() => document.documentElement.style.setProperty('color-scheme', 'light dark'));
  await dark();
  await page.emulateMedia({ colorScheme: 'light' });
  await light();

  await blog(
    page,
    `<style>body{letter-spacing:3px;font:italic 30px serif;text-align:center;text-transform:uppercase;--paper:pink;--ink:lime;word-spacing:9px}</style>${figure}`,
  );
  await light();
  const style = await page.locator('lorascope-figure .title').evaluate((e) => {
    const { letterSpacing, fontStyle, textAlign, textTransform, wordSpacing, fontSize, color } = getComputedStyle(e);
    return [letterSpacing, fontStyle, textAlign, textTransform, wordSpacing, fontSize, color];
  });
  expect(style).toEqual(['normal', 'normal', 'start', 'none', '0px', '14px', 'rgb(21, 24, 26)']);
});

test('a page that styles every element draws the same figure as one that styles none', async ({ page }) => {
  const figure = '<lorascope-figure src="sample.json" figure="epsilon-curve" style="width:640px"></lorascope-figure>';
  const seen = async () => {
    const canvas = page.locator('lorascope-figure canvas');
    await expect(canvas).toHaveAttribute('aria-label', /.{12}/);
    await page.waitForTimeout(300);
    const styles = await page.locator('lorascope-figure .caption').evaluate((e) => {
      const { letterSpacing, fontStyle, fontSize, lineHeight, textTransform, fontFamily, color } = getComputedStyle(e);
      const ground = getComputedStyle((e.getRootNode() as ShadowRoot).host).backgroundColor;
      return [letterSpacing, fontStyle, fontSize, lineHeight, textTransform, fontFamily, color, ground];
    });
    return { styles, drawn: await canvas.evaluate((c) => (c as HTMLCanvasElement).toDataURL()) };
  };
  await blog(page, figure);
  const plain = await seen();
  await blog(
    page,
    `<style>:root, * {letter-spacing:3px;word-spacing:9px;font:italic small-caps 700 30px/2 cursive;text-align:right;text-transform:uppercase;
      text-indent:2em;color:lime;--paper:pink;--ink:lime;--ink-3:lime;--rule:red;--sans:cursive;--base:red}</style>${figure}`,
  );
  expect(await seen()).toEqual(plain);
});

test('the npm package serves a fresh project built by Vite, with types', async ({ page }) => {
  test.setTimeout(120_000);
  const project = mkdtempSync(join(tmpdir(), 'lorascope-project-'));
  const npm = (args: string[], cwd: string) =>
    execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const packed = JSON.parse(npm(['pack', '--ignore-scripts', '--json', '--pack-destination', project], root)) as {
    filename: string;
    files: { path: string }[];
  }[];
  expect(packed[0]!.files.map((f) => f.path).sort()).toEqual([
    'LICENSE-APACHE',
    'LICENSE-MIT',
    'README.md',
    'dist/lorascope-figure.d.ts',
    'dist/lorascope-figure.js',
    'dist/lorascope-lessons.js',
    'package.json',
  ]);
  writeFileSync(join(project, 'package.json'), '{"private":true,"type":"module"}');
  npm(['install', '--offline', '--no-audit', '--no-fund', `./${packed[0]!.filename}`], project);
  mkdirSync(join(project, 'public'));
  copyFileSync(join(folder, 'sample.json'), join(project, 'public/report.json'));
  writeFileSync(
    join(project, 'index.html'),
    page1('<div id="place"></div><script type="module" src="/main.ts"></script>'),
  );
  const main = `import { LorascopeFigure } from 'lorascope';
const figure = new LorascopeFigure();
figure.src = 'report.json';
figure.figure = 'effective-rank';
figure.addEventListener('select', ({ detail }) => console.log(detail.matrix?.length));
document.querySelector('#place')!.append(figure);
`;
  writeFileSync(join(project, 'main.ts'), main);
  const options = {
    module: 'esnext',
    moduleResolution: 'bundler',
    target: 'es2022',
    lib: ['es2022', 'dom'],
    types: [],
    strict: true,
    noEmit: true,
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['main.ts'] }));
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', project]);
  const { build } = await import('vite');
  await build({ root: project, logLevel: 'error', configFile: false });
  const site = await plainHost({ '/': join(project, 'dist') });
  await page.goto(`${site.url}/`);
  await expect(page.locator('lorascope-figure canvas')).toHaveAttribute('aria-label', /^Effective rank/);
  await site.close();
});
