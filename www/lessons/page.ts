/** The lessons' part of the site: the list, and one page per lesson. */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { DroppedFile } from '../engine/engine';
import type { News } from '../engine/start';
import { download, saveFigure } from '../figure/save';
import { runs } from '../views/runs';
import { askTheme } from '../figure/screen';
import { site } from '../views/site';
import { loadView } from '../engine/wasm';
import type { Request } from '../wasm/simd/lorascope';
import { LESSONS } from './all';
import { type PageHost, startHost } from './host.page';
import type { Dials, Facts, Lesson, Question, Slot } from './lesson';
import { lessonOf } from '../state/link';
import { type LessonLink, read, write } from './link';
import { saveLesson } from './take-away';
import type { Drawing, LessonView, Menu } from './view';
import './question';
import './teacher';
import './view';
import '../views/data-table';

/** Browsers refuse too many changes of the address in a short time. */
const QUIET = 300;

export class LessonsPage extends LitElement {
  static override properties = {
    link: { state: true },
    facts: { state: true },
    tables: { state: true },
    said: { state: true },
    starts: { state: true },
    answered: { state: true },
    presents: { state: true },
  };
  declare link: LessonLink;
  declare facts: Facts;
  declare tables: ReadonlySet<string>;
  declare said: string;
  /** The progress of a start that did not succeed at once. */
  declare starts: string;
  /** The question that the reader has answered, or given up. */
  declare answered: Question | undefined;
  /** The view for a class: dials and figures in one view, large. */
  declare presents: boolean;
  /** Takes checkpoints made here to the analyzer. */
  analyze: ((files: DroppedFile[]) => void) | undefined;
  #host: Promise<PageHost> | undefined;
  #drawing: Promise<Drawing> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #written = '';
  readonly #moved = (): void => {
    if (location.hash !== this.#written) this.#follow();
  };

  constructor() {
    super();
    this.facts = {};
    this.tables = new Set();
    this.said = '';
    this.starts = '';
    this.presents = false;
    this.link = this.#read();
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener('hashchange', this.#moved);
    addEventListener('keydown', this.#keys);
    document.addEventListener('fullscreenchange', this.#screen);
    this.#follow();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener('hashchange', this.#moved);
    removeEventListener('keydown', this.#keys);
    document.removeEventListener('fullscreenchange', this.#screen);
    clearTimeout(this.#timer);
    void this.#host?.then((host) => host.close()).catch(() => undefined);
    this.#host = undefined;
    delete document.documentElement.dataset['hide'];
    document.title = 'Lorascope';
  }

  get lesson(): Lesson | undefined {
    return LESSONS.find(({ id }) => id === this.link.id);
  }

  #read(): LessonLink {
    const id = lessonOf(location.hash);
    return read(
      location.hash,
      LESSONS.find((lesson) => lesson.id === id),
    );
  }

  #follow(): void {
    const link = this.#read();
    if (link.id !== this.link.id) {
      this.facts = {};
      this.tables = new Set();
      scrollTo(0, 0);
    }
    this.link = link;
    this.#written = location.hash;
    askTheme(link.theme);
    document.documentElement.dataset['hide'] = link.hide.filter((part) => part === 'header').join(' ');
    document.title = `${this.lesson?.title ?? 'Lessons'} · Lorascope`;
  }

  /** The address follows the dials. */
  #turn(dials: Dials): void {
    this.link = { ...this.link, dials };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const { lesson } = this;
      if (!lesson) return;
      this.#written = write(lesson, this.link);
      history.replaceState(history.state, '', this.#written);
    }, QUIET);
  }

  protected override updated(changed: PropertyValues): void {
    if (!changed.has('link') || !this.lesson) return;
    // Started with the first lesson, not with the list.
    const view = this.querySelector('lorascope-lesson-view');
    if (view && !this.#host) {
      this.#host = startHost(this.#news);
      this.#drawing = loadView().then((View) => View as unknown as Drawing);
      view.host = this.#host;
      view.drawing = this.#drawing;
      view.until = this.link.step;
      if (this.link.step !== undefined) view.running = true;
      view.requestUpdate('lesson');
    }
  }

  readonly #news: News = {
    starting: (now) => {
      if (now.attempt > 1) this.starts = runs({ engine: undefined, starting: now });
    },
    runs: (info) => {
      if (this.starts) this.starts = runs({ engine: info, starting: undefined });
    },
  };

  protected override render(): TemplateResult {
    const { lesson } = this;
    return html`${this.presents ? nothing : site('lessons')}<main class="wrap lesson">${lesson ? this.#lesson(lesson) : list()}</main>`;
  }

  #lesson(lesson: Lesson): TemplateResult {
    const { link, facts } = this;
    const { dials } = link;
    const hide = this.presents ? [...link.hide, 'words', 'menu', 'teachers'] : link.hide;
    const shows = (part: string) => !hide.includes(part);
    const at = LESSONS.indexOf(lesson);
    const question = lesson.questions.find(({ when }) => when?.(dials) ?? true);
    return html`<article data-testid="lesson" data-lesson=${lesson.id} class="${shows('words') ? '' : 'bare'} ${this.presents ? 'presents' : ''}">
      <header class="lesson-top">
        <p class="crumb"><a href="#lesson">Lessons</a> ${at + 1} of ${LESSONS.length}</p>
        <div class="lesson-title"><h1>${lesson.title}</h1>
          ${shows('controls') ? html`<button class="btn" data-testid="present" aria-pressed=${this.presents} @click=${() => this.#present(!this.presents)}>${this.presents ? html`Leave <kbd>Esc</kbd>` : 'Present'}</button>` : nothing}</div>
        ${shows('words') ? lesson.words(facts, dials) : nothing}
      </header>
      ${shows('question') && question ? html`<lorascope-question .question=${question} .facts=${facts} @said=${() => (this.answered = question)}></lorascope-question>` : nothing}
      ${this.starts ? html`<p class="small quiet" role="status" data-testid="lesson-starts">${this.starts}</p>` : nothing}
      <lorascope-lesson-view .lesson=${lesson} .dials=${dials} .hide=${hide} .theme=${link.theme} .host=${this.#host} .drawing=${this.#drawing} .menu=${this.#menu} .table=${this.#table} .tables=${this.tables} .asks=${shows('question') && question !== undefined && question !== this.answered} @reveal=${() => (this.answered = question)}
        @facts=${(e: CustomEvent<Facts>) => (this.facts = e.detail)} @dial=${(e: CustomEvent<Dials>) => this.#turn(e.detail)}></lorascope-lesson-view>
      ${shows('words') ? html`<section class="lesson-after" aria-label="What is seen">${lesson.after(facts, dials)}</section>` : nothing}
      ${lesson.runs && !this.presents ? this.#checkpoints() : nothing}
      ${shows('teachers') ? html`<lorascope-teacher .lesson=${lesson} .dials=${dials} .step=${facts['step']}></lorascope-teacher>` : nothing}
      ${
        this.presents
          ? nothing
          : html`<nav class="next" aria-label="Lessons">${neighbour(LESSONS[at - 1], at, '←')} ${neighbour(LESSONS[at + 1], at + 2, '→')}</nav>
            <p class="small faint">${lesson.source} of <a href="https://arxiv.org/abs/2410.21228">arXiv 2410.21228</a></p>`
      }
    </article>`;
  }

  /** The whole screen where the browser gives it; Escape gives it back. */
  #present(on: boolean): void {
    this.presents = on;
    const leave = document.fullscreenElement ? document.exitFullscreen() : undefined;
    void (on ? document.documentElement.requestFullscreen?.() : leave)?.catch(() => undefined);
  }

  readonly #screen = (): void => {
    if (!document.fullscreenElement) this.presents = false;
  };

  /** The keys before a class: the arrows turn the first dial, wherever the focus is, and Escape ends the view. */
  readonly #keys = (event: KeyboardEvent): void => {
    if (!this.presents || event.defaultPrevented) return;
    if (event.key === 'Escape') this.#present(false);
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    const own = event.target instanceof Element && event.target.closest('input, select, canvas');
    const dial = this.querySelector<HTMLInputElement>('.lesson-dials input[type=range]');
    if (by === 0 || own || !dial) return;
    event.preventDefault();
    if (by > 0) dial.stepUp(event.shiftKey ? 10 : 1);
    else dial.stepDown(event.shiftKey ? 10 : 1);
    dial.dispatchEvent(new Event('input', { bubbles: true }));
  };

  #checkpoints(): TemplateResult {
    const some = (this.facts['step'] ?? 0) > 0;
    return html`<section class="lesson-files" aria-label="Checkpoints">
      <p class="quiet">The base, the fine-tunes and the adapters of this training as safetensors, a folder for every 50 steps.</p>
      <p class="actions"><button class="btn" data-testid="save-checkpoints" ?disabled=${!some} @click=${() => this.#do(() => this.#save())}>Save them</button>
        <button class="btn" data-testid="analyze-checkpoints" ?disabled=${!some} @click=${() => this.#do(() => this.#take())}>Open them in Analyze</button>
        <span class="small quiet" role="status">${this.said}</span></p>
    </section>`;
  }

  async #do(act: () => Promise<void>): Promise<void> {
    this.said = '';
    try {
      await act();
    } catch (error) {
      this.said = error instanceof Error ? error.message : String(error);
    }
  }

  async #save(): Promise<void> {
    download(new Blob([await (await this.#host)!.zip()], { type: 'application/zip' }), 'lorascope-training.zip');
  }

  async #take(): Promise<void> {
    const files = await (await this.#host)!.files();
    this.analyze?.(files.map(({ path, bytes }) => ({ path, file: new File([bytes], path.split('/').pop()!) })));
  }

  readonly #menu: Menu = (slot, drawn, request) => {
    const file = (kind: 'svg' | 'png' | 'csv' | 'json', label: string, note: string) => ({
      label,
      note,
      testid: `export-${kind}`,
      act: () => saveFigure(kind, drawn, request()),
    });
    return [
      file('svg', 'SVG', 'drawing with text'),
      file('png', 'PNG', 'twice the pixels'),
      file('csv', 'CSV', 'its numbers'),
      file('json', 'JSON', 'its numbers'),
      {
        label: 'HTML',
        note: 'the lesson, live, in one file',
        testid: 'export-html',
        act: () => saveLesson(this.lesson!, this.link.dials, drawn, request()),
      },
      {
        label: 'Copy link',
        note: 'to these dials',
        testid: 'copy-link',
        done: 'Copied.',
        act: () =>
          navigator.clipboard.writeText(
            new URL(
              write(this.lesson!, { ...this.link, step: this.lesson!.runs ? this.facts['step'] : undefined }),
              location.href,
            ).href,
          ),
      },
      {
        label: 'Copy citation',
        note: 'BibTeX',
        testid: 'copy-citation',
        done: 'Copied.',
        act: () => navigator.clipboard.writeText(drawn.view!.bibtex()),
      },
      {
        label: this.tables.has(slot.id) ? 'Hide the table' : 'Show as table',
        testid: 'toggle-table',
        act: () => this.#flip(slot.id),
      },
    ];
  };

  readonly #table = (slot: Slot, drawn: LessonView['drawn'], request: Request): TemplateResult =>
    html`<lorascope-data-table .report=${drawn} .request=${request} .version=${drawn.version} aria-label=${slot.title}></lorascope-data-table>`;

  #flip(id: string): void {
    const tables = new Set(this.tables);
    if (!tables.delete(id)) tables.add(id);
    this.tables = tables;
  }
}

function neighbour(lesson: Lesson | undefined, number: number, arrow: '←' | '→'): TemplateResult {
  if (!lesson) return html`<span></span>`;
  const words = html`${number}, ${lesson.title}`;
  return html`<a class="btn" href="#lesson=${lesson.id}">${arrow === '←' ? html`← ${words}` : html`${words} →`}</a>`;
}

function list(): TemplateResult {
  return html`<header class="lesson-top"><h1>Lessons</h1>
      <p class="read">Five small pages on where intruder dimensions come from. Each has one thing to turn, needs no checkpoint, and shows the same numbers to every reader.</p></header>
    <ol class="lesson-list">${LESSONS.map(
      (lesson, at) =>
        html`<li><a href="#lesson=${lesson.id}" data-testid="lesson-link"><span class="faint">${at + 1}</span><b>${lesson.title}</b><span class="quiet">${lesson.about}</span></a></li>`,
    )}</ol>`;
}

customElements.define('lorascope-lessons', LessonsPage);

declare global {
  interface HTMLElementTagNameMap {
    'lorascope-lessons': LessonsPage;
  }
}

export type { LessonView };
