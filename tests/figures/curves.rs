//! The curves over k and over training, and the overview.

use crate::golden::check;
use crate::run::run;
use crate::stored::*;
use lorascope::figures::{FigureId, Request, Theme};

#[test]
fn goldens_of_the_curves() {
    check("kcurve-share", &stored(), &Request { fraction: true, ..request(FigureId::KCurve, Theme::Light, 944.0) });
    check("evolution-until", &run(), &Request { until: Some(1700), ..request(FigureId::Evolution, Theme::Light, 632.0) });
}
