//! The readings of whole models: with the numbers of the sample, and what must hold for any report.

use super::odd_reports;
use super::stored::*;
use lorascope::export;
use lorascope::report::*;
use lorascope::series::last_of_runs;
use lorascope::summary::{Reading, comparison, gist, reading, summary};
use std::path::Path;

pub fn gallery(name: &str) -> Report {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("www/public/gallery")
        .join(name);
    export::read(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[track_caller]
fn of(report: &Report, settings: &Settings, model: usize) -> Reading {
    reading(report, settings, model, 0).unwrap()
}

/// Every sentence of a reading.
fn all(told: &Reading) -> Vec<&str> {
    let parts = [&told.what, &told.how_sure, &told.what_follows].map(String::as_str);
    let action = told.action.iter().flat_map(|a| [a.code.as_str(), a.note.as_str()]);
    parts
        .into_iter()
        .chain(told.next.iter().map(|n| n.text.as_str()))
        .chain(action)
        .collect()
}

#[test]
fn the_sample_is_read_with_its_own_numbers() {
    let (report, settings) = (gallery("sample.json"), Settings::default());
    let rows = summary(&report, &settings).models;
    let told: Vec<Reading> = (0..4).map(|at| of(&report, &settings, at)).collect();
    let [full, r1, r8, r64] = &told[..] else {
        panic!("four models")
    };

    assert!(
        full.what
            .starts_with("No intruder among the 120 strongest vectors of 12 matrices."),
        "{}",
        full.what
    );
    assert!(
        full.what_follows
            .starts_with("None does not mean that nothing was forgotten"),
        "{}",
        full.what_follows
    );
    assert_eq!((&full.action, &r64.action), (&None, &None), "nothing to scale down");

    for (row, told) in rows.iter().zip(&told).filter(|(row, _)| row.intruders > 0) {
        let begins = format!(
            "{} intruders among the 120 strongest vectors of 12 matrices, in {} of them.",
            row.intruders, row.matrices_with_any
        );
        assert!(told.what.starts_with(&begins), "{}", told.what);
        let size = format!(
            "The largest singular value of ΔW is {:.2} of that of W₀, on average.",
            row.mean_change_ratio.unwrap()
        );
        assert!(told.what.contains(&size), "{}", told.what);
        assert!(told.what_follows.contains("arXiv:2410.21228v2") && told.what_follows.contains("at equal norm"));
        // r = 1 and r = 8 changed the weights ten times as much as the others: said, with that model's name.
        assert!(told.what_follows.contains("times as much as "), "{}", told.what_follows);
        let weakest = format!("{:.2}", row.weakest_match.unwrap());
        assert!(told.next[0].text.contains(&weakest), "{:?}", told.next);
    }
    assert!(rows[1].intruders > 0 && rows[2].intruders > 0);
    // What stays 0.2 below is what the same rule counts there.
    for (at, told) in [(1, r1), (2, r8)] {
        let low = summary(
            &report,
            &Settings {
                epsilon: 0.3,
                ..settings.clone()
            },
        )
        .models[at]
            .intruders;
        let high = summary(
            &report,
            &Settings {
                epsilon: 0.7,
                ..settings.clone()
            },
        )
        .models[at]
            .intruders;
        let own = rows[at].intruders;
        let stays = match low {
            0 => format!("None of the {own} stays at ε = 0.30"),
            n if n == own => format!("All {own} stay at ε = 0.30"),
            1 => format!("1 of the {own} stays at ε = 0.30"),
            n => format!("{n} of the {own} stay at ε = 0.30"),
        };
        let verdict = if 2 * low < own {
            "the count hangs on ε".to_owned()
        } else if high >= 2 * own {
            let times = f64::from(high) / f64::from(own);
            format!("most stay at a stricter ε, and a looser one counts {times:.1} times as many")
        } else {
            "most do not hang on ε".to_owned()
        };
        assert!(
            told.how_sure
                .starts_with(&format!("{stays}, {high} count at 0.70: {verdict}.")),
            "{}",
            told.how_sure
        );
    }
    // The matrix to look at is the one that holds the weakest match.
    let name = r1.next[0].matrix.as_deref().unwrap();
    let weakest = |m: &Matrix| {
        m.left.as_ref().unwrap().max_cos[..10]
            .iter()
            .copied()
            .fold(1.0f32, f32::min)
    };
    let matrices = &report.models[1].matrices;
    let least = matrices
        .iter()
        .min_by(|a, b| weakest(a).total_cmp(&weakest(b)))
        .unwrap();
    assert_eq!(name, least.name);
    let code = &r8.action.as_ref().unwrap().code;
    assert!(
        code.ends_with("top_k=10, threshold_epsilon=0.5, mitigation_lambda=0.75)"),
        "{code}"
    );
}

#[test]
fn peft_is_called_by_the_rule_in_force_or_not_at_all() {
    let report = gallery("sample.json");
    let call = |settings: Settings| of(&report, &settings, 2).action.map(|a| a.code);
    let turned = Settings {
        k: 7,
        epsilon: 0.55,
        ..Settings::default()
    };
    assert!(
        call(turned.clone())
            .unwrap()
            .contains("top_k=7, threshold_epsilon=0.55, ")
    );
    // PEFT looks at left vectors, by |cos|.
    assert_eq!(
        call(Settings {
            side: Side::Both,
            ..turned.clone()
        }),
        None
    );
    assert_eq!(
        call(Settings {
            cosine: Cosine::Signed,
            ..turned
        }),
        None
    );
    let mut dora = report.clone();
    dora.models[2].kind = Kind::Dora;
    assert_eq!(of(&dora, &Settings::default(), 2).action, None);
}

#[test]
fn a_run_is_read_at_its_last_checkpoint() {
    let report = gallery("series.json");
    assert_eq!(last_of_runs(&report.models), [7]);
    assert_eq!(last_of_runs(&stored().models), [0, 1, 2, 3]);
    let told = of(&report, &Settings::default(), 7);
    assert!(
        !told.what_follows.contains("times"),
        "checkpoints of one run are not held against each other: {}",
        told.what_follows
    );
}

/// A model of square matrices with these best matches.
fn model(matches: &[&[f32]], n: u32) -> Report {
    let mut report = report_of(&[Some(8)], 1, &TYPES[..1]);
    let first = report.models[0].matrices[0].clone();
    report.models[0].matrices = matches
        .iter()
        .enumerate()
        .map(|(at, max_cos)| Matrix {
            name: format!("m{at}"),
            layer: Some(at as u32),
            rows: n,
            cols: n,
            left: Some(Match {
                max_cos: max_cos.to_vec(),
                argmax: vec![0; max_cos.len()],
                ..Match::default()
            }),
            ..first.clone()
        })
        .collect();
    report
}

#[test]
fn one_is_not_many() {
    let settings = Settings {
        k: 2,
        ..Settings::default()
    };
    let told = |matches: &[&[f32]]| of(&model(matches, 384), &settings, 0);
    let one = told(&[&[0.2, 0.9]]);
    assert!(
        one.what
            .starts_with("1 intruder among the 2 strongest vectors of 1 matrix. It is in layer 0, query."),
        "{}",
        one.what
    );
    assert!(
        one.how_sure.starts_with("It stays at ε = 0.30, 1 counts at 0.70."),
        "{}",
        one.how_sure
    );
    let hangs = told(&[&[0.4, 0.9], &[0.9, 0.6]]);
    assert!(
        hangs
            .how_sure
            .starts_with("It does not stay at ε = 0.30, 2 count at 0.70: the count hangs on ε."),
        "{}",
        hangs.how_sure
    );
    assert_eq!(hangs.next[1].epsilon.map(|e| (100.0 * e).round()), Some(30.0));
    assert_eq!(hangs.next[1].text, "ε = 0.30 counts 0 instead of 1.");
    let both = told(&[&[0.2, 0.1], &[0.9, 0.9]]);
    assert!(
        both.what.starts_with(
            "2 intruders among the 4 strongest vectors of 2 matrices, all in one of them. They are in layer 0, query."
        ),
        "{}",
        both.what
    );
    assert!(
        both.how_sure
            .starts_with("All 2 stay at ε = 0.30, 2 count at 0.70: most do not hang on ε."),
        "{}",
        both.how_sure
    );
    let none = told(&[&[0.95, 0.9]]);
    assert_eq!(
        none.how_sure,
        "The weakest match is 0.90, none counts at ε = 0.70 either."
    );
    let near = told(&[&[0.95, 0.6]]);
    assert_eq!(near.how_sure, "The weakest match is 0.60, 1 counts at ε = 0.70.");
    assert_eq!(near.next[1].text, "ε = 0.70 counts 1 instead of 0.");
}

#[test]
fn what_weakens_a_count_is_said_with_its_number() {
    let settings = Settings {
        k: 4,
        ..Settings::default()
    };
    // Of 32 vectors a random direction matches one at 0.30 to 0.53.
    let small = of(&model(&[&[0.2, 0.4, 0.9, 0.9]], 32), &settings, 0);
    assert!(
        small
            .how_sure
            .contains("All 2 lie in matrices so small that a random direction reaches ε too (best match 0.30 to 0.5"),
        "{}",
        small.how_sure
    );
    let large = of(&model(&[&[0.2, 0.4, 0.9, 0.9]], 384), &settings, 0);
    assert!(!large.how_sure.contains("random"), "{}", large.how_sure);

    let mut report = model(&[&[0.2, 0.4, 0.9, 0.9], &[0.3, 0.9, 0.9, 0.9]], 384);
    {
        let [first, second] = &mut report.models[0].matrices[..] else {
            panic!("two")
        };
        first.left.as_mut().unwrap().tied_cos = Some(vec![0.2, 0.98, 0.9, 0.9]);
        first.delta.as_mut().unwrap().floor = Some(Floor {
            sigma: 1e9,
            above: 0,
            effective_rank: 0.0,
        });
        let upper = vec![0.3, 0.9, 0.9, 0.95];
        let left = second.left.as_mut().unwrap();
        left.max_cos[3] = 0.4;
        left.max_cos_upper = Some(upper);
        second.mode = Some(Mode::Certified);
    }
    report.models[0].matching = Matching {
        matched: 22,
        total: 24,
        ..Matching::default()
    };
    let told = reading(&report, &settings, 0, 36).unwrap();
    for said in [
        "1 of the 3 lies among nearly tied pre-trained vectors (cosine with their span 0.98 or more): turned, not new.",
        "1 vector is undecided",
        "In 1 matrix ΔW sinks into the rounding of the stored weights, and 2 of the 3 are no stronger than it",
        "2 of its 24 modules pair with no matrix of the base and are in no number.",
        "1 matrix was certified by an earlier version",
    ] {
        assert!(told.how_sure.contains(said), "{said}: {}", told.how_sure);
    }
    assert!(
        told.what.contains(", and 1 undecided.") && told.what.ends_with("The run stands at 2 of 36 matrices."),
        "{}",
        told.what
    );

    let all = of(&model(&[&[0.1; 4]], 384), &settings, 0);
    assert!(
        all.how_sure.contains("Nearly all vectors looked at count"),
        "{}",
        all.how_sure
    );
    let letter = of(
        &model(&[&[0.9; 4]], 384),
        &Settings {
            cosine: Cosine::Signed,
            ..settings
        },
        0,
    );
    assert!(!letter.how_sure.is_empty());
}

/// Words that no reading uses, and what is no grammar.
fn wrong(sentence: &str) -> Option<&'static str> {
    let lower = sentence.to_lowercase();
    let never = [
        "better", "worse", "healthy", "damaged", " bad ", "nan", "inf", "  ", "..", " ,", " .", "none(", "some(",
    ];
    let grammar = [
        " 1 intruders",
        " 1 matrices",
        " 1 vectors",
        " 1 lie ",
        " 0 stay",
        "all 1 ",
        "of the 1 ",
    ];
    let all = never.into_iter().chain(grammar);
    // "information" holds neither.
    all.into_iter().find(|w| match *w {
        "nan" | "inf" => lower.split(|c: char| !c.is_alphanumeric()).any(|word| word == *w),
        w => lower.contains(w),
    })
}

#[test]
fn no_report_is_too_odd_to_be_read() {
    let mut reports = odd_reports();
    for name in ["sample.json", "series.json", "certified.json"] {
        reports.push((name, gallery(name)));
    }
    let mut long = gallery("sample.json");
    long.models
        .iter_mut()
        .enumerate()
        .for_each(|(at, m)| m.label = format!("{at}{}", "w".repeat(119)));
    long.models
        .iter_mut()
        .for_each(|m| (m.kind, m.rank) = (Kind::Lora, Some(8)));
    long.models
        .iter_mut()
        .flat_map(|m| &mut m.matrices)
        .for_each(|m| (m.layer, m.kind) = (None, Some("k".repeat(500))));
    reports.push(("long names", long));
    let mut read = 0;
    for (name, report) in &reports {
        for side in [Side::Left, Side::Right, Side::Both] {
            for cosine in [Cosine::Absolute, Cosine::Signed] {
                for (k, epsilon) in [
                    (0, 0.5),
                    (1, 0.0),
                    (10, 0.15),
                    (10, 0.5),
                    (10, 0.9),
                    (u32::MAX, 1.0),
                    (10, f64::NAN),
                ] {
                    let settings = Settings {
                        k,
                        epsilon,
                        side,
                        cosine,
                        ..Settings::default()
                    };
                    for (at, planned) in (0..report.models.len()).flat_map(|at| [(at, 0), (at, u32::MAX)]) {
                        let told = reading(report, &settings, at, planned).unwrap();
                        for sentence in all(&told) {
                            assert!(
                                !sentence.trim().is_empty(),
                                "{name}, k = {k}, ε = {epsilon}: an empty sentence in {told:?}"
                            );
                            if !epsilon.is_nan() {
                                assert_eq!(wrong(sentence), None, "{name}, k = {k}, ε = {epsilon}: {sentence}");
                            }
                            assert!(sentence.chars().count() < 1400, "{name}: {sentence}");
                        }
                        for part in [&told.what, &told.how_sure, &told.what_follows] {
                            let first = part.chars().next().unwrap();
                            assert!(
                                part.ends_with('.') && (first.is_uppercase() || !first.is_alphabetic()),
                                "{name}: {part}"
                            );
                        }
                        read += 1;
                    }
                    assert_eq!(reading(report, &settings, report.models.len(), 0), None);
                    let first = |at: usize| {
                        reading(report, &settings, at, 0)
                            .map(|r| r.what)
                            .zip(gist(report, &settings, at))
                    };
                    assert!(
                        (0..report.models.len())
                            .all(|at| first(at).is_some_and(|(what, gist)| what.starts_with(&gist)))
                    );
                    if let Some(compared) = comparison(report, &settings) {
                        assert!(
                            epsilon.is_nan() || wrong(&compared).is_none(),
                            "{name}, k = {k}, ε = {epsilon}: {compared}"
                        );
                        assert!(
                            compared.ends_with('.') && compared.chars().count() < 1400,
                            "{name}: {compared}"
                        );
                    }
                }
            }
        }
    }
    assert!(read > 1000, "{read}");
}
