/** Exports, opened where they are meant to be opened: from the disk, in a frame, on another page, in a new tab. */
import { readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test, type Locator, type Page } from '@playwright/test';
import { firstOfEach, inBuild } from './breadth';
import { BUILDS, open, reaches, summary, trySample } from './support';

test.use({ permissions: ['clipboard-read', 'clipboard-write'] });

const figure = (page: Page, id: string) => page.locator(`[data-testid=figure][data-figure=${id}]`);
const RUN = ['epsilon-curve', 'overview', 'effective-rank', 'k-curve'];
const MATRIX = ['similarity', 'spectrum', 'sigma-vs-cosine', 'vector'];

let folder: string;
test.beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lorascope-'));
});

/** Chooses one entry of a figure's menu; the answer is the saved file's path. */
async function save(where: Locator, kind: string): Promise<string> {
  await where.getByTestId('figure-menu').click();
  const [download] = await Promise.all([
    where.page().waitForEvent('download'),
    where.getByTestId(`export-${kind}`).click(),
  ]);
  const path = join(folder, `${Date.now()}-${download.suggestedFilename()}`);
  await download.saveAs(path);
  return path;
}

async function copy(where: Locator, kind: string): Promise<string> {
  await where.getByTestId('figure-menu').click();
  await where.getByTestId(`copy-${kind}`).click();
  await expect(where.locator('.said')).toHaveText('Copied.');
  return where.page().evaluate(() => navigator.clipboard.readText());
}

async function sample(page: Page, version: (typeof BUILDS)[number] = BUILDS[0]): Promise<void> {
  await page.setViewportSize({ width: 1440, height: 1000 });
  await open(page, version);
  await trySample(page);
}

const openMatrix = (page: Page) => page.getByTestId('matrix-row').first().click();

for (const version of BUILDS) {
  inBuild(version)(`every figure gives every file, ${version.build}`, async ({ page }) => {
    test.setTimeout(180_000);
    // Chromium holds back the eleventh download that a visit makes in a hurry: two figures a visit are eight.
    const visits = [RUN.slice(0, 2), RUN.slice(2), MATRIX.slice(0, 2), MATRIX.slice(2)];
    const about = (ids: string[]) => (MATRIX.includes(ids[0]!) ? 'a matrix' : 'a run');
    for (const ids of firstOfEach('visits for files of figures', visits, about)) {
      const one = about(ids) === 'a matrix';
      await sample(page, version);
      await expect(page.getByRole('button', { name: /SHA-256/ })).toHaveCount(0);
      if (one) await openMatrix(page);
      for (const id of ids) {
        const at = figure(page, id);
        const svg = readFileSync(await save(at, 'svg'), 'utf8');
        expect(svg, id).toMatch(/^<svg [^>]*role="img"/);
        expect(svg, id).toContain('preset “official code”');
        const parsed = await page.evaluate(
          (text) => new DOMParser().parseFromString(text, 'image/svg+xml').querySelectorAll('text, parsererror').length,
          svg,
        );
        expect(parsed, id).toBeGreaterThan(4);
        const png = readFileSync(await save(at, 'png'));
        expect(png.subarray(1, 4).toString(), id).toBe('PNG');
        expect(png.readUInt32BE(16), `${id}: twice the pixels`).toBeGreaterThanOrEqual(1200);
        const csv = readFileSync(await save(at, 'csv'), 'utf8');
        const lines = csv.split('\r\n').filter((line) => line !== '' && !line.startsWith('#'));
        const json = JSON.parse(readFileSync(await save(at, 'json'), 'utf8')) as {
          schema: string;
          figure: string;
          rows: unknown[];
          provenance: { files: { sha256?: string }[] };
        };
        expect([json.schema, json.figure], id).toEqual(['lorascope-figure/1', id]);
        expect(lines.length, id).toBe(json.rows.length + 1);
        expect(csv, id).toContain('@article{shuttleworth2024lora');
        expect(
          json.provenance.files.every((file) => /^[0-9a-f]{64}$/.test(file.sha256 ?? '')),
          `${id}: hashes`,
        ).toBe(true);
      }
    }
  });
}

test('the page of a figure works from the disk, without a network, and in a frame', async ({ page, browser }) => {
  test.setTimeout(120_000);
  await sample(page);
  const curve = await save(figure(page, 'epsilon-curve'), 'html');
  await openMatrix(page);
  const map = await save(figure(page, 'similarity'), 'html');

  const offline = await browser.newContext({ offline: true });
  const alone = await offline.newPage();
  const asked: string[] = [];
  const wrong: string[] = [];
  alone.on('request', (request) => asked.push(request.url()));
  alone.on('pageerror', (error) => wrong.push(error.message));
  alone.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
  for (const [file, label] of [
    [curve, /at epsilon = 0.50/],
    [map, /^Similarity of/],
  ] as const) {
    await alone.goto(pathToFileURL(file).href);
    const canvas = alone.locator('lorascope-figure canvas');
    await expect(canvas).toHaveAttribute('aria-label', label);
    await alone.locator('lorascope-figure input[type=range]').last().fill('0.9');
    await expect(alone.locator('lorascope-figure output').last()).toHaveText('0.90');
    await expect(alone.locator('lorascope-figure')).toHaveAttribute('epsilon', '0.9');
  }
  expect(
    asked.filter((url) => !url.startsWith('file:') && !url.startsWith('blob:') && !url.startsWith('data:')),
  ).toEqual([]);
  expect(wrong).toEqual([]);
  await offline.close();

  // Without scripts the drawing is there.
  const quiet = await browser.newContext({ javaScriptEnabled: false });
  const still = await quiet.newPage();
  await still.goto(pathToFileURL(curve).href);
  await expect(still.locator('lorascope-figure > svg')).toBeVisible();
  await expect(still.locator('details pre')).toContainText('@article');
  await quiet.close();

  // A frame hears how tall it has to be.
  const outer = await browser.newPage();
  await outer.setContent('<iframe id="f" width="700" height="100"></iframe>');
  const height = outer.evaluate(
    (source) =>
      new Promise<number>((done) => {
        addEventListener(
          'message',
          ({ data }) => data?.type === 'lorascope-height' && data.height > 300 && done(data.height),
        );
        document.querySelector('iframe')!.srcdoc = source;
      }),
    readFileSync(curve, 'utf8'),
  );
  expect(await height).toBeLessThan(900);
  await outer.close();
});

test('a figure for a paper is bare, on light paper, and a PDF of its own size', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  // The dialog is the browser's: what it is given is caught here.
  await page.addInitScript(() => {
    if (self === top) return;
    self.print = () => {
      const rules = document.adoptedStyleSheets.flatMap(({ cssRules }) => [...cssRules].map((rule) => rule.cssText));
      const given = `<style>${rules.join('')}</style>${document.querySelector('svg')!.outerHTML}`;
      (top as unknown as { printed: string }).printed = given;
    };
  });
  await sample(page);
  const curve = figure(page, 'epsilon-curve');
  const column = readFileSync(await save(curve, 'svg-column'), 'utf8');
  expect(column).toContain('width="312"');
  expect(column).not.toContain('arXiv:2410.21228.</text>');
  expect(column.toUpperCase()).toContain('FILL="#FFFFFF"');
  const words = readFileSync(await save(curve, 'svg'), 'utf8');
  expect(words.replace(/\s+/g, ' ')).toContain('Count against threshold');
  expect(words.toUpperCase()).toContain('FILL="#FFFFFF"');

  await curve.getByTestId('figure-menu').click();
  await curve.getByTestId('export-pdf-text').click();
  await expect.poll(() => page.evaluate(() => (globalThis as unknown as { printed?: string }).printed)).toBeTruthy();
  const printed = await page.evaluate(() => (globalThis as unknown as { printed: string }).printed);
  const sheet = await page.context().newPage();
  await sheet.setContent(printed);
  const pdf = (await sheet.pdf({ preferCSSPageSize: true })).toString('latin1');
  const [, width] = /MediaBox \[0 0 ([\d.]+) /.exec(pdf)!;
  // 5.5 in, in points.
  expect(Number(width)).toBeGreaterThan(395);
  expect(Number(width)).toBeLessThan(398);
  expect(pdf.match(/\/Type \/Page\b/g)).toHaveLength(1);
});

test('lines to paste: embed, PyTorch, citation; the run in words', async ({ page }) => {
  await sample(page);
  const curve = figure(page, 'epsilon-curve');
  const code = await copy(curve, 'embed');
  const [, name] = /<lorascope-figure src="([^"]+)" figure="epsilon-curve" k="10" epsilon="0.5" side="left">/.exec(
    code,
  )!;
  const data = await save(curve, 'embed');
  // The code asks for the file by the name it has, and the file holds what the figure draws and no more.
  expect(data.endsWith(`-${name}`), `${name}: ${data}`).toBe(true);
  expect(JSON.parse(readFileSync(data, 'utf8'))).toMatchObject({ schema: 'lorascope-report/1' });
  expect(readFileSync(data).length).toBeLessThan(600_000);
  const frame = await copy(curve, 'frame');
  expect(frame).toContain(`src="${name!.replace('-report.json', '.html')}"`);
  expect(frame).toContain('lorascope-height');
  expect(await copy(curve, 'citation')).toContain('@article{shuttleworth2024lora');
  const leading = (await summary(page, 'LoRA r = 1')).intruders;
  const python = await copy(curve, 'pytorch');
  expect(python).toContain(`("LoRA r = 1", ${leading}, [`);
  // Three adapters of four types, each type a loop over its six layers; and the full fine-tune.
  expect(python.match(/lora_A\.weight/g)).toHaveLength(12);
  expect(python.match(/range\(0, 6\)/g)).toHaveLength(16);
  const words = readFileSync(await save(curve, 'markdown'), 'utf8');
  expect(words).toContain(`| LoRA r = 1 | ${leading} |`);
});

test('a link restores the whole view', async ({ page, context }) => {
  test.setTimeout(120_000);
  await sample(page);
  await page.getByTestId('epsilon-slider').fill('0.62');
  await page.getByTestId('k-slider').fill('7');
  await page.locator('[data-side=both]').click();
  await openMatrix(page);
  await page.getByTestId('vector-input').fill('4');
  await page.getByTestId('vector-input').press('Enter');
  const name = await page.locator('.head .sub .mono').innerText();
  const said = await page.locator('.told .find').innerText();
  const link = await copy(figure(page, 'sigma-vs-cosine'), 'link');
  expect(link).toContain('#v=1&');

  const other = await context.newPage();
  await other.goto(`${link}&theme=dark&hide=header,about`);
  await reaches(other, 'done');
  await expect(other.locator('.told .find')).toHaveText(said);
  await expect(other.locator('.head .sub .mono')).toHaveText(name);
  await expect(other.getByTestId('vector-input')).toHaveValue('4');
  await expect(other.getByTestId('k-slider')).toHaveValue('7');
  await expect(other.getByTestId('epsilon-slider')).toHaveValue('0.62');
  await expect(other.locator('[data-side=both]')).toHaveAttribute('aria-pressed', 'true');
  await expect(other.locator('header.site')).toBeHidden();
  expect(await other.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe('rgb(17, 19, 20)');
  // What the link asked for stays in the address.
  await expect.poll(() => other.url()).toContain('theme=dark');
});

test('a stored report opens without its checkpoints: by drop and by link', async ({ page, context }) => {
  test.setTimeout(120_000);
  await sample(page);
  const wanted = await summary(page, 'LoRA r = 8');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('export-json').click()]);
  const path = join(folder, download.suggestedFilename());
  await download.saveAs(path);

  const other = await context.newPage();
  await open(other);
  await other.getByTestId('file-input').setInputFiles(path);
  await reaches(other, 'done');
  expect(await summary(other, 'LoRA r = 8')).toEqual(wanted);
  await other.getByTestId('epsilon-slider').fill('0.9');
  await expect.poll(async () => (await summary(other, 'LoRA r = 8')).intruders).toBeGreaterThan(wanted.intruders);
  await expect(other.getByTestId('analyze')).toHaveCount(0);
  await openMatrix(other);
  await expect(figure(other, 'similarity').locator('canvas')).toHaveAttribute('aria-label', /^Similarity of/);
  await expect(figure(other, 'vector')).toContainText('needs the checkpoints');

  const linked = await context.newPage();
  await linked.goto('./#report=gallery/sample.json&k=3');
  await reaches(linked, 'done');
  await expect(linked.getByTestId('k-slider')).toHaveValue('3');
  await expect(linked.getByTestId('model-row')).toHaveCount(4);
  await expect.poll(() => linked.url()).toContain('report=gallery');
});

test('what is no report is said: another host, a missing one, a broken one', async ({ page, context }) => {
  await page.goto('./#report=https://example.org/report.json');
  await expect(page.locator('[data-testid=error][data-code=report-invalid]')).toContainText('another host');
  const missing = await context.newPage();
  await missing.goto('./#report=gallery/none.json');
  await expect(missing.locator('[data-testid=error][data-code=report-invalid]')).toContainText('none.json');
  const broken = await context.newPage();
  await open(broken);
  const files = [
    '{"schema":"lorascope-report/1"',
    '{"schema":"lorascope-report/1","models":[]}',
    '{"schema":"lorascope-report/1","generator":{},"settings":{},"base":{},"models":[1]}',
  ];
  for (const [at, text] of files.entries()) {
    await broken
      .getByTestId('file-input')
      .setInputFiles({ name: `r${at}.json`, mimeType: 'application/json', buffer: Buffer.from(text) });
    const said = broken.locator('[data-testid=error][data-code=report-invalid]');
    await expect(said).toContainText(`r${at}.json`);
  }
});

/** Both surfaces draw from one source: the canvas on the screen and the SVG in a file, pixel by pixel. Text is set by two engines. */
test('canvas and SVG are the same picture', async ({ page }) => {
  test.setTimeout(120_000);
  await sample(page);
  for (const ids of [RUN, MATRIX]) {
    if (ids === MATRIX) {
      await openMatrix(page);
      await expect(page.getByTestId('compute-vectors')).toHaveCount(0, { timeout: 20_000 });
    }
    for (const id of ids) {
      const svg = readFileSync(await save(figure(page, id), 'svg-text'), 'utf8');
      // In one column, with its margins, the canvas is as wide as the file.
      await page.setViewportSize({ width: 560, height: 1000 });
      const canvas = figure(page, id).locator('canvas');
      await expect(canvas).toHaveJSProperty('clientWidth', 528);
      await page.mouse.move(0, 0);
      const off = await figure(page, id)
        .locator('canvas')
        .evaluate(async (canvas, text) => {
          const image = new Image();
          image.src = URL.createObjectURL(new Blob([text], { type: 'image/svg+xml' }));
          await image.decode();
          const { width, height } = canvas as HTMLCanvasElement;
          const pixels = (paint: (c: CanvasRenderingContext2D) => void) => {
            const c = new OffscreenCanvas(width, height).getContext('2d')! as unknown as CanvasRenderingContext2D;
            paint(c);
            return c.getImageData(0, 0, width, height).data;
          };
          const a = pixels((c) => c.drawImage(canvas as HTMLCanvasElement, 0, 0));
          const b = pixels((c) => c.drawImage(image, 0, 0));
          let different = 0;
          for (let p = 0; p < a.length; p += 4) {
            if (Math.abs(a[p]! - b[p]!) + Math.abs(a[p + 1]! - b[p + 1]!) + Math.abs(a[p + 2]! - b[p + 2]!) > 190)
              different++;
          }
          return { share: different / (a.length / 4), widths: [width, image.width] };
        }, svg);
      expect(off.widths[1], id).toBe(off.widths[0]);
      expect(off.share, id).toBeLessThan(0.025);
    }
  }
});
