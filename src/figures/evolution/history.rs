//! The history of one matrix over a run: its checkpoints in order, with its vectors at each.

use crate::figures::Request;
use crate::figures::data::best::{Best, BestOne};
use crate::metrics::tracks::{Links, Track, assign, links, trace};
use crate::report::{Match, Matrix, Model, Report, Settings, Status};

/// One checkpoint.
pub(super) struct Point<'a> {
    pub model: usize,
    pub step: u64,
    matrix: &'a Matrix,
    best: Option<Best<'a>>,
}

/// One vector at one checkpoint.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spot {
    pub sigma: Option<f64>,
    /// From 0.
    pub rank: usize,
    pub best: Option<BestOne>,
}

pub(super) struct History<'a> {
    pub name: &'a str,
    /// The checkpoints by step. Time t is `points[t - 1]`; time 0 is the base.
    pub points: Vec<Point<'a>>,
    /// The last step of the run, whether or not this matrix is done there.
    pub last_step: u64,
    /// False where the report holds no overlaps between checkpoints.
    pub traced: bool,
    /// The links from time t to t - 1.
    links: Vec<Links>,
    /// Vectors looked at.
    pub top: usize,
}

impl<'a> History<'a> {
    /// None where the report holds no run, or no such matrix in it.
    pub fn of(report: &'a Report, request: &Request, most: u32) -> Option<History<'a>> {
        let run = chosen_run(report, request)?;
        let in_run = |m: &&Model| m.run.as_ref().is_some_and(|r| r.run == run);
        let mut models: Vec<(u64, usize)> = (0..)
            .zip(&report.models)
            .filter(|(_, m)| in_run(m))
            .map(|(n, m)| (step(m), n))
            .collect();
        models.sort_unstable();
        let last_step = models.last()?.0.min(1 << 53);
        let name = match &request.matrix {
            Some(name) => report
                .models
                .iter()
                .filter(in_run)
                .flat_map(|m| &m.matrices)
                .find(|m| m.name == *name)?
                .name
                .as_str(),
            None => {
                let all = || {
                    models
                        .iter()
                        .rev()
                        .flat_map(|(_, n)| &report.models[*n].matrices)
                        .filter(|m| usable(m))
                };
                all()
                    .find(|m| m.follows.is_some())
                    .or_else(|| all().next())?
                    .name
                    .as_str()
            }
        };
        let found = models.iter().filter_map(|(step, model)| {
            let matrix = report.models[*model]
                .matrices
                .iter()
                .find(|m| m.name == name && usable(m))?;
            Some(Point {
                model: *model,
                step: (*step).min(1 << 53),
                matrix,
                best: Best::of(matrix, (&request.settings).into()),
            })
        });
        let points: Vec<Point> = found.collect();
        let traced = points.len() < 2 || points.iter().skip(1).any(|p| p.matrix.follows.is_some());
        let back = |t: usize| match t.checked_sub(2).map(|before| &points[before]) {
            // Nothing lies between the base and an unchanged checkpoint.
            Some(before) if before.matrix.status != Status::Unchanged => {
                points[t - 1].matrix.follows.as_ref().map(links).unwrap_or_default()
            }
            _ => from_base(points[t - 1].matrix),
        };
        let links = std::iter::once(Links::new())
            .chain((1..=points.len()).map(|t| if traced { back(t) } else { Links::new() }))
            .collect();
        let top = request.settings.k.min(most) as usize;
        Some(History {
            name,
            points,
            last_step,
            traced,
            links,
            top,
        })
    }

    /// The last time at or before a step; 0 where that is before the first checkpoint.
    pub fn upto(&self, until: Option<u64>) -> usize {
        until.map_or(self.points.len(), |until| {
            self.points.partition_point(|p| p.step <= until)
        })
    }

    pub fn step(&self, t: usize) -> u64 {
        t.checked_sub(1).and_then(|n| self.points.get(n)).map_or(0, |p| p.step)
    }

    /// The vector of a rank at a time; None where nothing is known of it.
    pub fn spot(&self, t: usize, rank: usize) -> Option<Spot> {
        let number = |sigma: &[f32]| sigma.get(rank).map(|s| f64::from(*s)).filter(|s| s.is_finite());
        let Some(point) = t.checked_sub(1).map(|n| self.points.get(n)) else {
            let itself = BestOne {
                cos: 1.0,
                upper: None,
                i: Some(rank as u32),
            };
            return Some(Spot {
                sigma: number(&self.points.first()?.matrix.sigma_base),
                rank,
                best: Some(itself),
            });
        };
        let matrix = point?.matrix;
        let unchanged = matrix.status == Status::Unchanged && matrix.sigma_tuned.is_empty();
        let sigma = number(if unchanged {
            &matrix.sigma_base
        } else {
            &matrix.sigma_tuned
        });
        let best = point?.best.and_then(|b| b.at(rank));
        (sigma.is_some() || best.is_some()).then_some(Spot { sigma, rank, best })
    }

    /// The strongest vectors of a time, followed back. Untraced: each checkpoint's vector for itself.
    pub fn tracks(&self, end: usize) -> Vec<Track> {
        let known = |t: usize| (0..self.top).take_while(move |j| self.spot(t, *j).is_some()).count();
        match (self.traced, end) {
            (_, 0) => Vec::new(),
            (true, _) => trace(&self.links, end, known(end)),
            (false, _) => (1..=end)
                .flat_map(|t| {
                    (0..known(t)).map(move |j| Track {
                        first: t,
                        ranks: vec![j],
                    })
                })
                .collect(),
        }
    }

    pub fn is_intruder(&self, t: usize, rank: usize, settings: &Settings) -> bool {
        let below = |spot: Spot| spot.best.is_some_and(|b| b.below(settings.epsilon));
        t > 0 && rank < settings.k as usize && self.spot(t, rank).is_some_and(below)
    }

    /// The deepest rank, from 1, that any vector of any checkpoint's window came from.
    pub fn deepest(&self) -> usize {
        let mut before: Vec<usize> = Vec::new();
        let mut deepest = 1;
        for t in 1..=self.points.len() {
            let links = &self.links[t];
            let reach = |j: usize| match links.get(j).copied().flatten() {
                Some(i) => (i + 1).max(before.get(i).copied().unwrap_or(0)).max(j + 1),
                None => j + 1,
            };
            let length = links.len().max(self.top);
            before = (0..length).map(reach).collect();
            let known = (0..self.top).take_while(|j| self.spot(t, *j).is_some());
            deepest = known.map(|j| before[j]).fold(deepest, usize::max);
        }
        deepest
    }

    /// The most intruders that any checkpoint has.
    pub fn crowd(&self, settings: &Settings) -> usize {
        (1..=self.points.len())
            .map(|t| (0..self.top).filter(|j| self.is_intruder(t, *j, settings)).count())
            .max()
            .unwrap_or(0)
    }

    /// The largest singular value of the run.
    pub fn largest(&self) -> f64 {
        let first = |t: usize| self.spot(t, 0).and_then(|s| s.sigma).unwrap_or(0.0);
        (0..=self.points.len())
            .map(first)
            .fold(0.0, f64::max)
            .clamp(f64::MIN_POSITIVE, 1e15)
    }
}

fn step(model: &Model) -> u64 {
    model.run.as_ref().map_or(0, |r| r.step)
}

fn usable(matrix: &Matrix) -> bool {
    matches!(matrix.status, Status::Analyzed | Status::Unchanged)
}

/// The run of the model asked for, else the first with several checkpoints, else the first.
fn chosen_run<'a>(report: &'a Report, request: &Request) -> Option<&'a str> {
    let runs = || {
        report
            .models
            .iter()
            .filter_map(|m| m.run.as_ref())
            .map(|r| r.run.as_str())
    };
    if let Some(model) = request.model.and_then(|n| report.models.get(n as usize)) {
        return model.run.as_ref().map(|r| r.run.as_str());
    }
    runs()
        .find(|run| runs().filter(|other| other == run).count() > 1)
        .or_else(|| runs().next())
}

/// The base vector that each vector of the first checkpoint comes from: its best match, where that is close enough.
fn from_base(matrix: &Matrix) -> Links {
    match (matrix.status, &matrix.left) {
        (Status::Unchanged, _) => (0..matrix.sigma_base.len()).map(Some).collect(),
        (_, Some(Match { max_cos, argmax, .. })) => assign(
            max_cos
                .iter()
                .zip(argmax)
                .enumerate()
                .map(|(j, (cos, i))| (f64::from(*cos), *i as usize, j)),
        ),
        _ => Links::new(),
    }
}
