// Prints what a page calls itself once it is done: `node title.mjs ADDRESS`.
import { chromium } from '@playwright/test';
import { BROWSER_ARGS, findBrowser } from '../../tools/browser.mjs';

const browser = await chromium.launch({ executablePath: await findBrowser(), args: BROWSER_ARGS });
const page = await browser.newPage();
await page.goto(process.argv[2]);
await page.waitForFunction(() => document.title !== 'waiting', undefined, { timeout: 60_000 });
console.log(await page.title());
await browser.close();
