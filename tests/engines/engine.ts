/** The engines, and what each needs to be started quiet, with threads, and with downloads that ask nothing. */
import { BROWSER_ARGS } from '../../tools/browser.mjs';

export type Name = 'chromium' | 'firefox' | 'webkit';

/** An engine that was found: its driver, the browser that the driver starts, and the screen that it needs. */
export interface Found {
  driver: string;
  browser: string;
  screen?: string;
}

interface Asked {
  browser: string;
  downloads: string;
  dark: boolean;
}

interface Engine {
  env: Record<string, string>;
  /** WebDriver's capabilities; of Firefox its preferences. */
  settings(asked: Asked): Record<string, unknown>;
}

export const ENGINES: Record<Name, Engine> = {
  chromium: {
    env: {},
    settings: ({ browser, downloads, dark }) => ({
      'goog:chromeOptions': {
        binary: browser,
        args: ['--headless', ...BROWSER_ARGS, ...(dark ? ['--blink-settings=preferredColorScheme=0'] : [])],
        prefs: { 'download.default_directory': downloads, 'download.prompt_for_download': false },
      },
    }),
  },
  firefox: {
    env: { MOZ_CRASHREPORTER_DISABLE: '1' },
    settings: ({ downloads, dark }) => ({
      'marionette.port': 0,
      'browser.download.folderList': 2,
      'browser.download.dir': downloads,
      'browser.shell.checkDefaultBrowser': false,
      'browser.startup.page': 0,
      'datareporting.policy.dataSubmissionEnabled': false,
      'app.update.auto': false,
      'network.captive-portal-service.enabled': false,
      'network.connectivity-service.enabled': false,
      'ui.systemUsesDarkTheme': dark ? 1 : 0,
    }),
  },
  webkit: {
    // Without the first WebKitGTK shares no memory between threads.
    env: { JSC_useSharedArrayBuffer: '1', GTK_A11Y: 'none' },
    settings: ({ browser, dark }) => ({
      'webkitgtk:browserOptions': { binary: browser, args: ['--automation', ...(dark ? ['--dark-mode'] : [])] },
    }),
  },
};
