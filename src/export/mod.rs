//! Exports: a report as files. One format per module; all of them carry the rule in force, the version, the files and the paper.

#[cfg(feature = "page")]
mod card;
mod code;
mod csv;
mod html;
mod json;
mod markdown;
mod matrices;
mod numbered;
mod provenance;
#[cfg(feature = "page")]
mod sheet;
mod slim;
// What a stored report says is looked at here, and must reach no panic.
#[cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]
mod sound;
#[cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]
mod stored;

#[cfg(feature = "page")]
pub use card::{CardRequest, HEIGHT as CARD_HEIGHT, WIDTH as CARD_WIDTH, card_page, card_svg, draw_card};
pub use code::pytorch;
pub use csv::csv;
pub use html::{Lesson, Page, embed_code, lesson_page, page};
pub use json::json;
pub use markdown::{markdown, model_card};
pub use matrices::{matrices_csv, matrices_json};
pub use provenance::{BIBTEX, PAPER, Provenance, provenance};
#[cfg(feature = "page")]
pub use sheet::sheet;
pub use slim::slim;
pub use stored::{read, report};

use crate::figures::Request;
use crate::report::Report;

/// The figure as a standalone drawing: with its title, and below it the rule, the base and the paper.
pub fn svg(report: &Report, request: &Request) -> String {
    let captioned = Request {
        caption: Some(provenance(report, &request.settings).caption()),
        ..request.clone()
    };
    drawing(report, &captioned)
}

/// The figure alone, for a document that has words of its own.
pub fn drawing(report: &Report, request: &Request) -> String {
    let about = provenance(report, &request.settings);
    with_metadata(&crate::figures::svg(report, request), &about)
}

/// A drawing with all that it came from in it.
fn with_metadata(drawn: &str, about: &Provenance) -> String {
    let metadata = serde_json::to_string(about).unwrap_or_default();
    // Right after the opening tag, where programs that read metadata look for it.
    let at = drawn.find('>').map_or(0, |at| at + 1);
    format!(
        "{}\n<metadata>{}</metadata>{}",
        &drawn[..at],
        crate::print::escape(&metadata),
        &drawn[at..]
    )
}
