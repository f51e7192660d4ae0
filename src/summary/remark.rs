//! Caveats of a report, or of one matrix: what to know before trusting its counts.

use crate::metrics::tied::tied_vectors;
use crate::print::{count, fixed, rank};
use crate::report::{Floor, Matrix, Mode, Report, Settings};

/// Caveats of one matrix, a sentence each: the floor of rounding, vectors that are tied.
pub fn remarks(matrix: &Matrix, settings: &Settings) -> Vec<String> {
    let floor = matrix.delta.as_ref().and_then(|delta| delta.floor.as_ref());
    floor.map(sunk).into_iter().chain(turned(matrix, settings)).collect()
}

fn sunk(floor: &Floor) -> String {
    let above = match floor.above {
        0 => "None stands above it.".to_owned(),
        n => {
            let values = if n == 1 { "value" } else { "values" };
            let rank = rank(floor.effective_rank);
            format!("{} {values} above it, of effective rank {rank}.", count(n.into()))
        }
    };
    format!(
        "ΔW sinks into the rounding of the stored weights: singular values up to {} are noise. {above}",
        two_digits(floor.sigma.into())
    )
}

/// Two digits that say something: `0.0012`, `1.2e-7`.
fn two_digits(x: f64) -> String {
    let exponent = format!("{x:.1e}")
        .rsplit_once('e')
        .and_then(|(_, e)| e.parse::<i32>().ok());
    match exponent {
        Some(e @ -6..=1) => format!("{x:.*}", (1 - e).max(0) as usize),
        _ => format!("{x:.1e}"),
    }
}

fn turned(matrix: &Matrix, settings: &Settings) -> Option<String> {
    let (places, cosine) = tied_vectors(matrix, settings)?;
    let which: Vec<String> = places.iter().map(|j| count(*j as u64 + 1)).collect();
    let [vectors, lie] = if places.len() == 1 {
        ["Vector", "lies"]
    } else {
        ["Vectors", "lie"]
    };
    Some(format!(
        "{vectors} {} {lie} among nearly tied pre-trained vectors (cosine with their span {} or more): turned within it, not new.",
        which.join(", "),
        fixed(cosine, 2)
    ))
}

/// Certified bounds of a program that did not prove them, in words; none where all numbers stand.
pub fn remark(report: &Report) -> Option<String> {
    let certified = report
        .models
        .iter()
        .flat_map(|m| &m.matrices)
        .filter(|m| m.mode == Some(Mode::Certified))
        .count();
    if certified == 0 || report.generator.proves_bounds() {
        return None;
    }
    let some = if certified == 1 {
        "1 result here is".to_owned()
    } else {
        format!("{certified} results here are")
    };
    Some(format!(
        "{some} certified by Lorascope {}, whose bounds could be wrong: a best match may be larger than stated, and a count too high. \
         Compute the report again from its checkpoints.",
        report.generator.version
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Generator, Match};
    use crate::summary::tests::{matrix, report};

    #[test]
    fn bounds_that_were_not_proved_are_said_others_are_not() {
        let mut report = report(vec![matrix("w", 4, Match::default(), Match::default())]);
        assert_eq!(remark(&report), None, "nothing is certified");
        report.models[0].matrices[0].mode = Some(Mode::Certified);
        report.generator.engine = None;
        assert!(
            remark(&report)
                .unwrap()
                .starts_with("1 result here is certified by Lorascope")
        );
        report.generator.engine = Some(6);
        assert!(remark(&report).is_some());
        report.generator = Generator::new("simd", 1);
        assert_eq!(remark(&report), None);
    }
}
