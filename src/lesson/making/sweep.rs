//! The sweep over the dial, some places at a time: coarse steps first, so that the whole course is seen before it is fine.

use super::super::Fact;
use super::{Making, MakingDials, space};
use crate::metrics::intruder;
use crate::report::{self, CORNER};
use rayon::prelude::*;

/// Equal steps; the middle and the quarters are places.
const STEPS: usize = 128;

pub struct Sweep {
    most: f64,
    /// By place, 0 to [`STEPS`].
    found: Vec<Option<Found>>,
}

/// The numbers of one place: the leading vectors' best matches and their cosines with the space of tied vectors, whatever k and epsilon
/// will be asked for.
#[derive(Clone, PartialEq)]
pub struct Found {
    pub best: Vec<f32>,
    pub space: Vec<f32>,
    /// The j from 0 of the vector that resembles the planted one most.
    pub planted: Option<usize>,
}

impl Found {
    pub fn of(matrix: &report::Matrix, planted: &[f32]) -> Found {
        let leading = |of: &[f32]| of[..of.len().min(CORNER)].to_vec();
        let (best, space) = matrix
            .left
            .as_ref()
            .map(|left| (leading(&left.max_cos), leading(space(left))))
            .unwrap_or_default();
        Found {
            best,
            space,
            planted: planted
                .iter()
                .enumerate()
                .max_by(|a, b| a.1.total_cmp(b.1))
                .map(|(j, _)| j),
        }
    }

    pub fn count(&self, dials: &MakingDials) -> u32 {
        intruder::count(self.best.iter().copied(), dials.k, dials.epsilon)
    }
}

impl Sweep {
    pub fn new(most: f64) -> Sweep {
        Sweep {
            most,
            found: vec![None; STEPS + 1],
        }
    }

    fn at(&self, place: usize) -> f64 {
        self.most * place as f64 / STEPS as f64
    }

    /// The next places that are not known yet.
    pub fn find(&self, count: usize, see: impl Fn(f64) -> Found + Sync) -> Vec<(usize, Found)> {
        let coarse_first = [16, 8, 4, 2, 1]
            .into_iter()
            .flat_map(|stride| (0..=STEPS).step_by(stride));
        let mut next: Vec<usize> = Vec::new();
        for place in coarse_first {
            if next.len() < count && self.found[place].is_none() && !next.contains(&place) {
                next.push(place);
            }
        }
        next.into_par_iter().map(|place| (place, see(self.at(place)))).collect()
    }

    /// Takes them; the answer is the part that is known.
    pub fn take(&mut self, found: Vec<(usize, Found)>) -> f64 {
        for (place, found) in found {
            self.found[place] = Some(found);
        }
        self.found.iter().flatten().count() as f64 / self.found.len() as f64
    }

    /// The known places by ascending dial.
    pub fn known(&self) -> impl Iterator<Item = (f64, &Found)> {
        self.found
            .iter()
            .enumerate()
            .filter_map(|(place, found)| Some((self.at(place), found.as_ref()?)))
    }

    /// The facts of the sweep: what holds where lambda is sigma_1, and where the count changes, said only once every place is known.
    pub fn facts(&self, dials: &MakingDials) -> Vec<Fact> {
        let middle = self.found[STEPS / 2]
            .as_ref()
            .filter(|_| dials.making == Making::Planted);
        let mut facts = Vec::new();
        if let Some(found) = middle {
            facts.push(Fact::new("countAtOne", f64::from(found.count(dials))));
            facts.extend(
                ["firstAtOne", "secondAtOne"]
                    .iter()
                    .zip(&found.best)
                    .map(|(name, cos)| Fact::new(name, f64::from(*cos))),
            );
        }
        if self.found.iter().any(Option::is_none) {
            return facts;
        }
        let counts: Vec<(f64, u32)> = self.known().map(|(at, found)| (at, found.count(dials))).collect();
        let first = counts.iter().position(|(_, count)| *count > 0);
        facts.extend(first.map(|first| Fact::new("firstIntruder", counts[first].0)));
        if dials.making == Making::Planted {
            let overtakes = self.known().find(|(_, found)| found.planted == Some(0));
            facts.extend(overtakes.map(|(at, _)| Fact::new("crossing", at)));
            // The last dip: from the first place with fewer intruders on, until there are as many again.
            let dip = (1..counts.len()).rev().find(|i| counts[*i].1 < counts[*i - 1].1);
            if let Some(dip) = dip {
                let again = counts[dip..].iter().find(|(_, count)| *count >= counts[dip - 1].1);
                facts.push(Fact::new("dipFrom", counts[dip].0));
                facts.extend(again.map(|(at, _)| Fact::new("dipTo", *at)));
            }
        }
        facts
    }
}
