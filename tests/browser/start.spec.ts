/** Failed starts: where a start goes wrong, or a browser lacks something, the page runs with what is left, and says why. */
import { expect, test, type Page } from '@playwright/test';
import { fileURLToPath } from 'node:url';
import { plainHost } from './plain-host';
import { begin, open, ready } from './support';

const html = (page: Page) => page.locator('html');
const runs = (page: Page) => page.getByTestId('runs');
const lacks = (page: Page) => page.locator('#lacks');

/** A script of ours before the engine's own in its worker, where scripts of the page do not reach; or before that of the lessons. */
async function inEngine(page: Page, script: string, worker = /engine\.worker[^/]*\.js/): Promise<void> {
  await page.route(worker, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${script};\n${await response.text()}` });
  });
}

/** Threads whose scripts are there and do nothing: what a browser that loses a message looks like from outside. */
const SILENT = 'self.Worker = class extends EventTarget { postMessage() {} terminate() {} }';

test('threads that never come up are tried twice, and then the page goes on without', async ({ page }) => {
  await page.clock.install();
  await inEngine(page, SILENT);
  await page.goto('./');
  await begin(page);
  await expect(runs(page)).toHaveText('The engine starts: starting its threads.');
  await page.clock.fastForward(16_000);
  await expect(runs(page)).toHaveText('The engine starts: starting its threads, try 2.');
  await page.clock.fastForward(16_000);
  await expect(html(page)).toHaveAttribute('data-build', 'simd');
  await expect(runs(page)).toHaveText(
    'The engine, on one thread with SIMD. Runs single-thread: with threads the engine did not start, 2 times (it stalled: a thread did not come up).',
  );
});

test('a start that stalls once is made again, with threads', async ({ page }) => {
  await page.clock.install();
  let starts = 0;
  await page.route(/engine\.worker[^/]*\.js/, async (route) => {
    starts += 1;
    const response = await route.fetch();
    await route.fulfill({ response, body: `${starts === 1 ? SILENT : ''};\n${await response.text()}` });
  });
  await page.goto('./');
  await begin(page);
  await expect(runs(page)).toHaveText('The engine starts: starting its threads.');
  await page.clock.fastForward(16_000);
  await expect(html(page)).toHaveAttribute('data-build', /^threads\+/);
  await expect(runs(page)).not.toContainText('single-thread');
  expect(starts).toBe(2);
});

test('threads of a lesson that never come up are tried twice, and then it computes without', async ({ page }) => {
  const starts = page.getByTestId('lesson-starts');
  await page.clock.install();
  await inEngine(page, SILENT, /host\.worker[^/]*\.js/);
  await page.goto('./#v=1&lesson=making-an-intruder');
  await expect(page.getByTestId('lesson')).toBeVisible();
  // The first start says nothing on the page. In strides that are short for the second's own limit.
  await expect(async () => {
    await page.clock.fastForward(3000);
    await expect(starts).toContainText('try 2', { timeout: 2000 });
  }).toPass();
  await expect(starts).toHaveText('The engine starts: starting its threads, try 2.');
  await page.clock.fastForward(16_000);
  await expect(starts).toHaveText(
    'The engine, on one thread with SIMD. Runs single-thread: with threads the engine did not start, 2 times (it stalled: a thread did not come up).',
  );
  await expect(page.locator('lorascope-lesson-view canvas').first()).toHaveAttribute('aria-label', /.{12}/);
});

test('a lesson whose worker does not arrive says so', async ({ page }) => {
  await page.route(/host\.worker[^/]*\.js/, (route) => route.fulfill({ status: 404 }));
  await page.goto('./#v=1&lesson=making-an-intruder');
  await expect(page.locator('lorascope-lesson-view')).toContainText(
    'The lesson stopped. The engine stopped: its worker could not be loaded. Load the page again.',
  );
});

test('threads that cannot be loaded cost no wait', async ({ page }) => {
  await inEngine(
    page,
    "const Native = self.Worker; self.Worker = class extends Native { constructor() { super(location.origin + '/none.js', { type: 'module' }); } }",
  );
  await page.goto('./');
  await ready(page, 'simd');
  await expect(runs(page)).toContainText('a thread could not be loaded');
});

test('an engine that does not arrive is said with its step', async ({ page }) => {
  await page.route(/engine\.worker[^/]*\.js/, (route) => route.fulfill({ status: 404 }));
  await page.goto('./');
  await begin(page);
  await expect(page.getByTestId('error')).toContainText('The engine did not start');
  await expect(page.getByTestId('error')).toContainText('its worker could not be loaded');
});

test('a browser that cannot start a worker at all says so', async ({ page }) => {
  await page.addInitScript(() => {
    globalThis.Worker = class {
      constructor() {
        throw new Error('workers are switched off');
      }
    } as unknown as typeof Worker;
  });
  await page.goto('./');
  await begin(page);
  await expect(page.getByTestId('error')).toContainText('workers are switched off');
  await expect(page.getByTestId('error')).toContainText('another current browser');
});

/** 1 GiB at most, as a phone may have it. */
const SMALL = `const Memory = WebAssembly.Memory;
WebAssembly.Memory = function (given) {
  if (given.maximum > 16384) throw new RangeError('could not allocate memory');
  return new Memory(given);
}`;

test('where 4 GiB cannot be reserved the threads share less', async ({ page }) => {
  await inEngine(page, SMALL);
  await open(page);
  await expect(runs(page)).toContainText('with 1 GiB of memory: this browser reserves no more');
});

test('where no memory can be shared the page goes on without threads', async ({ page }) => {
  await inEngine(page, SMALL.replace('16384', '0'));
  await page.goto('./');
  await ready(page, 'simd');
  await expect(runs(page)).toContainText('could not allocate memory');
});

const LACKING = [
  ['JavaScript modules', 'delete HTMLScriptElement.prototype.noModule'],
  ['WebAssembly', 'delete globalThis.WebAssembly'],
  ['WebAssembly SIMD', 'WebAssembly.validate = () => false'],
  ['dialogs', 'delete globalThis.HTMLDialogElement'],
  ['colours by theme', 'CSS.supports = () => false'],
  ['workers', 'delete globalThis.Worker'],
] as const;

for (const [what, script] of LACKING) {
  test(`a browser without ${what} gets a sentence`, async ({ page }) => {
    await page.addInitScript(script);
    await page.goto('./');
    await expect(lacks(page)).toContainText(`It has no ${what}`);
    await expect(lacks(page)).toContainText('Firefox 120');
  });
}

test('a page whose script is not understood is not empty', async ({ page }) => {
  await page.route(/assets\/index[^/]*\.js/, (route) =>
    route.fulfill({ contentType: 'text/javascript', body: 'let words of tomorrow' }),
  );
  await page.goto('./');
  await expect(lacks(page)).toContainText('Lorascope did not start. An error stopped it:');
});

test('a page whose script does not arrive is not empty', async ({ page }) => {
  await page.route(/assets\/index[^/]*\.js/, (route) => route.abort());
  await page.goto('./');
  await expect(lacks(page)).toContainText('Its script did not load: load the page again.');
});

test('a browser that lacks nothing says nothing', async ({ page }) => {
  await open(page);
  await expect(lacks(page)).toHaveCount(0);
});

test.describe('on a host without headers', () => {
  let host: Awaited<ReturnType<typeof plainHost>>;
  test.beforeAll(async () => {
    host = await plainHost({ '/': fileURLToPath(new URL('../../dist/', import.meta.url)) });
  });
  test.afterAll(() => host.close());

  test('a private window without storage and service workers runs, on one thread', async ({ page }) => {
    await page.addInitScript(() => {
      for (const name of ['serviceWorker'])
        Object.defineProperty(Navigator.prototype, name, { get: () => undefined, configurable: true });
      Object.defineProperty(globalThis, 'indexedDB', { get: () => undefined });
      for (const name of ['localStorage', 'sessionStorage'])
        Object.defineProperty(globalThis, name, {
          get() {
            throw new DOMException('The operation is insecure.', 'SecurityError');
          },
        });
    });
    await page.goto(`${host.url}/`);
    await ready(page, 'simd');
    await expect(runs(page)).toContainText('this window has no service workers to do it (a private window?)');
    await expect(page.locator('.facts')).toContainText('Nothing: a reload computes everything again.');
  });

  test('a frame of a page that is not isolated says what to do', async ({ page }) => {
    await page.route('**/frame.html', (route) =>
      route.fulfill({
        contentType: 'text/html',
        body: `<iframe src="${host.url}/" width="1000" height="800"></iframe>`,
      }),
    );
    await page.goto(`${host.url}/frame.html`);
    const frame = page.frameLocator('iframe');
    await ready(frame, 'simd');
    await expect(frame.getByTestId('runs')).toContainText('open it in a tab of its own');
  });
});
