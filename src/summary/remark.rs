//! What a reader must know of a report before trusting its counts.

use crate::report::{Mode, Report};

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
