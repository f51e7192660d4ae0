//! The comparison of several models in words: which has fewer new directions, which the larger, at what size of the change, how near the threshold,
//! what less of the change would do, and what no weight tells. It ranks nobody: fewer is a count, not a verdict.

use super::findings::said_of;
use super::margins;
use super::seen::Seen;
use crate::metrics::frobenius;
use crate::metrics::intruder_energy::INTRUDER_ENERGY;
use crate::print::{count, fixed, middle, ratio, rounded_down, short};
use crate::report::{Kind, Model, Report, Settings};
use crate::series::{labels, last_of_runs};
use crate::summary::apply::mean;

/// What stands at the end of every comparison.
const LIMITS: &str = "Weights do not say what was learned or forgotten, nor what less of a change costs; whether new directions cause forgetting is \
                      disputed: arXiv:2410.21228v3 holds that they do, arXiv:2607.23711 finds it in layers past a threshold, and an unpublished \
                      replication on Llama-2-7B (August 2026) finds nothing gained by taking them away at equal norm.";

/// So many models have their numbers said one by one; of more those at the ends.
const EACH: usize = 2;

/// One model, or one checkpoint of a run.
struct Side {
    name: String,
    /// Certain intruders, and those that are undecided.
    certain: u32,
    open: u32,
    possible: u32,
    /// The intruders' share of ||W||², mean over the matrices where it is known.
    energy: Option<f64>,
    /// ||dW|| / ||W0|| over all matrices; none where some norm is not known.
    size: Option<f64>,
    /// The largest sigma_1(dW) / theta*.
    margin: Option<f64>,
    /// Alpha, where the change is proportional to it.
    alpha: Option<f64>,
}

/// A few sentences over the models with numbers, a run's last checkpoints among them; over the first and the last checkpoint where there is
/// one run and nothing else. None of a single model.
pub fn comparison(report: &Report, settings: &Settings) -> Option<String> {
    let names = labels(&report.models);
    let all = |places: &[usize]| -> Vec<Side> {
        let of = |at: &usize| Side::of(report.models.get(*at)?, names.get(*at)?, settings);
        places.iter().filter_map(of).collect()
    };
    let places = last_of_runs(&report.models);
    let sides = match places[..] {
        [only] => all(&ends_of_run(&report.models, only)?),
        _ => all(&places),
    };
    if sides.len() < 2 {
        return None;
    }
    let energies = energies(&sides).map_or(String::new(), |words| format!("; {words}"));
    let counts = format!("{}{energies}.", counts(&sides));
    let said = [Some(counts), margin(&sides), Some(LIMITS.to_owned())];
    Some(said.into_iter().flatten().collect::<Vec<_>>().join(" "))
}

/// The first and the last checkpoint of a run; none where it has one.
fn ends_of_run(models: &[Model], last: usize) -> Option<[usize; 2]> {
    let run = &models.get(last)?.run.as_ref()?.run;
    let step = |m: &Model| m.run.as_ref().filter(|own| own.run == *run).map(|own| own.step);
    let all = models.iter().enumerate().filter_map(|(at, m)| Some((step(m)?, at)));
    let (_, first) = all.min()?;
    (first != last).then_some([first, last])
}

impl Side {
    /// None where none of its vectors is looked at.
    fn of(model: &Model, name: &str, settings: &Settings) -> Option<Side> {
        let seen = Seen::of(model, settings);
        if seen.possible == 0 {
            return None;
        }
        let shares = model.matrices.iter().map(|m| INTRUDER_ENERGY.read(m, settings).value());
        let shares: Vec<f64> = shares.flatten().collect();
        Some(Side {
            name: said_of(&middle(name, 40)),
            certain: seen.below[0],
            open: seen.undecided,
            // A side that was not computed is undecided and not looked at.
            possible: seen.possible.max(seen.below[0].saturating_add(seen.undecided)),
            energy: mean(&shares),
            size: frobenius::of_all(&model.matrices),
            margin: model
                .matrices
                .iter()
                .filter_map(|m| margins::known(m, settings))
                .max_by(f64::total_cmp),
            alpha: model.alpha.filter(|alpha| model.kind == Kind::Lora && *alpha > 0.0),
        })
    }

    fn most(&self) -> u32 {
        self.certain.saturating_add(self.open)
    }

    /// "13 of 240", "13 to 15 of 240".
    fn many(&self) -> String {
        let n = |n: u32| count(n.into());
        match (self.certain, self.most()) {
            (0, 0) => format!("none of {}", n(self.possible)),
            (low, high) if low == high => format!("{} of {}", n(low), n(self.possible)),
            (low, high) => format!("{} to {} of {}", n(low), n(high), n(self.possible)),
        }
    }

    /// "13 of 240 at ‖ΔW‖ / ‖W₀‖ = 0.31".
    fn at_size(&self) -> String {
        match self.size {
            Some(size) => format!("{} at ‖ΔW‖ / ‖W₀‖ = {}", self.many(), ratio(size)),
            None => self.many(),
        }
    }
}

/// "New directions among the vectors looked at: 13 of 240 at ‖ΔW‖ / ‖W₀‖ = 0.31 in LoRA r = 8, none of 240 at 0.02 in full fine-tuning."
fn counts(sides: &[Side]) -> String {
    let mut sorted: Vec<&Side> = sides.iter().collect();
    sorted.sort_by_key(|s| (s.certain, s.most()));
    let (Some(few), Some(many)) = (sorted.first(), sorted.last()) else {
        return String::new();
    };
    let told = |s: &Side| format!("{} has {}", s.name, s.at_size());
    if sides.len() <= EACH {
        // In the order of the page, which is that of a run's steps.
        let each: Vec<String> = sides.iter().map(told).collect();
        let verdict = if few.most() < many.certain {
            format!("{} has fewer new directions", few.name)
        } else if few.most() == many.most() && few.certain == many.certain && few.open == 0 {
            "Both have as many new directions".to_owned()
        } else {
            "Which has fewer new directions is not decided".to_owned()
        };
        return format!("{verdict}: {}", each.join(", "));
    }
    let all = count(sides.len() as u64);
    if sides
        .iter()
        .all(|s| (s.certain, s.open, s.possible) == (few.certain, 0, few.possible))
    {
        return match few.certain {
            0 => format!(
                "None of the {all} models has a new direction among its {} strongest vectors",
                count(few.possible.into())
            ),
            _ => format!("Each of the {all} models has {} new directions", few.many()),
        };
    }
    // Those that may have as few as the fewest, and as many as the most.
    let fewest = sides.iter().map(Side::most).min().unwrap_or(0);
    let most = sides.iter().map(|s| s.certain).max().unwrap_or(0);
    let end = |word: &str, at_end: Vec<&Side>| match at_end[..] {
        [one] => format!("{} has the {word} new directions, {}", one.name, one.at_size()),
        [one, ..]
            if at_end
                .iter()
                .all(|s| (s.certain, s.open, s.possible) == (one.certain, 0, one.possible)) =>
        {
            format!(
                "{} have the {word} new directions, {} each",
                count(at_end.len() as u64),
                one.many()
            )
        }
        _ => format!(
            "which has the {word} is not decided among {}",
            count(at_end.len() as u64)
        ),
    };
    let few = end("fewest", sides.iter().filter(|s| s.certain <= fewest).collect());
    let many = end("most", sides.iter().filter(|s| s.most() >= most).collect());
    format!("Of {all} models {few}; {many}")
}

/// "their share of ‖W‖² is the largest in LoRA r = 8, 7.1 % against 0.4 % (means over matrices)": a count says nothing of size.
fn energies(sides: &[Side]) -> Option<String> {
    let known: Vec<(&Side, f64)> = sides
        .iter()
        .filter_map(|s| Some((s, s.energy.filter(|e| *e > 0.0)?)))
        .collect();
    let (largest, energy) = known.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let print = |x: f64| INTRUDER_ENERGY.print(Some(x).into());
    let printed = print(*energy);
    // The others may hold as much, or it is not known of them.
    if sides.iter().any(|s| s.certain > 0 && s.energy.is_none()) {
        return None;
    }
    if known.len() > 1 && known.iter().all(|(_, e)| print(*e) == printed) {
        return Some(format!(
            "their share of ‖W‖² is {printed} wherever there are any (mean over matrices)"
        ));
    }
    let next = known
        .iter()
        .filter(|(s, _)| s.name != largest.name)
        .map(|(_, e)| *e)
        .max_by(f64::total_cmp);
    let others = next.map_or(String::new(), |next| match known.len() {
        2 => format!(" against {}", print(next)),
        _ => format!(", {} or less in the others", print(next)),
    });
    Some(format!(
        "their share of ‖W‖² is the largest in {}, {printed}{others} (means over matrices)",
        largest.name
    ))
}

/// "The largest margin to the threshold of a generic new direction (a yardstick) is 3.40 in LoRA r = 8 and 0.41 in LoRA r = 64; α = 4.6 instead of
/// 16 keeps LoRA r = 8 below it everywhere."
fn margin(sides: &[Side]) -> Option<String> {
    let mut known: Vec<(&Side, f64)> = sides.iter().filter_map(|s| Some((s, s.margin?))).collect();
    known.sort_by(|a, b| b.1.total_cmp(&a.1));
    let ((strong, most), (weak, least)) = (known.first().copied()?, known.last().copied()?);
    let [high, low] = [most, least].map(|x| fixed(x, 2));
    let reach = match known.len() {
        1 => format!("is {high} in {}", strong.name),
        2 if high == low => format!("is {high} in both"),
        n if high == low => format!("is {high} in all {}", count(n as u64)),
        2 => format!("is {high} in {} and {low} in {}", strong.name, weak.name),
        _ => format!("runs from {low} in {} to {high} in {}", weak.name, strong.name),
    };
    let less = if most < 1.0 {
        "below 1 no generic direction is new".to_owned()
    } else {
        let factor = 1.0 / most;
        let dial = strong.alpha.map_or(format!("ΔW × {}", rounded_down(factor)), |alpha| {
            format!("α = {} instead of {}", rounded_down(alpha * factor), short(alpha))
        });
        format!("{dial} keeps {} below it everywhere", strong.name)
    };
    let unknown = match sides.len() - known.len() {
        0 => String::new(),
        1 => "; 1 model needs exact mode for it".to_owned(),
        n => format!("; {} models need exact mode for it", count(n as u64)),
    };
    Some(format!(
        "The largest margin to the threshold of a generic new direction (a yardstick) {reach}; {less}{unknown}."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Delta, Match, Matrix, Mode, RunStep};
    use crate::summary::tests::{matrix, report};

    /// A model of one matrix of 20 vectors, `new` of them new and `open` of them undecided, whose change is this long.
    fn model(name: &str, new: usize, open: usize, size: f32) -> Model {
        let n = 20;
        let low = |j: usize| if j < new + open { 0.1 } else { 0.9 };
        let high = |j: usize| if j < new { 0.2 } else { 0.95 };
        let left = Match {
            max_cos: (0..n).map(low).collect(),
            max_cos_upper: (open > 0).then(|| (0..n).map(high).collect()),
            argmax: vec![0; n],
            ..Match::default()
        };
        let sigma: Vec<f32> = (0..n).map(|j| 1.0 - 0.04 * j as f32).collect();
        let m = Matrix {
            sigma_base: sigma.clone(),
            sigma_tuned: sigma,
            mode: Some(Mode::Exact),
            delta: Some(Delta {
                frobenius: size.into(),
                stable_rank: 1.0,
                sigma: vec![size],
                ..Delta::default()
            }),
            ..matrix("w", n as u32, left, Match::default())
        };
        let mut model = report(vec![m]).models.remove(0);
        (model.label, model.kind, model.rank, model.alpha) = (name.into(), Kind::Lora, Some(8), Some(16.0));
        model
    }

    fn said(models: Vec<Model>) -> String {
        let mut whole = report(vec![]);
        whole.models = models;
        comparison(&whole, &Settings::default()).unwrap_or_default()
    }

    #[track_caller]
    fn begins(models: Vec<Model>, words: &str) {
        let said = said(models);
        assert!(said.starts_with(words), "{said}");
        assert!(said.is_empty() || said.ends_with(LIMITS));
        for word in ["better", "worse", "best model", "safer", "harm"] {
            assert!(!said.to_lowercase().contains(word), "{word}: {said}");
        }
    }

    #[test]
    fn two_models_are_told_one_by_one() {
        begins(
            vec![model("ana", 3, 0, 0.5), model("ben", 0, 0, 0.01)],
            "ben has fewer new directions: ana has 3 of 10 at ‖ΔW‖ / ‖W₀‖ = 0.17, ben has none of 10 at ‖ΔW‖ / ‖W₀‖ = 0.003; \
             their share of ‖W‖² is the largest in ana, 32 % (means over matrices). \
             The largest margin to the threshold of a generic new direction (a yardstick) is 1.03 in ana and 0.02 in ben; α = 15 instead of 16 keeps \
             ana below it everywhere. Weights do not say",
        );
        begins(
            vec![model("ana", 1, 0, 0.5), model("ben", 1, 0, 0.5)],
            "Both have as many new directions: ana has 1 of 10 at",
        );
        begins(
            vec![model("ana", 1, 4, 0.5), model("ben", 3, 0, 0.5)],
            "Which has fewer new directions is not decided: ana has 1 to 5 of 10 at",
        );
    }

    #[test]
    fn many_are_told_by_their_ends() {
        let many = |n: usize| {
            (0..n)
                .map(|i| model(&format!("run-{i}"), i, 0, 0.1 * (i + 1) as f32))
                .collect::<Vec<_>>()
        };
        begins(
            many(8),
            "Of 8 models run-0 has the fewest new directions, none of 10 at ‖ΔW‖ / ‖W₀‖ = 0.034; run-7 has the most new directions, 7 of 10 at \
             ‖ΔW‖ / ‖W₀‖ = 0.27; their share of ‖W‖² is the largest in run-7, 62 %, 56 % or less in the others (means over matrices).",
        );
        let sixteen: Vec<Model> = (0..16).map(|i| model(&format!("run-{i}"), i % 3, 0, 0.1)).collect();
        begins(
            sixteen.clone(),
            "Of 16 models 6 have the fewest new directions, none of 10 each; 5 have the most new directions, 2 of 10 each; ",
        );
        assert!(said(sixteen).len() < 1100, "never a list of all");
        begins(
            vec![model("a", 0, 0, 0.1); 3],
            "None of the 3 models has a new direction among its 10 strongest vectors. ",
        );
        begins(
            vec![model("a", 2, 0, 0.1); 3],
            "Each of the 3 models has 2 of 10 new directions; ",
        );
        begins(
            vec![model("a", 0, 2, 0.1), model("b", 1, 0, 0.1), model("c", 4, 0, 0.1)],
            "Of 3 models which has the fewest is not decided among 2; c has the most new directions, 4 of 10 at",
        );
    }

    #[test]
    fn one_model_is_compared_with_nothing_and_a_run_with_its_beginning() {
        assert_eq!(said(vec![]), "");
        assert_eq!(said(vec![model("ana", 3, 0, 0.5)]), "");
        let step = |step: u64, new: usize| {
            let mut model = model("", new, 0, 0.1 * step as f32);
            model.run = Some(RunStep {
                run: "trained".into(),
                step,
            });
            model
        };
        begins(
            vec![step(2, 1), step(1, 0), step(3, 4)],
            "trained, step 1 has fewer new directions: trained, step 1 has none of 10 at",
        );
        assert_eq!(said(vec![step(1, 1)]), "");
        // A run beside a model is one model.
        begins(
            vec![step(1, 1), step(2, 5), model("ana", 2, 0, 0.1)],
            "ana has fewer new directions: trained, step 2 has 5",
        );
    }

    #[test]
    fn what_certified_mode_does_not_know_is_left_out_and_said() {
        let certified = |name: &str, new: usize| {
            let mut model = model(name, new, 0, 0.5);
            model.matrices[0].mode = Some(Mode::Certified);
            model.matrices[0].sigma_base.truncate(12);
            model.matrices[0].sigma_tuned.truncate(12);
            model
        };
        let both = vec![certified("ana", 3), certified("ben", 1)];
        assert_eq!(
            said(both),
            format!("ben has fewer new directions: ana has 3 of 10, ben has 1 of 10. {LIMITS}")
        );
        let mixed = said(vec![certified("ana", 3), model("ben", 1, 0, 0.5)]);
        assert!(mixed.contains("; 1 model needs exact mode for it."), "{mixed}");
    }

    #[test]
    fn alpha_is_said_where_the_change_is_proportional_to_it() {
        let all = said(vec![model("ana", 3, 0, 5.0), model("ben", 0, 0, 0.01)]);
        assert!(
            all.contains("; α = ") && all.contains(" instead of 16 keeps ana below it everywhere"),
            "{all}"
        );
        let mut dora = model("ana", 3, 0, 5.0);
        dora.kind = Kind::Dora;
        let all = said(vec![dora, model("ben", 0, 0, 0.01)]);
        assert!(all.contains("; ΔW × 0."), "{all}");
    }
}
