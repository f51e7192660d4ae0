/** Text to tokens in the browser: the build that ships, and the worker that the page opens. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test, type Page } from '@playwright/test';
import { build } from 'vite';
import { fixture, readJson } from './support';
import type * as Module from '../../www/engine/tokenizer';

const FOLDERS = ['bert', 'gpt2', 'llama', 'mistral', 'qwen2', 'roberta'];
const root = fileURLToPath(new URL('../..', import.meta.url));
const built = `${root}test-results/tokens/`;

interface Expected {
  tokens: {
    mask_id: number | null;
    texts: Record<string, { ids: number[]; added_positions: number[] }>;
    cases: { text: string; ids: number[] }[];
  };
}

/** The module alone, as the page bundles it. */
test.beforeAll(async () => {
  await build({
    configFile: false,
    root,
    base: './',
    publicDir: false,
    logLevel: 'error',
    worker: { format: 'es' },
    build: {
      outDir: built,
      emptyOutDir: true,
      target: 'es2022',
      assetsInlineLimit: 0,
      rollupOptions: {
        input: 'www/engine/tokenizer.ts',
        preserveEntrySignatures: 'strict',
        output: { entryFileNames: 'tokenizer.js' },
      },
    },
  });
});

/** A page of the site's, under its own policy, with the module beside it. */
async function open(page: Page): Promise<void> {
  const kinds: Record<string, string> = { js: 'text/javascript', wasm: 'application/wasm' };
  await page.route('**/tokens/**', async (route) => {
    const path = new URL(route.request().url()).pathname.split('/tokens/')[1]!;
    const contentType = kinds[path.split('.').at(-1)!] ?? 'text/plain';
    const headers = { 'Cross-Origin-Embedder-Policy': 'require-corp', 'Cross-Origin-Resource-Policy': 'same-origin' };
    await route.fulfill({ body: readFileSync(built + path), contentType, headers });
  });
  await page.goto('./');
}

const file = (path: string) => readFileSync(fixture(`behave/${path}`), 'utf8');

test('every text and case has the tokens of the library, in the worker', async ({ page }) => {
  await open(page);
  for (const folder of FOLDERS) {
    const { tokens } = readJson<Expected>(`behave/${folder}/expected.json`);
    const texts = Object.entries(tokens.texts).map(([name, t]) => ({ text: file(`${folder}/text_${name}.txt`), ...t }));
    const all = [...texts, ...tokens.cases];
    const found = await page.evaluate(
      async ({ json, config, texts }) => {
        const address = new URL('tokens/tokenizer.js', location.href).href;
        const { openTokenizer } = (await import(/* @vite-ignore */ address)) as typeof Module;
        const tokenizer = await openTokenizer({ tokenizer: new Blob([json]), config: new Blob([config]) });
        const found = [];
        for (const text of texts) {
          const { ids, added, spans } = await tokenizer.encode(text);
          found.push({ ids: [...ids], added: [...added], spans: [...spans] });
        }
        const pieces = await tokenizer.pieces(new Uint32Array([1, 2]));
        const known = await Promise.all(pieces.map((piece) => tokenizer.idOf(piece!)));
        await tokenizer.close();
        return { found, known, mask: tokenizer.mask };
      },
      {
        json: file(`${folder}/base/tokenizer.json`),
        config: file(`${folder}/base/tokenizer_config.json`),
        texts: all.map((t) => t.text),
      },
    );
    expect(found.mask ?? null).toBe(tokens.mask_id);
    expect(found.known).toEqual([1, 2]);
    for (const [at, { text, ids }] of all.entries()) {
      const { ids: ours, added, spans } = found.found[at]!;
      expect(ours, `${folder} ${JSON.stringify(text)}`).toEqual(ids);
      const positions = texts[at]?.added_positions;
      if (positions) expect(added).toEqual(positions);
      expect(spans).toHaveLength(2 * ids.length);
      expect([...spans].sort((a, b) => a - b)).toEqual(spans);
      expect(spans.at(-1) ?? 0).toBeLessThanOrEqual(text.length);
    }
  }
});

test('a tokenizer that cannot be used says why, and 4,096 tokens take less than a second', async ({ page }) => {
  await open(page);
  const text = file('gpt2/text_general.txt').repeat(11);
  const { fault, count, took, closed } = await page.evaluate(
    async ({ json, text }) => {
      const address = new URL('tokens/tokenizer.js', location.href).href;
      const { openTokenizer } = (await import(/* @vite-ignore */ address)) as typeof Module;
      const fault = await openTokenizer({ tokenizer: new Blob(['{"model": {}}']) }).then(
        () => undefined,
        (error) => ({ name: error.name, code: error.fault?.code, message: error.message }),
      );
      const tokenizer = await openTokenizer({ tokenizer: new Blob([json]) });
      const start = performance.now();
      const { ids } = await tokenizer.encode(text);
      const took = performance.now() - start;
      const waiting = tokenizer.encode(text).catch((error) => error.name);
      await tokenizer.close();
      return { fault, count: ids.length, took, closed: await waiting };
    },
    { json: file('gpt2/base/tokenizer.json'), text },
  );
  expect(fault).toEqual({
    name: 'TokenizerError',
    code: 'tokenizer-invalid',
    message: 'tokenizer.json cannot be used. Its “model” has no “vocab”.',
  });
  expect(closed).toBe('Cancelled');
  expect(count).toBeGreaterThan(4096);
  test.info().annotations.push({ type: 'measured', description: `${count} tokens in ${took.toFixed(1)} ms` });
  expect(took).toBeLessThan(1000);
});
