// npm start: the page as soon as one build of the wasm can run it, the others behind it, and a browser tab where someone is there to see it.
import { spawn } from 'node:child_process';
import { buildEmbed } from './embed.mjs';
import { Stop, command, seconds, step } from './say.mjs';
import { serve } from './serve.mjs';
import { setup } from './setup.mjs';
import { buildPage, buildSite } from './site.mjs';
import { startWasm } from './wasm.mjs';

const ENGINES = ['simd', 'threads', 'relaxed'];
/** The engine without threads draws too, until the build that only draws is there. */
const PENS = ['draw', 'simd'];

command(async () => {
  const start = performance.now();
  await setup();
  const builds = await startWasm('release', ENGINES[0]);
  const [done, failed] = [new Set(), new Set()];
  const one = (names) => names.some((name) => done.has(name));

  let serving;
  let refreshed = Promise.resolve();
  const settled = Object.entries(builds).map(async ([name, build]) => {
    try {
      await build;
      done.add(name);
    } catch (error) {
      console.error(`! ${error instanceof Stop ? error.message : error.stack}`);
      failed.add(name);
    }
    // One after the other, and not before the page that is served first.
    if (serving) refreshed = refreshed.then(() => refresh(name));
  });
  const all = Promise.all(settled);
  await Promise.race([
    all,
    new Promise((runs) => settled.forEach((each) => each.then(() => one(ENGINES) && one(PENS) && runs()))),
  ]);
  if (!one(ENGINES) || !one(PENS)) throw new Stop('No build of the wasm can run the page; the lines above say why.');

  const complete = done.size === settled.length;
  serving = true;
  const first = complete ? buildSite() : buildPage();
  refreshed = first;
  await first;
  const { url } = await serve();
  console.log(`\nLorascope: ${url}\n(after ${seconds(start)}; Ctrl+C stops it)\n`);
  if (!complete)
    step(`the page runs ${names()} for now; the other builds follow, and each load takes the best there is`);
  open(url);
  await all;
  await refreshed;
  if (failed.size > 0)
    step(`the page goes on with ${names()}: ${[...failed].join(', ')} failed, and the lines above say why`);

  async function refresh(name) {
    if (failed.has(name)) return;
    if (name === 'embed') await buildEmbed();
    await buildPage({ beside: true });
    step(`${name} is ready after ${seconds(start)}: the next load of the page may use it`);
  }

  function names() {
    return ENGINES.filter((name) => done.has(name)).join(', ');
  }
});

function open(url) {
  const mac = process.platform === 'darwin';
  const display = mac || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  if (!process.stdout.isTTY || !display) return;
  spawn(mac ? 'open' : 'xdg-open', [url], { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref();
}
