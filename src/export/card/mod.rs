//! The card: the reading of one model as a picture of 1200 x 630 pixels, for a post or a slide.

mod draw;
mod marks;
mod text;

use super::provenance::provenance;
use crate::figures::drawing::pen::{Medium, Pen};
use crate::figures::drawing::style::Palette;
use crate::figures::drawing::surface::Drawn;
use crate::figures::{DrawError, Theme};
use crate::print::escape;
use crate::report::presets;
use crate::report::{Report, Settings};
use crate::series::{labels, series};
use crate::summary::{self, ModelSummary, Reading};
use marks::Marks;
use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, DrawingBackend};
use serde::{Deserialize, Serialize};

pub const WIDTH: u32 = 1200;
pub const HEIGHT: u32 = 630;

/// The request for a card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct CardRequest {
    /// Index into the report's models.
    pub model: u32,
    pub settings: Settings,
    pub theme: Theme,
    /// The number of matrices in the whole run; 0 where that is not known.
    pub planned: u32,
}

/// The content of a card.
struct Card {
    name: String,
    /// "LoRA r = 8, α = 8, of all-MiniLM-L6-v2".
    about: String,
    /// The colour token of the model.
    color: String,
    rule: String,
    row: ModelSummary,
    reading: Reading,
    marks: Marks,
}

impl Card {
    /// None where there is no such model.
    fn of(report: &Report, request: &CardRequest) -> Option<Card> {
        let (at, settings) = (request.model as usize, &request.settings);
        let model = report.models.get(at)?;
        let short = labels(&report.models).into_iter().nth(at)?;
        let name = if model.label.is_empty() {
            short.clone()
        } else {
            model.label.clone()
        };
        let alpha = model.alpha.map(|alpha| format!("α = {}", crate::print::short(alpha)));
        let base = (!report.base.label.is_empty()).then(|| format!("fine-tune of {}", report.base.label));
        let called = (short != name).then_some(short);
        Some(Card {
            about: called
                .into_iter()
                .chain(alpha)
                .chain(base)
                .collect::<Vec<_>>()
                .join(", "),
            color: series(&report.models).into_iter().nth(at)?.token,
            rule: presets::rule(settings),
            row: summary::summary(report, settings).models.into_iter().nth(at)?,
            reading: summary::reading(report, settings, at, request.planned)?,
            marks: Marks::of(model, settings),
            name,
        })
    }

    /// The card in words, for screen readers.
    fn alt(&self) -> String {
        let Reading {
            what,
            how_sure,
            what_follows,
            ..
        } = &self.reading;
        format!("{}, {}. {what} {how_sure} {what_follows}", self.name, self.about)
    }
}

/// The card as SVG text; None where there is no such model.
pub fn card_svg(report: &Report, request: &CardRequest) -> Option<String> {
    let card = Card::of(report, request)?;
    let about = provenance(report, &request.settings);
    let drawn = crate::figures::document((WIDTH, HEIGHT), request.theme, &card.alt(), |pen| {
        draw::draw(pen, &card)
    });
    Some(super::with_metadata(&drawn, &about))
}

/// Draws the card on a canvas-like backend of `WIDTH * scale` by `HEIGHT * scale` device pixels. Draws nothing where there is no such model.
pub fn draw_card<DB: DrawingBackend>(
    report: &Report,
    request: &CardRequest,
    area: &DrawingArea<DB, Shift>,
    scale: f64,
) -> Result<(), DrawError> {
    let Some(card) = Card::of(report, request) else {
        return Ok(());
    };
    let pen = Pen {
        area,
        corner: (0.0, 0.0),
        unit: scale,
        medium: Medium::Canvas,
        palette: Palette::of(request.theme),
        blit: None,
    };
    let drawn: Drawn = draw::draw(&pen, &card);
    drawn
}

/// The card as a page of its own, light and dark, without scripts; its words stand below it as text, to be copied. None where there is no
/// such model.
pub fn card_page(report: &Report, request: &CardRequest) -> Option<String> {
    let card = Card::of(report, request)?;
    let about = provenance(report, &request.settings);
    let of = |theme: Theme| {
        card_svg(
            report,
            &CardRequest {
                theme,
                ..request.clone()
            },
        )
    };
    let (light, dark) = (of(Theme::Light)?, of(Theme::Dark)?);
    let Reading {
        what,
        how_sure,
        what_follows,
        action,
        ..
    } = &card.reading;
    let told: String = [what, how_sure, what_follows]
        .map(|part| format!("<p>{}</p>\n", escape(part)))
        .concat();
    let action = action.as_ref().map_or(String::new(), |action| {
        format!("<pre>{}</pre>\n<p>{}</p>\n", escape(&action.code), escape(&action.note))
    });
    let files: String = about
        .files
        .iter()
        .map(|f| format!("\n{}", escape(&super::provenance::file_line(f))))
        .collect();
    let body = format!(
        r#"<div class="lorascope-light">{light}</div><div class="lorascope-dark">{dark}</div>
{told}{action}<p class="about">{}</p>
<details class="about"><summary>Files and citation</summary><pre>{files}

{}</pre></details>"#,
        escape(&about.caption()),
        escape(about.bibtex)
    );
    Some(super::html::frame(
        &format!("{}, {}", card.name, about.base),
        &about.program,
        &body,
        None,
    ))
}
