//! The same training at every rank: how many intruders, and how much is forgotten.

use super::dials::{Alpha, TrainDials};
use super::side::{Seen, Side};
use super::task::Examples;
use super::training::{EVERY, NAMES, SLICE, WARM};
use super::tune::{Method, Tune};
use super::world::{STEPS, World};
use crate::analyze::Known;
use crate::lesson::{Fact, Scene, held};
use crate::panel::{Body, Curves, Level, Line, Panel, Range};
use crate::print::fixed;
use crate::report::Settings;

/// Full fine-tuning, and these ranks.
pub const RANKS: [u32; 7] = [1, 2, 4, 8, 16, 64, 128];

/// Where one training ended.
pub struct Ended {
    /// None: full.
    pub rank: Option<u32>,
    pub seen: Seen,
    pub reached: bool,
}

pub struct Sweep {
    dials: TrainDials,
    world: World,
    known: Vec<Known>,
    examples: Option<[Examples; 2]>,
    running: Option<Side>,
    pub ended: Vec<Ended>,
}

impl Sweep {
    pub fn new(dials: &TrainDials) -> Sweep {
        let dials = dials.sane();
        Sweep { world: World::new(dials.seed), dials, known: vec![], examples: None, running: None, ended: vec![] }
    }

    pub fn done(&self) -> f64 {
        let all = RANKS.len() as f64 + 1.0;
        let most = f64::from(self.dials.task.target().1);
        let own = self.running.as_ref().map_or(0.0, |s| f64::from(s.tune.step) / most);
        0.1 * self.world.step as f64 / STEPS as f64 + 0.9 * (self.ended.len() as f64 + own).min(all) / all
    }

    /// The method whose turn it is.
    fn method(&self) -> Option<(Option<u32>, Method)> {
        match self.ended.len() {
            0 => Some((None, Method::full(&self.dials))),
            n => RANKS.get(n - 1).map(|rank| (Some(*rank), Method::lora(&TrainDials { rank: *rank, ..self.dials.clone() }))),
        }
    }

    /// A slice of work; false when nothing is left.
    pub fn advance(&mut self) -> bool {
        if self.world.step < STEPS {
            self.world.advance(WARM);
            return true;
        }
        let Some((rank, method)) = self.method() else { return false };
        if self.known.is_empty() {
            self.known = self.world.weights.iter().zip(NAMES).map(|(w, name)| Known::new(name, None, None, w)).collect();
        }
        let [examples, held_out] = self.examples.get_or_insert_with(|| self.dials.task.examples(self.dials.seed, 0));
        let classes = self.dials.task.classes();
        let side = self.running.get_or_insert_with(|| Side::new(Tune::new(method, &self.world.weights, self.dials.seed, 0, classes)));
        for _ in 0..SLICE {
            side.tune.train(&self.world.embedding, examples);
        }
        if side.tune.step.is_multiple_of(EVERY) {
            let (target, most) = self.dials.task.target();
            let (loss, _) = side.tune.score(&self.world.embedding, held_out);
            if loss < target || side.tune.step >= most {
                side.look(&self.world, held_out, &self.known, false);
                let reached = loss < target;
                self.ended.extend(side.looks.pop().map(|seen| Ended { rank, seen, reached }));
                self.running = None;
            }
        }
        self.method().is_some()
    }

    /// Other dials of the look alone.
    pub fn look_by(&mut self, dials: &TrainDials) {
        self.dials = dials.sane();
    }

    pub fn scene(&self) -> Scene {
        let (k, epsilon) = (self.dials.k, self.dials.epsilon);
        let settings = Settings { k, epsilon, ..Settings::default() };
        let report = held::report(format!("Network of width {}, seed {}", super::WIDTH, self.dials.seed), &settings, vec![]);
        let panels = vec![
            self.panel("sweep-count", "Intruders against rank", "intruders in the four matrices", |e| f64::from(e.seen.count(k, epsilon))),
            self.panel("sweep-forgetting", "What is forgotten, against rank", "task-1 loss", |e| e.seen.forgetting),
            self.panel("sweep-rank", "Effective rank against rank", "effective rank of the change", |e| e.seen.mean(|d| d.effective_rank)),
        ];
        let mut facts = vec![
            Fact::new("runs", self.ended.len() as f64),
            Fact::new("allRuns", RANKS.len() as f64 + 1.0),
            Fact::new("pretrainStep", self.world.step as f64),
        ];
        let most = self.ended.iter().filter(|e| e.rank.is_some()).max_by_key(|e| e.seen.count(k, epsilon));
        if let (Some(full), Some(most)) = (self.ended.first(), most) {
            facts.push(Fact::new("fullCount", f64::from(full.seen.count(k, epsilon))));
            facts.push(Fact::new("fullForgetting", full.seen.forgetting));
            facts.push(Fact::new("mostCount", f64::from(most.seen.count(k, epsilon))));
            facts.extend(most.rank.map(|r| Fact::new("mostCountRank", f64::from(r))));
            // Is there a rank that forgets less than full fine-tuning: the left side of a U?
            let least = self.ended.iter().filter(|e| e.rank.is_some()).min_by(|a, b| a.seen.forgetting.total_cmp(&b.seen.forgetting));
            facts.extend(least.map(|e| Fact::new("leastForgetting", e.seen.forgetting)));
            facts.extend(least.and_then(|e| e.rank).map(|r| Fact::new("leastForgettingRank", f64::from(r))));
        }
        facts.push(Fact::new("notReached", self.ended.iter().filter(|e| !e.reached).count() as f64));
        Scene { report: Some(report), panels, facts }
    }

    fn panel(&self, name: &str, title: &str, y: &str, of: impl Fn(&Ended) -> f64) -> Panel {
        let points: Vec<[f64; 2]> = self.ended.iter().filter_map(|e| Some([f64::from(e.rank?), of(e)])).collect();
        let full = self.ended.iter().find(|e| e.rank.is_none()).map(of);
        let most = points.iter().map(|p| p[1]).chain(full).fold(1.0, f64::max);
        let alpha = if self.dials.alpha == Alpha::Twice { "α = 2r" } else { "α = 8" };
        let said = points.iter().map(|p| format!("{} at r = {}", fixed(p[1], 2), p[0])).collect::<Vec<_>>().join(", ");
        Panel {
            name: name.into(),
            title: title.into(),
            alt: format!("{title}: {}.", if said.is_empty() { "nothing yet".into() } else { said }),
            body: Body::Curves(Curves {
                x: Range { label: "rank r".into(), from: 1.0, to: f64::from(RANKS[RANKS.len() - 1]), log: true },
                y: Range { label: y.into(), from: 0.0, to: 1.1 * most, log: false },
                lines: vec![Line {
                    label: format!("LoRA, {alpha}"),
                    token: "lora-4".into(),
                    dashed: false,
                    dots: true,
                    points,
                    deviation: vec![],
                }],
                levels: full.map(|at| Level { label: format!("Full: {}", fixed(at, 2)), at }).into_iter().collect(),
                cursor: None,
                strips: vec![],
            }),
        }
    }
}
