/** The set-up before all tests: browsers that are not here are installed like everything else. What cannot be is skipped, and counted. */
import { findEngine } from '../../tools/browser.mjs';
import { ENGINES } from './engine';

export default async function install(): Promise<void> {
  for (const name of Object.keys(ENGINES)) await findEngine(name);
}
