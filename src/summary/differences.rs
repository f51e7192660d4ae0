//! Differences between two rules: the vectors that are intruders under one and not under the other, and why.

use crate::metrics::intruder::{Intervals, Rule};
use crate::report::{Cosine, Matrix, Report, Settings, Side};
use serde::{Deserialize, Serialize};

/// Verdicts that differ: the first of them, and how many there are.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Differences {
    pub total: u32,
    pub verdicts: Vec<Verdict>,
}

/// One vector of one matrix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Index into the report's models.
    pub model: u32,
    pub matrix: String,
    /// The place of the vector, from 0.
    pub j: u32,
    /// Whether it counts as an intruder under the first settings, and under the second.
    pub from: bool,
    pub to: bool,
    /// The reason in words; numbers of vectors count from 1.
    pub reason: String,
}

/// The differences in the order of models, matrices and vectors; so many verdicts are listed, all are counted. A vector that one of the two
/// cannot decide does not differ.
pub fn differences(report: &Report, a: &Settings, b: &Settings, listed: u32) -> Differences {
    let mut found = Differences::default();
    for (model, matrix) in (0u32..)
        .zip(&report.models)
        .flat_map(|(i, model)| model.matrices.iter().map(move |m| (i, m)))
    {
        let (Some(before), Some(after)) = (Intervals::of(matrix, a.into()), Intervals::of(matrix, b.into())) else {
            continue;
        };
        for (j, (x, y)) in (0u32..)
            .zip(before.scores().zip(after.scores()))
            .take(a.k.max(b.k) as usize)
        {
            let (from, to) = (verdict(x, a, j), verdict(y, b, j));
            if from == to {
                continue;
            }
            found.total += 1;
            if found.verdicts.len() < listed as usize {
                let reason = reason(matrix, a, b, j, from);
                found.verdicts.push(Verdict {
                    model,
                    matrix: matrix.name.clone(),
                    j,
                    from,
                    to,
                    reason,
                });
            }
        }
    }
    found
}

fn verdict(score: f32, settings: &Settings, j: u32) -> bool {
    j < settings.k && f64::from(score) < settings.epsilon
}

/// The score of a vector; none where it was not computed.
fn score(matrix: &Matrix, rule: Rule, j: u32) -> Option<f32> {
    Intervals::of(matrix, rule)?.scores().nth(j as usize)
}

/// The settings of `a` turn into those of `b` one by one: the last of them that changes the verdict is why it differs.
fn reason(matrix: &Matrix, a: &Settings, b: &Settings, j: u32, from: bool) -> String {
    let k = Settings { k: b.k, ..a.clone() };
    let epsilon = Settings {
        epsilon: b.epsilon,
        ..k.clone()
    };
    let side = Settings {
        side: b.side,
        ..epsilon.clone()
    };
    let still =
        |settings: &Settings| score(matrix, settings.into(), j).is_some_and(|s| verdict(s, settings, j) == from);
    if still(&side) {
        return turned(matrix, b.side, j);
    }
    if still(&epsilon) {
        return sides(matrix, a.cosine, j);
    }
    if still(&k) {
        let score = score(matrix, a.into(), j).unwrap_or(0.0);
        return format!(
            "{score:.3} is below ε = {} and not below {}",
            a.epsilon.max(b.epsilon),
            a.epsilon.min(b.epsilon)
        );
    }
    format!("outside the window k = {}", a.k.min(b.k))
}

/// The stronger match of both sides: the one that decides as long as signs do not matter.
fn turned(matrix: &Matrix, side: Side, j: u32) -> String {
    let best = Intervals::of(matrix, Rule::absolute(side)).and_then(|all| all.best(j as usize));
    match best.and_then(|best| Some((best.low, best.place?))) {
        Some((cos, i)) => format!(
            "its best match is {cos:.2} at i = {}, with the sign turned",
            u64::from(i) + 1
        ),
        None => String::new(),
    }
}

fn sides(matrix: &Matrix, cosine: Cosine, j: u32) -> String {
    let number = |side| score(matrix, Rule { side, cosine }, j).map_or("unknown".to_owned(), |c| format!("{c:.2}"));
    format!(
        "right vector matches {}, left {}",
        number(Side::Right),
        number(Side::Left)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Match;
    use crate::summary::tests::{matrix, report};

    fn side(max_cos: &[f32], signed: &[f32]) -> Match {
        let argmax = (0..max_cos.len() as u32).map(|j| j + 2).collect();
        Match {
            max_cos: max_cos.to_vec(),
            argmax,
            signed_cos: Some(signed.to_vec()),
            ..Match::default()
        }
    }

    /// Left and right: j = 0 differs by its sign, j = 1 by the side, j = 2 by epsilon, j = 3 by k; j = 4 by nothing.
    fn example() -> Report {
        let left = side(&[0.98, 0.32, 0.52, 0.2, 0.9], &[0.1, 0.32, 0.52, 0.2, 0.9]);
        let right = side(&[0.97, 0.71, 0.53, 0.2, 0.9], &[0.97, 0.71, 0.53, 0.2, 0.9]);
        report(vec![matrix("w", 5, left, right)])
    }

    #[track_caller]
    fn check(change: impl Fn(&mut Settings), j: u32, to: bool, reason: &str) {
        let a = Settings {
            k: 3,
            ..Settings::default()
        };
        let mut b = a.clone();
        change(&mut b);
        let expected = |from, to| Verdict {
            model: 0,
            matrix: "w".into(),
            j,
            from,
            to,
            reason: reason.into(),
        };
        assert_eq!(
            differences(&example(), &a, &b, 500),
            Differences {
                total: 1,
                verdicts: vec![expected(!to, to)]
            }
        );
        assert_eq!(differences(&example(), &b, &a, 500).verdicts, [expected(to, !to)]);
    }

    #[test]
    fn every_setting_has_its_reason() {
        check(
            |s| s.cosine = Cosine::Signed,
            0,
            true,
            "its best match is 0.98 at i = 3, with the sign turned",
        );
        check(
            |s| s.side = Side::Right,
            1,
            false,
            "right vector matches 0.71, left 0.32",
        );
        check(
            |s| s.side = Side::Both,
            1,
            false,
            "right vector matches 0.71, left 0.32",
        );
        check(|s| s.epsilon = 0.6, 2, true, "0.520 is below ε = 0.6 and not below 0.5");
        check(|s| s.k = 5, 3, true, "outside the window k = 3");
    }

    #[test]
    fn several_settings_at_once_are_told_apart() {
        let a = Settings {
            k: 3,
            ..Settings::default()
        };
        let b = Settings {
            k: 4,
            epsilon: 0.51,
            side: Side::Right,
            cosine: Cosine::Signed,
            ..a.clone()
        };
        let reasons: Vec<_> = differences(&example(), &a, &b, 500)
            .verdicts
            .into_iter()
            .map(|v| (v.j, v.to, v.reason))
            .collect();
        assert_eq!(
            reasons,
            [
                (1, false, "right vector matches 0.71, left 0.32".to_owned()),
                (3, true, "outside the window k = 3".to_owned())
            ]
        );
        assert_eq!(differences(&example(), &a, &a, 500), Differences::default());
    }

    #[test]
    fn what_is_not_known_does_not_differ_and_long_lists_end() {
        let unknown = Match {
            signed_cos: None,
            ..side(&[0.9; 600], &[])
        };
        let signed = Settings {
            cosine: Cosine::Signed,
            k: 600,
            ..Settings::default()
        };
        let absolute = Settings {
            k: 600,
            ..Settings::default()
        };
        let certified = report(vec![matrix("w", 600, unknown, side(&[0.9; 600], &[0.0; 600]))]);
        assert_eq!(differences(&certified, &absolute, &signed, 500), Differences::default());
        let right = |settings: &Settings| Settings {
            side: Side::Right,
            ..settings.clone()
        };
        let all = differences(&certified, &right(&absolute), &right(&signed), 500);
        assert_eq!((all.total, all.verdicts.len()), (600, 500));
    }
}
