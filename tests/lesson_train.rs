//! The training lesson against the reference (`tests/fixtures/lesson/experiment.py`, numpy in float64), and what must hold for any dials.

use crate::common::Visit;
use lorascope::lesson::train::{Alpha, Init, RANKS, Sweep, Task, TrainDials, Training, rows, spread};
use lorascope::lesson::{Lesson, open};
use lorascope::report::panel::Body;
use serde_json::Value;
use std::sync::OnceLock;

fn reference(task: Task) -> &'static Value {
    static ALL: OnceLock<Value> = OnceLock::new();
    let all = ALL.get_or_init(|| serde_json::from_str(include_str!("fixtures/lesson/reference.json")).unwrap());
    &all[if task == Task::Eight { "relu8" } else { "abs2" }]
}

fn numbers(of: &Value) -> Vec<f64> {
    of.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

#[track_caller]
fn near(own: &[f64], wanted: &[f64], relative: f64) {
    for (n, (a, b)) in own.iter().zip(wanted).enumerate() {
        assert!((a - b).abs() <= relative * b.abs(), "number {n}: {a} for {b}");
    }
    assert!(!wanted.is_empty() && own.len() >= wanted.len());
}

fn finished(dials: &TrainDials) -> Training {
    let mut training = Training::new(dials);
    while training.advance() {}
    training
}

/// The usual dials, trained once for all tests; with half the intruders' size in the facts.
fn usual() -> &'static Training {
    static USUAL: OnceLock<Training> = OnceLock::new();
    USUAL.get_or_init(|| {
        finished(&TrainDials {
            shrink: 0.5,
            ..TrainDials::default()
        })
    })
}

fn facts(training: &Training) -> impl Fn(&str) -> f64 {
    let all = training.scene().facts;
    move |name: &str| {
        all.iter()
            .find(|f| f.name == name)
            .unwrap_or_else(|| panic!("no fact {name}"))
            .value
    }
}

/// Pre-training, full fine-tuning and one LoRA: fifty losses to 1e-4, then where both end.
fn against(task: Task, training: &Training, method: &str) {
    let wanted = reference(task);
    near(&training.world.losses[..50], &numbers(&wanted["pretraining"]), 1e-4);
    near(&[training.before], &[wanted["before"].as_f64().unwrap()], 1e-3);
    let fact = facts(training);
    // A side that is made fast is not the reference's.
    for (side, name, own) in [(0, "full", "full"), (1, method, "lora")]
        .into_iter()
        .skip(usize::from(training.dials.full_rate > 1.0))
    {
        let wanted = &wanted["methods"][name];
        near(
            &training.sides[side].tune.losses[..50],
            &numbers(&wanted["losses"]),
            1e-4,
        );
        let number = |key: &str| wanted[key].as_f64().unwrap();
        // Single precision ends where double does, give or take one look.
        assert!(
            (fact(&format!("{own}Steps")) - number("steps")).abs() <= 10.0,
            "{name}: {} steps",
            fact(&format!("{own}Steps"))
        );
        assert!(
            (fact(&format!("{own}Count")) - number("intruders")).abs() <= 1.0,
            "{name}: {}",
            fact(&format!("{own}Count"))
        );
        near(&[fact(&format!("{own}Rank"))], &[number("effectiveRank")], 0.02);
        near(&[fact(&format!("{own}Forgetting"))], &[number("forgetting")], 0.06);
    }
    assert_eq!(fact("loraReached"), 1.0);
}

#[test]
fn rank_one_trains_as_the_reference_does() {
    against(Task::Eight, usual(), "LoRA r=1, alpha=2");
}

#[test]
fn rank_eight_with_alpha_eight_trains_as_the_reference_does() {
    against(
        Task::Eight,
        &finished(&TrainDials {
            rank: 8,
            alpha: Alpha::Eight,
            full_rate: 30.0,
            ..TrainDials::default()
        }),
        "LoRA r=8, alpha=8",
    );
}

#[test]
fn b_alone_on_orthonormal_rows_trains_as_the_reference_does() {
    against(
        Task::Eight,
        &finished(&TrainDials {
            rank: 8,
            freeze: true,
            full_rate: 30.0,
            ..TrainDials::default()
        }),
        "B only r=8, alpha=16",
    );
}

#[test]
fn the_second_task_trains_as_the_reference_does() {
    against(
        Task::Two,
        &finished(&TrainDials {
            task: Task::Two,
            rank: 8,
            ..TrainDials::default()
        }),
        "LoRA r=8, alpha=16",
    );
}

#[test]
fn the_pre_trained_matrices_and_the_classes_are_the_references() {
    let mut training = Training::new(&TrainDials::default());
    while training.sides.is_empty() {
        training.advance();
    }
    let wanted = reference(Task::Eight);
    for (w, sigma) in training.world.weights.iter().zip(wanted["sigma"].as_array().unwrap()) {
        let own = lorascope::linalg::singular_values(w.into()).unwrap();
        near(
            &own.iter().map(|s| f64::from(*s)).collect::<Vec<_>>(),
            &numbers(sigma),
            1e-3,
        );
    }
    let labels: Vec<f64> = training.tasks[0][0].classes.iter().map(|c| *c as f64).collect();
    assert_eq!(labels[..16], numbers(&wanted["labels"])[..]);
}

#[test]
fn slices_and_looks_change_no_number() {
    let dials = TrainDials {
        rank: 2,
        ..TrainDials::default()
    };
    let (mut whole, mut sliced) = (Training::new(&dials), Training::new(&dials));
    let steps = |t: &Training| t.sides.first().map_or(0, |s| s.tune.step);
    while steps(&whole) < 40 {
        whole.advance();
    }
    while steps(&sliced) < 40 {
        sliced.advance();
        let _ = (sliced.scene(), sliced.done());
    }
    assert_eq!(whole.sides[1].tune.weights, sliced.sides[1].tune.weights);
    assert_eq!(whole.sides[0].tune.losses, sliced.sides[0].tune.losses);
    // Other dials, the same pre-trained network: as if it were new.
    let mut again = whole;
    again.restart(&TrainDials::default());
    let mut fresh = Training::new(&TrainDials::default());
    for training in [&mut again, &mut fresh] {
        while steps(training) < 10 {
            training.advance();
        }
    }
    assert_eq!(again.sides[1].tune.weights, fresh.sides[1].tune.weights);
}

#[test]
fn a_training_is_drawn_at_every_moment_and_its_vectors_are_traced() {
    let mut training = Training::new(&TrainDials::default());
    let empty = training.scene();
    assert!(empty.report.panels.iter().all(|p| p.alt.contains("nothing yet")));
    while training.sides.last().is_none_or(|s| s.looks.len() < 5) {
        training.advance();
    }
    let scene = training.scene();
    let report = scene.report;
    let lora: Vec<_> = report
        .models
        .iter()
        .filter(|m| m.run.as_ref().unwrap().run.starts_with("LoRA"))
        .collect();
    assert!(lora.len() >= 3 && lora.windows(2).all(|w| w[0].run < w[1].run));
    assert!(lora.last().unwrap().matrices.len() == 4 && lora[0].matrices.len() == 1);
    assert!(lora.last().unwrap().matrices.iter().all(|m| m.similarity.is_some()));
    assert!(lora.iter().skip(1).all(|m| m.matrices[0].follows.is_some()));
}

#[test]
fn the_number_of_threads_changes_no_number() {
    let steps = |t: &Training| t.sides.first().map_or(0, |s| s.tune.step);
    let [one, three] = [1, 3].map(|threads| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap()
            .install(|| {
                let mut training = Training::new(&TrainDials {
                    rank: 3,
                    init: Init::Principal,
                    ..TrainDials::default()
                });
                while steps(&training) < 15 {
                    training.advance();
                }
                training
            })
    });
    assert!((0..2).all(|n| one.sides[n].tune.weights == three.sides[n].tune.weights));
    assert_eq!(one.scene(), three.scene());
}

/// `experiment.py sequence --seeds 1`: rank 8 after the first and the second of its tasks.
#[test]
fn tasks_in_sequence_start_where_the_one_before_ended() {
    let training = finished(&TrainDials {
        tasks: 2,
        rank: 8,
        full_rate: 10.0,
        ..TrainDials::default()
    });
    let fact = facts(&training);
    assert_eq!((fact("tasks"), training.learnt.len()), (2.0, 2));
    assert!(
        training
            .sides
            .iter()
            .all(|s| s.heads.len() == 1 && s.looks.windows(2).all(|w| w[0].step <= w[1].step))
    );
    for (name, wanted, off) in [
        ("freshBefore", 0.636, 0.006),
        ("loraTask1Fresh", 0.626, 0.01),
        ("loraTask2Fresh", 0.634, 0.015),
        ("loraTask1Count", 2.0, 1.0),
        ("loraTask2Count", 4.0, 2.0),
        ("loraTask1Forgetting", 1.278, 0.08),
    ] {
        assert!((fact(name) - wanted).abs() <= off, "{name}: {}", fact(name));
    }
    // It learnt the first task, and knows it less after the second, unless it has a new head.
    assert!(fact("loraTask1Own") > 0.6 && fact("loraTask2Own") < fact("loraTask1Own") - 0.03);
    let scene = training.scene();
    for name in ["sequence", "sequence-fresh", "sequence-count", "sequence-forgetting"] {
        let panel = scene
            .report
            .panels
            .iter()
            .find(|p| p.name == name)
            .unwrap_or_else(|| panic!("no panel {name}"));
        assert!(panel.alt.contains("after 2 tasks: Full"), "{}", panel.alt);
    }
    read_again(&training);
}

/// `experiment.py scale --seeds 1`: 2.224 -> 0.500, at an accuracy of 0.649 and a loss of 1.063.
#[test]
fn shrunk_intruders_give_task_one_back() {
    let fact = facts(usual());
    near(&[fact("loraForgetting"), fact("shrunkForgetting")], &[2.224, 0.5], 0.05);
    near(&[fact("shrunkAccuracy"), fact("shrunkLoss")], &[0.649, 1.063], 0.02);
    let same = usual().sides[1].shrunk(1.0, 10, 0.5);
    assert!(
        same.iter()
            .zip(&usual().sides[1].tune.weights)
            .all(|(a, b)| (a - b).amax() < 1e-6)
    );
}

/// What the model of the experiment shows over lambda, the lesson shows of its own network: the edit beside controls of its size.
#[test]
fn the_arms_of_the_lesson_meet_at_the_model_as_trained() {
    let scene = usual().scene();
    let curves = |name: &str| {
        let panel = scene.report.panels.iter().find(|p| p.name == name).unwrap();
        match &panel.body {
            Body::Curves(curves) => curves,
            _ => panic!("{name} has no curves"),
        }
    };
    for (name, trained) in [("strength-loss", "loraLoss"), ("strength-forgetting", "loraForgetting")] {
        let fact = facts(usual())(trained);
        for line in &curves(name).lines {
            let at = |lambda: f64| line.points.iter().find(|p| p[0] == lambda).unwrap()[1];
            near(&[at(1.0)], &[fact], 1e-12);
            assert!(line.points.is_sorted_by(|a, b| a[0] < b[0]) && line.points.len() == 6);
        }
    }
    let forgetting = &curves("strength-forgetting").lines;
    let zero: Vec<f64> = forgetting.iter().map(|l| l.points[0][1]).collect();
    let labels: Vec<&str> = forgetting.iter().map(|l| l.label.as_str()).collect();
    assert_eq!(labels, ["scaled", "shrunk", "restored"]);
    let taken = usual().sides[1].shrunk(0.0, 10, 0.5);
    near(&zero[..1], &[usual().world.forgetting(&taken)], 1e-9);
    // The controls are other models than the edit.
    assert!(
        (zero[1] - zero[0]).abs() > 1e-3 && (zero[2] - zero[0]).abs() > 1e-3,
        "{zero:?}"
    );
}

/// The files as a reader would drop them: the analyzer counts what the lesson counts, at every checkpoint that is in both.
#[track_caller]
fn read_again(training: &Training) {
    let root = std::env::temp_dir().join(format!("lorascope-lesson-{}-{:p}", std::process::id(), training));
    let mut folders: Vec<String> = vec![];
    for file in training.files().unwrap() {
        let (folder, _) = file.path.rsplit_once('/').unwrap();
        std::fs::create_dir_all(root.join(folder)).unwrap();
        std::fs::write(root.join(&file.path), &file.bytes).unwrap();
        folders.push(folder.to_owned());
    }
    folders.dedup();
    let report = Visit::open_folders(&root, &folders.iter().map(String::as_str).collect::<Vec<_>>()).run();
    std::fs::remove_dir_all(&root).unwrap();
    assert_eq!(report.models.len(), folders.len() - 1);
    for model in &report.models {
        let run = model.run.as_ref().expect("a checkpoint of a run");
        let side = &training.sides[usize::from(run.run.starts_with("lora"))];
        let seen = side
            .looks
            .iter()
            .rfind(|seen| u64::from(seen.step) == run.step)
            .unwrap_or_else(|| panic!("no look at {run:?}"));
        assert_eq!(model.totals.intruders, seen.count(10, 0.5), "{run:?}");
        assert_eq!(model.matrices.len(), 4);
        for (own, read) in seen.matrices.iter().zip(&model.matrices) {
            assert_eq!((&own.name, own.layer, &own.kind), (&read.name, read.layer, &read.kind));
            let [own, read] = [own, read].map(|m| m.delta.as_ref().unwrap().effective_rank);
            assert!((own - read).abs() < 1e-3 * own.max(1.0), "{run:?}: {own} {read}");
        }
    }
}

#[test]
fn what_was_trained_is_read_again_by_the_analyzer() {
    read_again(usual());
    let mut principal = Training::new(&TrainDials {
        rank: 4,
        init: Init::Principal,
        ..TrainDials::default()
    });
    while principal.sides.last().is_none_or(|s| s.looks.len() < 7) {
        principal.advance();
    }
    read_again(&principal);
    assert!(Training::new(&TrainDials::default()).files().unwrap().is_empty());
}

#[test]
fn both_go_on_until_both_are_there_where_steps_are_equal() {
    let training = finished(&TrainDials {
        same_steps: true,
        rank: 64,
        target: 1.8,
        ..TrainDials::default()
    });
    let fact = facts(&training);
    assert_eq!(fact("fullSteps"), fact("loraSteps"));
}

#[test]
fn every_way_to_begin_trains() {
    for init in [Init::Usual, Init::Wide, Init::Orthonormal, Init::Principal] {
        let mut training = Training::new(&TrainDials {
            init,
            rank: 4,
            ..TrainDials::default()
        });
        while training.sides.first().is_none_or(|s| s.tune.step < 60) {
            training.advance();
        }
        let losses = &training.sides[1].tune.losses;
        assert!(losses[55] < losses[0] - 0.2, "{init:?}: {losses:?}");
    }
}

#[test]
fn hostile_dials_are_set_straight() {
    for text in [
        "",
        "[]",
        "{\"rank\":-1}",
        "{\"rank\":4294967295,\"fullRate\":1e308,\"loraRate\":-5,\"tasks\":0,\"matrix\":99,\"shrink\":7,\"epsilon\":-1}",
        "{\"seed\":4294967295}",
        "{\"task\":\"nine\"}",
    ] {
        let mut lesson: Box<dyn Lesson> = open("train-it-here", text).expect("a lesson");
        (0..3).for_each(|_| {
            lesson.advance();
        });
        assert!((0.0..=1.0).contains(&lesson.done()) && !lesson.scene().report.panels.is_empty());
    }
    let mut fast = Training::new(&TrainDials {
        full_rate: 100.0,
        lora_rate: 100.0,
        ..TrainDials::default()
    });
    while fast.sides.first().is_none_or(|s| s.looks.len() < 3) {
        fast.advance();
    }
    assert!(fast.scene().report.panels.iter().all(|p| !p.alt.is_empty()));
}

#[test]
fn a_sweep_goes_through_ranks_and_seeds() {
    // Easy to reach, so that every rank ends soon.
    let mut sweep = Sweep::new(&TrainDials {
        seeds: 2,
        target: 1.95,
        full_rate: 10.0,
        ..TrainDials::default()
    });
    let mut done = 0.0;
    while sweep.advance() {
        assert!(
            sweep.done() >= done && sweep.done() < 1.0,
            "{} after {done}",
            sweep.done()
        );
        done = sweep.done();
    }
    assert_eq!((sweep.ended.len(), sweep.done()), (2 * (RANKS.len() + 1), 1.0));
    assert!(!sweep.advance() && sweep.ended.iter().all(|e| e.reached));
    assert_eq!(
        (sweep.ended[0].rank, sweep.ended[1].rank, sweep.ended[8].seed),
        (None, Some(RANKS[0]), 1)
    );
    let scene = sweep.scene();
    assert_eq!(
        scene.report.panels.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(),
        ["sweep-count", "sweep-forgetting", "sweep-rank"]
    );
    let fact = |name: &str| {
        scene
            .facts
            .iter()
            .find(|f| f.name == name)
            .unwrap_or_else(|| panic!("no fact {name}"))
            .value
    };
    let two: Vec<f64> = [4, 12].map(|n: usize| sweep.ended[n].seen.forgetting).to_vec();
    assert_eq!(
        (
            sweep.ended[4].rank,
            (fact("r8Forgetting"), fact("r8ForgettingDeviation"))
        ),
        (Some(8), spread(&two))
    );
    // The second seed is what it is alone.
    let mut alone = Training::new(&TrainDials {
        seed: 1,
        target: 1.95,
        full_rate: 10.0,
        ..TrainDials::default()
    });
    while alone.advance() {}
    assert_eq!(
        alone.sides[1].looks.last().unwrap().forgetting,
        sweep.ended[9].seen.forgetting
    );
}

/// The page's numbers over ten seeds come from the reference: one of them, made here, says the same.
#[test]
fn ten_seeds_are_what_one_of_them_gives_here() {
    let stored = |rank: Option<u32>| {
        let mut own = rows()
            .iter()
            .filter(|r| r.task == Task::Eight && r.rank == rank && !r.freeze);
        own.find(|r| r.alpha.is_none_or(|alpha| alpha == 2.0))
            .expect("ten seeds of it")
    };
    let (full, one) = (stored(None), stored(Some(1)));
    let training = finished(&TrainDials {
        seed: 1,
        ..TrainDials::default()
    });
    let fact = facts(&training);
    for (row, own) in [(full, "full"), (one, "lora")] {
        assert_eq!(row.count.len(), 10);
        assert!((fact(&format!("{own}Count")) - f64::from(row.count[1])).abs() <= 1.0);
        near(&[fact(&format!("{own}Forgetting"))], &row.forgetting[1..2], 0.06);
        near(&[fact(&format!("{own}Accuracy"))], &row.accuracy[1..2], 0.02);
    }
    // What the lesson claims: at the same loss low-rank LoRA has more intruders than full fine-tuning, in every seed.
    assert!(
        full.count.iter().zip(&one.count).all(|(full, lora)| full < lora),
        "{:?} {:?}",
        full.count,
        one.count
    );
    assert!(fact("tenLoraCount") > 3.0 && fact("tenFullCount") < 0.5);
}
