//! Certified mode: the leading vectors, their cosines with the leading base vectors, and a bound for the rest.

use super::change::Change;
use super::weights::Weights;
use super::{Answer, Numbers, Stop};
use crate::linalg::{self, Matrix, Question, Settled, SideMatch, Tune};
use crate::metrics::intruder::{self, Rule};
use crate::metrics::tied::tied_cosines;
use crate::report::{self, Bulk, CORNER, Match, Probe, Side, Similarity, Task, Turns};

pub fn compute(w0: &Weights, changes: &[Result<Change, Stop>], task: &Task) -> Vec<Answer> {
    let tunes: Vec<Option<Tune>> = changes.iter().map(|c| c.as_ref().ok().and_then(Change::tune)).collect();
    let asked: Vec<Tune> = tunes.iter().flatten().copied().collect();
    if asked.is_empty() {
        return tunes.iter().map(|_| Ok(None)).collect();
    }
    let question = Question {
        k: task.k as usize,
        epsilon: task.epsilon,
        // The similarity map shows left vectors whatever the side.
        left: true,
        right: task.side != Side::Left,
    };
    let compared = Settled::of(w0.view(), question.k).and_then(|known| {
        Ok((
            linalg::compare_with(w0.view(), &known, &asked, question)?,
            bulk(w0, &known),
        ))
    });
    let (mut found, bulk) = match compared {
        Ok((found, bulk)) => (found.into_iter(), bulk),
        Err(_) => {
            let stop = Stop::failed("The leading singular vectors did not converge.".into());
            return tunes
                .iter()
                .map(|tune| if tune.is_some() { Err(stop.clone()) } else { Ok(None) })
                .collect();
        }
    };
    tunes
        .iter()
        .map(|tune| {
            let own = tune.and_then(|_| found.next()).map(numbers);
            Ok(own.map(|numbers| Numbers {
                bulk: bulk.clone(),
                ..numbers
            }))
        })
        .collect()
}

/// The bulk as a report holds it; none where it was not found.
pub fn bulk(w0: &Weights, known: &Settled) -> Option<Bulk> {
    let found = linalg::bulk(w0.view(), known).ok()?;
    let probe = |nodes: Vec<(f64, f64)>| {
        let (sigma, count) = nodes.into_iter().map(|(s, n)| (s as f32, n as f32)).unzip();
        Probe { sigma, count }
    };
    Some(Bulk {
        leading: found.leading as u32,
        probes: found.probes.into_iter().map(probe).collect(),
    })
}

/// True where some vector's interval contains epsilon.
pub fn open(entry: &report::Matrix, task: &Task) -> bool {
    intruder::undecided(entry, Rule::absolute(task.side), task.k, task.epsilon) > 0
}

fn numbers(c: linalg::Compared) -> Numbers {
    let corner = |side: &Matrix| Similarity::corner(side.nrows(), side.ncols(), |i, j| side[(i, j)]);
    let similarity = c.left.as_ref().map(|side| corner(&side.cosines));
    let of = |side: SideMatch| Match {
        tied_cos: tied_cosines(
            side.cosines.as_slice(),
            side.cosines.nrows(),
            &c.sigma_base,
            &side.argmax,
        ),
        max_cos: side.cos,
        max_cos_upper: Some(side.upper),
        argmax: side.argmax,
        turns: Some(Turns {
            tuned: side.turn.into_iter().take(CORNER).collect(),
            base: side.base_turn.into_iter().take(CORNER).collect(),
        }),
        ..Match::default()
    };
    Numbers {
        left: c.left.map(of),
        right: c.right.map(|side| Match {
            vectors: Some(corner(&side.cosines)),
            ..of(side)
        }),
        vectors: Some(c.vectors),
        similarity,
        residual: c.residual,
        sigma_base: c.sigma_base.clone(),
        sigma_tuned: c.sigma_tuned,
        bulk: None,
    }
}
