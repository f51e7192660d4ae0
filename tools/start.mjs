// npm start: the preview, and a browser tab where someone is there to see it.
import { spawn } from 'node:child_process';
import { command } from './say.mjs';
import { serve } from './serve.mjs';
import { setup } from './setup.mjs';
import { buildSite } from './site.mjs';

command(async () => {
  await setup();
  await buildSite();
  const { url } = await serve();
  console.log(`\nLorascope: ${url}\n(Ctrl+C stops it)`);
  open(url);
});

function open(url) {
  const mac = process.platform === 'darwin';
  const display = mac || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  if (!process.stdout.isTTY || !display) return;
  spawn(mac ? 'open' : 'xdg-open', [url], { stdio: 'ignore', detached: true }).on('error', () => {}).unref();
}
