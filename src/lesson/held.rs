//! A lesson's result as a report: the figures of the paper draw it like any other.

use crate::report::panel::Panel;
use crate::report::{Base, CORNER, Generator, Kind, Matching, Matrix, Model, Report, SCHEMA, Settings, Totals};
use crate::summary::apply;

/// A model of one matrix.
pub fn model(label: &str, kind: Kind, rank: Option<u32>, matrix: Matrix) -> Model {
    Model {
        label: label.to_owned(),
        kind,
        formula: None,
        rank,
        alpha: None,
        scale: None,
        files: vec![],
        run: None,
        matching: Matching::default(),
        sources: vec![],
        matrices: vec![matrix],
        totals: Totals::default(),
        surgery: None,
    }
}

/// Counts and totals follow the settings. `base`: what the matrices were made as.
pub fn report(base: String, settings: &Settings, models: Vec<Model>, panels: Vec<Panel>) -> Report {
    let mut report = Report {
        schema: SCHEMA.into(),
        // Every build gives a lesson the same numbers.
        generator: Generator::new("lesson", 1),
        settings: settings.clone(),
        base: Base {
            label: base,
            files: vec![],
        },
        models,
        loss: None,
        panels,
    };
    apply(&mut report, settings);
    report
}

/// Panels alone, where a lesson draws none of the paper's figures.
pub fn panels(panels: Vec<Panel>) -> Report {
    report(String::new(), &Settings::default(), vec![], panels)
}

/// The leading vectors of the left side alone: what lessons draw, many times a second.
pub fn leading(mut m: Matrix) -> Matrix {
    m.right = None;
    m.sigma_base.truncate(CORNER);
    m.bulk = None;
    m.sigma_tuned.truncate(CORNER);
    if let Some(left) = &mut m.left {
        left.max_cos.truncate(CORNER);
        left.argmax.truncate(CORNER);
        left.tied_cos.iter_mut().for_each(|tied| tied.truncate(CORNER));
        left.signed_cos = None;
        if let Some(makeup) = &mut left.makeup {
            makeup.cut(CORNER);
        }
    }
    if let Some(delta) = &mut m.delta {
        delta.sigma.truncate(CORNER);
    }
    m
}
