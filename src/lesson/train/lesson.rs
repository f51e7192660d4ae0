//! The training as a lesson: one pair of fine-tunes, or a sweep over the ranks.

use super::File;
use super::dials::TrainDials;
use super::sweep::Sweep;
use super::training::Training;
use crate::lesson::{Scene, read};

pub struct Lesson {
    dials: TrainDials,
    work: Work,
}

enum Work {
    Pair(Box<Training>),
    Sweep(Box<Sweep>),
}

impl Lesson {
    pub fn new(dials: &TrainDials) -> Lesson {
        let dials = dials.sane();
        let work = if dials.sweep {
            Work::Sweep(Box::new(Sweep::new(&dials)))
        } else {
            Work::Pair(Box::new(Training::new(&dials)))
        };
        Lesson { dials, work }
    }
}

impl crate::lesson::Lesson for Lesson {
    fn turn(&mut self, dials: &str) {
        let dials = read::<TrainDials>(dials).sane();
        if !dials.trains_like(&self.dials) {
            match &mut self.work {
                Work::Pair(training) if !dials.sweep => training.restart(&dials),
                _ => *self = Lesson::new(&dials),
            }
        } else {
            match &mut self.work {
                Work::Pair(training) => training.dials = dials.clone(),
                Work::Sweep(sweep) => sweep.look_by(&dials),
            }
        }
        self.dials = dials;
    }

    fn advance(&mut self) -> bool {
        match &mut self.work {
            Work::Pair(training) => training.advance(),
            Work::Sweep(sweep) => sweep.advance(),
        }
    }

    fn done(&self) -> f64 {
        match &self.work {
            Work::Pair(training) => training.done(),
            Work::Sweep(sweep) => sweep.done(),
        }
    }

    fn scene(&self) -> Scene {
        match &self.work {
            Work::Pair(training) => training.scene(),
            Work::Sweep(sweep) => sweep.scene(),
        }
    }

    fn files(&self) -> Result<Vec<File>, String> {
        match &self.work {
            Work::Pair(training) => training.files(),
            Work::Sweep(_) => Err("A sweep keeps no weights: train one rank.".into()),
        }
    }
}
