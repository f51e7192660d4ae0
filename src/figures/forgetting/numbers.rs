//! The numbers of a model that its forgetting is held against.

use crate::metrics::intruder::INTRUDERS;
use crate::metrics::intruder_energy::INTRUDER_ENERGY;
use crate::metrics::{Measured, frobenius};
use crate::print::ratio;
use crate::report::{Model, Settings};

/// One number of a model.
pub struct Number {
    /// As the name of an axis.
    pub name: &'static str,
    pub of: fn(&Model, &Settings) -> Measured,
    pub print: fn(Measured) -> String,
}

pub static NUMBERS: [Number; 3] = [
    Number {
        name: "intruders",
        of: |model, settings| {
            let all = model.matrices.iter().map(|m| INTRUDERS.read(m, settings));
            all.fold(Measured::Nothing, |sum, one| match (sum, one) {
                (Measured::Counted(a, b), Measured::Counted(c, d)) => {
                    Measured::Counted(a.saturating_add(c), b.saturating_add(d))
                }
                (sum, Measured::Nothing) => sum,
                (_, one) => one,
            })
        },
        print: |reading| INTRUDERS.print(reading),
    },
    Number {
        name: "energy of intruders, mean share",
        of: |model, settings| {
            let all = model
                .matrices
                .iter()
                .filter_map(|m| INTRUDER_ENERGY.read(m, settings).value());
            let (sum, n) = all.fold((0.0, 0.0), |(sum, n), share| (sum + share, n + 1.0));
            (n > 0.0).then(|| sum / n).into()
        },
        print: |reading| INTRUDER_ENERGY.print(reading),
    },
    Number {
        name: "size of the change, ‖ΔW‖ / ‖W₀‖",
        of: |model, _| frobenius::of_all(&model.matrices).into(),
        print: |reading| reading.value().map_or("–".into(), ratio),
    },
];
