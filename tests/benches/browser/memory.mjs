// The memory of the pages. Linux tells; elsewhere the number is not known.
import { readFileSync } from 'node:fs';

/** MiB of the largest page's process: `VmHWM` at most so far, `VmRSS` now. Null where it is unknown. */
export async function memory(browser, field) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const held = processInfo
    .filter((p) => p.type === 'renderer')
    .map((p) => {
      try {
        return Number(readFileSync(`/proc/${p.id}/status`, 'utf8').match(new RegExp(`${field}:\\s+(\\d+)`))[1]);
      } catch {
        return 0;
      }
    });
  return Math.round(Math.max(0, ...held) / 1024) || null;
}
