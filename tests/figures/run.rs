//! A series of checkpoints with a birth and a crossing, by the generator of `stored`.

use super::stored::{Lcg, matrix, report_of};
use lorascope::report::*;

/// Steps of the checkpoints: not evenly spaced.
pub const STEPS: [u64; 8] = [250, 500, 750, 1000, 1500, 2000, 3000, 4000];
/// The number of vectors that are followed.
const N: usize = 32;

/// One vector of the run: when it appears, how strong it is and how well it matches the base over training.
struct Line {
    born: usize,
    sigma: fn(f64) -> f64,
    cos: fn(f64) -> f64,
    /// The pre-trained vector it came from, where it did.
    base: Option<usize>,
}

/// LoRA r = 8 of one matrix (and of a second one that is the same). Vector A is born at the third checkpoint and rises to the top by the
/// sixth, crossing all others; vector B is born at the fifth; the fourth pre-trained one drifts away and becomes an intruder at the end.
fn lines() -> Vec<Line> {
    const KEPT: [fn(f64) -> f64; 3] = [|t| 1.0 - 0.05 * t, |t| 1.0 - 0.12 * t, |t| 1.0 - 0.2 * t * t];
    let mut lines = vec![
        Line {
            born: 2,
            sigma: |t| 4.0 + 7.0 * t,
            cos: |t| 0.48 - 0.2 * t,
            base: None,
        },
        Line {
            born: 4,
            sigma: |t| 3.0 + 2.8 * t,
            cos: |t| 0.46 - 0.1 * t,
            base: None,
        },
        Line {
            born: 0,
            sigma: |_| 5.2,
            cos: |t| 0.98 - 0.55 * t * t,
            base: Some(3),
        },
    ];
    const SIGMAS: [fn(f64) -> f64; 10] = [
        |_| 8.0,
        |_| 7.1,
        |t| 6.2 + 0.2 * t,
        |_| 4.6,
        |_| 4.1,
        |t| 3.7 - 0.1 * t,
        |_| 3.3,
        |_| 3.0,
        |_| 2.8,
        |_| 2.6,
    ];
    for (n, sigma) in SIGMAS.into_iter().enumerate() {
        lines.push(Line {
            born: 0,
            sigma,
            cos: KEPT[n % 3],
            base: Some(if n < 3 { n } else { n + 1 }),
        });
    }
    const DEEP: [fn(f64) -> f64; 4] = [|_| 2.4, |_| 2.2, |_| 2.0, |_| 1.9];
    lines.extend((0..N).map(|n| Line {
        born: 0,
        sigma: DEEP[n % 4],
        cos: KEPT[n % 3],
        base: Some(n + 11),
    }));
    lines
}

fn checkpoint(before: &[usize], at: usize, lines: &[Line]) -> (Vec<usize>, Matrix) {
    let t = STEPS[at] as f64 / STEPS[7] as f64;
    let mut order: Vec<usize> = (0..lines.len()).filter(|n| lines[*n].born <= at).collect();
    let strength = |n: usize| (lines[n].sigma)(t) - if n > 12 { 0.02 * n as f64 } else { 0.0 };
    order.sort_by(|a, b| strength(*b).total_cmp(&strength(*a)));
    order.truncate(N);
    let mut made = matrix(&mut Lcg(3), 2, ("q", 384, 384), Some(8));
    made.sigma_tuned = order.iter().map(|n| strength(*n) as f32).collect();
    let mut base: Vec<f32> = lines
        .iter()
        .enumerate()
        .filter(|(_, l)| l.base.is_some())
        .map(|(n, _)| (strength(n) - 0.1 * t) as f32)
        .collect();
    base.sort_by(|a, b| b.total_cmp(a));
    made.sigma_base = base;
    made.left = Some(Match {
        max_cos: order.iter().map(|n| (lines[*n].cos)(t) as f32).collect(),
        argmax: order.iter().map(|n| lines[*n].base.unwrap_or(20) as u32).collect(),
        ..Match::default()
    });
    if at > 0 {
        let mut noise = Lcg(at as u64);
        let values = before
            .iter()
            .flat_map(|b| order.iter().map(|o| (*b, *o)).collect::<Vec<_>>());
        let values = values.map(|(b, o)| if b == o { 0.9 + 0.09 * noise.next() } else { 0.3 * noise.next() } as f32).collect();
        made.follows = Some(Similarity {
            rows: before.len() as u32,
            cols: order.len() as u32,
            values,
        });
    }
    (order, made)
}

/// Eight checkpoints of LoRA r = 8, in the order in which a folder's listing gives them (1000 before 250), and a finished r = 64.
pub fn run() -> Report {
    let lines = lines();
    let mut order = Vec::new();
    let mut report = report_of(&[Some(8), Some(64)], 0, &[]);
    let plain = report.models.remove(0);
    let mut checkpoints = Vec::new();
    for (at, step) in STEPS.into_iter().enumerate() {
        let (next, made) = checkpoint(&order, at, &lines);
        order = next;
        let label = format!("checkpoint-{step}");
        checkpoints.push(Model {
            label,
            run: Some(RunStep {
                run: "sst2-r8".into(),
                step,
            }),
            matrices: vec![made],
            ..plain.clone()
        });
    }
    checkpoints.sort_by_key(|m| m.label.clone());
    report.models[0].matrices = vec![matrix(&mut Lcg(5), 2, ("q", 384, 384), Some(64))];
    report.models.splice(0..0, checkpoints);
    report
}

/// As an older version stored it.
pub fn untraced() -> Report {
    let mut report = run();
    report
        .models
        .iter_mut()
        .flat_map(|m| &mut m.matrices)
        .for_each(|m| m.follows = None);
    report
}
