//! The threshold of a generic direction: planted spikes in noise, the bulk of certified mode against the whole spectrum, and what it foretells of a
//! real experiment.

use crate::common::synthetic::{Case, case_of};
use crate::common::{Visit, fixtures, sample};
use lorascope::analyze::{analyze, foresee};
use lorascope::figures::{self, FigureId, Request, Theme};
use lorascope::metrics::Measured;
use lorascope::metrics::bulk::Bulk;
use lorascope::metrics::intruder::intruders;
use lorascope::metrics::threshold_margin::THRESHOLD_MARGIN;
use lorascope::report::{Kind, Matrix, Mode, Report, Settings, Side, Task};
use lorascope::{export, summary};
use nalgebra::DMatrix;
use std::path::{Path, PathBuf};

fn task(mode: Mode) -> Task {
    Task {
        mode,
        k: 10,
        epsilon: 0.5,
        side: Side::Left,
    }
}

fn settings(k: u32) -> Settings {
    Settings {
        k,
        ..Settings::default()
    }
}

/// Normal numbers of variance `square`.
fn noise(rows: usize, cols: usize, square: f64, seed: u64) -> DMatrix<f64> {
    let mut stream = lorascope::linalg::SplitMix(seed);
    DMatrix::from_fn(rows, cols, |_, _| stream.normals()[0] * square.sqrt())
}

/// Noise, and a spike of each strength.
fn spiked(rows: usize, cols: usize, strengths: &[f64]) -> Case {
    let w0 = noise(rows, cols, 1.0 / rows.max(cols) as f64, 5);
    let unit = |n: usize, seed: u64| noise(n, 1, 1.0, seed).normalize();
    let tuned: Vec<_> = (0u64..)
        .zip(strengths)
        .map(|(i, theta)| (unit(rows, 100 + i) * *theta, Some(unit(cols, 200 + i).transpose())))
        .collect();
    case_of(&w0, &tuned)
}

fn run(case: &Case, mode: Mode) -> Vec<Matrix> {
    let found = analyze(&case.job, &case.bytes, &task(mode), || 0.0);
    found.into_iter().map(|(_, matrix)| matrix).collect()
}

#[test]
fn a_planted_spike_lands_where_the_closed_form_says_and_where_it_is_found() {
    let (rows, cols, strengths) = (600, 900, [1.6, 2.0, 3.0]);
    let c = rows as f64 / cols as f64;
    for mode in [Mode::Exact, Mode::Certified] {
        for (t, matrix) in strengths.into_iter().zip(run(&spiked(rows, cols, &strengths), mode)) {
            let landing = Bulk::of(&matrix, 1).unwrap().landing(t).unwrap();
            let t2 = t * t;
            let closed = [
                ((1.0 + t2) * (c + t2)).sqrt() / t,
                (1.0 - c * (1.0 + t2) / (t2 * (t2 + c))).sqrt(),
                (1.0 - (c + t2) / (t2 * (t2 + 1.0))).sqrt(),
            ];
            for (found, wanted) in [landing.sigma, landing.left, landing.right].into_iter().zip(closed) {
                assert!(
                    (found / wanted - 1.0).abs() < 0.01,
                    "{mode:?} {t}: {landing:?}, not {closed:?}"
                );
            }
            // One draw, and the fluctuations of its size.
            let there = f64::from(matrix.sigma_tuned[0]);
            assert!(
                (landing.sigma / there - 1.0).abs() < 0.02,
                "{mode:?} {t}: {landing:?}, found at {there}"
            );
        }
    }
}

/// How far estimates are from the truth in their own standard errors, and as parts of it.
#[derive(Default)]
struct Off {
    errors: Vec<f64>,
    parts: Vec<f64>,
}

impl Off {
    fn add(&mut self, truth: &Matrix, found: &Matrix) {
        for k in [1, 3, 10, 16] {
            let of = |m: &Matrix| THRESHOLD_MARGIN.read(m, &settings(k));
            let (Measured::Exactly(truth), about) = (of(truth), of(found)) else {
                continue;
            };
            // All values of a small base are known.
            let (value, error) = match about {
                Measured::About(value, error) => (value, error),
                Measured::Exactly(value) => (value, 1e-4),
                other => panic!("{}: {other:?}", found.name),
            };
            self.errors.push((value / truth - 1.0) / error.max(1e-4));
            self.parts.push((value / truth - 1.0).abs());
        }
    }

    /// Five degrees of freedom: a standard error of six probes is itself known to a third.
    fn check(&self, what: &str) {
        let square = self.errors.iter().map(|e| e * e).sum::<f64>() / self.errors.len() as f64;
        let most = self.parts.iter().copied().fold(0.0, f64::max);
        let farthest = self.errors.iter().copied().fold(0.0, |m: f64, e| m.max(e.abs()));
        println!(
            "{what}: {} margins, off by {:.2} errors in the mean, {farthest:.1} and {most:.1e} at most",
            self.errors.len(),
            square.sqrt()
        );
        assert!(
            !self.errors.is_empty() && square.sqrt() < 2.0 && farthest < 8.0 && most < 0.03,
            "{what}"
        );
    }
}

fn both(visit: &mut Visit) -> [Report; 2] {
    visit.plan(&[]);
    [Mode::Exact, Mode::Certified].map(|mode| visit.compute(&task(mode)))
}

#[test]
fn the_bulk_of_certified_mode_gives_the_margins_of_the_whole_spectrum_within_its_error() {
    let layer0 = fixtures().join("minilm-layer0");
    for (root, folders) in [
        (layer0, &["base", "lora_r1", "lora_r8_hot", "full"][..]),
        (sample(), &["all-MiniLM-L6-v2", "lora-r1"][..]),
    ] {
        let mut off = Off::default();
        let [truth, found] = both(&mut Visit::open_folders(&root, folders));
        for (truth, found) in truth.models.iter().zip(&found.models) {
            truth
                .matrices
                .iter()
                .zip(&found.matrices)
                .for_each(|(t, f)| off.add(t, f));
        }
        off.check(folders[0]);
    }
    let mut off = Off::default();
    for (rows, cols) in [(300, 300), (200, 500), (500, 120)] {
        let case = spiked(rows, cols, &[0.7, 2.0]);
        for (truth, found) in run(&case, Mode::Exact).iter().zip(&run(&case, Mode::Certified)) {
            off.add(truth, found);
        }
    }
    off.check("noise");
}

#[test]
fn a_stored_report_keeps_the_bulk_and_one_that_is_damaged_is_refused() {
    let mut visit = Visit::open_folders(&fixtures().join("minilm-layer0"), &["base", "lora_r1"]);
    visit.plan(&[]);
    let report = visit.compute(&task(Mode::Certified));
    let text = export::report(&report, &Settings::default());
    let again = export::read(&text).unwrap();
    let margins = |r: &Report| -> Vec<Measured> {
        let all = r.models.iter().flat_map(|m| &m.matrices);
        all.map(|m| THRESHOLD_MARGIN.read(m, &settings(10))).collect()
    };
    assert_eq!(margins(&again), margins(&report));
    assert!(matches!(margins(&again)[0], Measured::About(..)));
    let first = |r: &Report| r.models[0].matrices[0].clone();
    let bulk = first(&report).bulk.unwrap();
    let numbers: usize = bulk.probes.iter().map(|p| p.sigma.len() + p.count.len()).sum();
    println!("{} leading values, {numbers} numbers", bulk.leading);
    assert!(numbers <= 200, "{numbers}");
    // Without it the report is as one of before.
    let mut older = report.clone();
    older.models[0].matrices[0].bulk = None;
    let older = export::read(&export::report(&older, &Settings::default())).unwrap();
    assert_eq!(margins(&older)[0], Measured::NeedsExact);
    type Damage = fn(&mut lorascope::report::Bulk);
    let damages: [Damage; 8] = [
        |b| b.leading = u32::MAX,
        |b| b.leading += 1,
        |b| b.probes.truncate(1),
        |b| b.probes[0].sigma.truncate(3),
        |b| b.probes[1].count[0] = -1.0,
        |b| b.probes[1].sigma[0] = -1.0,
        |b| b.probes[1].count[0] = f32::MAX,
        |b| b.probes = vec![b.probes[0].clone(); 100],
    ];
    for (n, damage) in damages.into_iter().enumerate() {
        let mut damaged = report.clone();
        damage(damaged.models[0].matrices[0].bulk.as_mut().unwrap());
        assert!(
            export::read(&export::report(&damaged, &Settings::default())).is_err(),
            "{n}"
        );
    }
}

/// The chance that a matrix with an intruder has the larger score than one without.
fn auc(scored: &[(f64, bool)]) -> f64 {
    let side = |is_new: bool| {
        scored
            .iter()
            .filter(move |(_, new)| *new == is_new)
            .map(|(score, _)| *score)
    };
    let wins: f64 = side(true)
        .flat_map(|new| side(false).map(move |old| if new == old { 0.5 } else { f64::from(new > old) }))
        .sum();
    wins / (side(true).count() * side(false).count()) as f64
}

/// Margins of adapters and whether there is an intruder, at k = 10 and epsilon = 0.5.
fn scored(report: &Report) -> Vec<(f64, bool)> {
    let adapters = report.models.iter().filter(|m| m.kind != Kind::Full);
    let of = |m: &Matrix| {
        let margin = THRESHOLD_MARGIN.read(m, &Settings::default()).value()?;
        Some((margin, intruders(m, &Settings::default())? > 0))
    };
    adapters.flat_map(|m| &m.matrices).filter_map(of).collect()
}

fn foretold(root: &Path, base: &str, pairs: usize, least: f64) {
    let models = ["lora_r1", "lora_r8", "lora_r64", "lora_r8_hot", "lora_r8_a8"];
    let folders: Vec<&str> = std::iter::once(base).chain(models).collect();
    for report in both(&mut Visit::open_folders(root, &folders)) {
        let scored = scored(&report);
        let (below, above): (Vec<_>, Vec<_>) = scored.iter().partition(|(margin, _)| *margin < 1.0);
        let new = |side: &[&(f64, bool)]| side.iter().filter(|(_, new)| *new).count();
        println!(
            "AUC {:.3}; {} below with {} intruders, {} above with {}",
            auc(&scored),
            below.len(),
            new(&below),
            above.len(),
            new(&above)
        );
        assert_eq!(scored.len(), pairs);
        assert_eq!(new(&below), 0, "a miss below the threshold");
        assert!(auc(&scored) >= least);
    }
}

#[test]
fn no_intruder_is_below_the_threshold_in_layer_0() {
    foretold(&fixtures().join("minilm-layer0"), "base", 30, 0.9);
}

/// 180 pairs, 27 of them with intruders: set LORASCOPE_FIXTURES to the folder that holds `minilm/`.
#[test]
fn the_whole_experiment_is_foretold_where_it_is_at_hand() {
    match std::env::var_os("LORASCOPE_FIXTURES") {
        Some(folder) => foretold(&PathBuf::from(folder).join("minilm"), "base", 180, 0.9735),
        None => println!("skipped: LORASCOPE_FIXTURES is not set"),
    }
}

#[test]
fn what_is_foreseen_is_what_the_run_finds() {
    let layer0 = fixtures().join("minilm-layer0");
    let mut visit = Visit::open_folders(&layer0, &["base", "lora_r1", "lora_r8", "full"]);
    visit.plan(&[]);
    // A certified run looks for more vectors of the base where a verdict is open; the strength of a whole change is an estimate.
    for (mode, most) in [(Mode::Exact, 1e-4), (Mode::Certified, 1e-3)] {
        let report = visit.compute(&task(mode));
        let (mut known, mut farthest) = (0, 0.0f64);
        for (i, job) in visit.session.jobs().iter().enumerate() {
            let bytes = visit.bytes(&visit.session.ranges(i as u32));
            for found in foresee(job, &bytes, &task(mode)) {
                let matrices = &report.models[found.model as usize].matrices;
                let matrix = matrices.iter().find(|m| m.name == job.base.name).unwrap();
                let truth = THRESHOLD_MARGIN.read(matrix, &Settings::default()).value();
                let (truth, margin) = (truth.unwrap(), found.margin.unwrap());
                farthest = farthest.max((margin / truth - 1.0).abs());
                known += 1;
            }
        }
        println!("{mode:?}: {known} margins, off by {farthest:.1e} at most");
        assert!(known == 18 && farthest < most, "{mode:?}: {farthest}");
    }
}

/// The files of one adapter over its base, with an `alpha_pattern` of ours in its configuration.
fn with_pattern(root: &Path, folders: [&str; 2], pattern: &serde_json::Value) -> Report {
    let mut visit = Visit::open_folders(root, &folders[..1]);
    let config = root.join(folders[1]).join("adapter_config.json");
    let mut own: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(config).unwrap()).unwrap();
    own["alpha_pattern"] = pattern.clone();
    let file = std::env::temp_dir().join(format!("lorascope-{}-{}.json", std::process::id(), folders[1]));
    std::fs::write(&file, own.to_string()).unwrap();
    visit.add_as(&file, &format!("{}/adapter_config.json", folders[1]));
    visit.add(root, &format!("{}/adapter_model.safetensors", folders[1]));
    visit.plan(&[]);
    let report = visit.compute(&task(Mode::Exact));
    std::fs::remove_file(file).unwrap();
    report
}

#[test]
fn an_alpha_pattern_read_back_keeps_every_module_at_the_margin() {
    let zoo = fixtures().join("zoo");
    let cases = [
        (fixtures().join("minilm-layer0"), "lora_r1"),
        (fixtures().join("minilm-layer0"), "lora_r8_hot"),
        (zoo.join("roberta_rslora"), "adapter"),
        (zoo.join("roberta_patterns"), "adapter"),
        (zoo.join("llama_lora"), "adapter"),
    ];
    for (root, adapter) in cases {
        let mut visit = Visit::open_folders(&root, &["base", adapter]);
        visit.plan(&[]);
        let before = visit.compute(&task(Mode::Exact));
        for most in [1.0, 0.35] {
            let settings = settings(3);
            let found = summary::alpha_pattern(&before, &settings, 0, most).unwrap();
            let said: serde_json::Value = serde_json::from_str(&found.text).unwrap();
            assert!(said["about"].as_str().unwrap().contains("yardstick"));
            assert_eq!(found.left_out, [], "{}", root.display());
            assert_eq!(said["alpha_pattern"].as_object().unwrap().len(), found.modules as usize);
            let after = with_pattern(&root, ["base", adapter], &said["alpha_pattern"]);
            let mut lowered = 0;
            for (old, new) in before.models[0].matrices.iter().zip(&after.models[0].matrices) {
                let of = |m: &Matrix| THRESHOLD_MARGIN.read(m, &settings).value();
                // A module that was not trained has no margin.
                let Some((old, new)) = of(old).zip(of(new)) else {
                    continue;
                };
                let wanted = old.min(most);
                assert!(new <= most * (1.0 + 1e-6), "{}: {new} is above {most}", root.display());
                assert!(
                    (new / wanted - 1.0).abs() < 2e-5,
                    "{}: {new}, not {wanted}",
                    root.display()
                );
                lowered += u32::from(old > most);
            }
            assert_eq!(lowered, found.lowered);
            println!(
                "{} {adapter}: {lowered} of {} lowered to {most}",
                root.display(),
                found.modules
            );
        }
    }
}

#[test]
fn what_is_not_proportional_to_alpha_is_left_out_of_a_pattern_with_the_reason() {
    for (case, reason) in [("llama_dora", "not proportional"), ("roberta_lokr", "not proportional")] {
        let root = fixtures().join("zoo").join(case);
        let report = Visit::open_folders(&root, &["base", "adapter"]).run();
        let found = summary::alpha_pattern(&report, &Settings::default(), 0, 1.0).unwrap();
        assert_eq!((found.modules, found.lowered), (0, 0), "{case}");
        assert!(
            !found.left_out.is_empty() && found.left_out.iter().all(|(_, why)| why.contains(reason)),
            "{case}: {:?}",
            found.left_out
        );
    }
    let report = Visit::open_folders(&fixtures().join("minilm-layer0"), &["base", "full"]).run();
    assert_eq!(
        summary::alpha_pattern(&report, &Settings::default(), 0, 1.0)
            .unwrap()
            .modules,
        0
    );
    assert_eq!(summary::alpha_pattern(&report, &Settings::default(), 7, 1.0), None);
}

#[test]
fn a_dial_of_strength_says_which_matrices_cross() {
    let report = Visit::open_folders(&fixtures().join("minilm-layer0"), &["base", "lora_r1"]).run();
    let settings = Settings::default();
    let margins: Vec<f64> = report.models[0]
        .matrices
        .iter()
        .filter_map(|m| THRESHOLD_MARGIN.read(m, &settings).value())
        .collect();
    assert_eq!(summary::crossing(&report, &settings, 1.0), "");
    for times in [0.01, 0.5, 2.0, 100.0] {
        let moved = margins.iter().filter(|m| (**m >= 1.0) != (**m * times >= 1.0)).count();
        let said = summary::crossing(&report, &settings, times);
        let counted = if moved == 0 {
            "no matrix".to_owned()
        } else {
            format!("{moved} of the {} matrices", margins.len())
        };
        assert!(
            said.contains(&counted) && said.contains(&format!("α × {times}")),
            "{moved}: {said}"
        );
    }
}

#[test]
#[ignore = "a measurement: cargo test --test all the_cost_of_the_bulk -- --ignored --nocapture"]
fn the_cost_of_the_bulk() {
    use lorascope::linalg::{Question, Settled, Tune, View, bulk, compare_with, random};
    let n = 2048;
    let (w0, b, a) = (random(n, n, 1), random(n, 8, 2), random(8, n, 3));
    let question = Question {
        k: 10,
        epsilon: 0.5,
        left: true,
        right: false,
    };
    let tune = Tune::LowRank {
        b: &b,
        a: &a,
        scale: 0.01,
    };
    let begin = std::time::Instant::now();
    let known = Settled::of(View::from(&w0), question.k).unwrap();
    compare_with(View::from(&w0), &known, &[tune], question).unwrap();
    let compared = begin.elapsed().as_secs_f64();
    let begin = std::time::Instant::now();
    bulk(View::from(&w0), &known).unwrap();
    let own = begin.elapsed().as_secs_f64();
    println!(
        "{n} x {n}: {own:.2} s beside {compared:.2} s, {:.1} %",
        100.0 * own / compared
    );
}

/// Beside every rank of a spectrum stands the direction of the change of that rank: as many as the change has.
#[test]
fn every_direction_of_a_change_has_its_landing_in_the_spectrum() {
    let mut visit = Visit::open_folders(&fixtures().join("minilm-layer0"), &["base", "lora_r1"]);
    visit.plan(&[]);
    let report = visit.compute(&task(Mode::Exact));
    let margin = |m: &Matrix| THRESHOLD_MARGIN.read(m, &settings(10)).value().unwrap_or(0.0);
    let matrix = report.models[0]
        .matrices
        .iter()
        .max_by(|a, b| margin(a).total_cmp(&margin(b)))
        .unwrap();
    let sigma = &matrix.delta.as_ref().unwrap().sigma;
    let mut request = Request::of(FigureId::named("spectrum").unwrap(), Theme::Light, 900.0);
    request.matrix = Some(matrix.name.clone());
    let table = serde_json::to_value(figures::table(&report, &request)).unwrap();
    let columns: Vec<&str> = table["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c.as_str().unwrap())
        .collect();
    let column = |name: &str| columns.iter().position(|c| *c == name).unwrap();
    let (strength, lands) = (column("sigma of dW"), column("a generic one lands at sigma"));
    let bulk = Bulk::of(matrix, 10).unwrap();
    let (threshold, _) = bulk.threshold().unwrap();
    let mut landed = 0;
    for (j, row) in table["rows"].as_array().unwrap().iter().enumerate() {
        let theta = sigma.get(j).map(|s| f64::from(*s)).filter(|s| *s > 0.0);
        assert_eq!(row[strength].as_f64(), theta, "{j}");
        assert_eq!(
            row[lands].as_f64(),
            theta.and_then(|t| Some(bulk.landing(t)?.sigma)),
            "{j}"
        );
        assert_eq!(row[lands].is_number(), theta.is_some_and(|t| t > threshold), "{j}");
        landed += u32::from(row[lands].is_number());
    }
    assert!(landed >= 1, "{landed}");
}
