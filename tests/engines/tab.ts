/** One tab of any engine: what a reader does and sees there, in the few words that the tests need. */
import { mkdtempSync, readdirSync, renameSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { expect } from '@playwright/test';
import type { Driver } from './driver';
import type { Name } from './engine';

/** The name under which elements travel. */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';
type Element = { [ELEMENT]: string };

/** In the page: the first element of a selector; ` >>> ` goes into the shadow of what stands before it. */
declare const one: (css: string) => HTMLElement | null;
const ONE = `const one = (css) => css.split(' >>> ').reduce((from, at) => from && (from.shadowRoot || from).querySelector(at), document);`;

/** Firefox's answer to a script whose page reloads. */
class PageLeft extends Error {}

/** Drivers that can choose a folder. */
export const TAKES_FOLDERS: ReadonlySet<Name> = new Set(['chromium']);

export const testid = (id: string): string => `[data-testid=${id}]`;

export class Tab {
  readonly name: Name;
  readonly driver: Driver;

  constructor(name: Name, driver: Driver) {
    this.name = name;
    this.driver = driver;
  }

  async open(url: string): Promise<void> {
    await this.driver.send('navigate', { url });
  }

  async reload(): Promise<void> {
    await this.driver.send('refresh');
  }

  /** Runs a function in the page and waits for its promise. */
  async run<A extends unknown[], T>(work: (...given: A) => T | Promise<T>, ...given: A): Promise<T> {
    const script = `${ONE} const done = arguments[arguments.length - 1];
      Promise.resolve().then(() => (${work})(...Array.from(arguments).slice(0, -1))).then(
        (value) => done({ value: value === undefined ? null : value }), (error) => done({ error: String(error) }));`;
    const said = await this.driver.send<{ value: T; error?: string } | null>('execute', { script, args: given });
    if (!said) throw new PageLeft('the page was left while the script ran');
    if (said.error) throw new Error(said.error);
    return said.value;
  }

  count(css: string): Promise<number> {
    return this.run((at) => document.querySelectorAll(at).length, css);
  }

  text(css: string): Promise<string> {
    return this.run((at) => one(at)?.innerText ?? '', css);
  }

  attribute(css: string, name: string): Promise<string | null> {
    return this.run((at, key) => one(at)?.getAttribute(key) ?? null, css, name);
  }

  /** An element's attribute or, without a name, its text; empty where there is none, and while one page leaves for the next. */
  async now(css: string, name: string): Promise<string> {
    try {
      return (await (name ? this.attribute(css, name) : this.text(css))) ?? '';
    } catch (error) {
      if (error instanceof PageLeft) return '';
      throw error;
    }
  }

  /** Waits until an element's attribute or, without a name, its text is what is wanted; over reloads too, as of a page that isolates itself. */
  async reaches(css: string, name: string, wanted: string | RegExp, timeout = 60_000): Promise<void> {
    const said = expect.poll(() => this.now(css, name), {
      timeout,
      intervals: [100, 250],
      message: `${css} ${name}`,
    });
    await (typeof wanted === 'string' ? said.toBe(wanted) : said.toMatch(wanted));
  }

  async click(css: string): Promise<void> {
    const id = await this.#find(css);
    // WebKit's window loses height with every download, and its driver scrolls to nothing below the edge of a menu.
    await this.run((at) => {
      const element = one(at);
      const { top, bottom } = element?.getBoundingClientRect() ?? { top: 0, bottom: 0 };
      if (top < 0 || bottom > innerHeight) element!.scrollIntoView({ block: 'center', behavior: 'instant' });
    }, css);
    await this.driver.send('click', { id });
  }

  async press(...keys: string[]): Promise<void> {
    const actions = keys.flatMap((value) => [
      { type: 'keyDown', value },
      { type: 'keyUp', value },
    ]);
    await this.driver.send('actions', { actions: [{ type: 'key', id: 'keys', actions }] });
  }

  /** Moves the mouse over the middle of an element. */
  async hover(css: string): Promise<void> {
    const origin = { [ELEMENT]: await this.#find(css) };
    const move = { type: 'pointerMove', duration: 0, x: 0, y: 0, origin };
    await this.driver.send('actions', {
      actions: [{ type: 'pointer', id: 'mouse', parameters: { pointerType: 'mouse' }, actions: [move] }],
    });
  }

  async fill(css: string, value: string): Promise<void> {
    await this.run(
      (at, to) => {
        const input = document.querySelector<HTMLInputElement>(at)!;
        input.value = to;
        for (const type of ['input', 'change']) input.dispatchEvent(new Event(type, { bubbles: true }));
      },
      css,
      value,
    );
  }

  /** Files as a file chooser gives them. */
  async choose(css: string, paths: readonly string[]): Promise<void> {
    await this.driver.send('keys', { id: await this.#find(css), text: paths.join('\n') });
  }

  /** A folder as a chooser gives it. Where the driver takes none, its files are chosen, and get the paths that they have in a folder. */
  async chooseFolder(css: string, folder: string): Promise<void> {
    if (TAKES_FOLDERS.has(this.name)) return this.choose(css, [folder]);
    const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    await this.run(() => {
      const beside = document.createElement('input');
      Object.assign(beside, { type: 'file', multiple: true, id: 'beside' });
      document.body.append(beside);
    });
    await this.choose('#beside', paths);
    await this.run(
      (at, inside) => {
        const [input, beside] = [at, '#beside'].map((css) => document.querySelector<HTMLInputElement>(css)!);
        const named = [...beside!.files!].map((file, n) =>
          Object.defineProperty(file, 'webkitRelativePath', { value: inside[n] }),
        );
        Object.defineProperty(input, 'files', { value: named, configurable: true });
        input!.dispatchEvent(new Event('change', { bubbles: true }));
        beside!.remove();
      },
      css,
      paths.map((path) => join(basename(folder), relative(folder, path))),
    );
  }

  /** The next file that arrives, whole, in a folder of its own: WebKit's window saves no second file under one name. */
  async download(start: () => Promise<void>): Promise<string> {
    const there = () =>
      readdirSync(this.driver.downloads).filter((file) => !/\.(part|crdownload|wkdownload)$/.test(file));
    const before = new Set(there());
    await start();
    let fresh: string | undefined;
    let size = -1;
    await expect
      .poll(() => {
        fresh = there().find((file) => !before.has(file));
        if (!fresh) return false;
        const last = size;
        size = statSync(join(this.driver.downloads, fresh)).size;
        return size > 0 && size === last;
      })
      .toBe(true);
    const taken = join(mkdtempSync(join(dirname(this.driver.downloads), 'taken-')), fresh!);
    renameSync(join(this.driver.downloads, fresh!), taken);
    return taken;
  }

  async shot(): Promise<Buffer> {
    return Buffer.from(await this.driver.send<string>('shot'), 'base64');
  }

  async shotOf(css: string): Promise<Buffer> {
    return Buffer.from(await this.driver.send<string>('shotOf', { id: await this.#find(css) }), 'base64');
  }

  /** Waits for it: WebKit's driver is back before a page's modules have run. */
  async #find(css: string): Promise<string> {
    await expect.poll(() => this.count(css), { message: css }).toBeGreaterThan(0);
    const element = await this.driver.send<Element>('find', { using: 'css selector', value: css });
    return element[ELEMENT];
  }
}
