/** Deferred redraws: work out of sight waits until nothing moves, or through a whole run; a slider's frames, and a run's, belong to what is in sight. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { onScreenChange, screen } from './screen';

/** Milliseconds without a change after which work out of sight is done too. */
export const LATER = 250;

export class Sight implements ReactiveController {
  readonly #host: ReactiveControllerHost & Element;
  #visible = true;
  #due = false;
  #later: ReturnType<typeof setTimeout> | undefined;
  #stop: (() => void) | undefined;
  readonly #observer = new IntersectionObserver(([entry]) => {
    this.#visible = entry?.isIntersecting ?? true;
    if (this.#visible) this.#host.requestUpdate();
  });

  constructor(host: ReactiveControllerHost & Element) {
    this.#host = host;
    host.addController(this);
  }

  hostConnected(): void {
    this.#observer.observe(this.#host);
    // On paper everything is in sight.
    this.#stop = onScreenChange(() => this.#host.requestUpdate());
  }

  hostDisconnected(): void {
    this.#observer.disconnect();
    clearTimeout(this.#later);
    this.#stop?.();
  }

  /** Whether to work now; otherwise the host is asked to update again when it is time. `later`: out of sight, wait for something new. */
  now(later = false): boolean {
    clearTimeout(this.#later);
    const now = this.#visible || this.#due || screen().printing;
    this.#due = false;
    if (!now && !later) {
      this.#later = setTimeout(() => {
        this.#due = true;
        this.#host.requestUpdate();
      }, LATER);
    }
    return now;
  }
}
