//! Newness against the size of the change, and counts over a run: held against their definitions.

use super::run::{STEPS, run};
use super::stored::{named, request, stored};
use lorascope::figures::{Focus, Theme, Value, alt, step, table};
use lorascope::report::{Matrix, Report, Settings};
use lorascope::series::labels;
use lorascope::summary::summary;

fn number(value: &Value) -> f64 {
    match value {
        Value::Number(x) => *x,
        other => panic!("{other:?} is not a number"),
    }
}

fn size(matrix: &Matrix) -> f64 {
    let change = matrix.delta.as_ref().expect("a change");
    let largest = change
        .sigma
        .first()
        .map_or_else(|| change.frobenius / change.stable_rank.sqrt(), |s| f64::from(*s));
    largest / f64::from(matrix.sigma_base[0])
}

fn weakest(matrix: &Matrix) -> f64 {
    let window = matrix.left.as_ref().expect("matches").max_cos.iter().take(10);
    window.fold(1.0, |least, c| f64::from(*c).min(least))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    0.5 * (values[(n - 1) / 2] + values[n / 2])
}

fn sentence(report: &Report) -> String {
    let findings = summary(report, &Settings::default()).findings;
    findings.get("size-of-change").cloned().unwrap_or_default()
}

#[test]
fn a_dot_stands_at_the_size_of_its_change_and_at_its_weakest_match() {
    let report = stored();
    let request = request(named("size-of-change"), Theme::Light, 944.0);
    let rows = table(&report, &request).rows;
    let all: Vec<(String, &Matrix)> = report
        .models
        .iter()
        .zip(labels(&report.models))
        .flat_map(|(m, label)| m.matrices.iter().map(move |x| (label.clone(), x)))
        .filter(|(_, x)| x.delta.is_some() && x.left.is_some())
        .collect();
    assert_eq!(rows.len(), all.len());
    for (label, matrix) in all {
        let is_it =
            |row: &&Vec<Value>| row[2] == Value::Text(label.clone()) && row[6] == Value::Text(matrix.name.clone());
        let row = rows
            .iter()
            .find(is_it)
            .unwrap_or_else(|| panic!("{label} {}", matrix.name));
        assert!((number(&row[3]) - size(matrix)).abs() < 1e-9 * size(matrix), "{row:?}");
        assert!((number(&row[4]) - weakest(matrix)).abs() < 1e-6, "{row:?}");
        let below = matrix
            .left
            .as_ref()
            .unwrap()
            .max_cos
            .iter()
            .take(10)
            .filter(|c| **c < 0.5)
            .count();
        assert_eq!(number(&row[5]), below as f64, "{row:?}");
    }
    assert!(
        rows.windows(2).all(|pair| number(&pair[0][3]) >= number(&pair[1][3])),
        "the largest first"
    );
}

#[test]
fn the_sentence_says_the_sizes_with_and_without_intruders_and_who_changed_more() {
    let mut report = stored();
    report.models.truncate(2);
    // The first model's changes are ten times those of the second; only they bring intruders.
    for (model, scale) in report.models.iter_mut().zip([10.0f32, 1.0]) {
        for (n, matrix) in model.matrices.iter_mut().enumerate() {
            let base = matrix.sigma_base[0];
            let delta = matrix.delta.as_mut().expect("a change");
            delta.sigma = vec![0.01 * scale * base * (1.0 + n as f32 / 100.0)];
            let weak = if scale > 1.0 { 0.2 } else { 0.9 };
            matrix
                .left
                .as_mut()
                .expect("matches")
                .max_cos
                .iter_mut()
                .for_each(|c| *c = weak);
        }
    }
    let of = |model: usize| median(report.models[model].matrices.iter().map(size).collect());
    let names = labels(&report.models);
    assert_eq!(
        sentence(&report),
        format!(
            "Matrices with an intruder were changed by {:.3} of their base’s largest singular value, those without by {:.3} (medians). Full fine-tuning \
             changed its matrices 10 times as much as {}: their counts are not those of equal changes.",
            of(0),
            of(1),
            names[1]
        )
    );
    // Alike in size: nothing is said of a difference.
    let first = report.models[0].clone();
    report.models[1].matrices = first.matrices;
    assert!(!sentence(&report).contains("as much as"), "{}", sentence(&report));
}

#[test]
fn a_run_is_a_line_of_its_checkpoints_counts() {
    let report = run();
    let mut request = request(named("over-steps"), Theme::Light, 944.0);
    let rows = table(&report, &request).rows;
    assert_eq!(
        rows.iter().map(|row| number(&row[1])).collect::<Vec<_>>(),
        STEPS.map(|s| s as f64)
    );
    for row in &rows {
        let model = report
            .models
            .iter()
            .find(|m| m.run.as_ref().is_some_and(|r| r.step as f64 == number(&row[1])));
        let count = |m: &Matrix| {
            m.left
                .as_ref()
                .map_or(0, |l| l.max_cos.iter().take(10).filter(|c| **c < 0.5).count())
        };
        let counted: usize = model.expect("a checkpoint").matrices.iter().map(count).sum();
        assert_eq!(number(&row[2]), counted as f64, "{row:?}");
    }
    assert!(rows.iter().any(|row| number(&row[2]) > 0.0));
    // The arrow keys go over all checkpoints, and the card says the same number.
    request.focus = Some(Focus {
        model: report
            .models
            .iter()
            .position(|m| m.run.as_ref().is_some_and(|r| r.step == STEPS[0]))
            .map(|n| n as u32),
        ..Focus::default()
    });
    let next = step(&report, &request, 1, 0).expect("a checkpoint");
    assert!(next.title.ends_with("step 500"), "{}", next.title);
    assert_eq!(next.lines[0].1, format!("{}", number(&rows[1][2])));
}

#[test]
fn a_report_without_a_run_says_so() {
    let (report, request) = (stored(), request(named("over-steps"), Theme::Light, 632.0));
    assert!(table(&report, &request).rows.is_empty() && step(&report, &request, 1, 0).is_none());
    assert_eq!(
        alt(&report, &request),
        "Number of intruders over training: no checkpoints of a run."
    );
}
