//! One self-contained page: the live figure, its data, and inside it a still drawing for readers without scripts, for feeds and for print.

use super::provenance::provenance;
use super::slim::slim;
use crate::figures::{Dial, Request, heading};
use crate::print::escape;
use crate::report::Report;
use std::fmt::Write;

/// Parts of an exported page besides the report.
pub struct Page<'a> {
    /// The text of the module that defines `<lorascope-figure>`.
    pub module: &'a str,
    /// The address of the page that made it; empty where that means nothing (a file, a local server).
    pub address: &'a str,
}

pub fn page(report: &Report, request: &Request, page: &Page) -> String {
    let about = provenance(report, &request.settings);
    let data = slim(report, request);
    let json = serde_json::to_string(&data).unwrap_or_default().replace('<', "\\u003c");
    let still = super::svg(
        &data,
        &Request {
            width: 760.0,
            ..request.clone()
        },
    );
    let link = if page.address.is_empty() {
        String::new()
    } else {
        format!(" <a href=\"{}\">Open in Lorascope</a>.", escape(page.address))
    };
    let files: String = about.files.iter().fold(String::new(), |mut all, f| {
        let _ = write!(all, "\n{}", escape(&super::provenance::file_line(f)));
        all
    });
    let (caption, bibtex) = (escape(&about.caption()), escape(about.bibtex));
    let attributes = attributes(report, request);
    let body = format!(
        r#"<lorascope-figure {attributes}>
<script type="application/json">{json}</script>
{still}
</lorascope-figure>
<p class="about">{caption}{link}</p>
<details class="about"><summary>Files and citation</summary><pre>{files}

{bibtex}</pre></details>"#
    );
    frame(
        &format!("{}, {}", heading(report, request), about.base),
        &about.program,
        &body,
        Some(page.module),
    )
}

/// A lesson that goes on by itself, and inside it one of its figures as it was.
pub struct Lesson<'a> {
    pub id: &'a str,
    pub title: &'a str,
    /// The dials that differ from the lesson's own, by attribute.
    pub dials: &'a [(String, String)],
    /// The text of the module that defines `<lorascope-lesson>`.
    pub module: &'a str,
}

pub fn lesson_page(report: &Report, request: &Request, lesson: &Lesson) -> String {
    let about = provenance(report, &request.settings);
    let still = super::svg(
        report,
        &Request {
            width: 760.0,
            ..request.clone()
        },
    );
    let dials: String = lesson
        .dials
        .iter()
        .map(|(name, value)| format!(" {}=\"{}\"", escape(name), escape(value)))
        .collect();
    let body = format!(
        r#"<h1>{}</h1>
<lorascope-lesson lesson="{}"{dials}>
{still}
</lorascope-lesson>
<details class="about"><summary>Citation</summary><pre>{}</pre></details>"#,
        escape(lesson.title),
        escape(lesson.id),
        escape(about.bibtex)
    );
    frame(lesson.title, &about.program, &body, Some(lesson.module))
}

/// `module`: the text of a script; a page without one runs none.
pub(super) fn frame(title: &str, program: &str, body: &str, module: Option<&str>) -> String {
    let (title, program) = (escape(title), escape(program));
    let (policy, scripts) = module.map_or((String::new(), String::new()), |module| {
        // In a script element only its end tag is special.
        let module = module.replace("</script", "<\\/script");
        (
            "script-src 'unsafe-inline' 'wasm-unsafe-eval'; ".to_owned(),
            format!("<script type=\"module\">{module}</script>\n<script>{HEIGHT}</script>\n"),
        )
    });
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="{program}">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; {policy}style-src 'unsafe-inline'; img-src data: blob:">
<title>{title}</title>
<style>{STYLE}</style>
</head>
<body>
<div class="lorascope-page">
{body}
</div>
{scripts}</body>
</html>
"#
    )
}

/// Every rule stays inside the page's own root: a notebook that shows the file inline (`display(HTML(...))`) keeps its own looks. Where the
/// root is all of the body, the file is a page by itself, and its margins are its own.
const STYLE: &str = ".lorascope-page{color-scheme:light dark;background:#fff;color:#15181a;font:12px/16px system-ui,sans-serif}\
body:has(>.lorascope-page){margin:0;padding:8px 12px;background:#fff}\
.lorascope-page h1{font:600 18px/24px system-ui,sans-serif;margin:0 0 8px}\
.lorascope-page lorascope-figure{display:block;max-width:960px}\
.lorascope-page lorascope-figure>svg,.lorascope-page lorascope-lesson>svg{max-width:100%;height:auto}\
.lorascope-page .about{color:#666d71;max-width:960px;margin:8px 0 0}\
.lorascope-page .lorascope-light>svg,.lorascope-page .lorascope-dark>svg{display:block;max-width:100%;height:auto}\
.lorascope-page .lorascope-dark{display:none}.lorascope-page>p{max-width:960px;margin:8px 0 0}\
.lorascope-page a{color:inherit}.lorascope-page pre{white-space:pre-wrap;overflow-wrap:anywhere}\
@media screen and (prefers-color-scheme:dark){.lorascope-page,body:has(>.lorascope-page){background:#111314;color:#eceeee}\
.lorascope-page .about{color:#8f9699}.lorascope-page .lorascope-light{display:none}.lorascope-page .lorascope-dark{display:block}}";

/// Tells the page around an iframe how tall it has to be.
const HEIGHT: &str = "if(parent!==window)new ResizeObserver(()=>parent.postMessage({type:'lorascope-height',height:Math.ceil(document.body.getBoundingClientRect().height)},'*')).observe(document.body)";

/// The embed snippet: the element, with the module and the report beside it.
pub fn embed_code(report: &Report, request: &Request) -> String {
    format!(
        "<script type=\"module\" src=\"lorascope-figure.js\"></script>\n<lorascope-figure src=\"report.json\" {}></lorascope-figure>",
        attributes(report, request)
    )
}

fn attributes(report: &Report, request: &Request) -> String {
    let s = &request.settings;
    let mut all = vec![("figure", request.figure.kind().id.to_owned())];
    if request.figure.is_of_one_matrix() {
        all.extend(request.matrix.clone().map(|m| ("matrix", m)));
        let label = |n: u32| report.models.get(n as usize).map(|m| ("model", m.label.clone()));
        all.extend(request.model.and_then(label));
    }
    all.extend([
        ("k", s.k.to_string()),
        ("epsilon", s.epsilon.to_string()),
        ("side", word(s.side)),
    ]);
    if s.cosine == crate::report::Cosine::Signed {
        all.push(("cosine", word(s.cosine)));
    }
    all.extend(request.vector.map(|j| ("vector", (j + 1).to_string())));
    if request.times() != 1.0 && request.figure.dials.contains(&Dial::Times) {
        all.push(("times", request.times().to_string()));
    }
    if request.fraction {
        all.push(("fraction", String::new()));
    }
    all.iter()
        .map(|(name, value)| format!("{name}=\"{}\"", escape(value)))
        .collect::<Vec<_>>()
        .join(" ")
}

/// An enum as the report's JSON spells it.
fn word(value: impl serde::Serialize) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|v| v.as_str().map(str::to_owned))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_stays_inside_the_pages_own_root() {
        let plain = STYLE.replace("@media screen and (prefers-color-scheme:dark){", "");
        let selectors = plain
            .split('}')
            .filter_map(|rule| rule.split_once('{').map(|(selectors, _)| selectors));
        let all: Vec<&str> = selectors.flat_map(|s| s.split(',')).collect();
        assert!(all.len() > 8);
        for selector in all {
            let own = selector.starts_with(".lorascope-page") || selector == "body:has(>.lorascope-page)";
            assert!(own, "“{selector}” reaches outside");
        }
    }
}
