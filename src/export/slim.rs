//! The slim report: the part that one figure needs, for exported pages and embeds.

use crate::figures::{Matches, Needs, Request};
use crate::report::{Cosine, Delta, LONGEST_WINDOW, Match, Matching, Matrix, Model, Report, Side, Similarity};
use crate::summary;

/// Draws the same figure as the whole report does, for every k up to 100 or the one that is set, and every epsilon, on the side and by the cosine
/// that are set.
/// Totals and counts are those of the settings.
pub fn slim(report: &Report, request: &Request) -> Report {
    let only = request.matrix.as_ref().filter(|_| request.figure.is_of_one_matrix());
    // Parts that are left out are not copied first: one matrix may hold all cosines of thousands of vectors.
    let part = |model: &Model| Model {
        matching: Matching {
            unmatched: vec![],
            only_in_base: vec![],
            ..model.matching.clone()
        },
        matrices: model
            .matrices
            .iter()
            .filter(|m| only.is_none_or(|name| m.name == *name))
            .cloned()
            .collect(),
        surgery: model.surgery.clone().filter(|_| request.figure.needs == Needs::Surgery),
        ..model.bare()
    };
    let mut out = Report {
        schema: report.schema.clone(),
        generator: report.generator.clone(),
        settings: report.settings.clone(),
        base: report.base.clone(),
        models: report.models.iter().map(part).collect(),
        loss: report.loss.clone().filter(|_| request.figure.needs == Needs::Loss),
        #[cfg(feature = "page")]
        panels: crate::figures::chosen_panel(report, request)
            .cloned()
            .into_iter()
            .collect(),
    };
    summary::apply(&mut out, &request.settings);
    out.models
        .iter_mut()
        .flat_map(|m| &mut m.matrices)
        .for_each(|matrix| cut(matrix, request));
    out
}

fn cut(m: &mut Matrix, request: &Request) {
    let (keeps, settings) = (request.figure.kind().keeps, &request.settings);
    match settings.side {
        Side::Left => m.right = None,
        Side::Right => m.left = None,
        Side::Both => {}
    }
    if !keeps.spectra {
        m.sigma_base.truncate(1);
        m.sigma_tuned.truncate(1);
        m.bulk = None;
    }
    if !keeps.map {
        m.similarity = None;
    }
    if !keeps.follows {
        m.follows = None;
    }
    if keeps.matches == Matches::None {
        (m.left, m.right) = (None, None);
    }
    for side in [&mut m.left, &mut m.right].into_iter().flatten() {
        if keeps.matches == Matches::Window {
            shorten(side, LONGEST_WINDOW.max(settings.k) as usize);
        }
        if settings.cosine == Cosine::Absolute {
            side.signed_cos = None;
        }
        if !keeps.places {
            (side.argmax, side.tied_cos) = (vec![], None);
        }
        if !keeps.makeup {
            (side.makeup, side.turns) = (None, None);
        }
        side.vectors = keeps
            .vectors
            .and_then(|(rows, cols)| Some(part(side.vectors.take()?, rows, cols)));
    }
    if let Some(Delta { sigma, .. }) = &mut m.delta {
        sigma.truncate(1);
    }
}

fn shorten(m: &mut Match, most: usize) {
    m.max_cos.truncate(most);
    m.argmax.truncate(most);
    for list in [&mut m.max_cos_upper, &mut m.tied_cos, &mut m.signed_cos]
        .into_iter()
        .flatten()
    {
        list.truncate(most);
    }
}

/// The first columns of every row.
pub fn first_columns(s: Similarity, most: u32) -> Similarity {
    part(s, u32::MAX, most)
}

/// As much as there is: a stored report may hold fewer values than it says.
fn part(s: Similarity, rows: u32, cols: u32) -> Similarity {
    let (rows, kept) = (rows.min(s.rows), cols.min(s.cols));
    if (rows, kept) == (s.rows, s.cols) || s.cols == 0 {
        return s;
    }
    let values = s
        .values
        .chunks(s.cols as usize)
        .take(rows as usize)
        .flat_map(|row| &row[..row.len().min(kept as usize)]);
    Similarity {
        rows,
        cols: kept,
        values: values.copied().collect(),
    }
}
