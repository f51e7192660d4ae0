//! Reports made by a generator of our own, so that the stored drawings depend on no crate's version.

use lorascope::figures::{FigureId, Request, Theme};
use lorascope::report::surgery::{ARMS, Arm, ArmCurve, ArmWords, Surgery};
use lorascope::report::*;

pub struct Lcg(pub u64);

impl Lcg {
    /// Uniform in [0, 1).
    pub fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 33) as f64 / (1u64 << 31) as f64
    }
}

pub const TYPES: [(&str, u32, u32); 6] = [
    ("q", 384, 384),
    ("k", 384, 384),
    ("v", 384, 384),
    ("o", 384, 384),
    ("up", 1536, 384),
    ("down", 384, 1536),
];

/// An analyzed matrix of one fine-tune. `new` of its ten strongest vectors are intruders.
pub fn matrix(rng: &mut Lcg, layer: u32, (kind, rows, cols): (&str, u32, u32), rank: Option<u32>) -> Matrix {
    const N: usize = 40;
    const TOP: usize = 32;
    // More rank, fewer intruders but more mixing.
    let (chance, wear) = match rank {
        None => (0.0, 0.05),
        Some(1) => (0.09, 0.3),
        Some(8) => (0.15, 0.6),
        Some(_) => (0.06, 1.0),
    };
    let mut values = vec![0.0f32; TOP * TOP];
    let (mut max_cos, mut argmax) = (Vec::new(), Vec::new());
    let mut row = 0usize;
    for j in 0..N {
        let forced = rank == Some(8) && layer == 2 && kind == "q" && [0, 3, 7].contains(&j);
        let intruder = (j < 10 && rng.next() < chance) || forced;
        let mixing = wear * rng.next().powf(1.5) * (0.3 + 0.05 * j as f64).min(0.9);
        let c = if intruder {
            0.15 + 0.33 * rng.next()
        } else {
            1.0 - mixing
        };
        let best = if intruder { (rng.next() * 30.0) as usize } else { row };
        if !intruder {
            row += 1;
        }
        for i in 0..TOP.min(if j < TOP { TOP } else { 0 }) {
            let near = (-((i as f64 - best as f64) / 3.0).powi(2)).exp();
            let noise = 0.08 * rng.next()
                + if rank.is_some() && j > 5 {
                    0.3 * near * rng.next()
                } else {
                    0.0
                };
            values[i * TOP + j] = (if i == best { c } else { noise.min(c) }) as f32;
        }
        max_cos.push(c as f32);
        argmax.push(best as u32);
    }
    let effective_rank = match rank {
        None => 200.0 + 15.0 * f64::from(layer % 3) + 60.0 * rng.next(),
        Some(r) => 1.0 + (f64::from(r) - 1.0) * (0.55 + 0.25 * rng.next()),
    };
    let n = rows.min(cols) as usize;
    // What lies past the strongest has numbers of its own, so that the strongest stay as they are. The largest matrices hold no more.
    let mut tail = Lcg(u64::from(layer) << 16 | u64::from(rank.unwrap_or(999)));
    let whole = if n <= 1024 { n } else { N };
    for j in N..whole {
        max_cos.push((0.35 + 0.6 * tail.next() * (1.2 - j as f64 / n as f64).min(1.0)) as f32);
        argmax.push(j as u32);
    }
    let decay = |top: f64| {
        move |j: usize| ((top * (-0.09 * j as f64).exp() + 1.0) * (1.0 - 0.9 * j as f64 / n.max(N) as f64)) as f32
    };
    let similarity = Similarity {
        rows: TOP as u32,
        cols: TOP as u32,
        values,
    };
    let studied = layer == 2 && kind == "q" && rank == Some(8);
    let left = Match {
        vectors: studied.then(|| every_vector(&similarity, n, &mut tail)),
        max_cos,
        argmax,
        ..Match::default()
    };
    Matrix {
        name: format!("encoder.layer.{layer}.{kind}.weight"),
        layer: Some(layer),
        kind: Some(kind.into()),
        rows,
        cols,
        status: Status::Analyzed,
        mode: None,
        reason: None,
        sigma_base: (0..whole).map(decay(7.9)).collect(),
        sigma_tuned: (0..whole).map(decay(10.7)).collect(),
        bulk: None,
        left: Some(left),
        right: None,
        intruders: None,
        delta: Some(Delta {
            effective_rank,
            stable_rank: 2.0,
            frobenius: 3.0,
            sigma: vec![],
            ..Delta::default()
        }),
        similarity: Some(similarity),
        follows: None,
        residual: None,
        rounding: None,
        certified: true,
        seconds: 0.1,
    }
}

/// All n pre-trained vectors against the fine-tuned ones of a corner; below it there is noise.
fn every_vector(corner: &Similarity, n: usize, noise: &mut Lcg) -> Similarity {
    let mut values = corner.values.clone();
    values.extend((values.len()..n * corner.cols as usize).map(|_| (0.11 * noise.next().powi(2)) as f32));
    Similarity {
        rows: n as u32,
        cols: corner.cols,
        values,
    }
}

pub fn model(rng: &mut Lcg, rank: Option<u32>, layers: u32, types: &[(&str, u32, u32)]) -> Model {
    Model {
        label: rank.map_or("full".into(), |r| format!("lora_r{r}")),
        kind: if rank.is_some() { Kind::Lora } else { Kind::Full },
        formula: None,
        run: None,
        rank,
        alpha: None,
        scale: None,
        files: vec![],
        matching: Matching::default(),
        sources: vec![],
        matrices: (0..layers)
            .flat_map(|l| types.iter().map(move |t| (l, *t)))
            .map(|(l, t)| matrix(rng, l, t, rank))
            .collect(),
        totals: Totals::default(),
        surgery: None,
    }
}

/// A surgery as it comes out of a few dozen matrices.
pub fn operated() -> Surgery {
    let lambdas = [0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0];
    let curve = |words: &ArmWords| {
        let fixed = matches!(words.arm, Arm::Trained | Arm::Projected);
        let at: &[f64] = if fixed { &[1.0] } else { &lambdas };
        let (kept, held): (f64, f64) = match words.arm {
            Arm::Trained => (1.0, 1.0),
            Arm::Projected => (0.6, 0.93),
            Arm::Scaled => (0.25, 0.0),
            Arm::Shrunk => (0.35, 0.0),
            Arm::Random => (0.55, 0.0),
            Arm::Restored => (0.7, 1.0),
        };
        let share = |lambda: &f64| kept + (1.0 - kept) * lambda;
        let norm = |lambda: &f64| {
            22.5 * if fixed || held > 0.0 {
                held
            } else {
                0.26 + 0.74 * lambda
            }
        };
        ArmCurve {
            arm: words.arm,
            intruders: at
                .iter()
                .map(|l| (41.0 * if fixed { kept } else { share(l) }).round() as u32)
                .collect(),
            undecided: vec![0; at.len()],
            frobenius: at.iter().map(norm).collect(),
            energy: at.iter().map(|l| Some(0.21 * share(l))).collect(),
            effective_rank: vec![Some(3.4); at.len()],
            weakest: vec![Some(0.25); at.len()],
            sigma: at.iter().map(|l| 5.0 + *l as f32).collect(),
        }
    };
    Surgery {
        k: 10,
        epsilon: 0.5,
        side: Side::Left,
        seed: 1,
        lambdas: lambdas.to_vec(),
        matrices: 36,
        edited: 21,
        chosen: 41,
        longer: 3,
        arms: ARMS.iter().map(curve).collect(),
    }
}

pub fn report_of(ranks: &[Option<u32>], layers: u32, types: &[(&str, u32, u32)]) -> Report {
    let mut rng = Lcg(7);
    Report {
        schema: SCHEMA.into(),
        generator: Generator {
            name: "test".into(),
            version: "0".into(),
            build: "scalar".into(),
            threads: 1,
            engine: None,
        },
        settings: Settings::default(),
        base: Base {
            label: "MiniLM-L6".into(),
            files: vec![],
        },
        models: ranks.iter().map(|r| model(&mut rng, *r, layers, types)).collect(),
        loss: None,
        panels: vec![],
    }
}

pub fn become_status(matrix: &mut Matrix, status: Status, reason: Option<&str>) {
    (matrix.status, matrix.reason) = (status, reason.map(String::from));
    (matrix.left, matrix.delta, matrix.similarity) = (None, None, None);
}

/// Four models, 6 layers of 6 types; in LoRA r = 8 one matrix failed and one is unchanged.
pub fn stored() -> Report {
    let mut report = report_of(&[None, Some(1), Some(8), Some(64)], 6, &TYPES);
    become_status(
        &mut report.models[2].matrices[3 * 6 + 2],
        Status::Failed,
        Some("3 of 147,456 values are NaN."),
    );
    become_status(&mut report.models[2].matrices[6 + 4], Status::Unchanged, None);
    report
}

/// The gallery's losses: a small language model with four fine-tunes on two texts, arms and undone parts of one of them.
pub fn with_losses() -> Report {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/www/public/gallery/loss.json");
    let text = std::fs::read_to_string(path).expect("the gallery's losses");
    lorascope::export::read(&text).expect("a report")
}

/// A figure by its id.
#[track_caller]
pub fn named(id: &str) -> FigureId {
    FigureId::named(id).unwrap_or_else(|| panic!("no figure {id}"))
}

fn of_one_matrix(figure: FigureId) -> bool {
    ["similarity", "spectrum", "sigma-vs-cosine", "vector"].contains(&figure.kind().id)
}

pub fn request(figure: FigureId, theme: Theme, width: f64) -> Request {
    Request {
        matrix: of_one_matrix(figure).then(|| "encoder.layer.2.q.weight".into()),
        model: of_one_matrix(figure).then_some(2),
        planned: 36,
        ..Request::of(figure, theme, width)
    }
}
