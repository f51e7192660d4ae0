//! The sweep over ranks and seeds: the same training at each, how many intruders it makes and how much it forgets.

use super::dials::{Alpha, TrainDials};
use super::side::{Seen, Side};
use super::spread::spread;
use super::task::Examples;
use super::training::{EVERY, SLICE, WARM, known};
use super::tune::{Method, Tune, score};
use super::world::{STEPS, World};
use crate::analyze::Known;
use crate::lesson::{Fact, Scene, held};
use crate::print::fixed;
use crate::report::Settings;
use crate::report::panel::{Body, Curves, Level, Line, Panel, Range};

/// Full fine-tuning, and these ranks.
pub const RANKS: [u32; 7] = [1, 2, 4, 8, 16, 64, 128];
/// The trainings of one seed.
const RUNS: usize = RANKS.len() + 1;

/// The end of one training.
pub struct Ended {
    pub seed: u32,
    /// None: full.
    pub rank: Option<u32>,
    pub seen: Seen,
    pub reached: bool,
}

/// Seed after seed: pre-training, full fine-tuning, then every rank. A fine-tune is looked at where it ends.
pub struct Sweep {
    dials: TrainDials,
    world: World,
    /// The pre-trained matrices and the examples of the seed in hand, once they are.
    ready: Option<(Vec<Known>, [Examples; 2])>,
    running: Option<Side>,
    pub ended: Vec<Ended>,
}

impl Sweep {
    pub fn new(dials: &TrainDials) -> Sweep {
        let dials = dials.sane();
        Sweep {
            world: World::new(dials.seed),
            dials,
            ready: None,
            running: None,
            ended: vec![],
        }
    }

    /// The number of trainings.
    fn all(&self) -> usize {
        self.dials.seeds as usize * RUNS
    }

    pub fn done(&self) -> f64 {
        if self.ended.len() == self.all() {
            return 1.0;
        }
        let most = f64::from(self.dials.target().1);
        let own = self.running.as_ref().map_or(0.0, |s| f64::from(s.tune.step) / most);
        // Pre-training is about as long as one of them.
        let own_world = if self.world.seed == self.seed() {
            self.world.step as f64 / STEPS as f64
        } else {
            0.0
        };
        let pre = (self.ended.len() / RUNS) as f64 + own_world;
        let share = (pre + self.ended.len() as f64 + own) / (self.all() + self.dials.seeds as usize) as f64;
        share.min(0.999)
    }

    /// The method whose turn it is.
    fn method(&self) -> Option<(Option<u32>, Method)> {
        if self.ended.len() == self.all() {
            return None;
        }
        Some(match self.ended.len() % RUNS {
            0 => (None, Method::full(&self.dials)),
            n => (
                Some(RANKS[n - 1]),
                Method::lora(&TrainDials {
                    rank: RANKS[n - 1],
                    ..self.dials.clone()
                }),
            ),
        })
    }

    fn seed(&self) -> u32 {
        self.dials.seed.wrapping_add((self.ended.len() / RUNS) as u32)
    }

    /// A slice of work; false when nothing is left.
    pub fn advance(&mut self) -> bool {
        let Some((rank, method)) = self.method() else {
            return false;
        };
        let seed = self.seed();
        if self.world.seed != seed {
            (self.world, self.ready) = (World::new(seed), None);
        }
        if self.world.step < STEPS {
            self.world.advance(WARM);
            return true;
        }
        let world = &self.world;
        let (known, [examples, held_out]) = self
            .ready
            .get_or_insert_with(|| (known(world), self.dials.task.examples(seed, 0)));
        let classes = self.dials.task.classes();
        let side = self
            .running
            .get_or_insert_with(|| Side::new(Tune::new(method, &world.weights, seed, 0, classes)));
        for _ in 0..SLICE {
            side.tune.train(&world.embedding, examples);
        }
        if side.tune.step.is_multiple_of(EVERY) {
            let (target, most) = self.dials.target();
            let (loss, _) = score(&world.embedding, &side.tune.weights, &side.tune.head, held_out);
            if loss < target || side.tune.step >= most {
                side.look(world, held_out, known, false);
                let reached = loss < target;
                self.ended.extend(side.looks.pop().map(|seen| Ended {
                    seed,
                    rank,
                    seen,
                    reached,
                }));
                self.running = None;
            }
        }
        self.ended.len() < self.all()
    }

    /// Other dials of the look alone.
    pub fn look_by(&mut self, dials: &TrainDials) {
        self.dials = dials.sane();
    }

    pub fn scene(&self) -> Scene {
        let (k, epsilon) = (self.dials.k, self.dials.epsilon);
        let settings = Settings {
            k,
            epsilon,
            ..Settings::default()
        };
        let panels = vec![
            self.panel(
                "sweep-count",
                "Intruders against rank",
                "intruders in the four matrices",
                |e| f64::from(e.seen.count(k, epsilon)),
            ),
            self.panel(
                "sweep-forgetting",
                "What is forgotten, against rank",
                "task-1 loss",
                |e| e.seen.forgetting,
            ),
            self.panel(
                "sweep-rank",
                "Effective rank against rank",
                "effective rank of the change",
                |e| e.seen.mean(|d| d.effective_rank),
            ),
        ];
        let report = held::report(
            format!("Network of width {}, seed {}", super::WIDTH, self.dials.seed),
            &settings,
            vec![],
            panels,
        );
        Scene {
            report,
            facts: self.facts(),
        }
    }

    /// Mean and deviation over the seeds so far; none where none has ended.
    fn over_seeds(&self, rank: Option<u32>, of: impl Fn(&Ended) -> f64) -> Option<(f64, f64)> {
        let values: Vec<f64> = self.ended.iter().filter(|e| e.rank == rank).map(of).collect();
        (!values.is_empty()).then(|| spread(&values))
    }

    fn facts(&self) -> Vec<Fact> {
        let (k, epsilon) = (self.dials.k, self.dials.epsilon);
        let (target, most) = self.dials.target();
        let mut facts = vec![
            Fact::new("runs", self.ended.len() as f64),
            Fact::new("allRuns", self.all() as f64),
            Fact::new("target", target),
            Fact::new("mostSteps", f64::from(most)),
            Fact::new("seeds", f64::from(self.dials.seeds)),
            Fact::new("pretrainStep", self.world.step as f64),
            Fact::new("notReached", self.ended.iter().filter(|e| !e.reached).count() as f64),
        ];
        // The table, a row per method: `r8Count`, `r8CountDeviation`, ...
        type Column = (&'static str, Box<dyn Fn(&Ended) -> f64>);
        let columns: [Column; 3] = [
            ("Count", Box::new(move |e| f64::from(e.seen.count(k, epsilon)))),
            ("Forgetting", Box::new(|e| e.seen.forgetting)),
            ("Rank", Box::new(|e| e.seen.mean(|d| d.effective_rank))),
        ];
        for rank in [None].into_iter().chain(RANKS.map(Some)) {
            let name = rank.map_or("full".to_owned(), |r| format!("r{r}"));
            for (what, of) in &columns {
                if let Some((mean, deviation)) = self.over_seeds(rank, of) {
                    facts.extend([
                        Fact::new(&format!("{name}{what}"), mean),
                        Fact::new(&format!("{name}{what}Deviation"), deviation),
                    ]);
                }
            }
        }
        // Of equal ones the lowest rank.
        let ranks = |of: &dyn Fn(&Ended) -> f64| {
            RANKS
                .iter()
                .filter_map(|r| Some((self.over_seeds(Some(*r), of)?.0, *r)))
                .collect::<Vec<_>>()
        };
        if let Some((count, rank)) = ranks(&columns[0].1)
            .into_iter()
            .rev()
            .max_by(|a, b| a.0.total_cmp(&b.0))
        {
            facts.extend([
                Fact::new("mostCount", count),
                Fact::new("mostCountRank", f64::from(rank)),
            ]);
        }
        // Is there a rank that forgets less than full fine-tuning: the left side of a U?
        if let Some((loss, rank)) = ranks(&columns[1].1).into_iter().min_by(|a, b| a.0.total_cmp(&b.0)) {
            facts.extend([
                Fact::new("leastForgetting", loss),
                Fact::new("leastForgettingRank", f64::from(rank)),
            ]);
        }
        facts
    }

    fn panel(&self, name: &str, title: &str, y: &str, of: impl Fn(&Ended) -> f64) -> Panel {
        let known: Vec<(f64, (f64, f64))> = RANKS
            .iter()
            .filter_map(|r| Some((f64::from(*r), self.over_seeds(Some(*r), &of)?)))
            .collect();
        let full = self.over_seeds(None, &of);
        let several = self.dials.seeds > 1;
        let most = known
            .iter()
            .map(|(_, v)| *v)
            .chain(full)
            .map(|(mean, deviation)| mean + deviation)
            .fold(1.0, f64::max);
        let alpha = if self.dials.alpha == Alpha::Twice {
            "α = 2r"
        } else {
            "α = 8"
        };
        let value = |(mean, deviation): (f64, f64)| match several {
            true => format!("{} ± {}", fixed(mean, 2), fixed(deviation, 2)),
            false => fixed(mean, 2),
        };
        let said = known
            .iter()
            .map(|(r, v)| format!("{} at r = {r}", value(*v)))
            .collect::<Vec<_>>()
            .join(", ");
        Panel {
            name: name.into(),
            title: title.into(),
            alt: format!(
                "{title}: {}.",
                if said.is_empty() { "nothing yet".into() } else { said }
            ),
            body: Body::Curves(Curves {
                x: Range::new("rank r", 1.0, f64::from(RANKS[RANKS.len() - 1])).log(),
                y: Range::new(y, 0.0, 1.1 * most),
                lines: vec![Line {
                    label: format!("LoRA, {alpha}"),
                    token: "lora-4".into(),
                    dashed: false,
                    dots: true,
                    points: known.iter().map(|(r, v)| [*r, v.0]).collect(),
                    deviation: if several {
                        known.iter().map(|(_, v)| v.1).collect()
                    } else {
                        vec![]
                    },
                }],
                levels: full
                    .map(|v| Level {
                        label: format!("Full: {}", value(v)),
                        at: v.0,
                    })
                    .into_iter()
                    .collect(),
                cursor: None,
                strips: vec![],
            }),
        }
    }
}
