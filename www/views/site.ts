/** The head of every page: name, sections, the promise. */
import { html, type TemplateResult } from 'lit';

export function site(section: 'analyze' | 'lessons'): TemplateResult {
  const here = (own: typeof section) => (own === section ? 'page' : 'false');
  return html`<header class="site"><div class="wrap">
    <a class="brand" href="./"><svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true"><path d="M0 2h3.4v3.4H0zM3.7 5.7h3.4v3.4H3.7zM11.1 9.4h3.4v3.4h-3.4zM14.6 13.1H18v3.4h-3.4zM7 1.6h4.2L9.1 4.6z"></path></svg>Lorascope</a>
    <nav aria-label="Site"><a href="#" aria-current=${here('analyze')}>Analyze</a><a href="#lesson" aria-current=${here('lessons')} data-testid="to-lessons">Lessons</a></nav>
    <span class="promise">No byte of a checkpoint leaves this tab</span>
  </div></header>`;
}
