//! Surgery against float64 references: numpy's on a real experiment, and a plain SVD of the whole on every method and shape.

use crate::common::synthetic::{Case, Spectrum, case};
use crate::common::{Visit, fixtures, reference};
use lorascope::analyze::surgery::{EditedChange, Patient, Precision, Saver, Wanted, beside, open};
use lorascope::analyze::{base, merged};
use lorascope::metrics::intruder::intruders;
use lorascope::plan::job::Job;
use lorascope::report::surgery::{ARMS, After, Arm, Cut, Operated, Surgery};
use lorascope::report::{Kind, Settings, Side};
use nalgebra::DMatrix;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn cut(lambdas: &[f64], chosen: Option<Vec<u32>>) -> Cut {
    Cut {
        k: 10,
        epsilon: 0.5,
        side: Side::Left,
        lambdas: lambdas.to_vec(),
        chosen,
        seed: 1,
    }
}

/// W0 and the first W of a job, in full.
fn matrices(job: &Job, bytes: &[Vec<u8>]) -> (DMatrix<f64>, DMatrix<f64>) {
    let by_rows =
        |values: Vec<f32>| DMatrix::from_row_slice(job.rows as usize, job.cols as usize, &values).map(f64::from);
    let tuned = merged(job, bytes).remove(0);
    (by_rows(base(job, bytes).unwrap()), by_rows(tuned.unwrap()))
}

/// Every matrix of every model of a visit, opened.
fn patients(visit: &Visit, k: u32) -> Vec<(u32, String, Result<Patient, String>)> {
    let mut all = Vec::new();
    for (i, job) in visit.session.jobs().iter().enumerate() {
        for (model, _) in &job.tuned {
            let own = visit.session.job_of(i as u32, *model).unwrap();
            let bytes = visit.bytes(&visit.session.ranges_of(i as u32, *model));
            all.push((*model, job.base.name.clone(), open(&own, &bytes, *model, k)));
        }
    }
    all
}

#[track_caller]
fn near(found: f64, expected: f64, relative: f64, what: &str) {
    assert!(
        (found - expected).abs() <= relative * expected.abs().max(1e-12),
        "{what}: {found}, not {expected}"
    );
}

#[track_caller]
fn is(after: &After, expected: &Value, what: &str) {
    let number = |key: &str| expected[key].as_f64().unwrap();
    near(after.frobenius, number("frobenius"), 1e-9, &format!("{what} norm"));
    near(
        after.effective_rank.unwrap(),
        number("rank"),
        1e-4,
        &format!("{what} effective rank"),
    );
    near(
        f64::from(after.sigma[0]),
        number("sigma"),
        1e-6,
        &format!("{what} sigma"),
    );
    assert_eq!(f64::from(after.intruders), number("left"), "{what}");
    assert!((after.energy.unwrap() - number("energy")).abs() < 1e-5, "{what} energy");
    for (found, expected) in after.best.iter().zip(expected["best"].as_array().unwrap()) {
        assert!(
            (f64::from(*found) - expected.as_f64().unwrap()).abs() < 2e-4,
            "{what}: best match {found}, not {expected}"
        );
    }
}

/// `surgery.json`: numpy in float64, all arms of layer 0 by their definitions; where there are no intruders, of vectors 0 and 2.
#[test]
fn arms_norms_and_counts_of_layer_0_as_numpy_has_them() {
    let root = fixtures().join("minilm-layer0");
    let wanted = reference::read(&fixtures().join("minilm-expected/surgery.json"));
    let models: Vec<&str> = wanted.as_object().unwrap().keys().map(String::as_str).collect();
    let mut visit = Visit::open_folders(&root, &[&["base"], &models[..]].concat());
    let labels: Vec<String> = visit.plan(&[]).models.iter().map(|m| m.label.clone()).collect();
    let mut seen = 0;
    for (model, name, patient) in patients(&visit, 10) {
        let expected = &wanted[&labels[model as usize]][&name];
        let list = |key: &str| -> Vec<u32> { serde_json::from_value(expected[key].clone()).unwrap() };
        let lambdas: Vec<f64> = serde_json::from_value(expected["lambdas"].clone()).unwrap();
        let patient = patient.unwrap();
        assert_eq!(
            patient.operate(&cut(&[0.5], None)).unwrap().chosen,
            list("intruders"),
            "{name}"
        );
        let found = patient.operate(&cut(&lambdas, Some(list("chosen")))).unwrap();
        let what = format!("{} {name}", labels[model as usize]);
        is(&found.trained, &expected["trained"], &format!("{what} as trained"));
        is(
            found.at(Arm::Projected, 1.0).unwrap(),
            &expected["projected"],
            &format!("{what} projected"),
        );
        for (i, lambda) in lambdas.iter().enumerate() {
            for (arm, key) in [
                (Arm::Scaled, "scaled"),
                (Arm::Shrunk, "shrunk"),
                (Arm::Restored, "restored"),
            ] {
                is(
                    found.at(arm, *lambda).unwrap(),
                    &expected[key][i],
                    &format!("{what} {key} at {lambda}"),
                );
            }
            // As much norm as the edit, whatever the directions.
            let (random, scaled) = (
                found.at(Arm::Random, *lambda).unwrap(),
                found.at(Arm::Scaled, *lambda).unwrap(),
            );
            near(
                random.frobenius,
                scaled.frobenius,
                1e-9,
                &format!("{what} random at {lambda}"),
            );
        }
        seen += 1;
    }
    assert_eq!(seen, 36);
}

/// By definition, in float64, from the matrices in full: [`Arm`]'s change D.
fn defined(w0: &DMatrix<f64>, w: &DMatrix<f64>, arm: Arm, lambda: f64, chosen: &[u32], k: usize) -> DMatrix<f64> {
    let sorted = |m: &DMatrix<f64>| {
        let mut svd = m.clone().svd(true, true);
        svd.sort_by_singular_values();
        svd
    };
    let d = w - w0;
    let svd = sorted(w);
    let (u, v) = (svd.u.unwrap(), svd.v_t.unwrap().transpose());
    let mut scaled = d.clone();
    for j in chosen.iter().map(|j| *j as usize) {
        scaled += u.column(j) * v.column(j).transpose() * ((lambda - 1.0) * svd.singular_values[j]);
    }
    match arm {
        Arm::Trained | Arm::Random => d,
        Arm::Scaled => scaled,
        Arm::Shrunk => &d * (scaled.norm() / d.norm()),
        Arm::Restored => &scaled * (d.norm() / scaled.norm()),
        Arm::Projected => {
            let base = sorted(w0);
            let (u, v) = (
                base.u.unwrap().columns(0, k).into_owned(),
                base.v_t.unwrap().transpose().columns(0, k).into_owned(),
            );
            let d = &d - &u * (u.transpose() * &d);
            &d - (&d * &v) * v.transpose()
        }
    }
}

/// What is saved of a patient, in full.
fn saved(patient: &Patient, w0: &DMatrix<f64>, arm: Arm, lambda: f64, cut: &Cut) -> DMatrix<f64> {
    match patient.edited(cut, arm, lambda).unwrap().change {
        EditedChange::Factors { left, right } => left * right.transpose(),
        EditedChange::Dense(w) => w - w0,
    }
}

#[track_caller]
fn holds(patient: &Patient, w0: &DMatrix<f64>, w: &DMatrix<f64>, what: &str, tolerance: f64) -> Operated {
    let k = 4;
    let lambdas = [0.0, 0.6, 1.0, 1.7];
    let cut = Cut {
        k,
        ..cut(&lambdas, Some(vec![0, 1]))
    };
    let found = patient.operate(&cut).unwrap();
    let size = (w - w0).norm();
    for arm in ARMS.iter().map(|a| a.arm) {
        for lambda in lambdas {
            let after = found.at(arm, lambda).unwrap();
            let own = saved(patient, w0, arm, lambda, &cut);
            near(
                own.norm(),
                after.frobenius,
                1e-9,
                &format!("{what} {arm:?} at {lambda}: the norm of what is saved"),
            );
            if arm == Arm::Random {
                // Inside the row and column space of D: what it is made of adds no rank.
                let d = w - w0;
                let rank = |m: &DMatrix<f64>| {
                    m.clone()
                        .svd(false, false)
                        .singular_values
                        .iter()
                        .filter(|s| **s > 1e-5 * size)
                        .count()
                };
                let wider = DMatrix::from_fn(d.nrows(), 2 * d.ncols(), |i, j| {
                    if j < d.ncols() {
                        d[(i, j)]
                    } else {
                        own[(i, j - d.ncols())]
                    }
                });
                assert_eq!(rank(&wider), rank(&d), "{what} at {lambda}");
            } else {
                let expected = defined(w0, w, arm, lambda, &found.chosen, k as usize);
                let off = (&own - &expected).norm() / size;
                assert!(off < tolerance, "{what} {arm:?} at {lambda}: off by {off}");
            }
            // Counts, by a decomposition of the whole.
            let count = |w: &DMatrix<f64>| {
                let vectors = |m: &DMatrix<f64>| {
                    let mut svd = m.clone().svd(true, false);
                    svd.sort_by_singular_values();
                    svd.u.unwrap()
                };
                let cosines = vectors(w0).transpose() * vectors(w);
                let best: Vec<f64> = (0..k as usize).map(|j| cosines.column(j).amax()).collect();
                (
                    best.iter().filter(|c| **c < 0.5).count() as u32,
                    best.iter().any(|c| (c - 0.5).abs() < 1e-3),
                )
            };
            let (expected, close) = count(&(w0 + &own));
            assert!(
                after.intruders == expected || close,
                "{what} {arm:?} at {lambda}: {} intruders, not {expected}",
                after.intruders
            );
        }
    }
    found
}

/// Wide, tall and square; low rank and dense.
#[test]
fn every_arm_is_its_definition_on_matrices_of_any_form() {
    for (rows, cols) in [(48, 48), (70, 40), (30, 60)] {
        for rank in [None, Some(1), Some(3)] {
            let case = case(5, Spectrum::PowerLaw, rows, cols, rank);
            let patient = open(&case.job, &case.bytes, 0, 10).unwrap();
            let (w0, w) = matrices(&case.job, &case.bytes);
            let _ = holds(&patient, &w0, &w, &format!("{rows} x {cols}, rank {rank:?}"), 3e-6);
        }
    }
}

/// Of rank one there is one direction, so that taking norm at random is shrinking.
#[test]
fn at_rank_one_random_is_shrunk() {
    let case = case(6, Spectrum::PowerLaw, 40, 50, Some(1));
    let patient = open(&case.job, &case.bytes, 0, 10).unwrap();
    let cut = cut(&[0.3], Some(vec![0]));
    let found = patient.operate(&cut).unwrap();
    let w0 = DMatrix::zeros(40, 50);
    let (random, shrunk) = (
        saved(&patient, &w0, Arm::Random, 0.3, &cut),
        saved(&patient, &w0, Arm::Shrunk, 0.3, &cut),
    );
    assert!((random - &shrunk).norm() < 1e-9 * shrunk.norm());
    assert_eq!(
        found.at(Arm::Random, 0.3).unwrap().intruders,
        found.at(Arm::Shrunk, 0.3).unwrap().intruders
    );
}

/// The libraries' own merges stand for W: DoRA, rsLoRA, LoHa, Conv1D, experts, HRA and more.
#[test]
fn every_arm_is_its_definition_on_what_the_libraries_write() {
    let mut seen = 0;
    for zoo in [
        "llama_dora",
        "roberta_rslora",
        "roberta_loha",
        "gpt2_lora",
        "moe_target_parameters",
        "llama_hra",
        "lycoris_lokr",
        "llama_pissa",
    ] {
        let root = fixtures().join("zoo").join(zoo);
        let description = reference::read(&root.join("case.json"));
        let list = |key: &str| -> Vec<String> { serde_json::from_value(description[key].clone()).unwrap() };
        let files = [list("base"), list("tuned")].concat();
        let mut visit = Visit::open(&root, &files.iter().map(String::as_str).collect::<Vec<_>>());
        visit.plan(&[]);
        for (i, job) in visit.session.jobs().iter().enumerate().take(4) {
            let own = visit.session.job_of(i as u32, 0).unwrap();
            let bytes = visit.bytes(&visit.session.ranges_of(i as u32, 0));
            let patient = match open(&own, &bytes, 0, 10) {
                Ok(patient) => patient,
                Err(reason) => panic!("{zoo} {}: {reason}", job.base.name),
            };
            let (w0, w) = matrices(&own, &bytes);
            let _ = holds(&patient, &w0, &w, &format!("{zoo} {}", job.base.name), 1e-4);
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
}

/// Where the base's vectors are too many, bounds hold the exact count, from one search for the base's leading ones.
#[test]
fn a_large_matrix_is_bounded() {
    for (rank, arms) in [
        (Some(4), &[Arm::Trained, Arm::Scaled, Arm::Projected][..]),
        (None, &[Arm::Scaled, Arm::Random]),
    ] {
        is_bounded(&case(7, Spectrum::PowerLaw, 1100, 1030, rank), arms);
    }
}

fn is_bounded(case: &Case, arms: &[Arm]) {
    let patient = open(&case.job, &case.bytes, 0, 10).unwrap();
    let found = patient.operate(&cut(&[0.2, 1.0], Some(vec![0, 1]))).unwrap();
    let (w0, _) = matrices(&case.job, &case.bytes);
    let base = left_vectors(&w0, 1030);
    let scaled = found.at(Arm::Scaled, 0.2).unwrap().frobenius;
    for arm in [Arm::Shrunk, Arm::Random] {
        near(found.at(arm, 0.2).unwrap().frobenius, scaled, 1e-9, "equal norm");
    }
    for arm in arms.iter().copied() {
        let after = found.at(arm, 0.2).unwrap();
        let own = saved(&patient, &w0, arm, 0.2, &cut(&[0.2], Some(vec![0, 1])));
        near(own.norm(), after.frobenius, 1e-9, "norm");
        let cosines = base.tr_mul(&left_vectors(&(&w0 + own), 10));
        let exact: Vec<f64> = cosines.column_iter().map(|c| c.amax()).collect();
        let counted = exact.iter().filter(|c| **c < 0.5).count() as u32;
        assert!(
            (after.intruders..=after.intruders + after.undecided).contains(&counted),
            "{arm:?}: {counted} of {after:?}"
        );
        assert_eq!(after.best.len(), 10);
        for (upper, exact) in after.best.iter().zip(&exact) {
            assert!(f64::from(*upper) >= exact - 2e-5, "{arm:?}");
        }
    }
}

/// The leading left vectors of W, by the eigenvectors of W W^T.
fn left_vectors(w: &DMatrix<f64>, count: usize) -> DMatrix<f64> {
    let eigen = (w * w.transpose()).symmetric_eigen();
    let mut order: Vec<usize> = (0..w.nrows()).collect();
    order.sort_by(|a, b| eigen.eigenvalues[*b].total_cmp(&eigen.eigenvalues[*a]));
    eigen.eigenvectors.select_columns(&order[..count])
}

#[test]
fn what_cannot_be_edited_is_named() {
    let case = case(8, Spectrum::PowerLaw, 60, 50, None);
    assert!(open(&case.job, &case.bytes, 3, 10).is_err());
}

/// Every figure of a matrix shows the arms as it shows fine-tunes: by entries that the analysis itself makes.
#[test]
fn arms_are_analysed_as_fine_tunes_of_their_own() {
    for (rank, size) in [(Some(3), 60), (None, 50), (Some(4), 1030)] {
        let case = case(9, Spectrum::PowerLaw, size, size + 10, rank);
        let patient = open(&case.job, &case.bytes, 0, 10).unwrap();
        let cut = cut(&[0.3], Some(vec![0, 2]));
        let found = patient.operate(&cut).unwrap();
        let all = beside(&case.job, &case.bytes, &patient, &cut, 0.3).unwrap();
        assert_eq!(
            all.iter().map(|(arm, _)| *arm).collect::<Vec<_>>(),
            ARMS.map(|words| words.arm)
        );
        for (arm, entry) in &all {
            let after = found.at(*arm, 0.3).unwrap();
            let counted = intruders(entry, &Settings::default()).unwrap();
            assert!(
                counted.abs_diff(after.intruders) <= after.undecided,
                "{arm:?}: {counted} and {after:?}"
            );
            near(
                entry.delta.as_ref().unwrap().frobenius,
                after.frobenius,
                1e-5,
                &format!("{arm:?}"),
            );
            near(
                f64::from(entry.sigma_tuned[0]),
                f64::from(after.sigma[0]),
                1e-5,
                &format!("{arm:?}"),
            );
        }
    }
}

#[test]
fn sums_over_a_model_are_those_of_its_matrices() {
    let made: Vec<Operated> = [3, 4]
        .iter()
        .map(|seed| {
            let case = case(*seed, Spectrum::PowerLaw, 40, 40, Some(2));
            open(&case.job, &case.bytes, 0, 10)
                .unwrap()
                .operate(&cut(&[0.5, 0.0], None))
                .unwrap()
        })
        .collect();
    let sums = Surgery::of(&cut(&[0.5, 0.0], None), &made);
    assert_eq!((sums.matrices, sums.lambdas.clone()), (2, vec![0.0, 0.5]));
    for curve in &sums.arms {
        let fixed = matches!(curve.arm, Arm::Trained | Arm::Projected);
        assert_eq!(curve.intruders.len(), if fixed { 1 } else { 2 });
        let lambda = if fixed { 1.0 } else { 0.5 };
        let each: Vec<&After> = made.iter().map(|o| o.at(curve.arm, lambda).unwrap()).collect();
        assert_eq!(
            *curve.intruders.last().unwrap(),
            each.iter().map(|a| a.intruders).sum::<u32>()
        );
        near(
            *curve.frobenius.last().unwrap(),
            each.iter().map(|a| a.frobenius.powi(2)).sum::<f64>().sqrt(),
            1e-12,
            "norm",
        );
    }
}

/// 6 architectures x 2 adapters, too large for the repository: set LORASCOPE_FIXTURES to the folder that holds `behave/`.
#[test]
fn norms_and_intruders_of_trained_language_models() {
    let Some(root) = std::env::var_os("LORASCOPE_FIXTURES").map(std::path::PathBuf::from) else {
        eprintln!("skipped: LORASCOPE_FIXTURES is not set");
        return;
    };
    let mut seen = 0;
    for entry in std::fs::read_dir(root.join("behave")).unwrap() {
        let folder = entry.unwrap().path();
        if !folder.join("expected.json").exists() {
            continue;
        }
        let expected = reference::read(&folder.join("expected.json"));
        for adapter in ["lora_r1", "lora_r4"] {
            let mut visit = Visit::open_folders(&folder, &["base", adapter]);
            visit.plan(&[]);
            let edits = &expected["edits"][adapter];
            let lambdas: Vec<f64> = serde_json::from_value(edits["lambda"].clone()).unwrap();
            for (_, name, patient) in patients(&visit, 10) {
                let what = format!("{} {adapter} {name}", folder.display());
                let found = patient.unwrap().operate(&cut(&lambdas, None)).unwrap();
                let own = expected["analysis"][adapter]["matrices"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .find(|m| m["name"] == name.as_str());
                let Some(own) = own else {
                    panic!("{what} is not in expected.json")
                };
                assert_eq!(serde_json::to_value(&found.chosen).unwrap(), own["intruders"], "{what}");
                near(
                    found.trained.frobenius,
                    own["frobenius_change"].as_f64().unwrap(),
                    1e-9,
                    &what,
                );
                let edited = &edits["matrices_with_intruders"][&name]["edited_change"];
                assert_eq!(edited.is_null(), found.chosen.is_empty());
                for (i, lambda) in lambdas.iter().enumerate().filter(|_| !edited.is_null()) {
                    let norm = edited[i].as_f64().unwrap();
                    for arm in [Arm::Scaled, Arm::Shrunk, Arm::Random] {
                        near(
                            found.at(arm, *lambda).unwrap().frobenius,
                            norm,
                            1e-9,
                            &format!("{what} {arm:?} at {lambda}"),
                        );
                    }
                    near(
                        found.at(Arm::Restored, *lambda).unwrap().frobenius,
                        found.trained.frobenius,
                        1e-9,
                        &what,
                    );
                }
                seen += 1;
            }
        }
    }
    assert!(seen > 150, "{seen}");
}

fn wanted(arm: Arm, lambda: f64, own_rank: bool) -> Wanted {
    Wanted {
        cut: cut(&[lambda], None),
        arm,
        lambda,
        precision: Precision::F32,
        own_rank,
        chosen: BTreeMap::new(),
    }
}

/// Files of one model, written into a folder of their own.
fn save(visit: &Visit, model: u32, wanted: Wanted, folder: &Path) -> String {
    let mut saver = Saver::new(wanted, "tuned", "base");
    let mut files = Vec::new();
    for (i, job) in visit.session.jobs().iter().enumerate() {
        let Some(own) = visit.session.job_of(i as u32, model) else {
            continue;
        };
        let bytes = visit.bytes(&visit.session.ranges_of(i as u32, model));
        let patient = open(&own, &bytes, model, 10).unwrap_or_else(|why| panic!("{}: {why}", job.base.name));
        files.extend(saver.add(&own, model, &patient).unwrap());
    }
    files.extend(saver.finish());
    let hashes: Vec<(String, String)> = files.iter().map(|f| (f.name.clone(), "00".into())).collect();
    std::fs::create_dir_all(folder).unwrap();
    for file in &files {
        std::fs::write(folder.join(&file.name), &file.bytes).unwrap();
    }
    saver.readme(&hashes)
}

/// A folder for the files of one test.
fn place(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("lorascope-surgery-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

/// What is saved is opened again as anybody would: base and files dropped together. Counts, norms and scales must be those of the arm.
#[track_caller]
fn comes_back(zoo: &str, arm: Arm, lambda: f64, kinds: &[Kind]) {
    let root = fixtures().join("zoo").join(zoo);
    let description = reference::read(&root.join("case.json"));
    let list = |key: &str| -> Vec<String> { serde_json::from_value(description[key].clone()).unwrap() };
    let (base, tuned) = (list("base"), list("tuned"));
    let mut visit = Visit::open(
        &root,
        &[&base[..], &tuned]
            .concat()
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>(),
    );
    visit.plan(&[]);
    let folder = place(zoo);
    let readme = save(&visit, 0, wanted(arm, lambda, false), &folder.join("edited"));
    assert!(readme.contains(arm.words().formula), "{readme}");
    let mut again = Visit::open(&root, &base.iter().map(String::as_str).collect::<Vec<_>>());
    again.add_folder(&folder, "edited");
    let report = again.run();
    let [model] = &report.models[..] else {
        panic!("{zoo}: {:?}", again.plan(&[]).problems)
    };
    assert!(kinds.contains(&model.kind), "{zoo}: {:?}", model.kind);
    assert_eq!(model.matching.unmatched, Vec::<String>::new(), "{zoo}");
    let mut compared = 0;
    for (_, name, patient) in patients(&visit, 10) {
        let found = patient.unwrap().operate(&cut(&[lambda], None)).unwrap();
        let after = found.at(arm, lambda).unwrap();
        let own = model
            .matrices
            .iter()
            .find(|m| m.name == name)
            .unwrap_or_else(|| panic!("{zoo}: no {name}"));
        let settings = Settings::default();
        assert_eq!(intruders(own, &settings), Some(after.intruders), "{zoo} {name}");
        let norm = own.delta.as_ref().unwrap().frobenius;
        // A whole matrix is rounded as its base is stored.
        let relative = if model.kind == Kind::Full { 1e-3 } else { 1e-6 };
        near(norm, after.frobenius, relative, &format!("{zoo} {name}"));
        compared += 1;
    }
    assert!(compared > 0);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn saved_adapters_come_back_with_the_counts_of_their_arm() {
    comes_back("llama_lora", Arm::Scaled, 0.25, &[Kind::Lora]);
    comes_back("gpt2_lora", Arm::Scaled, 0.0, &[Kind::Lora]);
    comes_back("roberta_rslora", Arm::Restored, 0.5, &[Kind::Lora]);
    comes_back("roberta_patterns", Arm::Random, 0.5, &[Kind::Lora]);
    comes_back("sd_kohya", Arm::Shrunk, 0.5, &[Kind::Lora]);
    comes_back("llama_lora", Arm::Projected, 1.0, &[Kind::Lora]);
}

#[test]
fn saved_matrices_come_back_with_the_counts_of_their_arm() {
    comes_back("llama_dora", Arm::Scaled, 0.25, &[Kind::Full]);
    comes_back("lycoris_lokr", Arm::Shrunk, 0.25, &[Kind::Full]);
}

/// PEFT's own cut, said: `llama/lora_r1_peft_mitigated` of the oracle, merged, is our cut to the adapter's rank.
#[test]
fn cut_to_its_rank_an_adapter_is_what_peft_writes() {
    let Some(root) = std::env::var_os("LORASCOPE_FIXTURES").map(PathBuf::from) else {
        eprintln!("skipped: LORASCOPE_FIXTURES is not set");
        return;
    };
    let root = root.join("behave/llama");
    let mut visit = Visit::open_folders(&root, &["base", "lora_r1", "lora_r1_peft_mitigated"]);
    let labels: Vec<String> = visit.plan(&[]).models.iter().map(|m| m.label.clone()).collect();
    let place_of = |label: &str| labels.iter().position(|l| l == label).unwrap();
    let (ours, theirs) = (place_of("lora_r1") as u32, place_of("lora_r1_peft_mitigated"));
    let folder = place("peft");
    let readme = save(&visit, ours, wanted(Arm::Scaled, 0.75, true), &folder.join("edited"));
    assert!(readme.contains(" %"), "what is lost is said: {readme}");
    let mut again = Visit::open_folders(&root, &["base"]);
    again.add_folder(&folder, "edited");
    again.plan(&[]);
    let mut compared = 0;
    for (i, job) in again.session.jobs().iter().enumerate() {
        let at = visit
            .session
            .jobs()
            .iter()
            .position(|j| j.base.name == job.base.name)
            .unwrap();
        let own = again.merged(i).remove(0).unwrap();
        let of_model = visit.session.jobs()[at]
            .tuned
            .iter()
            .position(|(m, _)| *m as usize == theirs);
        let Some(peft) = of_model.and_then(|place| visit.merged(at).swap_remove(place)) else {
            continue;
        };
        let largest = peft.iter().fold(0.0f32, |m, x| m.max(x.abs()));
        let off = own.iter().zip(&peft).fold(0.0f32, |m, (x, y)| m.max((x - y).abs()));
        assert!(off < 2e-5 * largest, "{}: off by {off} of {largest}", job.base.name);
        compared += 1;
    }
    assert!(compared > 15, "{compared}");
    std::fs::remove_dir_all(folder).unwrap();
}
