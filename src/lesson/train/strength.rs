//! Loss over lambda, in small: both tasks with the intruders of LoRA's change at a part of their strength, beside two controls of the same size.

use super::scene::curves;
use super::side::Side;
use super::training::Training;
use super::tune::score;
use crate::figures::data::looks;
use crate::linalg::Matrix;
use crate::print::fixed;
use crate::report::panel::{Level, Line, Panel, Range};
use crate::report::surgery::{ARMS, Arm, LOSS_LAMBDAS};
use crate::series::Dash;

/// The edit and its controls.
const DRAWN: [Arm; 3] = [Arm::Scaled, Arm::Shrunk, Arm::Restored];

/// Lambda, and the losses of the new task and of task 1.
type Measured = (f64, [f64; 2]);

impl Training {
    /// Empty until LoRA has ended its first task: later ones share heads with nobody.
    pub(super) fn over_lambda(&self) -> Vec<Panel> {
        let lora = self.sides.get(1).filter(|side| side.reached.is_some());
        let held = self.tasks.first().map(|[_, held]| held);
        let (Some(lora), Some(held), 1) = (lora, held, self.tasks.len()) else {
            return vec![];
        };
        let Some(seen) = lora.looks.last() else { return vec![] };
        let both = |weights: &[Matrix]| {
            let new = score(&self.world.embedding, weights, &lora.tune.head, held).0;
            [new, self.world.forgetting(weights)]
        };
        let trained = [seen.loss, seen.forgetting];
        // By arm.
        let mut measured: Vec<Vec<Measured>> = vec![vec![(1.0, trained)]; DRAWN.len()];
        for lambda in LOSS_LAMBDAS {
            let scaled = lora.shrunk(lambda, self.dials.k, self.dials.epsilon);
            for (points, arm) in measured.iter_mut().zip(DRAWN) {
                points.push((lambda, both(&of_arm(arm, &self.world.weights, lora, &scaled))));
            }
        }
        for points in &mut measured {
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        let panel = |name: &str, title: &str, y: &str, task: usize, levels: Vec<Level>| {
            let line = |(points, arm): (&Vec<Measured>, Arm)| {
                let look = looks::of_arm(arm);
                Line {
                    label: ARMS.iter().find(|words| words.arm == arm).map_or("", |w| w.name).into(),
                    token: look.token,
                    dashed: look.dash != Dash::Solid,
                    dots: true,
                    points: points.iter().map(|(lambda, both)| [*lambda, both[task]]).collect(),
                    deviation: vec![],
                }
            };
            let lines: Vec<Line> = measured.iter().zip(DRAWN).map(line).collect();
            let ends = |l: &Line| Some(format!("{} {}", l.label, fixed(l.points.first()?[1], 3)));
            let at_zero: Vec<String> = lines.iter().filter_map(ends).collect();
            let alt = format!(
                "{title} over λ; as trained {}; at λ = 0: {}.",
                fixed(trained[task], 3),
                at_zero.join(", ")
            );
            let x = Range::new("λ, the strength of LoRA’s intruders", 0.0, 1.25);
            curves((name, title, alt), x, Range::new(y, 0.0, 1.0), lines, levels)
        };
        vec![
            panel("strength-loss", "Loss of the new task", "loss, in nats", 0, vec![]),
            panel(
                "strength-forgetting",
                "What is forgotten of task 1",
                "task-1 loss",
                1,
                self.before(),
            ),
        ]
    }
}

/// The four matrices under an arm, from those with the intruders scaled (docs/surgery.md has the formulas).
fn of_arm(arm: Arm, base: &[Matrix], side: &Side, scaled: &[Matrix]) -> Vec<Matrix> {
    let one = |((w0, w), scaled): ((&Matrix, &Matrix), &Matrix)| {
        let (whole, edited) = (w - w0, scaled - w0);
        let (size, left) = (whole.norm(), edited.norm());
        match arm {
            Arm::Shrunk if size > 0.0 => w0 + whole * (left / size),
            Arm::Restored if left > 0.0 => w0 + edited * (size / left),
            _ => scaled.clone(),
        }
    };
    base.iter().zip(&side.tune.weights).zip(scaled).map(one).collect()
}
