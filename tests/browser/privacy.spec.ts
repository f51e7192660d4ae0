/** Privacy: the page asks no other host for anything, and its policy would not let it. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@playwright/test';
import { BUILDS, open, trySample } from './support';

let server: Server;
let other: string;
let reached = 0;

/** A host that would answer anybody: what does not arrive there was held back by the page. */
test.beforeAll(async () => {
  server = createServer((_, response) => {
    reached += 1;
    response
      .setHeader('Access-Control-Allow-Origin', '*')
      .setHeader('Cross-Origin-Resource-Policy', 'cross-origin')
      .end('here');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  other = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

test.afterAll(
  () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    }),
);

/** Runs in the page and in its workers: what a fetch elsewhere comes to, and which rule stopped it. */
async function attempt(address: string): Promise<string> {
  const blocked = new Promise<string>((resolve) => {
    addEventListener(
      'securitypolicyviolation',
      (event) => resolve((event as SecurityPolicyViolationEvent).effectiveDirective),
      { once: true },
    );
    setTimeout(() => resolve('no rule'), 3000);
  });
  const result = await fetch(address).then(
    () => 'answered',
    () => 'refused',
  );
  return `${result} by ${await blocked}`;
}

for (const version of BUILDS) {
  test(`a whole run asks no other host, and could not, ${version.build}`, async ({ page, context }) => {
    const asked: string[] = [];
    context.on('request', (request) => asked.push(request.url()));
    await open(page, version);
    await trySample(page);

    const own = new URL(page.url()).origin;
    // A blob: address has the origin of the page that made it; data: carries its own bytes.
    const elsewhere = asked.filter((url) => !url.startsWith('data:') && new URL(url).origin !== own);
    expect(asked.filter((url) => url.includes('/sample/')).length).toBeGreaterThan(5);
    expect(elsewhere).toEqual([]);

    const before = reached;
    for (const address of [other, 'https://example.com/']) {
      expect(await page.evaluate(attempt, address), `${address} from the page`).toBe('refused by connect-src');
      // The engine comes from a blob:; the threads of its pool sleep in wasm and answer nobody.
      const engines = page.workers().filter((worker) => worker.url().startsWith('blob:'));
      expect(engines.length).toBe(1);
      for (const worker of engines)
        expect(await worker.evaluate(attempt, address), `${address} from the engine`).toBe('refused by connect-src');
    }
    expect(reached).toBe(before);
  });
}
