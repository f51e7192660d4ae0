//! Prediction against truth: the figure of the threshold, its sentence, and what the readings say of it.

use super::stored::{named, request, stored};
use lorascope::figures::{Request, Theme, Value, alt, table};
use lorascope::metrics::threshold_margin::threshold;
use lorascope::report::{Report, Settings};
use lorascope::summary::{reading, summary};

/// Bases whose spectra go on to their last value, as exact mode has them.
pub fn with_whole_spectra(report: &mut Report) {
    for matrix in report.models.iter_mut().flat_map(|m| &mut m.matrices) {
        let (known, all) = (matrix.sigma_base.len(), matrix.rows.min(matrix.cols) as usize);
        let Some(last) = matrix.sigma_base.last().copied() else {
            continue;
        };
        let fall = |n: usize| last * (all - n) as f32 / (all - known + 1) as f32;
        matrix.sigma_base.extend((known..all).map(fall));
    }
}

fn whole() -> Report {
    let mut report = stored();
    with_whole_spectra(&mut report);
    // Some changes reach the threshold: every other one is forty times as strong.
    for delta in report
        .models
        .iter_mut()
        .flat_map(|m| m.matrices.iter_mut().step_by(2))
        .filter_map(|m| m.delta.as_mut())
    {
        delta.frobenius *= 40.0;
        delta.sigma.iter_mut().for_each(|s| *s *= 40.0);
    }
    report
}

fn number(value: &Value) -> f64 {
    match value {
        Value::Number(x) => *x,
        other => panic!("{other:?} is not a number"),
    }
}

/// Margin and number of intruders of every matrix, by the formula and by counting.
fn by_hand(report: &Report, k: u32) -> Vec<(f64, usize)> {
    let all = report.models.iter().flat_map(|m| &m.matrices);
    all.filter_map(|m| {
        let theta = threshold(&m.sigma_base, (m.rows, m.cols), k)?;
        let delta = m.delta.as_ref()?;
        let largest = delta
            .sigma
            .first()
            .map_or_else(|| delta.frobenius / delta.stable_rank.sqrt(), |s| f64::from(*s));
        let window = m.left.as_ref()?.max_cos.iter().take(k as usize);
        Some((largest / theta, window.filter(|c| **c < 0.5).count()))
    })
    .filter(|(margin, _)| *margin > 0.0)
    .collect()
}

#[test]
fn a_dot_stands_at_its_margin_and_the_sentence_counts_both_sides() {
    let report = whole();
    let wanted = by_hand(&report, 10);
    let rows = table(&report, &request(named("threshold"), Theme::Light, 944.0)).rows;
    assert_eq!(rows.len(), wanted.len());
    let mut margins: Vec<f64> = wanted.iter().map(|m| m.0).collect();
    margins.sort_by(|a, b| b.total_cmp(a));
    for (row, margin) in rows.iter().zip(&margins) {
        assert!((number(&row[3]) / margin - 1.0).abs() < 1e-9, "{row:?}");
    }
    let (below, above): (Vec<_>, Vec<_>) = wanted.iter().partition(|m| m.0 < 1.0);
    let new = |side: &[&(f64, usize)]| side.iter().filter(|m| m.1 > 0).count();
    let said = &summary(&report, &Settings::default()).findings["threshold"];
    assert!(!below.is_empty() && !above.is_empty(), "both sides are there: {said}");
    assert!(
        said.starts_with(&format!(
            "Below the threshold in {} of {} matrices, ",
            below.len(),
            wanted.len()
        )),
        "{said}"
    );
    assert!(
        said.contains(&format!("Of the {} above it {} ha", above.len(), new(&above))),
        "{said}"
    );
    match new(&below) {
        0 => assert!(said.contains("none of them has an intruder"), "{said}"),
        n => assert!(said.contains(&format!("{n} of them ha")), "{said}"),
    }
}

#[test]
fn a_stronger_change_crosses_where_its_margin_says() {
    let report = whole();
    for times in [0.5, 1.0, 3.0] {
        let request = Request {
            times: Some(times),
            ..request(named("threshold"), Theme::Light, 944.0)
        };
        let words = alt(&report, &request);
        for (model, m) in report.models.iter().enumerate() {
            let own = Report {
                models: vec![m.clone()],
                ..report.clone()
            };
            let margins = by_hand(&own, 10);
            let above = margins.iter().filter(|m| m.0 * times >= 1.0).count();
            let said = format!(": {above} of {} above the threshold", margins.len());
            assert!(words.contains(&said), "{model} × {times}: {said} is not in {words}");
        }
    }
}

#[test]
fn a_base_of_which_the_leading_values_alone_are_known_says_so() {
    let mut report = stored();
    let request = request(named("threshold"), Theme::Light, 944.0);
    for matrix in report.models.iter_mut().flat_map(|m| &mut m.matrices) {
        // What is unchanged has no threshold to reach.
        matrix.delta = matrix.delta.take().filter(|d| d.frobenius > 0.0);
        matrix.mode = Some(lorascope::report::Mode::Certified);
        matrix.sigma_base.truncate(12);
    }
    assert!(alt(&report, &request).ends_with("exact mode has it."));
    for matrix in report.models.iter_mut().flat_map(|m| &mut m.matrices) {
        matrix.mode = Some(lorascope::report::Mode::Exact);
    }
    assert!(alt(&report, &request).ends_with("the checkpoints have it."));
    assert!(
        !summary(&report, &Settings::default())
            .findings
            .contains_key("threshold")
    );
}

#[test]
fn a_reading_says_what_another_strength_would_do() {
    let mut report = whole();
    report.models.truncate(1);
    let settings = Settings::default();
    let margins = by_hand(&report, 10);
    let largest = margins.iter().map(|m| m.0).fold(0.0, f64::max);
    let said = reading(&report, &settings, 0, 0).unwrap().what_follows;
    let at = said.find("ΔW × ").unwrap_or_else(|| panic!("{said}")) + "ΔW × ".len();
    let digits: String = said[at..]
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    let factor: f64 = digits.trim_end_matches('.').parse().unwrap();
    assert!(
        factor * largest <= 1.0 && factor * largest > 0.9,
        "{factor} of {largest}: {said}"
    );
    assert!(said.contains("Weights do not say what was forgotten"), "{said}");
    for word in ["better", "worse"] {
        assert!(!said.contains(word), "{said}");
    }
}
