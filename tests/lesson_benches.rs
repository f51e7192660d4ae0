//! The lessons on matrices from a seed: claims of the paper's appendices C and D and its section 5, for every dial.

use lorascope::lesson::alone::{self, AloneDials};
use lorascope::lesson::first_step::{self, FirstStepDials, Optimizer, Start};
use lorascope::lesson::making::{self, Making, MakingDials};
use lorascope::lesson::product::{self, ProductDials};
use lorascope::lesson::{Scene, Spectrum};
use lorascope::linalg::{SplitMix, View, low_rank_singular_values, singular_values};
use lorascope::metrics::effective_rank::effective_rank;
use lorascope::metrics::random_match::random_match;
use lorascope::report::panel::Body;
use lorascope::report::{Cosine, Status};
use proptest::prelude::*;
use rayon::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

fn fact(scene: &Scene, name: &str) -> f64 {
    found(scene, name).unwrap_or_else(|| panic!("the scene has no {name}"))
}

fn found(scene: &Scene, name: &str) -> Option<f64> {
    scene.facts.iter().find(|f| f.name == name).map(|f| f.value)
}

/// Every number of a scene can be drawn and said, and survives JSON.
fn whole(scene: &Scene) {
    let text = serde_json::to_string(scene).unwrap();
    assert_eq!(
        &serde_json::from_str::<Scene>(&text).unwrap(),
        scene,
        "a number that is none would come back as null"
    );
    for panel in &scene.report.panels {
        assert!(!panel.alt.contains('–'), "{}", panel.alt);
        if let Body::Curves(curves) = &panel.body {
            for range in [&curves.x, &curves.y] {
                assert!(range.to > range.from && (!range.log || range.from > 0.0));
            }
            assert!(
                curves
                    .lines
                    .iter()
                    .all(|line| line.points.is_sorted_by(|a, b| a[0] < b[0]))
            );
        }
    }
    for model in &scene.report.models {
        assert!(
            model.matrices.iter().all(|m| m.status == Status::Analyzed),
            "{:?}",
            model.matrices[0].reason
        );
    }
}

fn same_after_json<D: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug + Default>(dials: &D) {
    let text = serde_json::to_string(dials).unwrap();
    assert_eq!(&serde_json::from_str::<D>(&text).unwrap(), dials);
    assert_eq!(
        serde_json::from_str::<D>("{}").unwrap(),
        D::default(),
        "a link says only what differs"
    );
}

const HOSTILE: [f64; 6] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, -0.0];

#[test]
fn dials_survive_json_and_the_same_dials_give_the_same_scene() {
    same_after_json(&AloneDials {
        n: 7,
        alone: 0.25,
        flip: true,
        ..AloneDials::default()
    });
    same_after_json(&MakingDials {
        spectrum: Spectrum::Fast,
        making: Making::Turned,
        ..MakingDials::default()
    });
    same_after_json(&ProductDials {
        frozen: true,
        ..ProductDials::default()
    });
    same_after_json(&FirstStepDials {
        optimizer: Optimizer::Adam,
        ..FirstStepDials::default()
    });
    assert_eq!(
        alone::scene(&AloneDials::default()),
        alone::scene(&AloneDials::default())
    );
    assert_eq!(
        making::scene(&MakingDials::default()),
        making::scene(&MakingDials::default())
    );
    assert_eq!(
        product::scene(&ProductDials::default()),
        product::scene(&ProductDials::default())
    );
    assert_eq!(
        first_step::scene(&FirstStepDials::default()),
        first_step::scene(&FirstStepDials::default())
    );
}

#[test]
fn whatever_a_link_says_there_is_a_scene() {
    for x in HOSTILE {
        for n in [0, 1, 2, 3, u32::MAX] {
            whole(&alone::scene(&AloneDials {
                n,
                angle: x,
                azimuth: x,
                elevation: x,
                alone: x,
                seed: n,
                ..AloneDials::default()
            }));
        }
        for n in [0, u32::MAX] {
            let dials = FirstStepDials {
                seed: n,
                n,
                rank: n,
                alpha: x,
                learning_rate: x,
                batch: n,
                ..FirstStepDials::default()
            };
            for optimizer in [Optimizer::Sgd, Optimizer::Adam] {
                whole(&first_step::scene(&FirstStepDials {
                    optimizer,
                    ..dials.clone()
                }));
            }
            whole(&product::scene(&ProductDials {
                seed: n,
                n: 0,
                rank: n,
                decay: x,
                strength: x,
                k: n,
                epsilon: x,
                frozen: false,
            }));
            for making in [Making::Planted, Making::Turned] {
                let dials = MakingDials {
                    seed: n,
                    lambda: x,
                    angle: x,
                    tied: n,
                    k: n,
                    epsilon: x,
                    making,
                    ..MakingDials::default()
                };
                whole(&making::Bench::new(&dials).frame(&dials));
            }
        }
    }
    // The largest and the weakest that can be asked for.
    whole(&product::scene(&ProductDials {
        n: u32::MAX,
        rank: u32::MAX,
        decay: 2.0,
        strength: 0.0,
        ..ProductDials::default()
    }));
}

#[test]
fn no_vector_is_more_alone_than_the_one_of_appendix_c() {
    for (n, seed) in [(4, 1), (9, 2), (100, 3), (4096, 4)] {
        let at = |alone, flip| {
            alone::scene(&AloneDials {
                n,
                seed,
                alone,
                flip,
                ..AloneDials::default()
            })
        };
        let floor = f64::from(n).sqrt().recip();
        for alone in [0.0, 0.3, 0.9] {
            let scene = at(alone, false);
            assert!(fact(&scene, "best") >= floor && (fact(&scene, "sumOfSquares") - 1.0).abs() < 1e-9);
            assert_eq!(
                fact(&scene, "best"),
                fact(&at(alone, true), "best"),
                "a singular vector has no sign"
            );
        }
        assert!((fact(&at(1.0, false), "best") - floor).abs() < 1e-9);
        assert!(
            fact(&at(1.0, true), "signedBest") < 0.0,
            "without the bars the bound does not hold"
        );
    }
    for (angle, turned) in [(0.0, false), (33.0, true), (45.0, false), (300.0, true)] {
        let plane = alone::scene(&AloneDials {
            n: 2,
            angle,
            turned,
            ..AloneDials::default()
        });
        let space = alone::scene(&AloneDials {
            n: 3,
            azimuth: angle,
            elevation: 35.264389682754654,
            turned,
            ..AloneDials::default()
        });
        assert!(fact(&plane, "best") >= 0.5f64.sqrt() - 1e-6 && fact(&space, "best") >= 3f64.sqrt().recip() - 1e-6);
        assert_eq!((plane.report.panels.len(), space.report.panels.len()), (2, 2));
        if angle == 45.0 {
            assert!(
                (fact(&plane, "best") - 0.5f64.sqrt()).abs() < 1e-9
                    && (fact(&space, "best") - 3f64.sqrt().recip()).abs() < 1e-9
            );
        }
    }
}

/// The band that the lesson and the figures draw, against random vectors themselves.
#[test]
fn random_vectors_score_what_the_band_says() {
    for (n, draws, tolerance) in [
        (2, 4000, 0.03),
        (3, 4000, 0.03),
        (12, 4000, 0.03),
        (31, 2000, 0.03),
        (64, 2000, 0.03),
        (768, 1000, 0.02),
    ] {
        let mut stream = SplitMix(5);
        let mut best: Vec<[f64; 2]> = (0..draws)
            .map(|_| {
                let x: Vec<f64> = (0..n).map(|_| stream.normals()[0]).collect();
                let norm = x.iter().map(|x| x * x).sum::<f64>().sqrt();
                [
                    x.iter().fold(0.0, |most: f64, x| most.max(x.abs())),
                    x.iter().fold(f64::MIN, |most: f64, x| most.max(*x)),
                ]
                .map(|b| b / norm)
            })
            .collect();
        for (which, cosine) in [(0, Cosine::Absolute), (1, Cosine::Signed)] {
            best.sort_by(|a, b| a[which].total_cmp(&b[which]));
            let (drawn, band) = (best[draws / 2][which], random_match(n, &[n], cosine).unwrap());
            assert!(
                (band.middle / drawn - 1.0).abs() < tolerance,
                "n = {n}, {cosine:?}: {} and {drawn}",
                band.middle
            );
        }
    }
}

#[test]
fn the_count_climbs_dips_at_the_crossing_and_comes_back() {
    let scene = making::scene(&MakingDials {
        lambda: 1.0,
        ..MakingDials::default()
    });
    whole(&scene);
    let Body::Curves(curves) = &scene.report.panels[0].body else {
        panic!("curves")
    };
    let counts = &curves.strips[0].counts;
    let count = |at: f64| counts.iter().find(|c| c[0] == at).unwrap()[1];
    assert_eq!((counts.len(), count(0.0), count(2.0)), (129, 0.0, 1.0));
    let [from, to, crossing] = ["dipFrom", "dipTo", "crossing"].map(|name| fact(&scene, name));
    assert!(
        from < to && (0.8..1.2).contains(&from) && (0.8..1.2).contains(&crossing) && from <= crossing && crossing <= to
    );
    assert!(count(from) < count(0.875) && count(1.5) == 1.0);
    assert_eq!(fact(&scene, "count"), count(1.0), "the frame and the sweep agree");
    assert!(fact(&scene, "firstIntruder") < from && fact(&scene, "plantedMatch") > 0.7);
    assert!(
        (fact(&scene, "normChange") / fact(&scene, "sigma1") - 1.0).abs() < 1e-5,
        "λ is in units of σ₁"
    );
    let none = making::Bench::new(&MakingDials::default()).frame(&MakingDials {
        lambda: 0.0,
        ..MakingDials::default()
    });
    assert_eq!(
        (
            fact(&none, "count"),
            fact(&none, "energyShare"),
            fact(&none, "bestMatch1")
        ),
        (0.0, 0.0, 1.0)
    );
}

#[test]
fn a_sweep_comes_in_parts() {
    let dials = MakingDials::default();
    let mut bench = making::Bench::new(&dials);
    assert!(
        bench.fits(&MakingDials {
            lambda: 1.7,
            k: 3,
            ..dials.clone()
        }) && !bench.fits(&MakingDials {
            seed: 2,
            ..dials.clone()
        })
    );
    let parts: Vec<f64> = [5, 10, 0, 200, 1].map(|count| bench.advance(count)).into();
    assert_eq!(parts, [5.0 / 129.0, 15.0 / 129.0, 15.0 / 129.0, 1.0, 1.0]);
    assert_eq!(bench.frame(&dials), making::scene(&dials));
    let mut begun = making::Bench::new(&dials);
    begun.advance(9);
    let scene = begun.frame(&dials);
    assert!(found(&scene, "firstIntruder").is_none(), "not said before all is known");
    whole(&scene);
}

#[test]
fn a_turned_tie_scores_low_and_is_all_there() {
    let at = |tied, epsilon| {
        making::scene(&MakingDials {
            making: Making::Turned,
            tied,
            epsilon,
            angle: 45.0,
            ..MakingDials::default()
        })
    };
    for (tied, epsilon) in [(2, 0.75), (4, 0.55), (8, 0.5)] {
        let scene = at(tied, epsilon);
        assert_eq!(fact(&scene, "count"), f64::from(tied));
        assert!(fact(&scene, "tiedMatch") > 0.99 && fact(&scene, "relativeChange") < 2e-3);
        assert!((fact(&scene, "turnedMatch") - f64::from(tied).sqrt().recip()).abs() < 0.01);
        whole(&scene);
    }
    assert_eq!(fact(&at(2, 0.5), "count"), 0.0, "a pair falls to 0.71 and no lower");
}

#[test]
fn the_product_spreads_its_singular_values_and_freezing_keeps_those_of_b() {
    for dials in [
        ProductDials::default(),
        ProductDials {
            n: 64,
            rank: 64,
            decay: 1.0,
            ..ProductDials::default()
        },
        ProductDials {
            n: 64,
            rank: 1,
            seed: 9,
            ..ProductDials::default()
        },
    ] {
        let scene = product::scene(&dials);
        whole(&scene);
        let of = |name: &str| fact(&scene, name);
        assert!(
            of("effectiveRankProduct") <= of("effectiveRankB").min(of("effectiveRankA")) + 1e-3,
            "{dials:?}"
        );
        assert!((of("effectiveRankFrozen") - of("effectiveRankB")).abs() < 1e-2);
        assert!(of("effectiveRankFull") > of("effectiveRankProduct"));
        let report = &scene.report;
        let norms: Vec<f64> = report
            .models
            .iter()
            .map(|m| m.matrices[0].delta.as_ref().unwrap().frobenius)
            .collect();
        assert!(
            norms.iter().all(|norm| (norm / norms[0] - 1.0).abs() < 1e-3),
            "{norms:?}"
        );
        assert_eq!(
            report.models.iter().map(|m| m.rank).collect::<Vec<_>>(),
            [None, Some(dials.rank), Some(dials.rank)]
        );
    }
}

/// Fig. 10's point, and where it ends.
#[test]
fn at_equal_norm_a_frozen_a_makes_fewer_intruders_at_high_rank_and_a_full_update_none() {
    let counts = |rank: u32| {
        let scenes: Vec<Scene> = (1..=48)
            .into_par_iter()
            .map(|seed| {
                product::scene(&ProductDials {
                    seed,
                    rank,
                    ..ProductDials::default()
                })
            })
            .collect();
        ["countFull", "countProduct", "countFrozen"].map(|name| scenes.iter().map(|s| fact(s, name)).sum::<f64>())
    };
    let [full, product, frozen] = counts(64);
    assert!(
        full == 0.0 && frozen > 0.0 && product > 1.2 * frozen,
        "{full} {product} {frozen}"
    );
    let [full, product, frozen] = counts(4);
    assert!(full == 0.0 && frozen > 1.2 * product, "{full} {product} {frozen}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Appendix D: dW = s B A = -eta s^2 G A^T A, of rank at most r.
    #[test]
    fn the_first_step_of_lora_is_the_gradient_through_a(
        seed in any::<u32>(), n in 16u32..48, rank in 1u32..16, alpha in 0.5f64..64.0, learning_rate in 1e-4f64..1.0, batch in 1u32..64
    ) {
        let dials = FirstStepDials { seed, n, rank, alpha, learning_rate, batch, optimizer: Optimizer::Sgd };
        let start = Start::new(&dials);
        let s = alpha / f64::from(rank);
        let made = start.b(&dials) * &start.a * s as f32;
        let expected = &start.gradient * start.a.transpose() * &start.a * (-learning_rate * s * s) as f32;
        prop_assert!((&made - &expected).norm() <= 1e-5 * expected.norm());
        prop_assert_eq!(start.full(&dials), &start.gradient * -learning_rate as f32);
        let scene = first_step::scene(&dials);
        let of = |name: &str| fact(&scene, name);
        prop_assert!(of("rankLora") <= f64::from(rank.min(batch)) && of("rankFull") <= f64::from(n.min(batch)));
        for name in ["Full", "Lora"] {
            let (effective, rank) = (of(&format!("effectiveRank{name}")), of(&format!("rank{name}")));
            prop_assert!((1.0 - 1e-9..=rank + 1e-2).contains(&effective));
        }
        // G P with P = A^T A, which has no negative eigenvalue: the update never goes against the full one.
        prop_assert!((0.0..=1.0 + 1e-9).contains(&of("cosine")));
        prop_assert!((of("normLora") / f64::from(made.norm()) - 1.0).abs() < 1e-3);
    }

    /// Adam's first step: every entry of the full update and of B moves by eta; the rank of LoRA's stays.
    #[test]
    fn the_first_step_of_adam_is_a_sign(seed in any::<u32>(), n in 16u32..48, rank in 1u32..16) {
        let dials = FirstStepDials { seed, n, rank, optimizer: Optimizer::Adam, ..FirstStepDials::default() };
        let start = Start::new(&dials);
        let eta = dials.learning_rate as f32;
        prop_assert!(start.full(&dials).iter().chain(start.b(&dials).iter()).all(|x| x.abs() == eta));
        prop_assert!(start.full(&dials).iter().zip(start.gradient.iter()).all(|(step, g)| step * g < 0.0));
        let scene = first_step::scene(&dials);
        prop_assert!(fact(&scene, "rankLora") <= f64::from(rank));
        prop_assert!((fact(&scene, "normFull") / (f64::from(n) * dials.learning_rate) - 1.0).abs() < 1e-4);
    }

    /// Orthonormal rows of A: B A has the singular values of B.
    #[test]
    fn an_orthonormal_a_keeps_the_spectrum_of_b(seed in any::<u64>(), n in 8usize..40, rank in 1usize..8) {
        let b = lorascope::linalg::random(n, rank, seed);
        let a = lorascope::linalg::orthonormal(&lorascope::linalg::random(n, rank, seed ^ 1)).unwrap().transpose();
        let (own, product) = (singular_values(View::from(&b)).unwrap(), low_rank_singular_values(1.0, &b, &a).unwrap());
        prop_assert!(own.iter().zip(&product).all(|(x, y)| (x - y).abs() < 1e-4 * own[0]));
        prop_assert!((effective_rank(&own) - effective_rank(&product)).abs() < 1e-3);
    }
}
