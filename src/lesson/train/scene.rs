//! The scene of a training: loss, forgetting and count over its steps, its vectors traced over the looks, and every number that its words say.

use super::dials::Init;
use super::side::{Seen, Side};
use super::training::{Learnt, Training};
use super::tune::{Method, score};
use crate::lesson::{Fact, Scene, held};
use crate::print::{count, fixed};
use crate::report::panel::{Body, Curves, Level, Line, Panel, Range};
use crate::report::{Kind, Model, RunStep, Settings};

/// Colours of the two fine-tunes.
const TOKENS: [&str; 2] = ["full", "lora-4"];
/// Prefixes of their facts.
const OWN: [&str; 2] = ["full", "lora"];

impl Training {
    pub fn scene(&self) -> Scene {
        let settings = Settings {
            k: self.dials.k,
            epsilon: self.dials.epsilon,
            ..Settings::default()
        };
        let models = self
            .sides
            .iter()
            .enumerate()
            .flat_map(|(n, side)| self.models(n, side))
            .collect();
        let (target, before) = (self.dials.target().0, self.before());
        let target = vec![Level {
            label: format!("target {}", fixed(target, 2)),
            at: target,
        }];
        let mut panels = vec![
            self.over_steps(
                "loss",
                "Held-out loss of the new task",
                height("loss, in nats"),
                target,
                |s| s.loss,
            ),
            self.over_steps(
                "forgetting",
                "What is forgotten of task 1",
                height("task-1 loss"),
                before,
                |s| s.forgetting,
            ),
            self.over_steps(
                "count",
                "Intruders in the four matrices",
                height("intruders").whole(),
                vec![],
                |s| self.count(s),
            ),
            self.over_steps(
                "rank",
                "Effective rank of the change",
                height("effective rank"),
                vec![],
                |s| s.mean(|d| d.effective_rank),
            ),
        ];
        panels.extend(self.over_lambda());
        if self.dials.tasks > 1 {
            panels.extend(self.sequence());
        }
        let report = held::report(
            format!("Network of width {}, seed {}", super::WIDTH, self.dials.seed),
            &settings,
            models,
            panels,
        );
        Scene {
            report,
            facts: self.facts(),
        }
    }

    /// "LoRA r = 1".
    fn label(&self, n: usize) -> String {
        match n {
            0 => "Full".into(),
            _ => {
                let name = if self.dials.init == Init::Principal && !self.dials.freeze {
                    Kind::Pissa
                } else {
                    Kind::Lora
                }
                .name();
                format!(
                    "{name} r = {}{}",
                    self.dials.rank,
                    if self.dials.freeze { ", A frozen" } else { "" }
                )
            }
        }
    }

    /// A checkpoint for every look: of the matrix looked at; of all four in the last.
    fn models(&self, n: usize, side: &Side) -> Vec<Model> {
        let (kind, rank, alpha) = match Method::lora(&self.dials) {
            Method::Lora { rank, alpha, init, .. } if n == 1 => {
                let kind = if init == Init::Principal {
                    Kind::Pissa
                } else {
                    Kind::Lora
                };
                (kind, Some(rank as u32), Some(alpha))
            }
            _ => (Kind::Full, None, None),
        };
        let last = side.looks.len().saturating_sub(1);
        let model = |(at, seen): (usize, &Seen)| {
            let shown = |m: usize| at == last || m == self.dials.matrix as usize;
            let label = format!("{}, step {}", self.label(n), count(u64::from(seen.step)));
            let mut model = held::model(&label, kind, rank, seen.matrices[0].clone());
            model.matrices = seen
                .matrices
                .iter()
                .enumerate()
                .filter(|(m, _)| shown(*m))
                .map(|(_, m)| m.clone())
                .collect();
            model.alpha = alpha;
            model.scale = rank.and(Some(Method::lora(&self.dials).scale()));
            model.run = Some(RunStep {
                run: self.label(n),
                step: u64::from(seen.step),
            });
            model
        };
        // Step 0 is the base itself.
        side.looks
            .iter()
            .enumerate()
            .skip(usize::from(last > 0))
            .map(model)
            .collect()
    }

    fn count(&self, seen: &Seen) -> f64 {
        f64::from(seen.count(self.dials.k, self.dials.epsilon))
    }

    /// Task-1 loss after pre-training, once that is known.
    pub(super) fn before(&self) -> Vec<Level> {
        level("before:", self.before).into_iter().collect()
    }

    fn over_steps(&self, name: &str, title: &str, y: Range, levels: Vec<Level>, of: impl Fn(&Seen) -> f64) -> Panel {
        let line = |(n, side): (usize, &Side)| Line {
            label: self.label(n),
            token: TOKENS[n].into(),
            dashed: false,
            dots: false,
            points: side.looks.iter().map(|s| [f64::from(s.step), of(s)]).collect(),
            deviation: vec![],
        };
        let lines: Vec<Line> = self.sides.iter().enumerate().map(line).collect();
        let last = self.sides.iter().map(Side::step).max().unwrap_or(0);
        let alt = match newest(&lines, 2) {
            Some(now) => format!("{title}; at step {}: {now}.", count(u64::from(last))),
            None => format!("{title}: nothing yet."),
        };
        let x = Range::new("training step", 0.0, f64::from(last.max(100).next_multiple_of(100))).whole();
        curves((name, title, alt), x, y, lines, levels)
    }

    /// The panels over several tasks: after each, what is known of the first task, what was changed and what was forgotten.
    fn sequence(&self) -> Vec<Panel> {
        let chance = Level {
            label: "chance".into(),
            at: 1.0 / self.dials.task.classes() as f64,
        };
        let (own, fresh) = (
            height("accuracy, with its own head"),
            height("accuracy, with a new head"),
        );
        let probed = [chance.clone()]
            .into_iter()
            .chain(level("pre-trained:", self.probed))
            .collect();
        vec![
            self.over_tasks(
                "sequence",
                "The first task, after each task",
                own,
                vec![chance],
                |l, _| l.own,
            ),
            self.over_tasks(
                "sequence-fresh",
                "The first task with a head fitted anew",
                fresh,
                probed,
                |l, _| l.fresh,
            ),
            self.over_tasks(
                "sequence-count",
                "Intruders after each task",
                height("intruders").whole(),
                vec![],
                |_, s| self.count(s),
            ),
            self.over_tasks(
                "sequence-forgetting",
                "Task 1 after each task",
                height("task-1 loss"),
                self.before(),
                |_, s| s.forgetting,
            ),
        ]
    }

    fn over_tasks(
        &self,
        name: &str,
        title: &str,
        y: Range,
        levels: Vec<Level>,
        of: impl Fn(&Learnt, &Seen) -> f64,
    ) -> Panel {
        let value = |n: usize, both: &[Learnt; 2]| self.sides[n].looks.get(both[n].look).map(|seen| of(&both[n], seen));
        let line = |n: usize| Line {
            label: self.label(n),
            token: TOKENS[n].into(),
            dashed: false,
            dots: true,
            points: (1u32..)
                .zip(&self.learnt)
                .filter_map(|(task, both)| Some([f64::from(task), value(n, both)?]))
                .collect(),
            deviation: vec![],
        };
        let lines = vec![line(0), line(1)];
        let now = newest(&lines, 3).unwrap_or_else(|| "nothing yet".into());
        let alt = format!("{title}, {}; after {} tasks: {now}.", y.label, self.learnt.len());
        let x = Range::new("tasks learnt", 1.0, f64::from(self.dials.tasks)).whole();
        curves((name, title, alt), x, y, lines, levels)
    }

    /// The last step at which every side that still goes on was looked at.
    fn looked(&self) -> u32 {
        let last = |side: &Side| side.looks.last().map_or(0, |seen| seen.step);
        let going = self.sides.iter().filter(|s| s.reached.is_none()).map(last).min();
        going.or(self.sides.iter().map(last).max()).unwrap_or(0)
    }

    fn facts(&self) -> Vec<Fact> {
        let d = &self.dials;
        let (target, most) = d.target();
        let mut facts = vec![
            Fact::new("step", f64::from(self.looked())),
            Fact::new("pretrainStep", self.world.step as f64),
            Fact::new("k", f64::from(d.k)),
            Fact::new("epsilon", d.epsilon),
            Fact::new("rank", f64::from(d.rank)),
            Fact::new("target", target),
            Fact::new("mostSteps", f64::from(most)),
            Fact::new("classes", d.task.classes() as f64),
            Fact::new("tasks", self.learnt.len() as f64),
        ];
        if let Method::Lora { alpha, rate, .. } = Method::lora(d) {
            facts.extend([Fact::new("alpha", alpha), Fact::new("loraRate", rate)]);
        }
        if self.before.is_finite() {
            facts.push(Fact::new("forgettingBefore", self.before));
        }
        if self.probed.is_finite() {
            facts.push(Fact::new("freshBefore", self.probed));
        }
        // The place of each side's newest checkpoint among the report's models.
        let mut models = 0;
        for (n, side) in self.sides.iter().enumerate() {
            facts.extend(self.of_side(n, side));
            models += side.looks.len() - usize::from(side.looks.len() > 1);
            if !side.looks.is_empty() {
                facts.push(Fact::new(&format!("{}Model", OWN[n]), models as f64 - 1.0));
            }
        }
        facts.extend(super::spread::facts(d));
        facts
    }

    fn of_side(&self, n: usize, side: &Side) -> Vec<Fact> {
        let Some(seen) = side.looks.last() else { return vec![] };
        let fact = |name: &str, value: f64| Fact::new(&format!("{}{name}", OWN[n]), value);
        let d = &self.dials;
        let norms = self.world.weights.iter().zip(&seen.matrices);
        let shares: Vec<f64> = norms
            .filter_map(|(w, m)| Some(m.delta.as_ref()?.frobenius / f64::from(w.norm())))
            .collect();
        let mut facts = vec![
            fact("Steps", f64::from(seen.step)),
            fact("Loss", seen.loss),
            fact("Accuracy", seen.accuracy),
            fact("Forgetting", seen.forgetting),
            fact("Count", f64::from(seen.count(d.k, d.epsilon))),
            fact("Rank", seen.mean(|delta| delta.effective_rank)),
            fact("Norm", shares.iter().sum::<f64>() / shares.len().max(1) as f64),
        ];
        facts.extend(
            side.reached
                .map(|reached| fact("Reached", f64::from(u8::from(reached)))),
        );
        for (task, both) in (1..).zip(&self.learnt).filter(|_| d.tasks > 1) {
            let of_task = |name: &str, value: f64| fact(&format!("Task{task}{name}"), value);
            facts.extend([of_task("Own", both[n].own), of_task("Fresh", both[n].fresh)]);
            facts.extend(side.looks.get(both[n].look).into_iter().flat_map(|seen| {
                [
                    of_task("Count", self.count(seen)),
                    of_task("Forgetting", seen.forgetting),
                ]
            }));
        }
        facts.extend(side.tune.turned().map(|turned| fact("Turned", turned)));
        // The count of one matrix: the one in the figures.
        if let Some(m) = seen.matrices.get(d.matrix as usize) {
            let settings = Settings {
                k: d.k,
                epsilon: d.epsilon,
                ..Settings::default()
            };
            facts.extend(crate::metrics::intruder::intruders(m, &settings).map(|c| fact("OwnCount", f64::from(c))));
        }
        if n == 1 && d.shrink < 1.0 && side.reached.is_some() {
            let weights = side.shrunk(d.shrink, d.k, d.epsilon);
            let held_out = self.tasks.last().map(|[_, held]| held);
            let scored = held_out.map(|held| score(&self.world.embedding, &weights, &side.tune.head, held));
            facts.push(Fact::new("shrunkForgetting", self.world.forgetting(&weights)));
            facts.extend(
                scored
                    .into_iter()
                    .flat_map(|(loss, right)| [Fact::new("shrunkLoss", loss), Fact::new("shrunkAccuracy", right)]),
            );
        }
        facts
    }
}

/// The axis from 0 to 1, or as far as the values go.
fn height(label: &str) -> Range {
    Range::new(label, 0.0, 1.0)
}

/// A level that says its value; none where that is not known yet.
fn level(label: &str, at: f64) -> Option<Level> {
    at.is_finite().then(|| Level {
        label: format!("{label} {}", fixed(at, 3)),
        at,
    })
}

/// The last value of every line, in words.
fn newest(lines: &[Line], digits: usize) -> Option<String> {
    let now: Vec<String> = lines
        .iter()
        .filter_map(|l| Some(format!("{} {}", l.label, fixed(l.points.last()?[1], digits))))
        .collect();
    (!now.is_empty()).then(|| now.join(", "))
}

pub(super) fn curves(
    (name, title, alt): (&str, &str, String),
    x: Range,
    y: Range,
    lines: Vec<Line>,
    levels: Vec<Level>,
) -> Panel {
    let most = lines
        .iter()
        .flat_map(|l| &l.points)
        .map(|p| p[1])
        .chain(levels.iter().map(|l| l.at))
        .fold(0.0, f64::max);
    let y = Range {
        to: y.to.max(1.05 * most),
        ..y
    };
    Panel {
        name: name.into(),
        title: title.into(),
        alt,
        body: Body::Curves(Curves {
            x,
            y,
            lines,
            levels,
            cursor: None,
            strips: vec![],
        }),
    }
}
